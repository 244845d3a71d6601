/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/read-words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct splitter {
	struct reader *reader;
	struct read_words *words;
	struct read_span rest;
	size_t used; /* of words->bytes */
};

static bool is_control(char c)
{
	return ((unsigned char)c < ' ' && c != '\t') || c == 0x7f;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static int begin(struct splitter *s, struct reader *reader, struct read_words *words, struct read_span span)
{
	*s = (struct splitter){ .reader = reader, .words = words, .rest = span };
	words->count = 0;
	/* A word needs its bytes and a NUL; the smallest are "" and a word of one byte with its blank. */
	words->bytes = malloc(2 * read_span_len(span) + 2);
	return words->bytes ? 0 : read_fail_memory(reader);
}

static int add_byte(struct splitter *s, const char *at)
{
	if (is_control(*at))
		return read_fail(s->reader, -EINVAL, at, *at == '\n' ? "a newline inside a value" : "a control character");
	s->words->bytes[s->used++] = *at;
	return 0;
}

static int end_word(struct splitter *s, struct read_word word)
{
	struct read_words *words = s->words;

	word.len = s->used - (size_t)(word.value - words->bytes);
	word.raw.end = s->rest.at;
	if (word.len > NFV_RULES_TOKEN_MAX)
		return read_fail(s->reader, -EINVAL, word.raw.at, "a word longer than %d bytes", NFV_RULES_TOKEN_MAX);
	if (words->count == NFV_RULES_TOKENS_MAX)
		return read_fail(s->reader, -EINVAL, word.raw.at, "more than %d words", NFV_RULES_TOKENS_MAX);
	words->bytes[s->used++] = '\0';
	words->items[words->count++] = word;
	return 0;
}

/* Up to the closing quote, which is skipped. A backslash takes the next byte as it is, where `escapes` has that byte. */
static int take_quoted(struct splitter *s, char quote, const char *escapes)
{
	const char *open = s->rest.at++;
	int err = 0;

	for (; s->rest.at < s->rest.end && !err; s->rest.at++) {
		if (*s->rest.at == quote) {
			s->rest.at++;
			return 0;
		}
		if (quote == '"' && *s->rest.at == '\\' && s->rest.at + 1 < s->rest.end &&
		    (!escapes || strchr(escapes, s->rest.at[1])))
			s->rest.at++;
		else if (escapes && quote == '"' && strchr("$`", *s->rest.at))
			return read_fail(s->reader, -EINVAL, s->rest.at, "a shell would replace what begins with '%c'",
					 *s->rest.at);
		err = add_byte(s, s->rest.at);
	}
	return err ? err : read_fail(s->reader, -EINVAL, open, "a quote that is not closed");
}

/* A quote opens anywhere; where it closes, the word ends. */
static int take_restore_word(struct splitter *s)
{
	struct read_word word = { .raw = s->rest, .value = s->words->bytes + s->used, .quoted = *s->rest.at == '"' };
	int err = 0;

	while (s->rest.at < s->rest.end && !is_blank(*s->rest.at) && !err) {
		if (*s->rest.at == '"') {
			err = take_quoted(s, '"', NULL);
			break;
		}
		err = add_byte(s, s->rest.at++);
	}
	return err ? err : end_word(s, word);
}

static int take_shell_byte(struct splitter *s)
{
	const char *at = s->rest.at;

	switch (*at) {
	case '\'':
	case '"':
		return take_quoted(s, *at, "$`\"\\");
	case '\\':
		if (at + 1 == s->rest.end)
			return read_fail(s->reader, -EINVAL, at, "a backslash before the end of the text");
		s->rest.at += 2;
		return at[1] == '\n' ? 0 : add_byte(s, at + 1);
	case '$':
	case '`':
		return read_fail(s->reader, -EINVAL, at, "a shell would replace what begins with '%c'", *at);
	case '|':
	case '&':
	case ';':
	case '<':
	case '>':
	case '(':
	case ')':
		return read_fail(s->reader, -EINVAL, at, "'%c' means something to a shell: quote it", *at);
	}
	s->rest.at++;
	return add_byte(s, at);
}

static int take_shell_word(struct splitter *s)
{
	struct read_word word = { .raw = s->rest,
				  .value = s->words->bytes + s->used,
				  .quoted = *s->rest.at == '"' || *s->rest.at == '\'' };
	int err = 0;

	while (s->rest.at < s->rest.end && !is_blank(*s->rest.at) && !err)
		err = take_shell_byte(s);
	return err ? err : end_word(s, word);
}

int read_words_restore(struct reader *reader, struct read_words *words, struct read_span span)
{
	struct splitter s;
	int err = begin(&s, reader, words, span);

	words->shell = false;
	while (!err) {
		while (s.rest.at < s.rest.end && is_blank(*s.rest.at))
			s.rest.at++;
		if (s.rest.at == s.rest.end)
			break;
		err = take_restore_word(&s);
	}
	if (err)
		read_words_free(words);
	return err;
}

/* Blanks, and line ends that are escaped. */
static void skip_shell_blanks(struct splitter *s)
{
	while (s->rest.at < s->rest.end) {
		if (is_blank(*s->rest.at))
			s->rest.at++;
		else if (*s->rest.at == '\\' && s->rest.at + 1 < s->rest.end && s->rest.at[1] == '\n')
			s->rest.at += 2;
		else
			return;
	}
}

int read_words_shell(struct reader *reader, struct read_words *words, struct read_span span)
{
	struct splitter s;
	int err = begin(&s, reader, words, span);

	words->shell = true;
	while (!err) {
		skip_shell_blanks(&s);
		if (s.rest.at == s.rest.end || *s.rest.at == '#')
			break;
		err = take_shell_word(&s);
	}
	if (err)
		read_words_free(words);
	return err;
}

void read_words_free(struct read_words *words)
{
	free(words->bytes);
	words->bytes = NULL;
	words->count = 0;
}

static bool needs_quotes(const struct read_word *word)
{
	/* A word with a dash is an option, and one that is quoted says that this is not meant. A lone "!" negates. */
	if (word->len == 0 || (word->quoted && (*word->value == '-' || (*word->value == '!' && word->len > 1))))
		return true;
	return strpbrk(word->value, " \t\"'\\") != NULL;
}

void read_words_add(struct text *text, const struct read_words *words, const struct read_word *word)
{
	if (!words->shell) {
		text_add(text, word->raw.at, read_span_len(word->raw));
		return;
	}
	if (!needs_quotes(word)) {
		text_add(text, word->value, word->len);
		return;
	}
	text_add(text, "\"", 1);
	for (const char *c = word->value; *c; c++) {
		if (strchr("\"\\'", *c))
			text_add(text, "\\", 1);
		text_add(text, c, 1);
	}
	text_add(text, "\"", 1);
}
