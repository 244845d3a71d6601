/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rulesets from texts, for tests of what is done with them. cmocka.h must come before. */
#ifndef TESTS_RULES_TEXT_H
#define TESTS_RULES_TEXT_H

#include <nfverdict/rules.h>

#include <stdlib.h>
#include <string.h>

/* Puts a text on top of a ruleset, as iptables-restore --noflush would. */
static inline void put_text(struct nfv_rules *rules, const char *text)
{
	struct nfv_rules_error error;
	char message[1024];

	if (nfv_rules_read(rules, text, strlen(text), NULL, &error)) {
		nfv_rules_error_print(&error, message, sizeof(message));
		fail_msg("%s\nin:\n%s", message, text);
	}
}

static inline struct nfv_rules *rules_of(const char *text, enum nfv_family family)
{
	struct nfv_rules *rules = nfv_rules_new(family);

	assert_non_null(rules);
	put_text(rules, text);
	return rules;
}

static inline char *printed(const struct nfv_rules *rules, unsigned flags)
{
	char *text = nfv_rules_print(rules, flags, NULL);

	assert_non_null(text);
	return text;
}

#endif
