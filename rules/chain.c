/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/chain.h"

#include "rules/base.h"
#include "rules/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *nfv_chain_name(const struct nfv_chain *chain)
{
	return chain->name;
}

struct nfv_table *nfv_chain_table(const struct nfv_chain *chain)
{
	return chain->table;
}

bool nfv_chain_is_builtin(const struct nfv_chain *chain)
{
	return chain->builtin;
}

bool nfv_chain_is_declared(const struct nfv_chain *chain)
{
	return chain->declared;
}

const char *nfv_chain_policy(const struct nfv_chain *chain)
{
	return chain->policy;
}

int nfv_chain_set_policy(struct nfv_chain *chain, const char *policy)
{
	char *copy;
	int err;

	if (!chain->builtin || !policy || (strcmp(policy, "ACCEPT") != 0 && strcmp(policy, "DROP") != 0))
		return -EINVAL;
	copy = strdup(policy);
	if (!copy)
		return -ENOMEM;
	err = chain_touch(chain);
	if (err) {
		free(copy);
		return err;
	}
	free(chain->policy);
	chain->policy = copy;
	chain->declared = true;
	return rules_changed_now(chain->table->rules);
}

void nfv_chain_counters(const struct nfv_chain *chain, uint64_t *packets, uint64_t *bytes)
{
	if (packets)
		*packets = chain->packets;
	if (bytes)
		*bytes = chain->bytes;
}

int nfv_chain_set_counters(struct nfv_chain *chain, uint64_t packets, uint64_t bytes)
{
	int err;

	if (!chain->builtin)
		return -EINVAL;
	err = chain_touch(chain);
	if (err)
		return err;
	chain->packets = packets;
	chain->bytes = bytes;
	return rules_changed_now(chain->table->rules);
}

int nfv_chain_zero(struct nfv_chain *chain)
{
	int err = chain_touch(chain);

	if (err)
		return err;
	chain->packets = 0;
	chain->bytes = 0;
	for (size_t i = 0; i < chain->count; i++) {
		chain->rules[i]->packets = 0;
		chain->rules[i]->bytes = 0;
	}
	return rules_changed_now(chain->table->rules);
}

const char *nfv_chain_note(const struct nfv_chain *chain)
{
	return chain->note;
}

int nfv_chain_set_note(struct nfv_chain *chain, const char *note)
{
	char *copy = note ? strdup(note) : NULL;

	if (note && !copy)
		return -ENOMEM;
	free(chain->note);
	chain->note = copy;
	return 0;
}

/* ---- references ---- */

/* One of which memory does not suffice to know is counted, and *err set. */
static size_t count_leads(const struct nfv_chain *in, const char *name, size_t len, int *err)
{
	size_t count = 0;

	for (size_t i = 0; i < in->count; i++) {
		enum lead lead = chain_lead(in->rules[i], name, len);

		count += lead != LEAD_NONE;
		if (lead == LEAD_UNKNOWN)
			*err = -ENOMEM;
		rule_drop_view(in->rules[i]);
	}
	return count;
}

static size_t references(const struct nfv_chain *chain, bool own, int *err)
{
	size_t len = strlen(chain->name), count = 0;

	*err = 0;
	for (size_t i = 0; i < chain->table->count; i++)
		if (own || chain->table->chains[i] != chain)
			count += count_leads(chain->table->chains[i], chain->name, len, err);
	return count;
}

size_t nfv_chain_references(const struct nfv_chain *chain)
{
	int err;

	return references(chain, true, &err);
}

int nfv_chain_remove(struct nfv_chain *chain)
{
	struct nfv_rules *rules = chain->table->rules;
	int err;

	if (chain->builtin)
		return -EINVAL;
	if (references(chain, false, &err) > 0)
		return err ? err : -EBUSY;
	err = table_reserve_removed(chain->table, 1);
	if (!err)
		err = chain_touch(chain);
	if (err)
		return err;
	table_drop_chain(chain);
	return rules_changed_now(rules);
}

int nfv_chain_flush(struct nfv_chain *chain)
{
	int err = chain_touch(chain);

	if (err)
		return err;
	chain_clear(chain);
	return rules_changed_now(chain->table->rules);
}
