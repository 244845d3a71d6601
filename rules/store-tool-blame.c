/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which rule is to blame when the tool blames the whole table: for a target that is not there nft names the COMMIT line, and
 * what the kernel alone refuses the legacy tools tell neither line nor reason for. The rules are then tried in network
 * namespaces of their own, which go with the tool that is run in them: nothing is changed.
 */
#include "rules/store-tool.h"

#include "rules/model.h"
#include "rules/tool-message.h"
#include "rules/tool-run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct trial {
	struct store_tool *st;
	const struct change_part *part;
	struct text head; /* "*table" and a line for each chain */
	char **lines; /* of the script, by number - 1; as "-A CHAIN …", NULL: puts in no rule */
	size_t count;
};

/* ---- the script's lines ---- */

/* Behind "[1:2] " and the like. */
static const char *skip_counters(const char *line, const char *end)
{
	const char *close = *line == '[' ? memchr(line, ']', (size_t)(end - line)) : NULL;

	return close && close + 1 < end && close[1] == ' ' ? close + 2 : line;
}

/* "-I INPUT 3 -p tcp" as "-A INPUT -p tcp". NULL when the line puts in no rule, or no memory. */
static char *as_append(const char *line, size_t len)
{
	const char *end = line + len, *at = skip_counters(line, end), *chain, *rest;
	char *made;

	if (end - at < 4 || at[0] != '-' || !strchr("AIR", at[1]) || at[2] != ' ')
		return NULL;
	chain = at + 3;
	rest = memchr(chain, ' ', (size_t)(end - chain));
	if (!rest)
		rest = end;
	len = (size_t)(rest - chain);
	if (at[1] != 'A' && rest < end && rest[1] >= '0' && rest[1] <= '9')
		for (rest++; rest < end && *rest >= '0' && *rest <= '9'; rest++)
			;
	return asprintf(&made, "-A %.*s%.*s\n", (int)len, chain, (int)(end - rest), rest) < 0 ? NULL : made;
}

static int take_lines(struct trial *trial)
{
	const struct script *script = &trial->part->forward;
	const char *line = script->text.data;

	for (const char *c = line; *c; c++)
		trial->count += *c == '\n';
	trial->lines = calloc(trial->count + 1, sizeof(char *));
	if (!trial->lines)
		return -ENOMEM;
	for (size_t i = 0; i < trial->count; i++) {
		size_t len = strcspn(line, "\n");

		trial->lines[i] = as_append(line, len);
		line += len + 1;
	}
	return 0;
}

/* Chains that the script makes, by `:NAME` or -N; those that the kernel has come from `rules`. */
static void add_head(struct trial *trial, const struct nfv_rules *rules)
{
	const char *name = trial->part->table, *line = trial->part->forward.text.data;
	const struct nfv_table *table = rules_find_table(rules, name, strlen(name));

	text_printf(&trial->head, "*%s\n", name);
	for (size_t i = 0; table && i < table->count; i++)
		if (!table->chains[i]->builtin)
			text_printf(&trial->head, ":%s - [0:0]\n", table->chains[i]->name);
	for (; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *made = *line == ':' ? line + 1 : !strncmp(line, "-N ", 3) ? line + 3 : NULL;
		size_t len = made ? strcspn(made, " \n") : 0;

		if (made && !(table && table_find_chain(table, made, len)) && made[len + (made[len] == ' ')] != 'A' &&
		    made[len + (made[len] == ' ')] != 'D')
			text_printf(&trial->head, ":%.*s - [0:0]\n", (int)len, made);
	}
}

/* ---- trying ---- */

