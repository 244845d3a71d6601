/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Splitting, and the judgement of matches: whatever is taken must be read by the tool as the tokens that were judged, on one line. */
#include "rules/match.h"
#include "rules/tokens.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same_tokens(const struct tokens *a, const struct tokens *b)
{
	if (a->count != b->count)
		abort();
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			abort();
}

/* Quoting is undone by splitting, in either syntax. */
static void round_trip(const struct tokens *tokens)
{
	for (int syntax = TOKENS_RESTORE; syntax <= TOKENS_SAVE; syntax++) {
		struct text text = { 0 };
		struct tokens again;
		const char *why;

		for (size_t i = 0; i < tokens->count; i++) {
			text_add(&text, " ", 1);
			tokens_quote(&text, tokens->items[i]);
		}
		/* Escapes may make the line too long; nothing else may be wrong with it. */
		if (text.len && !tokens_split(&again, text.data, text.len, syntax, &why)) {
			same_tokens(tokens, &again);
			tokens_free(&again);
		} else if (text.len && text.len <= TOKENS_LINE_MAX) {
			abort();
		}
		text_free(&text);
	}
}

/* True when the tool takes the token for this option: it, or a beginning of at least `least` bytes. */
static bool begins_option(const char *token, const char *option, size_t least)
{
	size_t len = strcspn(token, "=");

	return len >= least && len <= strlen(option) && !memcmp(token, option, len);
}

static void judge(const uint8_t *data, size_t size)
{
	char *match = malloc(size + 1);
	struct text text = { 0 };
	struct tokens tokens;
	const char *cause;
	char why[256];

	if (!match)
		abort();
	memcpy(match, data, size);
	match[size] = '\0';
	if (!match_check(match, &text, why, sizeof(why)) && text.len) {
		if (memchr(text.data, '\n', text.len))
			abort();
		if (text.len <= TOKENS_LINE_MAX) {
			if (tokens_split(&tokens, text.data, text.len, TOKENS_RESTORE, &cause))
				abort();
			for (size_t i = 0; i < tokens.count; i++)
				if (!strncmp(tokens.items[i], "-j", 2) || !strncmp(tokens.items[i], "-A", 2) ||
				    !strncmp(tokens.items[i], "-M", 2) || begins_option(tokens.items[i], "--jump", 3) ||
				    begins_option(tokens.items[i], "--modprobe", 6))
					abort();
			tokens_free(&tokens);
		}
	}
	text_free(&text);
	free(match);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int syntax = TOKENS_RESTORE; syntax <= TOKENS_SAVE; syntax++) {
		struct tokens tokens;
		const char *why;

		if (!tokens_split(&tokens, (const char *)data, size, syntax, &why))
			round_trip(&tokens);
		tokens_free(&tokens);
	}
	judge(data, size);
	return 0;
}
