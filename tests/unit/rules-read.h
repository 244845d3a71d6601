/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of the rule engine: texts read into rulesets, and what is made of them. */
#ifndef TESTS_RULES_READ_H
#define TESTS_RULES_READ_H

#include <nfverdict/rules.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
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

static inline const char *wrap(const char *lines)
{
	static char buffers[4][20000];
	static unsigned next;
	char *buffer = buffers[next++ % 4];

	snprintf(buffer, sizeof(buffers[0]), "*filter\n%sCOMMIT\n", lines);
	return buffer;
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

/* `text` over `start`, both within one table filter, gives `wanted`. */
static inline void makes_with(const char *start, const char *text, const char *wanted, const struct nfv_read_options *options)
{
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);
	struct nfv_rules_error error;
	char shown[1024];

	assert_non_null(rules);
	if (start)
		assert_int_equal(nfv_rules_read(rules, start, strlen(start), NULL, NULL), 0);
	if (nfv_rules_read(rules, text, strlen(text), options, &error)) {
		nfv_rules_error_print(&error, shown, sizeof(shown));
		fail_msg("%s", shown);
	}
	assert_prints(rules, NFV_PRINT_COUNTERS, wanted);
	nfv_rules_free(rules);
}

static inline void makes(const char *start, const char *lines, const char *wanted)
{
	makes_with(start ? wrap(start) : NULL, wrap(lines), wrap(wanted), NULL);
}

#endif
