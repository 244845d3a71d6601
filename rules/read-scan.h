/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fast look at a rule: one pass that finds whether anything about it needs care, and its form, the rule but for values
 * that do not matter. A ruleset of thousands of rules has a dozen forms, so only the first rule of each is parsed. Pure.
 */
#ifndef RULES_READ_SCAN_H
#define RULES_READ_SCAN_H

#include "rules/read-private.h"

enum read_scan_fault {
	READ_SCAN_FINE,
	READ_SCAN_CONTROL, /* a control character at `at` */
	READ_SCAN_UNCLOSED, /* a quote that opens at `at` is not closed */
	READ_SCAN_LONG_WORD, /* the word at `at` */
	READ_SCAN_MANY, /* more words than the tool takes; `at`: the first of them */
};

struct read_scan {
	enum read_scan_fault fault;
	const char *at;
	uint64_t shape; /* never 0 */
	bool command; /* words that want a closer look: -c, -4, -t, a second command, a value in one word with its option */
	bool list; /* -s or -d with a comma */
};

/*
 * `words` of the line stand before the rule. Bytes up to text_end may be looked at. memory: READ_SCAN_OPTIONS of them, zero
 * at first.
 */
void read_scan(struct read_scan *scan, struct read_span rule, size_t words, const char *text_end,
	       struct read_scan_option *memory);

#endif
