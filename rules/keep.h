/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When the last rule that needs connection tracking goes, the kernel takes its hooks away, and with any hook that goes it drops
 * every packet that waits in a queue of the network namespace, uncounted. So before such a rule goes while a queue is bound, a reference is
 * held by a table of nf_tables of our own, which has no hook and sees no packet: `table ip nfverdict-keep`. It goes when no
 * queue is bound any more.
 */
#ifndef RULES_KEEP_H
#define RULES_KEEP_H

#include <nfverdict/rules.h>

/* True when a table's script takes away what needs connection tracking, puts in none, and a queue is bound. opposite: its way back. */
bool keep_is_needed(const char *script, const char *opposite);
/* True when a queue is bound in this network namespace. */
bool keep_queues_bound(void);
/* Makes the table of the family. 0, also when it is there, with *made; or -errno. */
int keep_hold(enum nfv_family family, bool *made);
/* Removes those of both families. */
void keep_drop(void);

#endif
