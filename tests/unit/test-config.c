/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole configurations. config/good/ holds files that must load, config/bad/ files with mistakes, each beside the exact
 * lines that must be printed. The tests run inside those folders, so that the lines hold no folder of this machine.
 */
#include "daemon/config/config-tables.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define BAD_FILES_MIN 100 /* fewer: the folder was not found, or not distributed */

static void enter_top(const char *folder)
{
	const char *top = getenv("top_srcdir");
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", top ? top : ".", folder);
	if (chdir(path))
		fail_msg("cannot enter %s", path);
}

static void enter(const char *folder)
{
	enter_top("tests/unit/config");
	assert_int_equal(chdir(folder), 0);
}

static char *printed(const struct report *report)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	report_print(report, out);
	fclose(out);
	return text;
}

static void write_text(const char *path, const char *text, mode_t mode)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out) | chmod(path, mode), 0);
}

static char *read_text(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!in)
		fail_msg("%s is missing", path);
	if (getdelim(&text, &size, '\0', in) < 0)
		fail_msg("%s is empty", path);
	fclose(in);
	return text;
}

static struct config *load(const char *path)
{
	struct trust trust = { .allow_unsafe = true };
	struct report report = { 0 };
	struct config *config = config_load(path, &trust, &report);

	if (!config || report.count) {
		report_print(&report, stderr);
		fail_msg("%s does not load", path);
	}
	return config;
}

static void test_table_names(void **state)
{
	(void)state;
	assert_string_equal(config_table_name(TABLE_FILTER), "filter");
	assert_string_equal(config_table_name(TABLE_MANGLE), "mangle");
	assert_string_equal(config_table_name(TABLE_RAW), "raw");
	assert_string_equal(config_table_name(TABLE_SECURITY), "security");
	assert_null(config_table_names[TABLE_SECURITY + 1]);
}

static char *mistakes(const char *text)
{
	struct trust trust = { .allow_unsafe = true };
	struct report report = { 0 };
	struct config *config = config_parse("t.yaml", text, strlen(text), &trust, &report);
	char *lines = printed(&report);

	/* A mistake and a configuration exclude each other. */
	assert_true(!config == !!report.count);
	config_free(config);
	report_clear(&report);
	return lines;
}

static void assert_mistakes(const char *text, const char *expected)
{
	char *lines = mistakes(text);

	assert_string_equal(lines, expected);
	free(lines);
}

static void check_bad(const char *name)
{
	struct trust trust = { .allow_unsafe = true };
	struct report report = { 0 };
	struct config *config = config_load(name, &trust, &report);
	char path[512], *expected, *found = printed(&report);

	snprintf(path, sizeof(path), "%.*s.expected", (int)strcspn(name, "."), name);
	expected = read_text(path);
	if (config)
		fail_msg("%s loads, though it must not", name);
	if (strcmp(expected, found))
		fail_msg("%s:\n-- expected\n%s-- found\n%s", name, expected, found);
	free(expected);
	free(found);
	report_clear(&report);
}

static size_t for_each_file(void (*check)(const char *name))
{
	DIR *folder = opendir(".");
	struct dirent *entry;
	size_t count = 0;

	assert_non_null(folder);
	while ((entry = readdir(folder))) {
		size_t len = strlen(entry->d_name);

		if (len < 5 || strcmp(entry->d_name + len - 5, ".yaml"))
			continue;
		check(entry->d_name);
		count++;
	}
	closedir(folder);
	return count;
}

static void test_bad_files(void **state)
{
	(void)state;
	enter("bad");
	assert_true(for_each_file(check_bad) >= BAD_FILES_MIN);
}

static void check_good(const char *name)
{
	config_free(load(name));
}

static void test_good_files(void **state)
{
	(void)state;
	enter("good");
	assert_true(for_each_file(check_good) >= 6);
}

