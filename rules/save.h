/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text that iptables-save prints, as tables, chains and rules. Rules stay the exact bytes that were read: what is
 * not ours is never printed anew from a view of it. Pure.
 */
#ifndef RULES_SAVE_H
#define RULES_SAVE_H

#include "rules/tokens.h"

#include <stdint.h>

struct save_chain {
	char *name;
	bool builtin;       /* has a policy */
	char *policy;       /* "-" for a user's chain */
	uint64_t packets, bytes;
};

struct save_rule {
	size_t chain;       /* index in the table's chains */
	const char *spec;   /* what follows "-A CHAIN ", into the parsed text, not terminated */
	size_t spec_len;
	bool counted;       /* printed with -c */
	uint64_t packets, bytes;
};

struct save_table {
	char *name;
	struct save_chain *chains;
	size_t chain_count, chain_size;
	struct save_rule *rules; /* in the order of the text; those of a chain need not stand together */
	size_t rule_count, rule_size;
};

struct save {
	struct save_table *tables;
	size_t table_count, table_size;
	size_t odd;         /* lines that are none of the format's: a newline inside an interface's name makes such */
};

/*
 * Parses a text, which must live as long as the result. A comment may hold newlines: its rule goes on to the closing
 * quote. 0, or -ENOMEM, or -EINVAL when a table does not end: the text was cut.
 */
int save_parse(struct save *save, const char *text, size_t len);
void save_free(struct save *save);

const struct save_table *save_table(const struct save *save, const char *name);
const struct save_chain *save_chain(const struct save_table *table, const char *name);

/* The tokens of a rule's spec. As tokens_split(). */
int save_rule_tokens(const struct save_rule *rule, struct tokens *tokens, const char **why);

#endif
