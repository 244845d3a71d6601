/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which client of a server may alone change which chain. Pure. */
#ifndef RULES_LEASE_H
#define RULES_LEASE_H

#include "rules/change.h"

#include <sys/types.h>

struct lease {
	enum nfv_family family;
	char *table, *chain;
	unsigned flags; /* enum nfv_lease_flags */
	uint64_t holder; /* the client's number, never used twice */
	pid_t pid; /* of the client, for a message */
};

struct leases {
	struct lease *items;
	size_t count, size;
};

/* A second one of the same holder changes the flags. 0, -ENOMEM, or -EBUSY with error that names chain and pid. */
int lease_take(struct leases *leases, const struct lease *lease, struct nfv_rules_error *error);
/* -ENOENT: the holder has none there. */
int lease_give_back(struct leases *leases, enum nfv_family family, const char *table, const char *chain, uint64_t holder,
		    struct nfv_rules_error *error);
/* Takes away one of the holder's; false: none is left. *lease is the caller's, for lease_free(). */
bool lease_take_away(struct leases *leases, uint64_t holder, struct lease *lease);
/* -EBUSY with error when the change would touch a chain that somebody else has. */
int lease_allows(const struct leases *leases, const struct change *change, uint64_t holder, struct nfv_rules_error *error);

void lease_free(struct lease *lease);
void leases_free(struct leases *leases);

#endif
