/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of the rule engine: texts read into rulesets, and what is made of them. */
#ifndef TESTS_RULES_READ_H
#define TESTS_RULES_READ_H

#include <nfverdict/rules.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FILTER "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"

static inline struct nfv_rules *rules_of(enum nfv_family family, const char *text)
{
	struct nfv_rules *rules = nfv_rules_new(family);
	struct nfv_rules_error error;
	char shown[1024];

	assert_non_null(rules);
	if (nfv_rules_read(rules, text, strlen(text), NULL, &error)) {
		nfv_rules_error_print(&error, shown, sizeof(shown));
		fail_msg("%s", shown);
	}
	return rules;
}

static inline void assert_prints(const struct nfv_rules *rules, unsigned flags, const char *wanted)
{
	size_t len;
	char *text = nfv_rules_print(rules, flags, &len);

	assert_non_null(text);
	assert_string_equal(text, wanted);
	assert_int_equal(len, strlen(wanted));
	free(text);
}

#endif
