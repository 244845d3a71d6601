/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of a rule, for iptables-restore and for a shell. */
#include "rules/print-private.h"

#include "rules/canonical.h"
#include "rules/view.h"

#include <ctype.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

const char *print_trim(const struct spec *spec, size_t *len)
{
	const char *begin = spec->bytes, *end = begin + spec->len;

	while (begin < end && is_blank(*begin))
		begin++;
	while (end > begin && is_blank(end[-1]))
		end--;
	*len = (size_t)(end - begin);
	return begin;
}

void print_shell_word(struct text *text, const char *word, size_t len, bool quoted)
{
	bool bare = len > 0 && !quoted;

	for (size_t i = 0; i < len && bare; i++)
		bare = isascii((unsigned char)word[i]) && (isalnum((unsigned char)word[i]) || strchr("@%+=:,./_-", word[i]));
	/* Scripts negate with a bare "!", which means nothing to a shell where an argument stands. */
	if (bare || (len == 1 && *word == '!' && !quoted)) {
		text_add(text, word, len);
		return;
	}
	text_add(text, "'", 1);
	for (size_t i = 0; i < len; i++) {
		if (word[i] == '\'')
			text_add(text, "'\\''", 4);
		else
			text_add(text, &word[i], 1);
	}
	text_add(text, "'", 1);
}

/*
 * Where does the quote that opens at `open` close? NULL: nowhere; then it is no quote but part of a name that
 * iptables-save printed raw.
 */
static const char *closing(const char *open, const char *end)
{
	for (const char *c = open + 1; c < end; c++) {
		if (*c == '"')
			return c;
		if (*c == '\\' && c + 1 < end)
			c++;
	}
	return NULL;
}

/* One word as iptables-restore reads it: backslashes count inside of quotes only, a closing quote ends the word. */
static const char *take_word(struct text *word, const char *at, const char *end)
{
	while (at < end && !is_blank(*at)) {
		const char *close = *at == '"' ? closing(at, end) : NULL;

		if (!close) {
			text_add(word, at++, 1);
			continue;
		}
		for (at++; at < close; at++) {
			if (*at == '\\')
				at++;
			text_add(word, at, 1);
		}
		return close + 1;
	}
	return at;
}

void print_shell_words(struct text *text, const char *rule, size_t len)
{
	const char *at = rule, *end = rule + len;

	for (;;) {
		struct text word = { 0 };
		const char *value;
		bool quoted;

		while (at < end && is_blank(*at))
			at++;
		if (at == end)
			return;
		quoted = *at == '"';
		at = take_word(&word, at, end);
		value = word.data ? word.data : "";
		text_add(text, " ", 1);
		/* A value that looks like an option stays marked as a value. */
		print_shell_word(text, value, word.len, quoted && (*value == '-' || *value == '!'));
		text->failed |= word.failed;
		text_free(&word);
	}
}

static void restore_words(struct text *text, const struct nfv_rule *rule, enum nfv_family family, unsigned flags)
{
	const struct spec *spec = rule_spec(rule);
	bool had_view = rule->view != NULL;
	const struct view *view;
	const char *begin;
	size_t len;

	if (!spec) {
		text->failed = true;
		return;
	}
	if (flags & NFV_PRINT_CANONICAL) {
		/* A rule that no view can be made of, as others' rules may be, stays as it is. */
		view = rule_view(rule);
		if (view) {
			canonical_print(view, family, text);
			if (!had_view)
				rule_drop_view((struct nfv_rule *)(uintptr_t)rule);
			return;
		}
	}
	begin = print_trim(spec, &len);
	text_add(text, begin, len);
}

void print_rule_words(struct text *text, const struct nfv_rule *rule, enum nfv_family family, unsigned flags)
{
	struct text words = { 0 };

	if (!(flags & NFV_PRINT_COMMANDS)) {
		restore_words(text, rule, family, flags);
		return;
	}
	restore_words(&words, rule, family, flags);
	if (words.len)
		print_shell_words(text, words.data, words.len);
	text->failed |= words.failed;
	text_free(&words);
}
