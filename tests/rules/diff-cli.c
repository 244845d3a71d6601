/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tests of a real kernel need of the library's differences:
 *
 *	diff-cli 4|6 FROM TO [FLAG...]      the script; FLAG: named-only, counters, legacy, by-value, show
 *	diff-cli check 4|6 FILE             the findings; status 1 when there are any
 */
#include <nfverdict/rules.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct nfv_rules *read_rules(const char *family, const char *path)
{
	struct nfv_rules *rules = nfv_rules_new(*family == '6' ? NFV_FAMILY_IPV6 : NFV_FAMILY_IPV4);
	struct nfv_rules_error error;
	char text[2048];

	if (!rules)
		err(2, "no ruleset");
	if (nfv_rules_read_file(rules, path, NULL, &error)) {
		nfv_rules_error_print(&error, text, sizeof(text));
		errx(2, "%s", text);
	}
	return rules;
}

static void print_finding(void *context, const struct nfv_rules_error *error)
{
	(void)context;
	printf("%s\n", error->text);
}

static unsigned flag_of(const char *name)
{
	static const char *const names[] = { "named-only", "counters", "legacy", "by-value" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], name))
			return 1u << i;
	errx(2, "%s?", name);
}

int main(int argc, char **argv)
{
	struct nfv_rules *from, *to;
	unsigned flags = 0;
	bool show = false;
	int status;
	char *text;

	if (argc == 4 && !strcmp(argv[1], "check")) {
		from = read_rules(argv[2], argv[3]);
		status = nfv_rules_check(from, NULL, print_finding, NULL) ? 1 : 0;
		nfv_rules_free(from);
		return status;
	}
	if (argc < 4)
		errx(2, "usage: diff-cli 4|6 FROM TO [FLAG...] | check 4|6 FILE");
	for (int i = 4; i < argc; i++) {
		if (!strcmp(argv[i], "show"))
			show = true;
		else
			flags |= flag_of(argv[i]);
	}
	from = read_rules(argv[1], argv[2]);
	to = read_rules(argv[1], argv[3]);
	text = show ? nfv_rules_diff_show(from, to, flags, false, NULL) : nfv_rules_diff(from, to, flags, NULL);
	if (!text)
		err(2, "no difference");
	fputs(text, stdout);
	free(text);
	nfv_rules_free(to);
	nfv_rules_free(from);
	return 0;
}
