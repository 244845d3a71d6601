/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line of a ruleset as tokens, split and quoted as iptables-restore and iptables-save do: backslash escapes inside double
 * quotes only, a closing quote ends the token, a single quote is an ordinary character. Pure.
 */
#ifndef RULES_TOKENS_H
#define RULES_TOKENS_H

#include "rules/text.h"

#define TOKENS_MAX 254       /* arguments of a line that iptables-restore takes */
#define TOKENS_TOKEN_MAX 1023 /* bytes of one of them */
#define TOKENS_LINE_MAX 10239 /* bytes of a line: longer ones are split by the tool */

/* Where a double quote opens a quoted part. */
enum tokens_syntax {
	TOKENS_RESTORE, /* anywhere, as the tool reads */
	TOKENS_SAVE,    /* only where a token begins: names of interfaces and chains are printed raw and may hold one */
};

/* Where a token stood, and how. */
struct token_mark {
	unsigned short column; /* of its first byte, from 1 */
	bool quoted;           /* begins with a quote */
	bool has_quotes;       /* begins with one or holds one */
};

struct tokens {
	char **items; /* into bytes, each terminated */
	struct token_mark *marks; /* by token */
	size_t count;
	char *bytes;
	size_t bytes_len;
	unsigned wrong_column; /* after a failure: of the byte to blame, from 1; 0: the whole line */
};

/*
 * Splits. 0, or -EINVAL with a static text in *why: a newline, NUL or other control character, an unterminated quote,
 * too many tokens, a token too long; or -ENOMEM. After a failure tokens holds nothing but the column.
 */
int tokens_split(struct tokens *tokens, const char *line, size_t len, enum tokens_syntax syntax, const char **why);
void tokens_free(struct tokens *tokens);

/* Adds a token as iptables-save prints a value: bare if it is non-empty and all [A-Za-z0-9_-], else quoted. */
void tokens_quote(struct text *text, const char *token);
/* In quotes, whatever it is. */
void tokens_quote_always(struct text *text, const char *token);

#endif
