/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/store-tool-text.h"

#include "rules/model.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The line ":NAME …" of a script, NULL: it has none. */
static const char *policy_line(const char *script, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = script; line && *line;) {
		const char *next = strchr(line, '\n');

		if (line[0] == ':' && !strncmp(line + 1, name, len) && line[1 + len] == ' ')
			return line;
		line = next ? next + 1 : NULL;
	}
	return NULL;
}

/* The counters of such a line, "[1:2]". False: none. */
static bool counters_of(const char *line, uint64_t counters[2])
{
	const char *at = line ? memchr(line, '[', strcspn(line, "\n")) : NULL;

	return at && sscanf(at, "[%" SCNu64 ":%" SCNu64 "]", &counters[0], &counters[1]) == 2;
}

/* True when the change sets these counters itself. */
static bool sets_counters(const struct store_tool_texts *texts, const char *forward, const char *name)
{
	const char *back = texts->opposite ? policy_line(texts->opposite, name) : NULL;
	uint64_t to[2], from[2];

	return counters_of(forward, to) && counters_of(back, from) && (to[0] != from[0] || to[1] != from[1]);
}

static void add_policy(struct text *out, const struct nfv_chain *chain, const char *forward)
{
	char policy[32] = "";

	if (forward)
		sscanf(forward, ":%*s %31s", policy);
	text_printf(out, ":%s %s [%" PRIu64 ":%" PRIu64 "]\n", chain->name, *policy ? policy : chain->policy, chain->packets,
		    chain->bytes);
}

/* Lines of built-in chains are put in anew, in front; the others follow as they are. */
static void rewrite(struct store_tool_text *text, const struct store_tool_texts *texts, const struct nfv_table *table)
{
	const char *script = texts->script, *rest = strchr(script, '\n') + 1;

	text_add(&text->made, script, (size_t)(rest - script));
	for (size_t i = 0; i < table->count; i++) {
		const struct nfv_chain *chain = table->chains[i];
		const char *forward = chain->builtin ? policy_line(script, chain->name) : NULL;

		if (!chain->builtin || !chain->policy || sets_counters(texts, forward, chain->name))
			continue;
		add_policy(&text->made, chain, forward);
		text->added++;
	}
	text_add(&text->made, rest, strlen(rest));
}

/* The lines of the same chains behind those added become comments, so that the numbers of lines stay. */
static void drop_old(struct store_tool_text *text, const struct nfv_table *table)
{
	char *at = strchr(text->made.data, '\n') + 1;

	for (unsigned i = 0; i < text->added; i++)
		at = strchr(at, '\n') + 1;
	for (char *line = at; *line;) {
		size_t len = strcspn(line, "\n"), name = strcspn(line + 1, " \n");
		const struct nfv_chain *chain = *line == ':' ? table_find_chain(table, line + 1, name) : NULL;

		if (chain && chain->builtin && policy_line(text->made.data, chain->name) < line)
			*line = '#';
		line += len + (line[len] == '\n');
	}
}

int store_tool_text_make(struct store_tool_text *text, const struct store_tool_texts *texts, const struct nfv_rules *rules)
{
	const struct nfv_table *table = rules ? rules_find_table(rules, texts->table, strlen(texts->table)) : NULL;

	*text = (struct store_tool_text){ .text = texts->script };
	if (!table || !strchr(text->text, '\n'))
		return 0;
	rewrite(text, texts, table);
	if (text->made.failed) {
		store_tool_text_free(text);
		return -ENOMEM;
	}
	drop_old(text, table);
	text->text = text->made.data;
	return 0;
}

void store_tool_text_free(struct store_tool_text *text)
{
	text_free(&text->made);
	*text = (struct store_tool_text){ 0 };
}

unsigned store_tool_text_line(const struct store_tool_text *text, unsigned line)
{
	if (line <= 1 || text->added == 0)
		return line;
	return line > text->added + 1 ? line - text->added : 1;
}
