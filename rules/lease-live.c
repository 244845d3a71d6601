/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/live.h"

int nfv_live_lease(struct nfv_live *live, enum nfv_family family, const char *table, const char *chain, unsigned flags,
		   struct nfv_rules_error *error)
{
	struct store *store = live_store(live);

	return store->ops->lease(store, family, table, chain, false, flags, error);
}

int nfv_live_release(struct nfv_live *live, enum nfv_family family, const char *table, const char *chain,
		     struct nfv_rules_error *error)
{
	struct store *store = live_store(live);

	return store->ops->lease(store, family, table, chain, true, 0, error);
}
