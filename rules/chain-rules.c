/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of a chain: put in, taken out, moved. */
#include "rules/model.h"

#include "rules/error.h"
#include "rules/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

size_t nfv_chain_count(const struct nfv_chain *chain)
{
	return chain->count;
}

struct nfv_rule *nfv_chain_rule(const struct nfv_chain *chain, size_t position)
{
	if (position < chain->count)
		return chain->rules[position];
	errno = ENOENT;
	return NULL;
}

/* ---- what is to be put in ---- */

/* A row of rules that are in no chain. */
struct row {
	struct nfv_rule **rules;
	size_t count, size;
};

static void row_free(struct row *row)
{
	for (size_t i = 0; i < row->count; i++)
		nfv_rule_free(row->rules[i]);
	free(row->rules);
}

/* The row owns the rule also on failure. */
static int row_add(struct row *row, struct nfv_rule *rule)
{
	if (grow((void **)&row->rules, row->count, &row->size, sizeof(struct nfv_rule *))) {
		nfv_rule_free(rule);
		return -ENOMEM;
	}
	row->rules[row->count++] = rule;
	return 0;
}

/* One more rule of a list of addresses: as the first, with another text. Takes the text. */
static int row_add_like(struct row *row, const struct nfv_rule *first, struct spec *spec)
{
	struct nfv_rule *rule = nfv_rule_copy(first);

	if (!rule) {
		spec_unref(spec);
		return -ENOMEM;
	}
	rule_set_spec(rule, spec);
	return row_add(row, rule);
}

static int expand_list(struct row *row, struct nfv_rule *rule)
{
	struct spec **specs = NULL;
	size_t count = 0;
	int err = view_expand(rule->view, &specs, &count);

	if (err) {
		nfv_rule_free(rule);
		return err;
	}
	err = row_add(row, rule);
	for (size_t i = 0; i < count; i++) {
		if (err)
			spec_unref(specs[i]);
		else if (i == 0)
			rule_set_spec(rule, specs[i]);
		else
			err = row_add_like(row, rule, specs[i]);
	}
	free(specs);
	return err;
}

/* What the rule becomes in a chain. A rule without a comma has no list, and needs no view to know that. */
static int row_expand(struct row *row, struct nfv_rule *rule)
{
	if (!rule->view && (!rule->spec || !memchr(rule->spec->bytes, ',', rule->spec->len)))
		return row_add(row, rule);
	errno = 0;
	if (!rule_view(rule)) {
		/* What is no rule by its text, though the kernel had it, has no list. */
		if (errno == EINVAL)
			return row_add(row, rule);
		nfv_rule_free(rule);
		return -ENOMEM;
	}
	if (view_has_list(rule->view))
		return expand_list(row, rule);
	rule_drop_view(rule);
	return row_add(row, rule);
}

/* ---- putting in ---- */

static int reserve(struct nfv_chain *chain, size_t count)
{
	while (chain->size - chain->count < count)
		if (grow((void **)&chain->rules, chain->size, &chain->size, sizeof(struct nfv_rule *)))
			return -ENOMEM;
	return 0;
}

/* All of the row or nothing. The row is used up on success. */
static int put_row(struct nfv_chain *chain, size_t position, struct row *row)
{
	int err = reserve(chain, row->count);

	if (!err)
		err = chain_touch(chain);
	if (err)
		return err;
	memmove(&chain->rules[position + row->count], &chain->rules[position],
		(chain->count - position) * sizeof(struct nfv_rule *));
	for (size_t i = 0; i < row->count; i++) {
		struct nfv_rule *rule = row->rules[i];

		chain->rules[position + i] = rule;
		rule->chain = chain;
		rule->hint = (uint32_t)(position + i);
		rule->key = 0; /* it may have been that of another family */
	}
	chain->count += row->count;
	row->count = 0;
	return 0;
}