static void assert_place(struct place place, const char *file, unsigned line, unsigned column)
{
	assert_string_equal(place.file, file);
	assert_int_equal(place.line, line);
	assert_int_equal(place.column, column);
}

static void test_example(void **state)
{
	struct config *config;
	const struct config_queue *edge;
	const struct config_steer *steer;

	(void)state;
	enter("good");
	config = load("design.yaml");
	assert_string_equal(config->user, "nfverdict");
	assert_int_equal(config->queue_count, 1);
	edge = config->queues;
	assert_string_equal(edge->name, "edge");
	assert_int_equal(edge->numbers.first, 0);
	assert_int_equal(edge->numbers.last, 3);
	assert_int_equal(edge->copy, COPY_PACKET);
	assert_true(edge->range == CONFIG_RANGE_AUTO);
	assert_int_equal(edge->max_length, 8192);
	assert_int_equal(edge->handlers.count, 1);
	assert_string_equal(*(const char **)edge->handlers.items, "no-telnet");
	assert_int_equal(edge->steer.count, 2);
	steer = edge->steer.items;
	assert_string_equal(steer[0].chain, "INPUT");
	assert_int_equal(steer[0].table, TABLE_FILTER);
	assert_string_equal(steer[0].match, "-p tcp --dport 23");
	assert_int_equal(steer[1].table, TABLE_MANGLE);
	assert_int_equal(steer[1].family, FAMILY_BOTH);
	assert_string_equal(config_handler(config, "no-telnet")->plugin, "filter");
	assert_non_null(tree_get(config_handler(config, "no-telnet")->options, "rules"));
	assert_null(config_handler(config, "other"));

	assert_place(config_queue_place(config, edge), "design.yaml", 11, 3);
	assert_place(config_place(config, &edge->name), "design.yaml", 11, 3);
	assert_place(config_place(config, &edge->max_length), "design.yaml", 15, 17);
	assert_place(config_place(config, &edge->batch), "design.yaml", 11, 3);
	assert_place(config_place(config, &steer[1].match), "design.yaml", 23, 63);
	assert_place(config_place(config, &steer[1].position), "design.yaml", 23, 9);
	assert_place(config_place(config, edge->handlers.items), "design.yaml", 20, 16);
	assert_place(config_place(config, &config->user), "design.yaml", 1, 7);
	assert_place(config_place(config, &config_handler(config, "no-telnet")->plugin), "design.yaml", 5, 13);
	assert_place(config_place(config, &config_handler(config, "no-telnet")->options), "design.yaml", 4, 3);
	/* Not given, or no field at all: the file. */
	assert_place(config_place(config, &config->log_level), "design.yaml", 0, 0);
	assert_place(config_place(config, &state), "design.yaml", 0, 0);
	config_free(config);
}

static void test_defaults(void **state)
{
	struct config *config;
	const struct config_queue *q;

	(void)state;
	enter("good");
	config = load("minimal.yaml");
	assert_null(config->user);
	assert_int_equal(config->log_level, NFV_LOG_INFO);
	assert_int_equal(config->log_to, LOG_TO_AUTO);
	assert_int_equal(config->backend, BACKEND_AUTO);
	assert_int_equal(config->plugin_path.count, 1);
	assert_string_equal(*(const char **)config->plugin_path.items, NFV_PLUGIN_DIR);
	assert_string_equal(config->control_socket, "/run/nfverdict/control.sock");
	q = config->queues;
	assert_int_equal(q->numbers.first, 7);
	assert_int_equal(q->numbers.last, 7);
	assert_int_equal(q->copy, COPY_PACKET);
	assert_true(q->range == CONFIG_RANGE_AUTO);
	assert_int_equal(q->max_length, 8192);
	assert_int_equal(q->when_full, PASS_ACCEPT);
	assert_int_equal(q->when_down, PASS_ACCEPT);
	assert_int_equal(q->default_verdict, PASS_ACCEPT);
	assert_int_equal(q->on_error, PASS_ACCEPT);
	assert_true(q->deadline == 1000000000u);
	assert_int_equal(q->max_crashes, 3);
	assert_true(q->memory_limit == 512u << 20);
	assert_true(q->crash_window == 60000000000u);
	assert_int_equal(q->quarantine, QUARANTINE_SKIP);
	assert_true(q->coalesce == CONFIG_COALESCE_AUTO);
	assert_int_equal(q->batch, 64);
	assert_int_equal(q->mark_mask, 0xffffffff);
	assert_false(q->uid_gid || q->secctx || q->conntrack || q->cpu_fanout);
	assert_true(q->receive_buffer == CONFIG_RECEIVE_BUFFER_AUTO);
	assert_int_equal(q->cpus.count, 0);
	assert_int_equal(q->isolation, ISOLATION_FAST);
	assert_int_equal(q->handlers.count, 0);
	assert_int_equal(q->steer.count, 0);
	config_free(config);
}

