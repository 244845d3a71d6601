/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/match.h"

#include "rules/tokens.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * Long options of the tool itself that are no match. It takes any unambiguous beginning of them, so every beginning is
 * refused: "--modprobe" names a program to be run, "--ipv4" makes the other family skip the line in silence.
 */
static const char *const refused[] = {
	"append",    "check",   "delete-chain",  "exact",        "flush",        "goto",         "help",
	"insert",    "ipv4",    "ipv6",          "jump",         "line-numbers", "list-rules",   "modprobe",
	"new-chain", "numeric", "policy",        "rename-chain", "replace",      "set-counters", "table",
	"verbose",   "version", "wait-interval", "zero",
};

/*
 * Options of extensions that are also a beginning of one of those. Once the extension is named before, the tool prefers
 * its option.
 */
static const struct {
	const char *option;
	const char *extension;
} shared[] = {
	{ "set", "recent" },
	{ "set", "connlabel" },
	{ "pol", "policy" },
};

static bool extension_named(const struct tokens *tokens, size_t before, const char *extension)
{
	for (size_t i = 0; i + 1 < before; i++)
		if ((!strcmp(tokens->items[i], "-m") || !strcmp(tokens->items[i], "--match")) &&
		    !strcmp(tokens->items[i + 1], extension))
			return true;
	return false;
}

/* True when the word of len bytes would be taken for an option that is no match. */
static bool long_refused(const struct tokens *tokens, size_t index, const char *word, size_t len)
{
	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
		if (strlen(shared[i].option) == len && !memcmp(shared[i].option, word, len) &&
		    extension_named(tokens, index, shared[i].extension))
			return false;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (len <= strlen(refused[i]) && !memcmp(refused[i], word, len))
			return true;
	return false;
}

/* A value cannot be told from an option here, so a token that looks like an option must be one that only chooses packets. */
static bool token_allowed(const struct tokens *tokens, size_t index)
{
	const char *token = tokens->items[index];

	if (token[0] != '-')
		return true;
	if (token[1] == '-')
		return !long_refused(tokens, index, token + 2, strcspn(token + 2, "="));
	/* -f takes no value: letters behind it would be options of their own. The others swallow what follows. */
	if (token[1] == 'f')
		return token[2] == '\0';
	return token[1] != '\0' && strchr("psdiom", token[1]);
}

static int tokens_check(const struct tokens *tokens, char *why, size_t why_size)
{
	for (size_t i = 0; i < tokens->count; i++) {
		if (token_allowed(tokens, i))
			continue;
		snprintf(why, why_size,
			 "\"%.64s\" is not allowed in a match (a value that begins with - is written --option=value)",
			 tokens->items[i]);
		return -EINVAL;
	}
	if (tokens->count && !strcmp(tokens->items[tokens->count - 1], "!")) {
		snprintf(why, why_size, "nothing follows the last \"!\"");
		return -EINVAL;
	}
	return 0;
}

int match_check(const char *match, struct text *out, char *why, size_t why_size)
{
	struct tokens tokens;
	const char *cause;
	int err;

	if (!match)
		return 0;
	err = tokens_split(&tokens, match, strlen(match), TOKENS_RESTORE, &cause);
	if (err) {
		snprintf(why, why_size, "%s", cause);
		return err;
	}
	err = tokens_check(&tokens, why, why_size);
	for (size_t i = 0; i < tokens.count && !err; i++) {
		text_add(out, " ", 1);
		/* In quotes it would be a value to whoever reads the rule. */
		if (!strcmp(tokens.items[i], "!"))
			text_add(out, "!", 1);
		else
			tokens_quote(out, tokens.items[i]);
	}
	tokens_free(&tokens);
	if (!err && out->failed) {
		snprintf(why, why_size, "out of memory");
		err = -ENOMEM;
	}
	return err;
}
