/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files check*.c share: a table as a graph of chains, and telling of findings. Pure. */
#ifndef RULES_CHECK_H
#define RULES_CHECK_H

#include "rules/model.h"

/* A chain as it will be: of the checked ruleset, or of the kernel when that has none of the name. */
struct check_node {
	const struct nfv_chain *chain;
	struct check_edge *edges; /* jumps to chains; NULL: not looked for yet */
	size_t edge_count;
	unsigned hooks;           /* built-in chains that lead here, as enum check_hook */
	unsigned char colour;     /* of the search for loops */
	bool subject;             /* the chain itself is to be checked */
	size_t first, end;        /* and these rules of it */
};

struct check_edge {
	uint32_t node, rule;      /* where to, and by which rule */
};

struct check_table {
	const char *name;
	const struct nfv_table *own, *kernel; /* either may be NULL */
	struct check_node *nodes;
	size_t count;
	uint32_t *slots;          /* nodes by name: 1 + index; open addressing */
	size_t mask;
	bool hooks_known;
	bool changes_only;        /* the ruleset is live: what the kernel has is right */
	struct check *check;
};

struct check {
	enum nfv_family family;
	nfv_rules_report_fn *report;
	void *context;
	size_t findings;
	bool no_memory;
};

/* Tells of a finding. rule: NULL: it is the chain's. */
void check_tell(struct check *check, const struct nfv_chain *chain, const struct nfv_rule *rule, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* check-graph.c. 0 or -ENOMEM. */
int check_graph_make(struct check_table *table);
void check_graph_free(struct check_table *table);
/* NULL: no chain of that name. */
struct check_node *check_graph_find(const struct check_table *table, const char *name, size_t len);
/* Where the rules of a node lead to. 0 or -ENOMEM. */
int check_graph_edges(struct check_table *table, struct check_node *node);
/* Fills `hooks` of all nodes. 0 or -ENOMEM. */
int check_graph_hooks(struct check_table *table);

/* check-loop.c: loops that go through subjects. */
void check_loops(struct check_table *table);

/* check-rule.c: one rule by itself and in its chain. */
void check_rule(struct check_table *table, struct check_node *node, size_t position);

/* check-rule-limits.c: what a rule holds that works in some tables and hooks only. */
struct view;
void check_rule_limits(struct check_table *table, struct check_node *node, const struct nfv_rule *rule,
		       const struct view *view);

/* check-words.c: words that no option takes, options that the extension has not, addresses that are none. */
void check_rule_words(struct check_table *table, const struct check_node *node, const struct nfv_rule *rule,
		      const struct view *view);

#endif
