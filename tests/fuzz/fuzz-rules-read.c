/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading of rulesets, from users and from the kernel, and printing. What was read is printed as a text that reads as the
 * same ruleset and prints the same bytes; a text that is refused leaves nothing behind.
 */
#include <nfverdict/rules.h>

#include "rules/read.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const unsigned fuzz_seconds;
const unsigned fuzz_seconds = 60; /* in the suite: this one meets what anybody writes */

static void need(bool truth)
{
	if (!truth)
		abort();
}

static char *print(const struct nfv_rules *rules, unsigned flags, size_t *len)
{
	char *text = nfv_rules_print(rules, flags, len);

	need(text != NULL);
	return text;
}

static struct nfv_rules *read_again(enum nfv_family family, const char *text, size_t len, bool live)
{
	struct nfv_rules *rules = nfv_rules_new(family);

	need(rules != NULL);
	need((live ? read_live(rules, text, len, NULL) : nfv_rules_read(rules, text, len, NULL, NULL)) == 0);
	return rules;
}

static void judge_same(const struct nfv_rules *rules, const char *text, size_t len, unsigned flags)
{
	size_t again_len;
	char *again = print(rules, flags, &again_len);

	need(len == again_len && !memcmp(text, again, len));
	free(again);
}

static bool known_tables(const struct nfv_rules *rules)
{
	static const char names[] = " filter nat mangle raw security ";

	for (size_t i = 0; i < nfv_rules_table_count(rules); i++) {
		const char *name = nfv_table_name(nfv_rules_table_at(rules, i)), *at = strstr(names, name);

		if (!at || at[-1] != ' ' || at[strlen(name)] != ' ')
			return false;
	}
	return true;
}

static void judge_text(const struct nfv_rules *rules)
{
	struct nfv_rules *again;
	size_t len;
	char *text = print(rules, 0, &len);

	again = read_again(nfv_rules_family(rules), text, len, false);
	judge_same(again, text, len, 0);
	need(nfv_rules_equal(rules, again));
	nfv_rules_free(again);
	/* The kernel's texts are read in another way; only there may a newline stand in quotes. */
	if (!strchr(text, '"')) {
		again = read_again(nfv_rules_family(rules), text, len, true);
		judge_same(again, text, len, 0);
		nfv_rules_free(again);
	}
	free(text);
	free(print(rules, NFV_PRINT_CANONICAL | NFV_PRINT_COUNTERS | NFV_PRINT_ANNOTATED, &len));
}

/*
 * A quoted "!" is a value for iptables-restore, and in scripts mostly not; and an option that a shell must be given in quotes,
 * which none of the tool's is, looks like a value.
 */
static void judge_commands(const struct nfv_rules *rules)
{
	struct nfv_rules *again;
	size_t len;
	char *text = print(rules, NFV_PRINT_COMMANDS, &len);

	if (known_tables(rules) && !strstr(text, "'!'") && !strstr(text, " '--") && len < 8192) {
		again = read_again(nfv_rules_family(rules), text, len, false);
		judge_same(again, text, len, NFV_PRINT_COMMANDS);
		nfv_rules_free(again);
	}
	free(text);
}

static void judge_user(const char *text, size_t len, const struct nfv_read_options *options, enum nfv_family family)
{
	struct nfv_rules *rules = nfv_rules_new(family);

	need(rules != NULL);
	if (!nfv_rules_read(rules, text, len, options, NULL)) {
		judge_text(rules);
		judge_commands(rules);
	} else {
		need(nfv_rules_table_count(rules) == 0);
	}
	nfv_rules_free(rules);
}

/* Over rules that are there: all of the text or nothing. */
static void judge_undo(const char *text, size_t len)
{
	static const char start[] =
		"*filter\n:INPUT ACCEPT [1:2]\n:A - [0:0]\n:B - [0:0]\n[3:4] -A INPUT -j A\n[5:6] -A A -p 1\nCOMMIT\n";
	struct nfv_rules *rules = read_again(NFV_FAMILY_IPV4, start, strlen(start), false);

	if (nfv_rules_read(rules, text, len, NULL, NULL))
		judge_same(rules, start, strlen(start), NFV_PRINT_COUNTERS);
	nfv_rules_free(rules);
}

static void judge_live(const char *text, size_t len)
{
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4), *again;
	size_t printed_len;
	char *printed;

	need(rules != NULL);
	if (!read_live(rules, text, len, NULL)) {
		printed = print(rules, NFV_PRINT_COUNTERS, &printed_len);
		if (!memchr(text, '"', len) && !memchr(text, '\0', len)) {
			again = read_again(NFV_FAMILY_IPV4, printed, printed_len, true);
			judge_same(again, printed, printed_len, NFV_PRINT_COUNTERS);
			nfv_rules_free(again);
		}
		free(printed);
		free(print(rules, NFV_PRINT_COMMANDS | NFV_PRINT_CANONICAL, &printed_len));
	}
	nfv_rules_free(rules);
}

static void ignore(void *context, const struct nfv_rules_error *error)
{
	char text[1024];

	(void)context;
	need(nfv_rules_error_print(error, text, sizeof(text)) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const struct nfv_read_options list = { .table = "filter", .report = ignore }, all = { .flags = NFV_READ_COMMANDS };

	judge_user(text, size, NULL, NFV_FAMILY_IPV4);
	judge_user(text, size, NULL, NFV_FAMILY_IPV6);
	judge_user(text, size, &list, NFV_FAMILY_IPV4);
	judge_user(text, size, &all, NFV_FAMILY_IPV4);
	judge_undo(text, size);
	judge_live(text, size);
	return 0;
}