static void test_all_keys(void **state)
{
	char here[4096], path[4200];
	struct config *config;
	const struct config_queue *q;
	const struct config_steer *steer;

	(void)state;
	enter("good");
	assert_non_null(getcwd(here, sizeof(here)));
	config = load("all-keys.yaml");
	assert_string_equal(config->user, "daemon");
	assert_int_equal(config->log_level, NFV_LOG_DEBUG);
	assert_int_equal(config->log_to, LOG_TO_STDERR);
	assert_int_equal(config->backend, BACKEND_LEGACY);
	assert_int_equal(config->plugin_path.count, 2);
	assert_string_equal(((const char **)config->plugin_path.items)[0], "/opt/plugins");
	snprintf(path, sizeof(path), "%s/plugins", here);
	assert_string_equal(((const char **)config->plugin_path.items)[1], path);
	assert_place(config_place(config, (const char **)config->plugin_path.items + 1), "all-keys.yaml", 3, 29);
	snprintf(path, sizeof(path), "%s/run/control.sock", here);
	assert_string_equal(config->control_socket, path);
	assert_place(config_place(config, &config->control_socket), "all-keys.yaml", 7, 17);
	snprintf(path, sizeof(path), "%s/plugins/own.so", here);
	assert_string_equal(config_handler(config, "a.b_c-1")->plugin, path);

	q = config->queues;
	assert_int_equal(q->numbers.first, 16);
	assert_int_equal(q->numbers.last, 17);
	assert_int_equal(q->range, 128);
	assert_int_equal(q->max_length, 4294967295);
	assert_int_equal(q->when_full, PASS_DROP);
	assert_int_equal(q->when_down, PASS_DROP);
	assert_int_equal(q->default_verdict, PASS_DROP);
	assert_int_equal(q->on_error, PASS_DROP);
	assert_int_equal(q->coalesce, 250);
	assert_int_equal(q->batch, 256);
	assert_int_equal(q->mark_mask, 0xf0);
	assert_true(q->uid_gid && q->secctx && q->conntrack && q->cpu_fanout);
	assert_int_equal(q->receive_buffer, 16 << 20);
	assert_int_equal(q->cpus.count, 1);
	assert_int_equal(q->handlers.count, 2);
	assert_int_equal(q->steer.count, 2);
	steer = q->steer.items;
	assert_int_equal(steer[0].position, POSITION_LAST);
	assert_int_equal(steer[0].family, FAMILY_IPV6);
	assert_null(steer[1].match);
	assert_int_equal(steer[1].family, FAMILY_IPV4);
	assert_int_equal(q[1].copy, COPY_META);
	assert_true(q[1].coalesce == CONFIG_COALESCE_OFF);
	assert_int_equal(q[1].mark_mask, 0);
	assert_int_equal(q[2].copy, COPY_NONE);
	config_free(config);
}

