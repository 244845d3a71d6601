/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rule engine by hand, for tests:
 *
 *	rules-cli [-6] [-c] [-k] [-t TABLE] print FILE…      reads the files one over the other and prints the ruleset
 *	rules-cli [-6] [-c] [-k] [-t TABLE] over SAVE FILE…  the same over what iptables-save printed into SAVE
 *
 * -c: with counters; -k: canonical; -t: the table of lines before the first `*table`. Exit status 1: the error is on
 * standard error.
 */
#include <nfverdict/rules.h>

#include "rules/read.h"
#include "rules/text.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fail(const struct nfv_rules_error *error)
{
	char text[1024];

	nfv_rules_error_print(error, text, sizeof(text));
	fprintf(stderr, "%s\n", text);
	return 1;
}

static int over(struct nfv_rules *rules, const char *path)
{
	FILE *file = fopen(path, "re");
	struct nfv_rules_error error;
	struct text text = { 0 };
	char buffer[4096];
	size_t len;
	int result;

	if (!file)
		err(1, "%s", path);
	while ((len = fread(buffer, 1, sizeof(buffer), file)) > 0)
		text_add(&text, buffer, len);
	fclose(file);
	if (text.failed)
		errx(1, "out of memory");
	result = read_live(rules, text.data ? text.data : "", text.len, &error) ? fail(&error) : 0;
	text_free(&text);
	return result;
}

static int print(const struct nfv_rules *rules, unsigned flags)
{
	size_t len;
	char *text = nfv_rules_print(rules, flags, &len);

	if (!text || fwrite(text, 1, len, stdout) != len || fflush(stdout))
		err(1, "print");
	free(text);
	return 0;
}

int main(int argc, char **argv)
{
	enum nfv_family family = NFV_FAMILY_IPV4;
	struct nfv_read_options options = { 0 };
	struct nfv_rules_error error;
	struct nfv_rules *rules;
	unsigned flags = 0;
	int option, result = 0;
	bool is_over;

	while ((option = getopt(argc, argv, "6ckt:")) != -1) {
		if (option == '?')
			return 2;
		options.table = option == 't' ? optarg : options.table;
		family = option == '6' ? NFV_FAMILY_IPV6 : family;
		flags |= option == 'c' ? NFV_PRINT_COUNTERS : option == 'k' ? NFV_PRINT_CANONICAL : 0;
	}
	if (optind == argc || (strcmp(argv[optind], "print") != 0 && strcmp(argv[optind], "over") != 0))
		errx(2, "usage: %s [-6] [-c] [-k] [-t TABLE] print FILE… | over SAVE FILE…", argv[0]);
	is_over = !strcmp(argv[optind++], "over");
	rules = nfv_rules_new(family);
	if (!rules)
		err(1, "rules");
	if (is_over && optind < argc)
		result = over(rules, argv[optind++]);
	for (; optind < argc && !result; optind++)
		if (nfv_rules_read_file(rules, argv[optind], &options, &error))
			result = fail(&error);
	if (!result)
		result = print(rules, flags);
	nfv_rules_free(rules);
	return result;
}
