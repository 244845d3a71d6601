/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text that goes to the tool. On legacy every commit sets the policy counters of all built-in chains of the table: they
 * are given as they were read under the lock, not as they were when the change was made. Pure.
 */
#ifndef RULES_STORE_TOOL_TEXT_H
#define RULES_STORE_TOOL_TEXT_H

#include "rules/model.h"
#include "rules/text.h"

struct store_tool_text {
	const char *text;
	struct text made; /* when it is not the script itself */
	unsigned added; /* lines, right behind the first */
};

/* What is to be sent, and what would undo it. */
struct store_tool_texts {
	const char *table;
	const char *script;
	const char *opposite;
};

/* rules: on legacy the table as it was just read; NULL: the script as it is. 0 or -ENOMEM. */
int store_tool_text_make(struct store_tool_text *text, const struct store_tool_texts *texts, const struct nfv_rules *rules);
void store_tool_text_free(struct store_tool_text *text);
/* The line of the script for a line of the text; 0 for none. */
unsigned store_tool_text_line(const struct store_tool_text *text, unsigned line);

#endif
