/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The canonical form of rules, for tests that compare it with the tool's.
 *
 * Usage: canonical-cli 4|6 - each line of standard input is a rule, and becomes a line of standard output; two rules with
 * a tab between blanks between them become "equal" or "different". "? CAUSE" stands for what is no rule.
 */
#include "rules/canonical.h"
#include "rules/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_canonical(const char *rule, enum nfv_family family)
{
	struct nfv_rules rules = { .family = family };
	struct nfv_table table = { .rules = &rules };
	struct nfv_chain chain = { .table = &table };
	struct nfv_rule owner = { .chain = &chain };
	struct nfv_rules_error error;
	struct text out = { 0 };
	struct view *view;

	if (view_parse(&view, &owner, rule, strlen(rule), &error)) {
		printf("? %s\n", error.text);
		return;
	}
	canonical_print(view, family, &out);
	view_free(view);
	puts(out.data ? out.data : "");
	text_free(&out);
}

int main(int argc, char **argv)
{
	enum nfv_family family = argc == 2 && *argv[1] == '6' ? NFV_FAMILY_IPV6 : NFV_FAMILY_IPV4;
	char *line = NULL;
	size_t size = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: canonical-cli 4|6\n");
		return 2;
	}
	while (getline(&line, &size, stdin) > 0) {
		char *second;

		line[strcspn(line, "\n")] = '\0';
		second = strstr(line, " \t ");
		if (second) {
			*second = '\0';
			second += 3;
			puts(canonical_equal(line, strlen(line), second, strlen(second), family) ? "equal" : "different");
		} else {
			print_canonical(line, family);
		}
	}
	free(line);
	return 0;
}
