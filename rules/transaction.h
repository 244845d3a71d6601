/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A transaction: tries of a function over a snapshot, until one of them is committed. */
#ifndef RULES_TRANSACTION_H
#define RULES_TRANSACTION_H

#include "rules/live.h"

struct nfv_transaction {
	struct nfv_live *live;
	struct nfv_rules *rules[2]; /* snapshots by family, read when asked for */
	bool stale[2]; /* of an earlier try: to be brought up to date before it is given out */
	unsigned try; /* from 0 */
	bool locked; /* other users of the library are kept out */
	bool conflict; /* in this try */
	bool aborted;
	struct nfv_rules_error error;
};

/* How long to wait before the try, from 1: a random part of a span that doubles each time. */
unsigned transaction_wait_ms(unsigned try);

#endif