/* Files come in the order of their includes; patterns in that of their names. */
static void test_include(void **state)
{
	char here[4096], path[4200];
	struct config *config;

	(void)state;
	enter("good");
	assert_non_null(getcwd(here, sizeof(here)));
	config = load("include.yaml");
	assert_int_equal(config->queue_count, 3);
	assert_string_equal(config->queues[0].name, "edge");
	assert_string_equal(config->queues[1].name, "sooner");
	assert_string_equal(config->queues[2].name, "later");
	assert_int_equal(config->handler_count, 2);
	assert_string_equal(config->user, "daemon");
	assert_place(config_place(config, &config->user), "conf.d/10-user.inc", 1, 7);
	assert_place(config_queue_place(config, &config->queues[2]), "conf.d/20-pass.yaml", 5, 3);
	/* Relative names start where they are written. */
	snprintf(path, sizeof(path), "%s/conf.d/lib", here);
	assert_string_equal(*(const char **)config->plugin_path.items, path);
	snprintf(path, sizeof(path), "%s/conf.d/print.so", here);
	assert_string_equal(config_handler(config, "watch")->plugin, path);
	config_free(config);

	/* Also when the file itself is named by a longer path, and the folder looks like a pattern. */
	assert_int_equal(chdir(".."), 0);
	config = load("./good/include.yaml");
	assert_place(config_place(config, &config->user), "./good/conf.d/10-user.inc", 1, 7);
	config_free(config);
}

static void test_parse_without_trust(void **state)
{
	static const char text[] = "include: x.yaml\nqueues:\n  edge: { numbers: 0 }\n";
	struct report report = { 0 };
	char *lines;

	(void)state;
	assert_null(config_parse("t.yaml", text, strlen(text), NULL, &report));
	lines = printed(&report);
	assert_string_equal(lines, "t.yaml:1:10: include: no files can be included here\n");
	free(lines);
	report_clear(&report);
}

static void test_missing_processor(void **state)
{
	long count = sysconf(_SC_NPROCESSORS_CONF);
	char text[256], expected[256];

	(void)state;
	snprintf(text, sizeof(text), "queues:\n  e:\n    numbers: 0\n    cpus: 0-%ld\n", count);
	snprintf(expected, sizeof(expected),
		 "t.yaml:4:11: queue e: cpus: this machine has no processor %ld, its last one is %ld\n", count, count - 1);
	assert_mistakes(text, expected);
	snprintf(text, sizeof(text), "queues:\n  e:\n    numbers: 0\n    cpus: 0-%ld\n", count - 1);
	assert_mistakes(text, "");
}

static void test_bounds_of_a_file(void **state)
{
	static const char begin[] = "queues:\n  e: { numbers: 0 }\n# ";
	size_t limit = 1 << 20;
	char *text = malloc(limit + 2), *lines;
	struct report report = { 0 };
	struct config *config;

	(void)state;
	memset(text, 'x', limit + 1);
	memcpy(text, begin, strlen(begin));
	config = config_parse("t.yaml", text, limit, NULL, &report);
	assert_non_null(config);
	config_free(config);
	assert_null(config_parse("t.yaml", text, limit + 1, NULL, &report));
	lines = printed(&report);
	assert_string_equal(lines, "t.yaml: is larger than 1 MiB\n");
	free(lines);
	free(text);
	report_clear(&report);
}

static void test_missing_file(void **state)
{
	struct trust trust = { 0 };
	struct report report = { 0 };
	char *lines;

	(void)state;
	assert_null(config_load("/nonexistent/nfverdict.yaml", &trust, &report));
	lines = printed(&report);
	assert_string_equal(lines, "/nonexistent/nfverdict.yaml: No such file or directory\n");
	free(lines);
	report_clear(&report);
	config_free(NULL);
}

