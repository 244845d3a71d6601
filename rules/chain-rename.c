/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A chain gets another name, in itself and in the rules that lead to it: prepared whole, then done, which cannot fail. */
#include "rules/chain.h"

#include "rules/table.h"
#include "rules/text.h"
#include "rules/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What one rule becomes: another text, or another name in its view. */
struct edit {
	struct nfv_rule *rule;
	struct spec *spec;
	char *name;
};

struct edits {
	struct edit *items;
	size_t count, size;
};

static void edits_free(struct edits *edits)
{
	for (size_t i = 0; i < edits->count; i++) {
		spec_unref(edits->items[i].spec);
		free(edits->items[i].name);
	}
	free(edits->items);
}

static struct spec *other_tail(const struct spec *spec, size_t old_len, const char *name)
{
	struct text text = { 0 };
	struct spec *made = NULL;

	text_add(&text, spec->bytes, spec->len - old_len);
	text_add(&text, name, strlen(name));
	if (!text.failed)
		made = spec_new(text.data, text.len);
	text_free(&text);
	return made;
}

static int prepare_rule(struct edits *edits, struct nfv_rule *rule, const char *old, size_t old_len, const char *name)
{
	enum lead lead = chain_lead(rule, old, old_len);
	struct edit edit = { .rule = rule };

	if (lead == LEAD_NONE)
		return 0;
	if (lead == LEAD_TAIL)
		edit.spec = other_tail(rule->spec, old_len, name);
	else if (lead == LEAD_VIEW)
		edit.name = strdup(name);
	if ((!edit.spec && !edit.name) || grow((void **)&edits->items, edits->count, &edits->size, sizeof(struct edit)) ||
	    chain_touch(rule->chain)) {
		spec_unref(edit.spec);
		free(edit.name);
		return -ENOMEM;
	}
	edits->items[edits->count++] = edit;
	return 0;
}

static int prepare(struct edits *edits, const struct nfv_chain *chain, const char *name)
{
	size_t len = strlen(chain->name);
	int err = 0;

	for (size_t i = 0; i < chain->table->count; i++) {
		const struct nfv_chain *in = chain->table->chains[i];

		for (size_t j = 0; j < in->count && !err; j++)
			err = prepare_rule(edits, in->rules[j], chain->name, len, name);
	}
	return err;
}

static void apply(struct edits *edits)
{
	for (size_t i = 0; i < edits->count; i++) {
		struct edit *edit = &edits->items[i];

		if (edit->spec) {
			rule_set_spec(edit->rule, edit->spec);
			edit->spec = NULL;
			continue;
		}
		view_take_name(edit->rule->view->target, edit->name);
		edit->name = NULL;
		rule_view_changed(edit->rule);
	}
}

int nfv_chain_rename(struct nfv_chain *chain, const char *name)
{
	struct nfv_rules *rules = chain->table->rules;
	struct edits edits = { 0 };
	char *copy;
	int err;

	if (chain->builtin)
		return -EINVAL;
	if (!strcmp(chain->name, name))
		return 0;
	err = table_find_chain(chain->table, name, strlen(name)) ? -EEXIST : table_check_name(chain->table, name);
	if (err)
		return err;
	copy = strdup(name);
	err = copy ? chain_touch(chain) : -ENOMEM;
	if (!err)
		err = prepare(&edits, chain, name);
	if (err) {
		free(copy);
		edits_free(&edits);
		return err;
	}
	apply(&edits);
	chain_set_name(chain, copy);
	chain->declared = true;
	edits_free(&edits);
	return rules_changed_now(rules);
}
