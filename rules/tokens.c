/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/tokens.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The splitter's place in the line and in the bytes of the tokens. */
struct splitter {
	struct tokens *tokens;
	enum tokens_syntax syntax;
	size_t used; /* of tokens->bytes */
	size_t begin; /* where the token under way begins in bytes */
	bool quote_open;
	bool escaped;
};

static const char *splitter_end_token(struct splitter *s)
{
	struct tokens *tokens = s->tokens;

	if (tokens->count == TOKENS_MAX)
		return "too many words";
	if (s->used - s->begin > TOKENS_TOKEN_MAX)
		return "a word is longer than 1023 bytes";
	tokens->bytes[s->used++] = '\0';
	tokens->items[tokens->count++] = tokens->bytes + s->begin;
	s->begin = s->used;
	return NULL;
}

static void splitter_add(struct splitter *s, char c)
{
	s->tokens->bytes[s->used++] = c;
}

/* One character inside quotes. */
static const char *splitter_quoted(struct splitter *s, char c)
{
	if (s->escaped) {
		s->escaped = false;
		splitter_add(s, c);
	} else if (c == '\\') {
		s->escaped = true;
	} else if (c == '"') {
		s->quote_open = false;
		return splitter_end_token(s);
	} else {
		splitter_add(s, c);
	}
	return NULL;
}

static const char *splitter_feed(struct splitter *s, char c)
{
	unsigned char byte = (unsigned char)c;

	if (c == '\n')
		return "holds a newline";
	if (c == '\0')
		return "holds a NUL byte";
	if ((byte < ' ' && c != '\t') || byte == 0x7f)
		return "holds a control character";
	if (s->quote_open)
		return splitter_quoted(s, c);
	if (c == '"' && (s->syntax == TOKENS_RESTORE || s->used == s->begin)) {
		s->quote_open = true;
		return NULL;
	}
	if (c == ' ' || c == '\t')
		return s->used == s->begin ? NULL : splitter_end_token(s);
	splitter_add(s, c);
	return NULL;
}

int tokens_split(struct tokens *tokens, const char *line, size_t len, enum tokens_syntax syntax, const char **why)
{
	struct splitter s = { .tokens = tokens, .syntax = syntax };
	const char *text = NULL;

	*tokens = (struct tokens){ 0 };
	if (len > TOKENS_LINE_MAX) {
		*why = "longer than a line may be (10239 bytes)";
		return -EINVAL;
	}
	/*
	 * Each token needs its bytes and a NUL. The smallest one with the least text is "" of two characters, so twice
	 * is enough.
	 */
	tokens->bytes = malloc(2 * len + 1);
	tokens->items = calloc(TOKENS_MAX, sizeof(*tokens->items));
	if (!tokens->bytes || !tokens->items) {
		tokens_free(tokens);
		*why = "out of memory";
		return -ENOMEM;
	}
	for (size_t i = 0; i < len && !text; i++)
		text = splitter_feed(&s, line[i]);
	if (!text && s.quote_open)
		text = "a quote is not closed";
	if (!text && s.used > s.begin)
		text = splitter_end_token(&s);
	if (text) {
		tokens_free(tokens);
		*why = text;
		return -EINVAL;
	}
	return 0;
}

void tokens_free(struct tokens *tokens)
{
	free(tokens->items);
	free(tokens->bytes);
	*tokens = (struct tokens){ 0 };
}

void tokens_quote(struct text *text, const char *token)
{
	bool bare = *token != '\0';

	for (const char *c = token; *c && bare; c++)
		bare = isascii((unsigned char)*c) && (isalnum((unsigned char)*c) || *c == '_' || *c == '-');
	if (bare) {
		text_add(text, token, strlen(token));
		return;
	}
	text_add(text, "\"", 1);
	for (const char *c = token; *c; c++) {
		if (*c == '"' || *c == '\\' || *c == '\'')
			text_add(text, "\\", 1);
		text_add(text, c, 1);
	}
	text_add(text, "\"", 1);
}
