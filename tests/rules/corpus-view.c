/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The view of rules over a corpus: whatever iptables-save prints must come back byte for byte, and whatever the tool takes
 * must be taken.
 *
 * Usage: corpus-view [FOLDER]. Without FOLDER it is $NFV_CORPUS, else ../shared/corpus beside the source; if that is not
 * there, tests/rules/view, which is much smaller. Below the folder, files *.t hold a case a line, as the tool's own tests
 * have them: `rule;saved;OK` or `rule;;FAIL`, where `=` as saved means the rule itself. In other files each line
 * `-A CHAIN rule`, also with counters before it, is one that was saved.
 *
 * Exit: 0 all is right, 1 something is wrong, 2 there is nothing to look at.
 */
#include "rules/model.h"
#include "rules/view.h"

#include <err.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
	size_t files, cases, taken, both_refuse, saved, same, wrong;
} counts;

static void tell(const char *file, const char *what, const char *rule)
{
	fprintf(stderr, "%s: %s: %s\n", file, what, rule);
	counts.wrong++;
}

static bool parse(struct view **view, const char *rule, enum nfv_family family, struct nfv_rules_error *error)
{
	struct nfv_rules rules = { .family = family };
	struct nfv_table table = { .rules = &rules };
	struct nfv_chain chain = { .table = &table };
	struct nfv_rule owner = { .chain = &chain };

	*view = NULL;
	return !view_parse(view, &owner, rule, strlen(rule), error);
}

/* What was saved. */
static void check_saved(const char *file, const char *rule, enum nfv_family family)
{
	struct nfv_rules_error error;
	struct text out = { 0 };
	struct view *view;

	counts.saved++;
	if (!parse(&view, rule, family, &error)) {
		tell(file, error.text, rule);
		return;
	}
	view_print(view, &out);
	if (out.failed || strcmp(out.data ? out.data : "", rule) != 0)
		tell(file, out.data ? out.data : "printed nothing", rule);
	else
		counts.same++;
	text_free(&out);
	view_free(view);
}

/* What somebody wrote. */
static void check_written(const char *file, const char *rule, bool good, enum nfv_family family)
{
	struct nfv_rules_error error;
	struct view *view;
	bool taken = parse(&view, rule, family, &error);

	counts.cases++;
	counts.taken += taken;
	counts.both_refuse += !taken && !good;
	if (!taken && good)
		tell(file, error.text, rule);
	if (taken)
		view_free(view);
}

/* The next column, which ends with a semicolon outside of quotes. NULL: there is none. */
static char *column(char **rest)
{
	char *begin = *rest;
	bool quoted = false;

	for (char *c = begin; c && *c; c++) {
		if (quoted && *c == '\\' && c[1])
			c++;
		else if (*c == '"')
			quoted = !quoted;
		else if (*c == ';' && !quoted) {
			*c = '\0';
			*rest = c + 1;
			return begin;
		}
	}
	*rest = NULL;
	return begin;
}

static void case_line(const char *file, char *line, enum nfv_family family)
{
	char *rest = line, *rule, *saved;
	bool good;

	if (!*line || strchr("#:@%*", *line))
		return;
	rule = column(&rest);
	saved = column(&rest);
	good = rest && !strncmp(rest, "OK", 2);
	check_written(file, rule, good, family);
	if (good && saved && !strcmp(saved, "="))
		check_saved(file, rule, family);
	else if (good && saved && *saved)
		check_saved(file, saved, family);
}

static void saved_line(const char *file, char *line, enum nfv_family family)
{
	char *rule = line;

	if (*rule == '[') {
		rule = strchr(rule, ' ');
		rule = rule ? rule + 1 : line;
	}
	if (strncmp(rule, "-A ", 3) != 0)
		return;
	rule = strchr(rule + 3, ' ');
	check_saved(file, rule ? rule + 1 : "", family);
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && !strcmp(text + len - end_len, end);
}

static void read_file(const char *path, const char *name)
{
	enum nfv_family family = strstr(name, "ip6") ? NFV_FAMILY_IPV6 : NFV_FAMILY_IPV4;
	bool cases = ends_with(name, ".t");
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	FILE *file;

	/* Of other tools of the same project. */
	if (!strncmp(name, "libarpt_", 8) || !strncmp(name, "libebt_", 7))
		return;
	file = fopen(path, "re");
	if (!file)
		err(2, "%s", path);
	while ((len = getline(&line, &size, file)) > 0) {
		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		if (cases)
			case_line(name, line, family);
		else
			saved_line(name, line, family);
	}
	free(line);
	fclose(file);
	counts.files++;
}

static void read_folder(char *folder)
{
	char *roots[] = { folder, NULL };
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *entry;

	if (!tree)
		err(2, "%s", folder);
	while ((entry = fts_read(tree)))
		if (entry->fts_info == FTS_F)
			read_file(entry->fts_accpath, entry->fts_name);
	fts_close(tree);
}

static bool is_folder(const char *path)
{
	char inside[4096 + 4];

	return snprintf(inside, sizeof(inside), "%s/.", path) < (int)sizeof(inside) && !access(inside, R_OK);
}

int main(int argc, char **argv)
{
	const char *corpus = argc > 1 ? argv[1] : getenv("NFV_CORPUS"), *top = getenv("top_srcdir");
	char folder[4096];

	if (argc > 2)
		errx(2, "usage: corpus-view [FOLDER]");
	if (corpus)
		snprintf(folder, sizeof(folder), "%s", corpus);
	else
		snprintf(folder, sizeof(folder), "%s/../shared/corpus", top ? top : ".");
	if (!corpus && !is_folder(folder))
		snprintf(folder, sizeof(folder), "%s/tests/rules/view", top ? top : ".");
	read_folder(folder);
	printf("%s: %zu files\n", folder, counts.files);
	printf("%zu rules as written: %zu taken, %zu refused that the tool refuses too\n", counts.cases, counts.taken,
	       counts.both_refuse);
	printf("%zu rules as saved: %zu printed byte for byte\n", counts.saved, counts.same);
	printf("%zu wrong\n", counts.wrong);
	if (!counts.cases && !counts.saved)
		errx(2, "%s: no rules", folder);
	return counts.wrong ? 1 : 0;
}
