/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a client asks of a server, as a message and back. Pure. */
#ifndef RULES_WIRE_REQUEST_H
#define RULES_WIRE_REQUEST_H

#include "rules/wire.h"

#define WIRE_TABLE_MAX 32 /* bytes of a table's name */
#define WIRE_WAIT_MAX  600000 /* ms */

enum wire_what {
	WIRE_READ, /* family, table, counters */
	WIRE_SUBMIT, /* change, confirm_s, dry_run, wait_ms */
	WIRE_LOCK, /* wait_ms */
	WIRE_UNLOCK,
	WIRE_LEASE, /* family, table, chain, flags */
	WIRE_RELEASE, /* family, table, chain */
	WIRE_CONFIRM, /* wait_ms */
	WIRE_ROLLBACK, /* wait_ms */
	WIRE_LEFT, /* seconds until a commit is rolled back */
	WIRE_GENERATION,
	WIRE_STATUS,
};
#define WIRE_WHAT_COUNT (WIRE_STATUS + 1)

struct wire_request {
	enum wire_what what;
	enum nfv_family family;
	const char *table; /* NULL: all. Texts belong to the message */
	const char *chain;
	bool counters;
	unsigned flags; /* enum nfv_lease_flags */
	const json_t *change;
	unsigned confirm_s;
	bool dry_run;
	int wait_ms; /* for others, at most */
};

/* The name of what is asked for: "read". */
const char *wire_what_name(enum wire_what what);

/* New object, or NULL without memory. The change is copied by reference. */
json_t *wire_request_to_json(const struct wire_request *request);

/* 0, or -EINVAL with error: something is missing, of a wrong kind, or out of range. Lives as long as json does. */
int wire_request_from_json(struct wire_request *request, const json_t *json, struct nfv_rules_error *error);

#endif
