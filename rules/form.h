/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A match or target on its way to the canonical form: its options with the spelling of their values. Pure. */
#ifndef RULES_FORM_H
#define RULES_FORM_H

#include "rules/extension.h"
#include "rules/view.h"

#define FORM_MAX 64 /* options; one with more stays as written */

struct form_item {
	const struct extension_option *option; /* NULL: words that are not known */
	const struct view_option *words;       /* as written; NULL: the item was added */
	uint32_t at, len;                      /* the values, in form->text */
	bool negated;
	bool spelt;                            /* the values are in the tool's spelling */
	bool gone;
};

struct form {
	const struct extension *extension;
	enum nfv_family family;
	bool for_key;       /* what makes no difference is left out */
	bool ordered;       /* items stand in the order of printing */
	struct text *text;  /* each value in it ends with a NUL */
	size_t count;
	struct form_item items[FORM_MAX];
};

/* Takes the options of a known extension. text: for the values, the caller's. False: too many options, one twice, or stray words. */
bool form_fill(struct form *form, const struct nfv_extension *extension, enum nfv_family family, struct text *text,
	       bool for_key);
/* The same with more options, of another match of that name. */
bool form_join(struct form *form, const struct nfv_extension *extension);
/* Defaults come in and go out, options become others. False: some do not go together. */
bool form_complete(struct form *form);
/* Adds the options, each with a blank before it. */
void form_print(const struct form *form, struct text *out);

/* ---- for complete functions ---- */

/* The last one of that name that is not gone; NULL. */
struct form_item *form_find(struct form *form, const char *name);
/* Its values; "" when memory ran out. Lasts until the next value is added. */
const char *form_value(const struct form *form, const struct form_item *item);
/* Gives it another value. */
void form_set(struct form *form, struct form_item *item, const char *value);
/* Adds one, if there is none of that name and room for it. value NULL: a flag. */
void form_default(struct form *form, const char *name, const char *value);
/* Makes it the option of that name. */
void form_rename(struct form *form, struct form_item *item, const char *name);
void form_drop(struct form *form, const char *name);

#endif