/* Files that others may change are refused at the place of the include, or as a whole. */
static void test_untrusted(void **state)
{
	char folder[] = "/tmp/nfv-config-XXXXXX", expected[512], *lines;
	struct trust trust = { 0 };
	struct report report = { 0 };
	struct stat root;

	(void)state;
	/* Only root refuses, and only where / is root's: not in a user namespace. */
	if (geteuid() != 0 || stat("/", &root) || root.st_uid != 0) {
		print_message("only root refuses files, and in a user namespace nothing of the machine belongs to root\n");
		skip();
	}
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	write_text("a.yaml", "include: b.yaml\nqueues:\n  edge: { numbers: 0 }\n", 0644);
	write_text("b.yaml", "user: daemon\n", 0666);
	assert_null(config_load("a.yaml", &trust, &report));
	assert_null(config_load("b.yaml", &trust, &report));
	lines = printed(&report);
	snprintf(expected, sizeof(expected),
		 "a.yaml:1:10: include: b.yaml: not trusted: %s/b.yaml is writable by everybody (mode 0666)\n"
		 "b.yaml: not trusted: %s/b.yaml is writable by everybody (mode 0666)\n",
		 folder, folder);
	assert_string_equal(lines, expected);
	free(lines);
	report_clear(&report);
	assert_int_equal(unlink("a.yaml") | unlink("b.yaml") | chdir("/") | rmdir(folder), 0);
}

/*
 * Two and a half thousand queues: more than one page of everything, and no time that grows with the square of the
 * mistakes.
 */
static void test_many_queues(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct report report = { 0 };
	struct config *config;

	(void)state;
	fputs("queues:\n", out);
	for (int i = 0; i < 2500; i++)
		fprintf(out, "  q%d: { numbers: %d }\n", i, i);
	fclose(out);
	config = config_parse("t.yaml", text, len, NULL, &report);
	assert_non_null(config);
	assert_int_equal(config->queue_count, 2500);
	assert_place(config_place(config, &config->queues[2499].numbers), "t.yaml", 2501, 21);
	config_free(config);
	free(text);
}

static void test_no_control_socket(void **state)
{
	static const char text[] = "control-socket: none\nqueues: { q: { numbers: 1 } }\n";
	struct report report = { 0 };
	struct config *config = config_parse("t.yaml", text, sizeof(text) - 1, NULL, &report);

	(void)state;
	assert_non_null(config);
	assert_null(config->control_socket);
	config_free(config);
}

static void test_keys_fit(void **state)
{
	char *text = NULL, *line, *rest;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	config_print_keys(out);
	fclose(out);
	assert_non_null(strstr(text, "max-length: number, 1 to 4294967295; default 8192"));
	assert_non_null(strstr(text, "chain: text"));
	assert_non_null(strstr(text, "receive-buffer: auto | size (bytes, or with K, M, G), 4K to 1G; default auto"));
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		assert_true(strlen(line) <= 100);
	free(text);
}

/* "# key: value" without its "# ", where that is a key and not prose; everything else as it is. */
static char *uncomment(char *text)
{
	char *out = calloc(strlen(text) + 2, 1), *to = out, *line, *rest;

	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		size_t indent = strspn(line, " "), begin = indent, len;

		if (!strncmp(line + begin, "# ", 2))
			begin += 2 + strspn(line + begin + 2, " ");
		len = strspn(line + begin, "abcdefghijklmnopqrstuvwxyz-");
		if (begin > indent && len && line[begin + len] == ':') {
			memcpy(to, line, indent);
			to = stpcpy(to + indent, line + indent + 2);
		} else {
			to = stpcpy(to, line);
		}
		*to++ = '\n';
	}
	return out;
}

