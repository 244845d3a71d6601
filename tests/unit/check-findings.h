/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the checks find, as text to compare: for test-check.c and test-check-values.c. */
#ifndef CHECK_FINDINGS_H
#define CHECK_FINDINGS_H

#include "rules/text.h"

#include "rules-text.h"

#include <errno.h>

struct findings {
	struct text text; /* a line for each */
	size_t count;
	struct nfv_rules_error last;
};

static void note(void *context, const struct nfv_rules_error *error)
{
	struct findings *findings = context;

	text_printf(&findings->text, "%s%s:%u: %s\n", error->file, *error->file ? "" : "-", error->line, error->text);
	findings->last = *error;
	findings->count++;
}

static void judge(struct nfv_rules *rules, const struct nfv_rules *kernel, const char *wanted)
{
	struct findings findings = { 0 };
	int err = nfv_rules_check(rules, kernel, note, &findings);

	assert_string_equal(findings.text.data ? findings.text.data : "", wanted);
	assert_int_equal(err, *wanted ? -EINVAL : 0);
	assert_int_equal(nfv_rules_check(rules, kernel, NULL, NULL), err);
	text_free(&findings.text);
}

static void family(enum nfv_family family, const char *text, const char *wanted)
{
	struct nfv_rules *rules = rules_of(text, family);

	judge(rules, NULL, wanted);
	nfv_rules_free(rules);
}

/* One rule in a chain of a table. */
static void one(enum nfv_family which, const char *table, const char *chain, const char *rule, const char *wanted)
{
	char text[1024], finding[1024];

	snprintf(text, sizeof(text), "*%s\n-A %s %s\nCOMMIT\n", table, chain, rule);
	snprintf(finding, sizeof(finding), "-:2: table %s, chain %s, rule 1: %s\n", table, chain, wanted);
	family(which, text, *wanted ? finding : "");
}

#define V4(...) one(NFV_FAMILY_IPV4, __VA_ARGS__)
#define V6(...) one(NFV_FAMILY_IPV6, __VA_ARGS__)

#endif
