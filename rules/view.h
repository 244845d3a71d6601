/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The typed view of a rule: fields, matches, target, each with its negation. Every word of the text is somewhere in it: what
 * it does not know stays as words of the extension that stood open. Pure.
 */
#ifndef RULES_VIEW_H
#define RULES_VIEW_H

#include <nfverdict/rules.h>

#include "rules/spec.h"
#include "rules/text.h"

/* One option, or, with an empty name, words that belong to none. */
struct view_option {
	char *name;          /* without dashes, as written */
	bool negated;
	bool short_form;     /* written with one dash */
	char **values;
	bool *quoted;        /* by value: it was written in quotes */
	size_t count;
};

struct nfv_extension {
	struct nfv_rule *rule;
	char *name;          /* as written: "tcp", "DNAT", a chain */
	bool is_target;
	bool is_goto;
	bool implicit;       /* not written: `-p tcp --dport 1` opens the match tcp */
	struct view_option *options;
	size_t count, size;
};

struct view_field {
	char *value;         /* NULL: absent */
	bool negated;
};

struct view {
	struct view_field fields[NFV_FIELD_COUNT];
	struct nfv_extension **matches; /* in their order; pointers stay when others come and go */
	size_t match_count, match_size;
	struct nfv_extension *target;   /* NULL: none */
	bool counters;                  /* -c p b stood in the text: */
	uint64_t packets, bytes;
};

/*
 * Parses what follows "-A CHAIN ". 0, -ENOMEM, or -EINVAL with the column (from 1) and a cause: a quote that is not closed, an
 * option without its value, a second target, "!" before nothing, and the like.
 */
int view_parse(struct view **view, struct nfv_rule *rule, const char *text, size_t len, struct nfv_rules_error *error);
void view_free(struct view *view);
struct view *view_copy(const struct view *view, struct nfv_rule *rule);

/* Adds the text: fields in the order of iptables-save, then matches, then the target; words as they were written. */
void view_print(const struct view *view, struct text *out);

/* True when -s or -d hold a list, so that iptables makes several rules of it. */
bool view_has_list(const struct view *view);
/* The rules that it makes, each a new view's text in *specs (count of them; to be unref'd and freed). */
int view_expand(const struct view *view, struct spec ***specs, size_t *count);

#endif
