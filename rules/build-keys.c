/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys and values applied to a rule: first what has no order (fields, the target), so that a key may stand before the
 * protocol or target that it needs; then matches and options in their order.
 */
#include "rules/build.h"

#include "rules/extension.h"
#include "rules/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct build {
	struct nfv_rule *rule;
	struct build_items items;
	struct nfv_extension *current; /* that was opened last; NULL */
	char *protocol; /* that the rule had before; NULL */
};

/* ---- first: what has no order ---- */

static int set_target(struct nfv_rule *rule, const struct build_item *item)
{
	struct nfv_extension *target;

	errno = 0;
	target = item->meaning == MEANS_JUMP ? nfv_rule_set_jump(rule, item->value) : nfv_rule_set_goto(rule, item->value);
	return target ? 0 : -errno;
}

static int apply_first(struct build *build)
{
	int err = 0;

	for (size_t i = 0; i < build->items.count && !err; i++) {
		const struct build_item *item = &build->items.items[i];

		if (item->meaning == MEANS_FIELD)
			err = build_field(build->rule, item->field, item->value, item->key.negated);
		else if (item->meaning == MEANS_JUMP || item->meaning == MEANS_GOTO)
			err = set_target(build->rule, item);
		else if (item->meaning == MEANS_NOTE)
			err = nfv_rule_set_note(build->rule, item->value);
	}
	return err;
}

/* ---- then: matches and options ---- */

/* The first "match" of a name is the rule's first of that name, the second its second; those that it has not are added. */
static int open_match(struct build *build, size_t at)
{
	const char *name = build->items.items[at].value;
	size_t nth = 0;

	if (!name || !*name)
		return -EINVAL;
	for (size_t i = 0; i < at; i++)
		nth += build->items.items[i].meaning == MEANS_MATCH && !strcmp(build->items.items[i].value, name);
	build->current = nfv_rule_match(build->rule, name, nth);
	if (!build->current)
		build->current = nfv_rule_add_match(build->rule, name);
	return build->current ? 0 : -errno;
}

static bool takes(const struct nfv_extension *extension, const char *name, bool whole)
{
	struct nfv_extension_option option;

	return extension && (build_has_option(extension->name, extension->is_target, name, whole) ||
			     nfv_extension_option(extension, name, &option) == 0);
}

static struct nfv_extension *find_open(const struct build *build, const char *name, bool whole)
{
	struct nfv_extension *target = nfv_rule_target(build->rule);

	if (takes(build->current, name, whole))
		return build->current;
	for (size_t i = nfv_rule_match_count(build->rule); i > 0; i--) {
		struct nfv_extension *match = nfv_rule_match_at(build->rule, i - 1);

		if (takes(match, name, whole))
			return match;
	}
	return takes(target, name, whole) ? target : NULL;
}

/* The match of the rule's protocol, if that has the option: its name, NULL if not. */
static const char *find_of_protocol(const struct nfv_rule *rule, const char *name, bool whole)
{
	bool negated = false;
	const char *protocol = nfv_rule_get(rule, NFV_FIELD_PROTOCOL, &negated);

	if (!protocol || negated)
		return NULL;
	for (int family = NFV_FAMILY_IPV4; family <= NFV_FAMILY_IPV6; family++) {
		const char *match = extension_of_protocol(protocol, (enum nfv_family)family);

		if (match && build_has_option(match, false, name, whole))
			return match;
	}
	return NULL;
}

/* Whole names first, in all that could have them, then beginnings: as the tool does. */
static int find_place(struct build *build, const char *name, struct nfv_extension **place)
{
	for (int whole = 1; whole >= 0; whole--) {
		const char *match;

		*place = find_open(build, name, whole);
		if (*place)
			return 0;
		match = find_of_protocol(build->rule, name, whole);
		if (!match)
			continue;
		*place = nfv_rule_add_match(build->rule, match);
		return *place ? 0 : -errno;
	}
	/* A match that nobody knows may have any. */
	if (!build->current || build->current->is_target || build_is_known(build->current))
		return -EINVAL;
	*place = build->current;
	return 0;
}

/* Given before in the same match or target: an option that may be repeated then is. */
static bool is_again(const struct build *build, size_t at)
{
	const char *name = build->items.items[at].key.name;

	while (at > 0) {
		const struct build_item *before = &build->items.items[--at];

		if (before->meaning == MEANS_MATCH || before->meaning == MEANS_JUMP)
			return false;
		if (before->meaning == MEANS_OPTION && !strcmp(before->key.name, name))
			return true;
	}
	return false;
}

static int apply_option(struct build *build, size_t at)
{
	const struct build_item *item = &build->items.items[at];
	struct nfv_extension *place;
	int err = find_place(build, item->key.name, &place);

	if (!err)
		err = build_option(place, &item->key, item->value, is_again(build, at));
	if (err || item->value || place->is_target || nfv_extension_option_count(place) > 0)
		return err;
	/* Most matches are none without an option. */
	if (place == build->current)
		build->current = NULL;
	return nfv_rule_remove_match(build->rule, place);
}

static int apply_rest(struct build *build)
{
	int err = 0;

	for (size_t i = 0; i < build->items.count && !err; i++) {
		const struct build_item *item = &build->items.items[i];

		if (item->meaning == MEANS_MATCH)
			err = open_match(build, i);
		else if (item->meaning == MEANS_JUMP)
			build->current = nfv_rule_target(build->rule);
		else if (item->meaning == MEANS_COMMENT)
			err = nfv_rule_set_comment(build->rule, item->value);
		else if (item->meaning == MEANS_OPTION)
			err = apply_option(build, i);
	}
	return err;
}

/* ---- at last: another protocol ---- */

static const char *match_of(const char *protocol)
{
	const char *match = protocol ? extension_of_protocol(protocol, NFV_FAMILY_IPV4) : NULL;

	return match || !protocol ? match : extension_of_protocol(protocol, NFV_FAMILY_IPV6);
}

/* A template for tcp that is specialised for udp: its match becomes that of udp, if that has the same options. */
static int follow_protocol(struct build *build)
{
	const char *old = match_of(build->protocol), *wanted = match_of(nfv_rule_get(build->rule, NFV_FIELD_PROTOCOL, NULL));
	struct nfv_extension *match = old ? nfv_rule_match(build->rule, old, 0) : NULL;

	if (!match || (wanted && !strcmp(old, wanted)))
		return 0;
	for (size_t i = 0; i < match->count; i++)
		if (!wanted || !build_has_option(wanted, false, match->options[i].name, true))
			return -EINVAL;
	if (!wanted)
		return nfv_rule_remove_match(build->rule, match);
	if (view_rename(match, wanted))
		return -ENOMEM;
	rule_view_changed(build->rule);
	return 0;
}

static int keep_protocol(struct build *build)
{
	const char *protocol = nfv_rule_get(build->rule, NFV_FIELD_PROTOCOL, NULL);

	if (!protocol)
		return 0;
	build->protocol = strdup(protocol);
	return build->protocol ? 0 : -ENOMEM;
}

int build_keys(struct nfv_rule *rule, const char *const *words, size_t count)
{
	struct build build = { .rule = rule };
	int err = keep_protocol(&build);

	if (!err)
		err = build_items_read(&build.items, words, count);
	if (!err)
		err = apply_first(&build);
	if (!err)
		err = apply_rest(&build);
	if (!err)
		err = follow_protocol(&build);
	free(build.items.items);
	free(build.protocol);
	return err;
}