static int put_all(struct nfv_chain *chain, size_t position, struct nfv_rule *const *rules, size_t count)
{
	struct row row = { 0 };
	int err = !chain ? -ENOENT : position > chain->count ? -ERANGE : 0;

	for (size_t i = 0; i < count && !err; i++)
		if (!rules[i])
			err = -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (err)
			nfv_rule_free(rules[i]);
		else
			err = row_expand(&row, rules[i]);
	}
	if (!err)
		err = put_row(chain, position, &row);
	row_free(&row);
	return err;
}

int nfv_chain_insert(struct nfv_chain *chain, size_t position, struct nfv_rule *rule)
{
	int err;

	if (rule && rule->chain)
		return -EBUSY;
	err = put_all(chain, position, &rule, 1);
	return err ? err : rules_changed_now(chain->table->rules);
}

int nfv_chain_append(struct nfv_chain *chain, struct nfv_rule *rule)
{
	return nfv_chain_insert(chain, chain ? chain->count : 0, rule);
}

static bool any_in_chain(struct nfv_rule *const *rules, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (rules[i] && rules[i]->chain)
			return true;
	return false;
}

int nfv_chain_append_all(struct nfv_chain *chain, struct nfv_rule *const *rules, size_t count)
{
	int err;

	if (any_in_chain(rules, count))
		return -EBUSY;
	err = put_all(chain, chain ? chain->count : 0, rules, count);
	return err ? err : rules_changed_now(chain->table->rules);
}

int nfv_chain_insert_text(struct nfv_chain *chain, size_t position, const char *text, struct nfv_rules_error *error)
{
	struct nfv_rule *rule = nfv_rule_parse(text, error);
	int err;

	if (!rule)
		return -errno;
	err = nfv_chain_insert(chain, position, rule);
	if (err == -ENOENT && !chain)
		error_set(error, err, "there is no such chain");
	else if (err == -ERANGE)
		error_set(error, err, "position %zu is behind the chain's end", position);
	else if (err)
		error_set(error, err, "%s", strerror(-err));
	return err;
}

int nfv_chain_append_text(struct nfv_chain *chain, const char *text, struct nfv_rules_error *error)
{
	return nfv_chain_insert_text(chain, chain ? chain->count : 0, text, error);
}

int nfv_chain_replace(struct nfv_chain *chain, size_t position, struct nfv_rule *rule)
{
	struct nfv_rule *old;
	int err;

	if (rule && rule->chain)
		return -EBUSY;
	if (chain && position >= chain->count) {
		nfv_rule_free(rule);
		return -ERANGE;
	}
	err = put_all(chain, position + 1, &rule, 1);
	if (err)
		return err;
	old = chain->rules[position];
	chain_pull(chain, position);
	nfv_rule_free(old);
	return rules_changed_now(chain->table->rules);
}

/* ---- taking out ---- */

int nfv_chain_delete(struct nfv_chain *chain, size_t position)
{
	struct nfv_rule *rule;
	int err;

	if (position >= chain->count)
		return -ERANGE;
	err = chain_touch(chain);
	if (err)
		return err;
	rule = chain->rules[position];
	chain_pull(chain, position);
	nfv_rule_free(rule);
	return rules_changed_now(chain->table->rules);
}

int nfv_rule_take(struct nfv_rule *rule)
{
	long position = nfv_rule_position(rule);
	struct nfv_chain *chain = rule->chain;
	int err;

	if (position < 0)
		return (int)position;
	err = chain_touch(chain);
	if (err)
		return err;
	chain_pull(chain, (size_t)position);
	return rules_changed_now(chain->table->rules);
}

int nfv_chain_move(struct nfv_chain *chain, size_t from, size_t to)
{
	struct nfv_rule *rule;
	int err;

	if (from >= chain->count || to >= chain->count)
		return -ERANGE;
	if (from == to)
		return 0;
	err = chain_touch(chain);
	if (err)
		return err;
	rule = chain->rules[from];
	if (from < to)
		memmove(&chain->rules[from], &chain->rules[from + 1], (to - from) * sizeof(struct nfv_rule *));
	else
		memmove(&chain->rules[to + 1], &chain->rules[to], (from - to) * sizeof(struct nfv_rule *));
	chain->rules[to] = rule;
	rule->hint = (uint32_t)to;
	return rules_changed_now(chain->table->rules);
}