/* Rules of the lines [from, to). 0: taken, 1: refused, with the cause, or -errno. */
static int try_lines(const struct trial *trial, size_t from, size_t to, char *cause, size_t size)
{
	struct tool tool = trial->st->tool;
	struct tool_result result;
	struct text text = { 0 };
	int err;

	tool.scratch = true;
	text_add(&text, trial->head.data, trial->head.len);
	for (size_t i = from; i < to; i++)
		if (trial->lines[i])
			text_add(&text, trial->lines[i], strlen(trial->lines[i]));
	text_add(&text, "COMMIT\n", 7);
	if (text.failed) {
		text_free(&text);
		return -ENOMEM;
	}
	err = tool_restore_with(&tool, (enum tool_family)trial->part->family, text.data, 0, &result);
	/* Only exit statuses of a refusal count: without a namespace nothing was tried. */
	if (err)
		err = err == -EINVAL && result.status < TOOL_RUN_NO_SCRATCH ? 1 : -EIO;
	if (err == 1)
		tool_cause(&result, cause, size);
	tool_result_free(&result);
	text_free(&text);
	return err;
}

/* Halves until one line is left. Its number, or 0. */
static unsigned bisect(const struct trial *trial, char *cause, size_t size)
{
	size_t from = 0, to = trial->count;

	if (try_lines(trial, from, to, cause, size) != 1)
		return 0;
	while (to - from > 1) {
		size_t middle = from + (to - from) / 2;
		int first = try_lines(trial, from, middle, cause, size);

		if (first < 0)
			return 0;
		if (first)
			to = middle;
		else
			from = middle;
	}
	/* Two that are refused only together would end here too. */
	return try_lines(trial, from, to, cause, size) == 1 ? (unsigned)from + 1 : 0;
}

static unsigned bisect_part(struct store_tool *st, const struct change_part *part, char *cause, size_t size)
{
	struct trial trial = { .st = st, .part = part };
	struct nfv_rules *rules = store_tool_rules(st, part->family, part->table, NULL);
	char better[STORE_TOOL_CAUSE_MAX];
	unsigned line = 0;

	if (rules && !take_lines(&trial)) {
		add_head(&trial, rules);
		if (!trial.head.failed)
			line = bisect(&trial, better, sizeof(better));
	}
	if (line && strcmp(better, TOOL_MESSAGE_NO_REASON) != 0)
		snprintf(cause, size, "%s", better);
	for (size_t i = 0; trial.lines && i < trial.count; i++)
		free(trial.lines[i]);
	free(trial.lines);
	text_free(&trial.head);
	nfv_rules_free(rules);
	return line;
}

/* ---- the tool's own words ---- */

/* "Chain 'X' does not exist": the first line that leads there. */
static unsigned line_of_target(const struct change_part *part, const char *cause)
{
	const char *text = part->forward.text.data, *name = strstr(cause, "Chain '");
	unsigned number = 1;
	size_t len;

	if (!name)
		return 0;
	name += strlen("Chain '");
	len = strcspn(name, "'");
	for (const char *at = text; *at; at++) {
		if (*at == '\n')
			number++;
		else if (at > text && at[-1] == ' ' && at[0] == '-' && (at[1] == 'j' || at[1] == 'g') && at[2] == ' ' &&
			 !strncmp(at + 3, name, len) && (at[3 + len] == ' ' || at[3 + len] == '\n'))
			return number;
	}
	return 0;
}

static bool blames_rule(const struct change_part *part, unsigned line)
{
	const char *text = part->forward.text.data;

	for (unsigned i = 1; i < line && text; i++) {
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return line && text && *text && strncmp(text, "COMMIT", 6) != 0 && *text != '*';
}

unsigned store_tool_blame(struct store_tool *st, const struct change_part *part, unsigned line, char *cause, size_t size)
{
	unsigned found;

	if (blames_rule(part, line))
		return line;
	found = line_of_target(part, cause);
	if (!found)
		found = bisect_part(st, part, cause, size);
	if (!found)
		found = line;
	if (!strcmp(cause, TOOL_MESSAGE_NO_REASON))
		snprintf(cause, size, "the kernel refused it (is the match or target allowed in this chain?)");
	return found;
}
