/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What merge*.c know of one table. Private to them. */
#ifndef RULES_MERGE_PRIVATE_H
#define RULES_MERGE_PRIVATE_H

#include "rules/merge.h"

#define MERGE_NONE UINT32_MAX

enum merge_fate { MERGE_KEPT, MERGE_TAKEN, MERGE_MOVED };

/*
 * One chain. Places before are those before the change, places now those in what stands there now; MERGE_NONE: none. The
 * script forward, carried out on the state before, tells what the change did: the way back need not choose the same
 * rules to keep.
 */
struct merge_chain {
	const struct change_chain *chain;
	const struct nfv_chain *now;      /* NULL: it is not there */
	struct nfv_chain *put, *back;     /* rules that the script forward puts in, and the one back */
	enum merge_fate *fate;            /* by place before */
	bool *is_new;                     /* by place in `put`: not one that is moved only */
	uint32_t *words;                  /* by place before, of those that are taken: the rule of `back` that says the same */
	uint32_t *stands;                 /* by place before: where the rule stands now */
	uint32_t *was;                    /* by place now: where it stood before */
	uint32_t *ours;                   /* by place now: which of `put` it is */
	uint32_t *elsewhere;              /* by place before: it stands in another order now, there */
	uint32_t *came;                   /* by place now: the other way round */
	uint32_t *missing;                /* by place before: it is not there, as the change took this one of its words */
	const char *policy, *policy_back; /* lines ":NAME …" of the scripts, behind the name; NULL */
};

struct merge {
	const struct change_part *part;
	const struct nfv_rules *now;
	const struct merge_ask *ask;
	struct nfv_rules *puts, *backs;     /* rules of the scripts, by chain */
	struct merge_chain *chains;
	size_t count;
	unsigned asked;
	bool open;                          /* some rules may be ours or not: nobody could tell */
};

/* 0 or -errno; merge_end() in any case. */
int merge_begin(struct merge *merge, const struct change_part *part, const struct nfv_rules *now,
		const struct merge_ask *ask);
void merge_end(struct merge *merge);

/* ---- merge-script.c ---- */

/* "[1:2] -I CHAIN 3 RULE", or ":CHAIN …" with the command ':'. */
struct merge_line {
	char command;
	const char *chain;
	size_t chain_len;
	size_t number; /* 0: none */
	const char *rule;
	size_t rule_len;
	uint64_t counters[2];
};

/* The next line of a script that is about a chain. False at the end. */
bool merge_next_line(const char **script, struct merge_line *line);
/* What the lines of a script put into chains: rules with their counters. 0 or -ENOMEM. */
int merge_read_script(struct nfv_rules *rules, const char *table, const char *script);
/* The line ":CHAIN POLICY …" of a script, behind the name; NULL: it has none. */
const char *merge_policy(const char *script, const char *chain);

/* ---- merge-fate.c ---- */

/* What the change did to the rules of before: sets fate, is_new and words. 0 or -ENOMEM. */
int merge_find_fates(struct merge *merge);

/* ---- merge-pair.c ---- */

/* Two rows of numbers. */
struct merge_items {
	struct merge_item *items;
	size_t count;
};

uint32_t *merge_places(size_t count); /* all MERGE_NONE; NULL: no memory */
int merge_items_new(struct merge_items *items, size_t room);
void merge_items_free(struct merge_items *items);
void merge_items_clear(struct merge_items *items);
void merge_items_add(struct merge_items *items, uint64_t number, size_t at, bool second);
/* Pairs of equal numbers, one of each row, the first with the first. Either array may be NULL. */
void merge_items_pair(struct merge_items *items, uint32_t *first_to_second, uint32_t *second_to_first);
/* Numbers from 0 on, the same for equal ones, into the arrays of the two rows. How many there are. */
uint32_t merge_items_classes(struct merge_items *items, uint32_t *first, uint32_t *second);

#endif
