/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cases of rules and how iptables-save prints them, one a line: `rule;saved;OK`, where `=` as saved means the rule itself.
 * This is the form of the tool's own tests, whose folder may be given. Each rule must print as it is saved, and be equal to
 * that; what is saved must print as itself.
 *
 * Usage: corpus-cases [-l] FILE… - with -l only lists the rules as "family|table|rule", for a look with the tool itself.
 * Exit: 0 all is right, 1 something is wrong, 2 usage or no case at all. Files that begin with ip6 or libip6t are of IPv6.
 */
#include "rules/canonical.h"
#include "rules/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct counts {
	size_t cases, equal, wrong, refused;
};

/* Where the cases of a file go. */
struct place {
	const char *file;
	enum nfv_family family;
	char table[32];
	bool list;
};

static bool canonical(const char *rule, enum nfv_family family, struct text *out)
{
	struct nfv_rules rules = { .family = family };
	struct nfv_table table = { .rules = &rules };
	struct nfv_chain chain = { .table = &table };
	struct nfv_rule owner = { .chain = &chain };
	struct nfv_rules_error error;
	struct view *view;

	if (view_parse(&view, &owner, rule, strlen(rule), &error)) {
		fprintf(stderr, "%s: %s\n", rule, error.text);
		return false;
	}
	canonical_print(view, family, out);
	view_free(view);
	return !out->failed;
}

static bool prints_as(const struct place *place, const char *rule, const char *saved)
{
	struct text out = { 0 };
	bool same = canonical(rule, place->family, &out) && !strcmp(out.data ? out.data : "", saved);

	if (!same)
		fprintf(stderr, "%s:\n  rule   %s\n  saved  %s\n  prints %s\n", place->file, rule, saved,
			out.data ? out.data : "(nothing)");
	text_free(&out);
	return same;
}

static void check_case(const struct place *place, const char *rule, const char *saved, struct counts *counts)
{
	bool right;

	counts->cases++;
	if (place->list) {
		printf("%d|%s|%s\n", place->family == NFV_FAMILY_IPV6 ? 6 : 4, place->table, rule);
		return;
	}
	right = prints_as(place, rule, saved) && prints_as(place, saved, saved);
	if (!canonical_equal(rule, strlen(rule), saved, strlen(saved), place->family) ||
	    canonical_key(rule, strlen(rule), place->family) != canonical_key(saved, strlen(saved), place->family)) {
		fprintf(stderr, "%s: not equal:\n  %s\n  %s\n", place->file, rule, saved);
		right = false;
	}
	counts->equal += right;
	counts->wrong += !right;
}

static void check_line(struct place *place, char *line, struct counts *counts)
{
	char *rule, *saved, *verdict;

	line[strcspn(line, "\n")] = '\0';
	if (*line == ':' || *line == '*') {
		if (*line == '*')
			snprintf(place->table, sizeof(place->table), "%s", line + 1);
		return;
	}
	if (!*line || strchr("#@%", *line))
		return;
	rule = strsep(&line, ";");
	saved = strsep(&line, ";");
	verdict = strsep(&line, ";");
	if (!verdict || strcmp(verdict, "OK") != 0) {
		counts->refused++;
		return;
	}
	check_case(place, rule, strcmp(saved, "=") != 0 ? saved : rule, counts);
}

static bool check_file(const char *path, bool list, struct counts *counts)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	struct place place = { .file = name, .table = "filter", .list = list };
	FILE *file = fopen(path, "r");
	size_t size = 0;
	char *line = NULL;

	if (!file) {
		perror(path);
		return false;
	}
	if (!strncmp(name, "libip6t_", 8) || !strncmp(name, "ipv6", 4))
		place.family = NFV_FAMILY_IPV6;
	while (getline(&line, &size, file) > 0)
		check_line(&place, line, counts);
	free(line);
	fclose(file);
	return true;
}

int main(int argc, char **argv)
{
	struct counts counts = { 0 };
	bool list = argc > 1 && !strcmp(argv[1], "-l");

	for (int i = 1 + list; i < argc; i++)
		if (!check_file(argv[i], list, &counts))
			return 2;
	if (!list)
		printf("%zu cases, %zu equal, %zu wrong; %zu more that the tool refuses\n", counts.cases, counts.equal,
		       counts.wrong, counts.refused);
	if (counts.cases == 0)
		return 2;
	return counts.wrong > 0;
}
