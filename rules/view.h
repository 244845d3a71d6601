/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The typed view of a rule: fields, matches, target, each with its negation. Every word of the text is somewhere in it: what
 * it does not know stays as words of the extension that stood open. Pure.
 *
 * The words of a text lie in the view's own memory, as pointers to them in arrays; what is set later has memory of its own.
 * So change a view through the functions below only.
 */
#ifndef RULES_VIEW_H
#define RULES_VIEW_H

#include <nfverdict/rules.h>

#include "rules/extension.h"
#include "rules/spec.h"
#include "rules/text.h"

/* One option, or, with an empty name, words that belong to none. */
struct view_option {
	const char *name;    /* without dashes, as written; one that was cut short is whole again when it is known */
	const char **values;
	bool *quoted;        /* by value: it was written in quotes */
	size_t count;
	void *own;           /* what the three lie in when they are not words of the text; NULL */
	bool negated;
	bool short_form;     /* written with one dash */
	bool joined;         /* name=value in one word */
};

struct nfv_extension {
	struct view *view;
	struct nfv_rule *rule;   /* NULL: the view of none */
	const char *name;        /* as written: "tcp", "DNAT", a chain */
	char *own_name;          /* the same when it is no word of the text */
	const struct extension *known; /* NULL: nothing is known of it */
	bool is_target;
	bool is_goto;
	bool implicit;           /* not written: `-p tcp --dport 1` opens the match tcp */
	struct view_option *options;
	size_t count, size;
};

struct view_field {
	const char *value;       /* NULL: absent */
	char *own;               /* the same when it is no word of the text */
	bool negated;
};

struct view {
	struct nfv_rule *rule;
	struct view_field fields[NFV_FIELD_COUNT];
	struct nfv_extension **matches; /* in their order; pointers stay when others come and go */
	size_t match_count, match_size;
	struct nfv_extension *target;   /* NULL: none */
	uint64_t packets, bytes;
	bool counters;                  /* -c p b stood in the text */
	bool respell;                   /* the tool would not read the text as it was meant: print it anew */
	bool lent;                      /* pointers into it were given to the user: it must stay */
	unsigned char version;          /* 4 or 6: the text has -4 or -6, and is for that family alone; 0 */
	const char *words[];            /* of the text */
};

/*
 * Parses what follows "-A CHAIN ". 0, -ENOMEM, or -EINVAL with the column (from 1) and a cause: a quote that is not closed,
 * an option without its value, a second target, "!" before nothing, and the like. rule (NULL: none) says in which family to
 * look for extensions that are not the same in both.
 */
int view_parse(struct view **view, struct nfv_rule *rule, const char *text, size_t len, struct nfv_rules_error *error);
void view_free(struct view *view);

/* Adds the text: fields in the order of iptables-save, then matches, then the target; words as they were written. */
void view_print(const struct view *view, struct text *out);
/* One word: as it is if the tool reads it so, else in quotes. */
void view_print_word(struct text *out, const char *word);

/* True when -s or -d hold a list, so that iptables makes several rules of it. */
bool view_has_list(const struct view *view);
/* The rules that it makes, each a new view's text in *specs (count of them; to be unref'd and freed). */
int view_expand(const struct view *view, struct spec ***specs, size_t *count);

/* ---- changes: no touch, no check of values. 0 or -ENOMEM ---- */

/* value NULL: absent. The matches stay. */
int view_set_field(struct view *view, enum nfv_field field, const char *value, bool negated);
/* A new match at that position; NULL: no memory. */
struct nfv_extension *view_add_match(struct view *view, size_t position, const char *name);
void view_remove_match(struct view *view, size_t position);
/* The one that was there is gone. NULL: no memory, and nothing is changed. */
struct nfv_extension *view_set_target(struct view *view, const char *name, bool is_goto);
void view_remove_target(struct view *view);
int view_rename(struct nfv_extension *extension, const char *name);
/* The same with an allocated name, which it keeps: cannot fail. */
void view_take_name(struct nfv_extension *extension, char *name);
/* The same with a name that is always there. */
void view_refer_name(struct nfv_extension *extension, const char *name);

/* The position of an option from `start` on, names seen through; extension->count: it is not there. */
size_t view_find_option(const struct nfv_extension *extension, const char *name, size_t start);
/* Puts an option at that position, behind the others at most. */
int view_add_option(struct nfv_extension *extension, size_t position, const char *name, bool negated,
		    const char *const *values, size_t count);
/* Gives an option other values. Its name stays. */
int view_set_option(struct nfv_extension *extension, size_t position, bool negated, const char *const *values, size_t count);
void view_remove_option(struct nfv_extension *extension, size_t position);

/* ---- of the parser and the printer ---- */

/* Without quotes such a word is taken for an option where values may end: one letter of the tool's, "--…", "!". */
bool view_ends_values(const char *word);
/* Makes room for one more, sparingly. */
int view_grow_options(struct nfv_extension *extension);
/* Puts a match behind the others, or the target; its name is a word of the text. NULL: no memory. */
struct nfv_extension *view_open(struct view *view, const char *name, bool is_target);
/* What is known of a name: in the rule's family if it is there, else in the other one. */
const struct extension *view_known(const struct nfv_rule *rule, const char *name, bool is_target);
/* The name of the match that a protocol opens, likewise: a constant. NULL: it opens none. */
const char *view_protocol_match(const struct nfv_rule *rule, const char *protocol);

#endif
