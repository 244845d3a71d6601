/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ARGS_MAX 8

static char said[512]; /* what the last parse wrote to stderr */

/* Parses NULL-terminated words with stderr caught. */
static int parse(struct options *options, const char *const *words)
{
	char *argv[ARGS_MAX + 2] = { (char *)"nfverdictd" };
	int argc = 1, kept, result;
	FILE *file = tmpfile();

	assert_non_null(file);
	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)words[argc - 1];
	fflush(stderr);
	kept = dup(STDERR_FILENO);
	dup2(fileno(file), STDERR_FILENO);
	result = options_parse(options, argc, argv);
	fflush(stderr);
	dup2(kept, STDERR_FILENO);
	close(kept);
	rewind(file);
	memset(said, 0, sizeof(said));
	assert_true(fread(said, 1, sizeof(said) - 1, file) < sizeof(said));
	fclose(file);
	return result;
}

#define PARSE(o, ...) parse(o, (const char *const[ARGS_MAX + 1]){ __VA_ARGS__ })

static void nothing_given(void **state)
{
	struct options o;

	(void)state;
	memset(&o, 0xff, sizeof(o));
	assert_int_equal(PARSE(&o, NULL), 0);
	assert_string_equal(o.config_file, NFV_CONFIG_FILE);
	assert_false(o.foreground || o.check || o.version || o.help || o.keys || o.cleanup || o.allow_unsafe_files);
	assert_string_equal(said, "");
}

static void each_option(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(PARSE(&o, "-ftc", "a.yaml"), 0);
	assert_true(o.foreground && o.check);
	assert_string_equal(o.config_file, "a.yaml");
	assert_int_equal(PARSE(&o, "--config=b.yaml", "--foreground", "--check", "--allow-unsafe-files"), 0);
	assert_true(o.foreground && o.check && o.allow_unsafe_files);
	assert_string_equal(o.config_file, "b.yaml");
	assert_int_equal(PARSE(&o, "-V"), 0);
	assert_true(o.version && !o.help);
	assert_int_equal(PARSE(&o, "-h"), 0);
	assert_true(o.help && !o.version);
	assert_int_equal(PARSE(&o, "--version", "--help", "--keys", "--cleanup"), 0);
	assert_true(o.version && o.help && o.keys && o.cleanup);
	assert_string_equal(said, "");
}

static void wrong_usage(void **state)
{
	static const struct {
		const char *words[ARGS_MAX + 1];
		const char *line;
	} cases[] = {
		{ { "-x" }, "unknown option -x" },
		{ { "--check", "-xf" }, "unknown option -x" },
		{ { "-fx" }, "unknown option -x" },
		{ { "--chek" }, "unknown or ambiguous option --chek" },
		{ { "--c" }, "unknown or ambiguous option --c" },
		{ { "-c" }, "option -c needs a file name" },
		{ { "-fc" }, "option -c needs a file name" },
		{ { "--config" }, "option --config needs a file name" },
		{ { "-c", "" }, "option -c: the file name is empty" },
		{ { "--foreground=yes" }, "option --foreground takes no argument" },
		{ { "--keys=1" }, "option --keys takes no argument" },
		{ { "-f", "extra" }, "unexpected argument 'extra'" },
		{ { "extra", "-f" }, "unexpected argument 'extra'" },
		{ { "--", "-f" }, "unexpected argument '-f'" },
		{ { "-t", "--cleanup" }, "--check and --cleanup exclude each other" },
	};
	struct options o;
	char line[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(&o, cases[i].words), -EINVAL);
		snprintf(line, sizeof(line), "nfverdictd: %s; see nfverdictd --help\n", cases[i].line);
		assert_string_equal(said, line);
	}
}

/* What is parsed is explained, and the other way round nothing is promised: each long option stands in the help. */
static void help_and_version(void **state)
{
	static const char *const words[] = { "-c, --config FILE", "-f, --foreground", "-t, --check", "--cleanup", "--keys",
					     "--allow-unsafe-files", "-V, --version", "-h, --help", NFV_CONFIG_FILE };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	options_print_help(out);
	fclose(out);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_non_null(strstr(text, words[i]));
	free(text);

	out = open_memstream(&text, &size);
	options_print_version(out);
	fclose(out);
	assert_int_equal(strncmp(text, "nfverdictd ", 11), 0);
	assert_non_null(strstr(text, "plugin ABI 1."));
	assert_non_null(strstr(text, "libnetfilter_queue 1."));
	assert_non_null(strstr(text, "libyaml 0."));
	assert_non_null(strstr(text, "libseccomp 2."));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_given),
		cmocka_unit_test(each_option),
		cmocka_unit_test(wrong_usage),
		cmocka_unit_test(help_and_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
