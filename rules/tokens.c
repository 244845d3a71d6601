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
	size_t at; /* of the character under way in the line */
	struct token_mark mark; /* of the token under way; column 0: none is */
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
	tokens->marks[tokens->count] = s->mark;
	tokens->items[tokens->count++] = tokens->bytes + s->begin;
	s->begin = s->used;
	s->mark = (struct token_mark){ 0 };
	return NULL;
}

static void splitter_begin(struct splitter *s)
{
	if (!s->mark.column)
		s->mark.column = (unsigned short)(s->at + 1);
}

static void splitter_add(struct splitter *s, char c)
{
	splitter_begin(s);
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
		s->mark.quoted = !s->mark.column;
		s->mark.has_quotes = true;
		splitter_begin(s);
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
	/* Two tokens without a blank between them have at least quotes: each needs two characters, but for the last. */
	size_t room = len / 2 + 1 < TOKENS_MAX ? len / 2 + 1 : TOKENS_MAX;
	const char *text = NULL;
	unsigned wrong;

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
	tokens->items = malloc(room * sizeof(*tokens->items));
	tokens->marks = malloc(room * sizeof(*tokens->marks));
	if (!tokens->bytes || !tokens->items || !tokens->marks) {
		tokens_free(tokens);
		*why = "out of memory";
		return -ENOMEM;
	}
	for (; s.at < len && !text; s.at += !text)
		text = splitter_feed(&s, line[s.at]);
	wrong = (unsigned)s.at + 1;
	if (!text && s.quote_open) {
		text = "a quote is not closed";
		wrong = s.mark.column;
	}
	if (!text && s.used > s.begin)
		text = splitter_end_token(&s);
	tokens->bytes_len = s.used;
	if (text) {
		tokens_free(tokens);
		tokens->wrong_column = wrong;
		*why = text;
		return -EINVAL;
	}
	return 0;
}

void tokens_free(struct tokens *tokens)
{
	free(tokens->items);
	free(tokens->marks);
	free(tokens->bytes);
	*tokens = (struct tokens){ 0 };
}

void tokens_quote_always(struct text *text, const char *token)
{
	text_add(text, "\"", 1);
	for (const char *c = token; *c; c++) {
		if (*c == '"' || *c == '\\' || *c == '\'')
			text_add(text, "\\", 1);
		text_add(text, c, 1);
	}
	text_add(text, "\"", 1);
}

void tokens_quote(struct text *text, const char *token)
{
	bool bare = *token != '\0';

	for (const char *c = token; *c && bare; c++)
		bare = isascii((unsigned char)*c) && (isalnum((unsigned char)*c) || *c == '_' || *c == '-');
	if (bare)
		text_add(text, token, strlen(token));
	else
		tokens_quote_always(text, token);
}
