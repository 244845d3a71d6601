/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a rule says without an extension, its family, and its comment. */
#include "rules/rule.h"

#include "rules/view.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define COMMENT_MAX 255 /* bytes, of the kernel's match */

static int known_family(const struct nfv_rule *rule)
{
	return rule->chain && rule->chain->table ? (int)rule->chain->table->rules->family : -1;
}

static bool is_field(enum nfv_field field)
{
	return (unsigned)field < NFV_FIELD_COUNT;
}

const char *nfv_rule_get(const struct nfv_rule *rule, enum nfv_field field, bool *negated)
{
	struct view *view = is_field(field) ? rule_view(rule) : NULL;

	if (negated)
		*negated = view && view->fields[field].negated;
	if (!view)
		return NULL;
	view->lent = true;
	return view->fields[field].value;
}

/* ---- the protocol's own match ---- */

static bool knows_all(const struct extension *known, const struct nfv_extension *match)
{
	for (size_t i = 0; i < match->count; i++)
		if (!extension_option_find(known, match->options[i].name))
			return false;
	return true;
}

/*
 * What -m tcp was becomes -m udp when the protocol does, if that knows its options. If not, it stays, and is written from
 * now on: the words must not become those of something else, and nothing that narrows a rule may vanish in silence.
 */
static void follow_protocol(struct view *view, const char *from, const char *to)
{
	const struct extension *known = to ? view_known(view->rule, to, false) : NULL;
	const struct extension *before = from ? view_known(view->rule, from, false) : NULL;

	for (size_t i = 0; i < view->match_count; i++) {
		struct nfv_extension *match = view->matches[i];

		if (!match->implicit && (!before || match->known != before))
			continue;
		if (known && knows_all(known, match))
			view_refer_name(match, to);
		else
			match->implicit = false;
	}
}

static int set_protocol(struct view *view, const char *value, bool negated)
{
	const char *old = view->fields[NFV_FIELD_PROTOCOL].value;
	const char *from = old ? view_protocol_match(view->rule, old) : NULL;
	const char *to = value ? view_protocol_match(view->rule, value) : NULL;
	bool follow = old && (!from || !to || strcmp(from, to) != 0);
	int err = view_set_field(view, NFV_FIELD_PROTOCOL, value, negated);

	if (!err && follow)
		follow_protocol(view, from, to);
	return err;
}

int nfv_rule_set(struct nfv_rule *rule, enum nfv_field field, const char *value, bool negated)
{
	struct view *view;
	int err;

	if (!is_field(field) || (value && !rule_field_ok(field, value, negated, known_family(rule))))
		return -EINVAL;
	/* A list makes several rules, and this is one of the chain. */
	if (rule->chain && value && field <= NFV_FIELD_DESTINATION && strchr(value, ','))
		return -EINVAL;
	view = rule_change(rule, &err);
	if (!view)
		return err;
	if (field == NFV_FIELD_PROTOCOL)
		err = set_protocol(view, value, negated);
	else
		err = view_set_field(view, field, value, negated);
	return rule_view_done(rule, err);
}

/* ---- family ---- */

static bool is_ipv6_address(const struct view_field *field)
{
	return field->value && strchr(field->value, ':');
}

static bool is_ipv6_only(const struct nfv_extension *extension)
{
	return extension && extension->known && extension->known->families == EXTENSION_IPV6 &&
	       !extension_find(extension->name, extension->is_target, NFV_FAMILY_IPV4);
}

enum nfv_family rule_family(const struct nfv_rule *rule)
{
	int family = known_family(rule);
	struct view *view;

	if (family >= 0)
		return (enum nfv_family)family;
	view = rule_view(rule);
	if (!view)
		return NFV_FAMILY_IPV4;
	if (view->version == 6 || is_ipv6_address(&view->fields[NFV_FIELD_SOURCE]) ||
	    is_ipv6_address(&view->fields[NFV_FIELD_DESTINATION]) || is_ipv6_only(view->target))
		return NFV_FAMILY_IPV6;
	for (size_t i = 0; i < view->match_count; i++)
		if (is_ipv6_only(view->matches[i]))
			return NFV_FAMILY_IPV6;
	return NFV_FAMILY_IPV4;
}

/* ---- comment ---- */

static bool is_comment(const struct nfv_extension *match)
{
	return !strcmp(match->name, "comment");
}

static const char *comment_value(const struct nfv_extension *match)
{
	size_t i = view_find_option(match, "comment", 0);

	return i < match->count && match->options[i].count ? match->options[i].values[0] : NULL;
}

/* The first one; view->match_count: there is none. */
static size_t find_comment(const struct view *view)
{
	size_t i;

	for (i = 0; i < view->match_count && !is_comment(view->matches[i]); i++)
		;
	return i;
}

const char *nfv_rule_comment(const struct nfv_rule *rule)
{
	struct view *view = rule_view(rule);
	size_t i = view ? find_comment(view) : 0;

	if (!view || i == view->match_count)
		return NULL;
	view->lent = true;
	return comment_value(view->matches[i]);
}

static int put_comment(struct view *view, size_t position, const char *comment)
{
	struct nfv_extension *match = view_add_match(view, position, "comment");
	int err = match ? view_add_option(match, 0, "comment", false, &comment, 1) : -ENOMEM;

	if (match && err)
		view_remove_match(view, position);
	return err;
}

static int change_comment(struct view *view, const char *comment)
{
	size_t i = find_comment(view), option;

	if (i == view->match_count)
		return comment ? put_comment(view, i, comment) : 0;
	if (!comment) {
		view_remove_match(view, i);
		return 0;
	}
	option = view_find_option(view->matches[i], "comment", 0);
	if (option == view->matches[i]->count)
		return view_add_option(view->matches[i], option, "comment", false, &comment, 1);
	return view_set_option(view->matches[i], option, false, &comment, 1);
}

int nfv_rule_set_comment(struct nfv_rule *rule, const char *comment)
{
	struct view *view;
	int err;

	if (comment && !rule_text_ok(comment, COMMENT_MAX))
		return -EINVAL;
	if (!comment && !nfv_rule_comment(rule))
		return 0;
	view = rule_change(rule, &err);
	return view ? rule_view_done(rule, change_comment(view, comment)) : err;
}

int nfv_rule_set_origin_comment(struct nfv_rule *rule)
{
	char comment[COMMENT_MAX + 1], line[16] = "";
	const char *file = rule->file ? rule->file->bytes : "", *old;
	size_t room, behind = 0;
	struct view *view;
	int err;

	if (!*file)
		return -ENOENT;
	if (rule->line)
		snprintf(line, sizeof(line), ":%u", rule->line);
	/* The end of a long path says more than its begin. */
	room = COMMENT_MAX - strlen(line);
	if (strlen(file) > room)
		file += strlen(file) - room;
	while ((*file & 0xc0) == 0x80)
		file++;
	snprintf(comment, sizeof(comment), "%s%s", file, line);
	if (!rule_text_ok(comment, COMMENT_MAX))
		return -EINVAL;
	view = rule_change(rule, &err);
	if (!view)
		return err;
	for (size_t i = 0; i < view->match_count; i++) {
		old = is_comment(view->matches[i]) ? comment_value(view->matches[i]) : NULL;
		if (old && !strcmp(old, comment))
			return 0;
		behind = is_comment(view->matches[i]) ? i + 1 : behind;
	}
	return rule_view_done(rule, put_comment(view, behind ? behind : view->match_count, comment));
}
