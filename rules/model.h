/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The objects of a ruleset. A rule has two layers: the exact text as it was read or last printed (spec), and a typed view
 * of it that is made when somebody asks. One of the two may be missing: a rule that was only read has no view, one whose
 * view was changed has no spec until somebody asks for its text.
 *
 * A ruleset that came from the kernel also knows what the kernel has: before the first change of a chain its state is kept
 * as a base (base.h), so a commit looks at changed chains alone.
 */
#ifndef RULES_MODEL_H
#define RULES_MODEL_H

#include <nfverdict/rules.h>

#include "rules/spec.h"

struct base;
struct read_undo_entry;
struct view;

struct nfv_rule {
	struct nfv_chain *chain;    /* NULL: in none */
	struct spec *spec;
	struct view *view;
	uint64_t packets, bytes;
	uint64_t key;               /* hash of the canonical form for the chain's family; 0: not known */
	char *note;
	struct spec *file;          /* origin, NULL: not known */
	uint32_t line;
	uint32_t hint;              /* near its position in the chain */
};

struct nfv_chain {
	struct nfv_table *table;
	uint32_t order;             /* those behind it in the table have greater ones */
	char *name;
	char *policy;               /* NULL: a chain of the user */
	uint64_t packets, bytes;
	struct nfv_rule **rules;
	size_t count, size;
	char *note;
	bool builtin;
	bool declared;              /* by `:NAME` or -N; else only rules name it: printed without a line of its own */
	struct base *base;          /* what the kernel has, when that is not what is here. NULL: the same */
	bool created;               /* the kernel has no such chain */
	bool watched;               /* a transaction depends on it */
	struct read_undo_entry *undo; /* a text is read: what the chain was before, or that it was made; NULL else */
};

struct nfv_table {
	struct nfv_rules *rules;
	char *name;
	struct nfv_chain **chains;  /* in the order of the text */
	size_t count, size;
	size_t before;              /* room in front of the first: chains that went from there */
	uint32_t next_order;
	struct name_index *index;   /* of chains by name (names.h) */
	struct base **removed;      /* chains that the kernel has and that are gone here */
	size_t removed_count, removed_size;
	char *note;
	bool created;               /* the kernel did not show it */
};

struct nfv_rules {
	enum nfv_family family;
	struct nfv_table **tables;
	size_t count, size;
	struct nfv_live *live;      /* it was read from there; NULL: not from the kernel */
	char *live_table;           /* the only one that was read; NULL: all */
	uint64_t generation;        /* of the kernel's ruleset when it was read; 0: not known */
	bool autocommit;
	unsigned holding;           /* above 0: no autocommit now, several changes belong together */
};

/* ---- for every function that changes something ---- */

/*
 * Called before the change: keeps the chain's state as its base if the ruleset is live and it is the first change. 0 or
 * -ENOMEM, and then nothing may be changed. A chain that is removed becomes a base in its table's `removed`, unless it was
 * created here; one that is added is marked as created (chain_new() leaves that to the caller).
 */
int chain_touch(struct nfv_chain *chain);
/* For a rule in a chain also chain_touch(). Then forgets the rule's key. */
int rule_touch(struct nfv_rule *rule);

/*
 * Called after a change is complete: commits it if the ruleset is live and has autocommit, and gives that result (after a
 * refusal the objects are as before the change); else 0. Functions that make several changes put rules_hold() and
 * rules_unhold() around them.
 */
int rules_changed_now(struct nfv_rules *rules);
void rules_hold(struct nfv_rules *rules);
int rules_unhold(struct nfv_rules *rules); /* the outermost one as rules_changed_now() */

/* ---- the layers of a rule ---- */

/* The text, made anew from a changed view. Belongs to the rule. NULL: no memory. */
const struct spec *rule_spec(const struct nfv_rule *rule);
/* The view, made from the text when there is none. For changes: rule_touch() first, then view_changed(). NULL: no memory. */
struct view *rule_view(const struct nfv_rule *rule);
/* The view was changed: the text is void. */
void rule_view_changed(struct nfv_rule *rule);
/* Gives the view back when the text says the same and nobody holds a part of it, to save memory. */
void rule_drop_view(struct nfv_rule *rule);
/* Gives it another text. 0 or -errno; validity is the caller's to know. */
int rule_set_spec(struct nfv_rule *rule, struct spec *spec);

/* NFV_FAMILY_IPV4 for a rule in no chain, unless it holds an IPv6 address or an extension of ip6tables. */
enum nfv_family rule_family(const struct nfv_rule *rule);

/* ---- building blocks: no touch, no autocommit ---- */

struct nfv_table *table_new(struct nfv_rules *rules, const char *name, size_t len);   /* behind the others */
struct nfv_chain *chain_new(struct nfv_table *table, const char *name, size_t len);
void chain_free(struct nfv_chain *chain);     /* not taken out of its table */
void chain_clear(struct nfv_chain *chain);    /* frees its rules */
void chain_set_name(struct nfv_chain *chain, char *name); /* takes the allocated name */
void table_free(struct nfv_table *table);
void rules_clear(struct nfv_rules *rules);    /* frees its tables */
struct nfv_chain *table_find_chain(const struct nfv_table *table, const char *name, size_t len);
struct nfv_table *rules_find_table(const struct nfv_rules *rules, const char *name, size_t len);
int chain_put(struct nfv_chain *chain, size_t position, struct nfv_rule *rule); /* the array alone */
void chain_pull(struct nfv_chain *chain, size_t position);                      /* likewise: the rule is not freed */
void table_pull_chain(struct nfv_table *table, struct nfv_chain *chain);
int table_add_chain(struct nfv_table *table, struct nfv_chain *chain); /* behind the others. 0 or -ENOMEM */
size_t table_chain_position(const struct nfv_table *table, const struct nfv_chain *chain); /* it is there */
/* Back where it was pulled out, all that came or went after it being undone: there is room. */
void table_put_back(struct nfv_table *table, struct nfv_chain *chain, size_t position);
/* Names of the built-in chains of a table, NULL at the end; NULL: iptables has no such table. */
const char *const *table_builtin_chains(const char *table, enum nfv_family family);
/* 0, -EINVAL or -ENAMETOOLONG: may a chain of the user have that name? */
int chain_name_check(const char *name, size_t len);

/* Makes room for one more element. 0 or -ENOMEM. */
int grow(void **items, size_t count, size_t *size, size_t item_size);

#endif
