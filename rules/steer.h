/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Steering: own chains NFV-<queue> that hold the NFQUEUE rule, and tagged jumps to them from built-in chains. Everything
 * goes through the rule engine; what others put into the ruleset is never touched.
 */
#ifndef RULES_STEER_H
#define RULES_STEER_H

#include "rules/tool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STEER_PREFIX "NFV-"          /* of chain names */
#define STEER_COMMENT "nfv:"         /* before the queue's name: the comment of our jumps */
#define STEER_NAME_MAX 24            /* bytes of a queue's name: a chain's name has at most 28 */

/* One jump. */
struct steer_entry {
	const char *table;    /* filter, mangle, raw, security */
	const char *chain;    /* built-in chain of that table */
	const char *match;    /* tokens of iptables-restore that choose packets and do no more, NULL or "" for every packet */
	bool ipv4, ipv6;
	bool last;            /* behind the chain's rules, not before them */
	const void *origin;   /* the caller's: given back with errors */
};

/* One queue entry of the configuration. */
struct steer_queue {
	const char *name;
	uint16_t first, last; /* queue numbers */
	bool bypass;          /* --queue-bypass */
	bool cpu_fanout;      /* --queue-cpu-fanout, only with first != last */
	const struct steer_entry *entries;
	size_t entry_count;
};

/* One finding. origin is NULL when no entry is to blame. */
typedef void steer_error_fn(void *context, const void *origin, const char *text);

/*
 * Lets the tool judge each entry's tokens without changing anything. 0, or -EINVAL after telling each finding, or -EPERM
 * after telling once, without origin, that the tool may not work here: nothing is then known about the tokens.
 */
int steer_check(const struct tool *tool, const struct steer_queue *queues, size_t count, steer_error_fn *tell, void *context);

/* Tells what is odd about the ruleset: that both backends hold rules. */
void steer_warn(const struct tool *tool, steer_error_fn *tell, void *context);

/*
 * Installs the chains and jumps of all queues: all of them or, after an error, none. Called after steer_sweep() with the
 * caller's numbers in `own`, so a chain of one of these names that still holds a rule belongs to somebody alive:
 * -EEXIST. IPv6 is left out on a kernel without it.
 */
int steer_install(const struct tool *tool, const struct steer_queue *queues, size_t count, steer_error_fn *tell, void *context);

/* True when both mean the same rules. */
bool steer_same(const struct steer_queue *a, size_t a_count, const struct steer_queue *b, size_t b_count);

/*
 * Makes what is in place what `wanted` says, in one transaction that touches only what differs: rules that stay keep their
 * counters, a queue number's packets their way. What is there already, from whomever it came, is taken over; chains of ours
 * that nobody else listens on and nobody wants go. `before` is what the caller believes to be in place; NULL: not known.
 * Returns how many rules and chains were put in or taken out, or -errno after telling why: then nothing is changed.
 * -EEXIST: a chain of one of these names belongs to somebody who listens.
 */
struct steer_change {
	const struct steer_queue *before, *wanted;
	size_t before_count, wanted_count;
	const uint16_t *own; /* queue numbers that the caller holds, of both */
	size_t own_count;
};
long steer_change(const struct tool *tool, const struct steer_change *change, steer_error_fn *tell, void *context);

/*
 * Looks whether what was installed is still there: for each entry the queue's chain with our rule at its head, and a jump
 * to it. 1: all of it, 0: not all, or -errno after telling why.
 */
int steer_present(const struct tool *tool, const struct steer_queue *queues, size_t count, steer_error_fn *tell, void *context);

/* True when the kernel tells of changes to the ruleset that this tool works on (nft). */
bool steer_tells_changes(const struct tool *tool);

/* What one of our rules counted, in one family and one table. */
struct steer_cell {
	bool there;       /* our rule stands in the queue's chain */
	uint64_t packets; /* that it has steered since it was put there */
};

#define STEER_TABLES 4 /* raw, mangle, filter, security */

/* What the rules of one queue counted. */
struct steer_count {
	struct steer_cell cells[2][STEER_TABLES]; /* by enum nfv_family and table */
	bool others; /* a rule that is not ours leads to one of its numbers, too */
};

/* Counters of several queues, in the caller's memory. */
struct steer_tally {
	const struct steer_queue *queues;
	size_t count;
	struct steer_count *counts; /* one for each */
};

/* Reads the counters of our rules, which each packet that met them is in. 0, or -errno after telling why. */
int steer_count(const struct tool *tool, struct steer_tally *tally, steer_error_fn *tell, void *context);

/*
 * Takes out our jumps to the chains of these queues, and leaves the chains: what their rules counted does not change any more,
 * so that a steer_sweep() with the same tally tells it to the packet. Sets `others` of each. 0, or -errno after telling why.
 */
int steer_unhook(const struct tool *tool, struct steer_tally *tally, steer_error_fn *tell, void *context);

/*
 * Removes jumps and chains that carry our tag and whose queue numbers nobody listens on, or which are in `own` (queue
 * numbers that the caller holds, may be NULL). Looks into both families, and with TOOL_AUTO into the backend that is not
 * used, too. Returns the number of rules and chains removed, or -errno after telling why. `kept` counts chains left
 * because somebody listens. A chain that a foreign rule leads to is emptied and left, one with foreign rules in it loses
 * our rule and is left: told, and no error. A chain that only bears such a name is none of ours: see steer_chain_ours().
 */
struct steer_sweep {
	const uint16_t *own;
	size_t own_count;
	struct steer_tally *tally; /* NULL; or what the rules that are removed had counted is put in */
	unsigned removed;
	unsigned kept;
};
int steer_sweep(const struct tool *tool, struct steer_sweep *sweep, steer_error_fn *tell, void *context);

#endif
