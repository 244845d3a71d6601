/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/lease.h"

#include "rules/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LEASES_MAX 4096

static struct lease *find(const struct leases *leases, enum nfv_family family, const char *table, const char *chain)
{
	for (size_t i = 0; i < leases->count; i++) {
		struct lease *lease = &leases->items[i];

		if (lease->family == family && !strcmp(lease->chain, chain) && !strcmp(lease->table, table))
			return lease;
	}
	return NULL;
}

static int busy(const struct lease *lease, struct nfv_rules_error *error)
{
	return error_set(error, -EBUSY, "chain %s of table %s (IPv%d) is leased by process %d", lease->chain, lease->table,
			 lease->family == NFV_FAMILY_IPV6 ? 6 : 4, (int)lease->pid);
}

static void pull(struct leases *leases, struct lease *lease)
{
	*lease = leases->items[--leases->count];
}

int lease_take(struct leases *leases, const struct lease *lease, struct nfv_rules_error *error)
{
	struct lease *found = find(leases, lease->family, lease->table, lease->chain);
	struct lease copy = *lease;

	if (found && found->holder != lease->holder)
		return busy(found, error);
	if (found) {
		found->flags = lease->flags;
		return 0;
	}
	if (leases->count >= LEASES_MAX)
		return error_set(error, -ENOSPC, "there are %d leases already", LEASES_MAX);
	copy.table = strdup(lease->table);
	copy.chain = strdup(lease->chain);
	if (!copy.table || !copy.chain ||
	    grow((void **)&leases->items, leases->count, &leases->size, sizeof(*leases->items))) {
		lease_free(&copy);
		return error_set(error, -ENOMEM, "no memory for a lease");
	}
	leases->items[leases->count++] = copy;
	return 0;
}

int lease_give_back(struct leases *leases, enum nfv_family family, const char *table, const char *chain, uint64_t holder,
		    struct nfv_rules_error *error)
{
	struct lease *found = find(leases, family, table, chain);

	if (!found || found->holder != holder)
		return error_set(error, -ENOENT, "chain %s of table %s: there is no lease to give back", chain, table);
	lease_free(found);
	pull(leases, found);
	return 0;
}

bool lease_take_away(struct leases *leases, uint64_t holder, struct lease *lease)
{
	for (size_t i = 0; i < leases->count; i++) {
		if (leases->items[i].holder != holder)
			continue;
		*lease = leases->items[i];
		pull(leases, &leases->items[i]);
		return true;
	}
	return false;
}

int lease_allows(const struct leases *leases, const struct change *change, uint64_t holder, struct nfv_rules_error *error)
{
	for (size_t p = 0; p < change->count && leases->count; p++) {
		const struct change_part *part = &change->parts[p];

		for (size_t c = 0; c < part->chain_count; c++) {
			const struct lease *lease = find(leases, part->family, part->table, part->chains[c].name);

			if (lease && lease->holder != holder && !part->chains[c].watched)
				return busy(lease, error);
		}
	}
	return 0;
}

void lease_free(struct lease *lease)
{
	free(lease->table);
	free(lease->chain);
	*lease = (struct lease){ 0 };
}

void leases_free(struct leases *leases)
{
	for (size_t i = 0; i < leases->count; i++)
		lease_free(&leases->items[i]);
	free(leases->items);
	*leases = (struct leases){ 0 };
}
