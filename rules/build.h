/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules from keys and values: what a key means, and which extension an option belongs to. */
#ifndef RULES_BUILD_H
#define RULES_BUILD_H

#include "rules/model.h"

#define BUILD_NAME_MAX 64

/* "!dport", "dport__not": the option "dport", negated. "log_prefix" is "log-prefix". */
struct build_key {
	char name[BUILD_NAME_MAX];
	bool negated;
};

/* 0 or -EINVAL. */
int build_key_parse(struct build_key *parsed, const char *key);

/* What a key is for. */
enum build_meaning { MEANS_FIELD, MEANS_JUMP, MEANS_GOTO, MEANS_MATCH, MEANS_COMMENT, MEANS_NOTE, MEANS_OPTION };

struct build_item {
	struct build_key key;
	const char *value; /* as it was given; NULL: remove */
	enum build_meaning meaning;
	enum nfv_field field;
};

struct build_items {
	struct build_item *items; /* to be freed, also after a failure */
	size_t count;
};

/* Key, value, key, value: count words. 0 or -errno. */
int build_items_read(struct build_items *items, const char *const *words, size_t count);

/* The rule is ready: its view is given back, for nobody else holds a part of it. */
void build_done(struct nfv_rule *rule);

/*
 * Sets an option of an extension; value NULL removes it, "" is that of a flag. An option that takes several values has them
 * with blanks between. `add`: also when it is there. 0 or -errno.
 */
int build_option(struct nfv_extension *extension, const struct build_key *key, const char *value, bool add);

/* Sets one field; a "!" before the value negates too. value NULL removes. 0 or -errno. */
int build_field(struct nfv_rule *rule, enum nfv_field field, const char *value, bool negated);

/* Applies keys and values: count words. 0 or -errno, and then the rule is half changed. */
int build_keys(struct nfv_rule *rule, const char *const *words, size_t count);

/* True when the table knows the extension, and it has an option of that name: whole, or also a beginning of it. */
bool build_has_option(const char *extension, bool is_target, const char *name, bool whole);
/* True when the table knows the extension. */
bool build_is_known(const struct nfv_extension *extension);

#endif
