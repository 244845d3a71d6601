/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A change of the kernel's rulesets that is ready to be sent: scripts forward and back, and what they rest on. It says all
 * that is needed to apply it, to find out later whether it was applied, and to undo it; hence it is also what a server is
 * sent and what the journal holds. Pure.
 */
#ifndef RULES_CHANGE_H
#define RULES_CHANGE_H

#include "rules/script.h"
#include "rules/script-expect.h"

struct change_chain {
	char *name;
	bool was, is;             /* is there before, after */
	uint64_t before;          /* base_hash() of it; 0 when it is not there */
	uint32_t *rules;          /* change_rule_number() of each rule before, in their order */
	size_t rule_count;
	struct script_expect after;
	bool watched;             /* only depended on: not changed, and then `after` is empty */
};

/*
 * One table of one family: the kernel takes it whole or not at all. A part whose scripts have no text changes nothing: it is
 * there for chains that are watched.
 */
struct change_part {
	enum nfv_family family;
	char *table;
	struct script forward, back;
	struct change_chain *chains;
	size_t chain_count;
	uint64_t generation;      /* of the kernel's ruleset that it rests on; 0: not known */
};

/* By which a rule is known again, from the hash of its words. */
static inline uint32_t change_rule_number(uint64_t hash)
{
	return (uint32_t)(hash ^ hash >> 32);
}

struct change {
	struct change_part *parts; /* in the order of application */
	size_t count;
};

/*
 * What was changed in live rulesets since they were read: one part for each changed or watched table; its time depends on
 * the chains that were changed. flags: enum nfv_diff_flags. 0, also when nothing was changed (count 0), -ENOMEM, or as
 * script_table(), and error names the rule. The lines of forward point to rules of `rules`.
 */
int change_make(struct change *change, struct nfv_rules *const *rules, size_t count, unsigned flags,
		struct nfv_rules_error *error);
void change_free(struct change *change);

/*
 * Whole as JSON text, for the journal and the wire, and back. Lines' rules and chains are not part of it. jansson's object;
 * NULL: no memory. What is read is checked as what a stranger sent: -EINVAL, and error says what is wrong.
 */
struct json_t;
struct json_t *change_to_json(const struct change *change);
int change_from_json(struct change *change, const struct json_t *json, struct nfv_rules_error *error);

/* Which state a table is in, for one part. */
enum change_state { CHANGE_BEFORE, CHANGE_AFTER, CHANGE_NEITHER };
/* `rules`: the kernel's ruleset now. When before and after are the same: CHANGE_AFTER. */
enum change_state change_part_state(const struct change_part *part, const struct nfv_rules *rules);
/* -EAGAIN when a chain that the part touches or watches is not as it was; error names it. */
int change_part_conflict(const struct change_part *part, const struct nfv_rules *rules, struct nfv_rules_error *error);

#endif
