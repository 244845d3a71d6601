/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/config-match.h"

#include <errno.h>
#include <string.h>

#define TOKEN_MAX  1023 /* bytes of a parameter in iptables-restore */
#define TOKENS_MAX 200 /* it takes 254 in a line; the rest of the rule needs some */

struct tokens {
	const char *rest;
	char token[TOKEN_MAX + 1];
	size_t count;
};

/*
 * The rules of iptables-restore: blanks part tokens; a closing double quote ends one, too; a backslash escapes only inside
 * double quotes; a single quote is a letter. Returns 1 with a token, 0 at the end, -EINVAL with the cause.
 */
static int next_token(struct tokens *t, struct why *why)
{
	const char *p = t->rest;
	bool quote = false, ended = false;
	size_t len = 0;

	while (*p == ' ' || *p == '\t')
		p++;
	if (!*p)
		return 0;
	while (*p && !ended) {
		if (!quote && (*p == ' ' || *p == '\t'))
			break;
		if (*p == '"') {
			ended = quote;
			quote = !quote;
			p++;
			continue;
		}
		if (quote && *p == '\\' && p[1])
			p++;
		if (len == TOKEN_MAX)
			return scalar_refuse(why, "a word is longer than %d bytes", TOKEN_MAX);
		t->token[len++] = *p++;
	}
	if (quote)
		return scalar_refuse(why, "a double quote is not closed (outside of quotes ' #' begins a comment: "
					  "put the whole value in single quotes)");
	if (++t->count > TOKENS_MAX)
		return scalar_refuse(why, "more than %d words", TOKENS_MAX);
	t->token[len] = '\0';
	t->rest = p;
	return 1;
}

static const struct {
	const char *options;
	const char *reason;
} reasons[] = {
	{ "jg", "a match carries no target: the daemon adds its own" },
	{ "t", "the table is given with the key table" },
	{ "AIDRCLSFZNXEP", "a match carries no command" },
	{ "46", "the address family is given with the key family" },
	{ "c", "a match sets no counters" },
	{ "MVhbnvwWx", "it is an option of the tool, and says nothing about packets" },
};

/* Why an option of iptables does not belong into a match; NULL: it is none of those. */
static const char *short_reason(char option)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (strchr(reasons[i].options, option))
			return reasons[i].reason;
	}
	return NULL;
}

static const struct {
	const char *name;
	char option;
} long_names[] = {
	{ "jump", 'j' },      { "goto", 'g' },          { "table", 't' },        { "append", 'A' },
	{ "insert", 'I' },    { "delete", 'D' },        { "replace", 'R' },      { "check", 'C' },
	{ "list", 'L' },      { "list-rules", 'S' },    { "flush", 'F' },        { "zero", 'Z' },
	{ "new-chain", 'N' }, { "delete-chain", 'X' },  { "rename-chain", 'E' }, { "policy", 'P' },
	{ "ipv4", '4' },      { "ipv6", '6' },          { "set-counters", 'c' }, { "modprobe", 'M' },
	{ "version", 'V' },   { "help", 'h' },          { "numeric", 'n' },      { "verbose", 'v' },
	{ "wait", 'w' },      { "wait-interval", 'W' }, { "exact", 'x' },        { "line-numbers", '0' },
};

/* Options of matches that are also beginnings of names above: getopt prefers the whole name. */
static bool is_match_option(const char *name, size_t len)
{
	static const char *const names[] = { "set", "pol" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strlen(names[i]) == len && !memcmp(names[i], name, len))
			return true;
	}
	return false;
}

/* getopt takes any beginning of a long option for the whole, so a beginning is refused as well. */
static int check_long(const char *token, struct why *why)
{
	const char *name = token + 2;
	size_t len = strcspn(name, "=");

	if (!len)
		return scalar_refuse(why, "%.32s ends the options, and what follows would not be understood", token);
	if (is_match_option(name, len))
		return 0;
	for (size_t i = 0; i < sizeof(long_names) / sizeof(long_names[0]); i++) {
		const char *reason = short_reason(long_names[i].option);

		if (strncmp(long_names[i].name, name, len))
			continue;
		return scalar_refuse(why, "%.64s cannot stand in a match: %s", token,
				     reason ? reason : "it is an option of the tool, and says nothing about packets");
	}
	return 0;
}

/* Letters may be joined: -fj is -f and -j. `wants` is set when the next token is this option's argument, whatever it is. */
static int check_short(const char *token, bool *wants, struct why *why)
{
	for (const char *p = token + 1; *p; p++) {
		const char *reason = short_reason(*p);

		if (reason)
			return scalar_refuse(why, "%.64s cannot stand in a match: %s", token, reason);
		if (strchr("sdpiom", *p)) {
			*wants = !p[1];
			return 0;
		}
		if (*p != 'f')
			return scalar_refuse(why, "%.64s: -%c is no option of iptables", token, *p);
	}
	return 0;
}

static int check_characters(const char *text, struct why *why)
{
	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '\n' || c == '\r')
			return scalar_refuse(why, "holds a line break, which would begin another rule");
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return scalar_refuse(why, "holds the control character 0x%02x", c);
	}
	return 0;
}

int config_match_check(const char *text, struct why *why)
{
	struct tokens t = { .rest = text };
	char last[TOKEN_MAX + 1] = "";
	bool wants = false;
	int more, err = check_characters(text, why);

	while (!err && (more = next_token(&t, why)) != 0) {
		if (more < 0)
			return more;
		memcpy(last, t.token, sizeof(last));
		if (wants)
			wants = false;
		else if (t.token[0] == '-' && t.token[1] == '-')
			err = check_long(t.token, why);
		else if (t.token[0] == '-')
			err = check_short(t.token, &wants, why);
	}
	if (err)
		return err;
	if (!t.count)
		return scalar_refuse(why, "is empty: leave it out to steer every packet of the chain");
	if (wants)
		return scalar_refuse(why, "%.64s has nothing behind it", last);
	if (!strcmp(last, "!"))
		return scalar_refuse(why, "'!' has nothing behind it");
	return 0;
}
