/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When the last rule that needs connection tracking goes, the kernel takes its hooks away, and with any hook that goes it
 * drops every packet that waits in a queue of the network namespace, uncounted. So before such a rule goes while a queue is
 * bound, a reference is held by a table of nf_tables of our own, which has no hook and sees no packet: `table ip
 * nfverdict-keep`. It goes when no queue is bound any more.
 */
#ifndef RULES_KEEP_H
#define RULES_KEEP_H

#include <nfverdict/rules.h>

/*
 * True when only one of a table's script and its way back (opposite) puts in what needs connection tracking, and a queue is
 * bound. It need not come to the end: when the kernel refuses the first such rule, the hooks that were made for it go too.
 */
bool keep_is_needed(const char *script, const char *opposite);
/* True when a queue is bound in this network namespace. */
bool keep_queues_bound(void);
/* Makes the table of the family. 0, also when it is there, with *made; or -errno. */
int keep_hold(enum nfv_family family, bool *made);
/* Removes those of both families. */
void keep_drop(void);
/*
 * True when the kernel's nf_tables have no such chain: the tools show built-in chains that they did not make yet. Should a
 * commit that makes one be refused, its hook goes again, and with it what waits.
 */
bool keep_lacks_chain(enum nfv_family family, const char *table, const char *chain);

#endif
