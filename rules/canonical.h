/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules as iptables-save prints them, and equality through spelling. What the tables of extension.h know is brought into
 * the tool's form; the rest stays as written. Pure.
 */
#ifndef RULES_CANONICAL_H
#define RULES_CANONICAL_H

#include "rules/view.h"

/*
 * Adds the rule as iptables-save would print it. Out of memory: out->failed.
 *
 * Where iptables-nft and iptables-legacy of 1.8.9 differ, this is the form of the former: `! --dport 0:80` is `--dport
 * 81:65535`, and `-m tcp --sport 1 -m tcp --dport 2` is one match. Where iptables-save prints less than the rule says, or
 * what iptables-restore does not take, the words stay: two ports of one match (`-m tcp --dport 1 -m tcp --dport 2`), what is
 * not everything (`! --dport 0:65535`, `! -i +`), a list's name with a blank in it. The first name of /etc/protocols is
 * that of Debian's, and realm and device group 0 have the names that they have there.
 */
void canonical_print(const struct view *view, enum nfv_family family, struct text *out);

/* The same with what makes no difference left out: equal texts are equal rules. */
void canonical_print_key(const struct view *view, enum nfv_family family, struct text *out);

/*
 * A hash, never 0, that is equal for rules that are equal; it sees through the order of options too. 0: no memory. The
 * second function is exact.
 */
uint64_t canonical_key(const char *text, size_t len, enum nfv_family family);
bool canonical_equal(const char *a, size_t a_len, const char *b, size_t b_len, enum nfv_family family);

/* The same with what a rule keeps: its bytes first, then its key, then everything. */
uint64_t rule_key(const struct nfv_rule *rule);

#endif