/* The example that is installed, as it is and with all the keys in it that are commented out. */
static void test_installed_example(void **state)
{
	struct trust trust = { .allow_unsafe = true };
	struct report report = { 0 };
	struct config *config;
	char *text, *full;

	(void)state;
	enter_top("contrib");
	config = load("nfverdict.yaml");
	assert_int_equal(config->queue_count, 1);
	assert_int_equal(config->queues[0].steer.count, 2);
	assert_null(config->user);
	config_free(config);

	text = read_text("nfverdict.yaml");
	full = uncomment(text);
	config = config_parse("full.yaml", full, strlen(full), &trust, &report);
	report_print(&report, stderr);
	assert_non_null(config);
	assert_string_equal(config->user, "nfverdict");
	assert_int_equal(config->handler_count, 2);
	assert_int_equal(config->queues[0].cpus.count, 1);
	assert_true(config_place(config, &config->queues[0].conntrack).line >
		    config_queue_place(config, config->queues).line);
	config_free(config);
	free(full);
	free(text);
}

/* As roff writes it: a hyphen that is meant as one has a backslash. */
static char *escape(const char *text)
{
	char *out = calloc(strlen(text) + 1, 2), *to = out;

	for (; *text; text++) {
		if (*text == '-')
			*to++ = '\\';
		*to++ = *text;
	}
	return out;
}

/* Each key has an entry of its own in its section, and the entry tells the default. */
static void check_described(const char *section, const struct nfv_option *option)
{
	char *name = escape(option->name), *fallback = escape(option->fallback ? option->fallback : ""), wanted[256], *entry;
	const char *begin, *end;

	snprintf(wanted, sizeof(wanted), "\n.TP\n.B %s\n", name);
	begin = strstr(section, wanted);
	if (!begin)
		fail_msg("key %s has no entry", option->name);
	begin += strlen(wanted);
	end = strstr(begin, "\n.TP\n");
	entry = end ? strndup(begin, (size_t)(end - begin)) : strdup(begin);
	for (char *p = entry; *p; p++) {
		if (*p == '\n')
			*p = ' ';
	}
	snprintf(wanted, sizeof(wanted), "default %s.", fallback);
	/* The folder of plugins is known only once it was built. */
	if (option->fallback && strcmp(option->fallback, NFV_PLUGIN_DIR) && !strstr(entry, wanted))
		fail_msg("the entry of key %s does not say \"%s\"", option->name, wanted);
	if ((option->flags & NFV_OPT_REQUIRED) && !strstr(entry, "Required."))
		fail_msg("the entry of key %s does not say that it is required", option->name);
	free(entry);
	free(fallback);
	free(name);
}

static void check_section(const char *page, const char *title, const struct nfv_option *table)
{
	const char *begin = strstr(page, title), *end;
	char *section;

	if (!begin) {
		fail_msg("the manual page has no section %s", title);
		return;
	}
	end = strstr(begin + 1, "\n.SH ");
	assert_non_null(end);
	section = strndup(begin, (size_t)(end - begin));
	for (; table->name; table++)
		check_described(section, table);
	free(section);
}

static void test_manual_page(void **state)
{
	char *page;

	(void)state;
	enter_top("daemon/config");
	page = read_text("nfverdict.yaml.5");
	check_section(page, "\n.SH KEYS AT THE TOP\n", config_top_table);
	check_section(page, "\n.SH KEYS OF A HANDLER\n", config_handler_table);
	check_section(page, "\n.SH KEYS OF A QUEUE\n", config_queue_table);
	check_section(page, "\n.SH KEYS OF A STEER ENTRY\n", config_steer_table);
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_names),
		cmocka_unit_test(test_bad_files),
		cmocka_unit_test(test_good_files),
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_all_keys),
		cmocka_unit_test(test_include),
		cmocka_unit_test(test_parse_without_trust),
		cmocka_unit_test(test_missing_processor),
		cmocka_unit_test(test_bounds_of_a_file),
		cmocka_unit_test(test_missing_file),
		cmocka_unit_test(test_untrusted),
		cmocka_unit_test(test_many_queues),
		cmocka_unit_test(test_no_control_socket),
		cmocka_unit_test(test_keys_fit),
		cmocka_unit_test(test_installed_example),
		cmocka_unit_test(test_manual_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
