/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of rules: the canonical form of what is taken is taken, is its own canonical form, and is equal to the rule. The
 * first byte says the family.
 */
#include "rules/canonical.h"
#include "rules/model.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool canonical(const char *rule, size_t len, enum nfv_family family, struct text *out)
{
	struct nfv_rules rules = { .family = family };
	struct nfv_table table = { .rules = &rules };
	struct nfv_chain chain = { .table = &table };
	struct nfv_rule owner = { .chain = &chain };
	struct view *view;

	if (view_parse(&view, &owner, rule, len, NULL))
		return false;
	canonical_print(view, family, out);
	view_free(view);
	/* Even the empty rule has a text to look at. */
	text_add(out, "", 1);
	if (out->failed)
		abort();
	return true;
}

static void blame(const char *what, const char *rule, size_t len, const struct text *a, const struct text *b)
{
	fprintf(stderr, "%s\n%.*s\n%s\n%s\n", what, (int)len, rule, a->data, b->data ? b->data : "");
	abort();
}

static void check(const char *rule, size_t len, enum nfv_family family)
{
	struct text first = { 0 }, second = { 0 };

	/* A rule of "!" and lists, and values that are spelt longer, may become too long for a line. */
	if (canonical(rule, len, family, &first) && first.len <= NFV_RULES_LINE_MAX) {
		if (!canonical(first.data, first.len - 1, family, &second))
			blame("not taken again", rule, len, &first, &second);
		if (first.len != second.len || memcmp(first.data, second.data, first.len) != 0)
			blame("another form", rule, len, &first, &second);
		if (!canonical_equal(rule, len, first.data, first.len - 1, family) ||
		    canonical_key(rule, len, family) != canonical_key(first.data, first.len - 1, family))
			blame("not equal", rule, len, &first, &second);
	}
	text_free(&first);
	text_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = text + size;
	enum nfv_family family = size && (*data & 1) ? NFV_FAMILY_IPV4 : NFV_FAMILY_IPV6;

	for (text += size > 0; text < end;) {
		const char *newline = memchr(text, '\n', (size_t)(end - text)), *stop = newline ? newline : end;

		check(text, (size_t)(stop - text), family);
		text = stop + 1;
	}
	return 0;
}
