/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Matches and the target of a rule, and their options. */
#include "rules/rule.h"

#include "rules/view-option.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The view, from which pointers are given away. */
static struct view *lend(const struct nfv_rule *rule)
{
	struct view *view = rule_view(rule);

	if (view)
		view->lent = true;
	return view;
}

/* ---- matches ---- */

size_t nfv_rule_match_count(const struct nfv_rule *rule)
{
	const struct view *view = rule_view(rule);

	return view ? view->match_count : 0;
}

struct nfv_extension *nfv_rule_match_at(const struct nfv_rule *rule, size_t position)
{
	struct view *view = lend(rule);

	if (!view)
		return NULL;
	if (position < view->match_count)
		return view->matches[position];
	errno = ENOENT;
	return NULL;
}

/* By name, through aliases. */
static bool is_called(const struct nfv_extension *extension, const char *name, const struct extension *known)
{
	return !strcmp(extension->name, name) || (known && extension->known == known);
}

struct nfv_extension *nfv_rule_match(const struct nfv_rule *rule, const char *name, size_t nth)
{
	const struct extension *known = view_known(rule, name, false);
	struct view *view = lend(rule);

	if (!view)
		return NULL;
	for (size_t i = 0; i < view->match_count; i++)
		if (is_called(view->matches[i], name, known) && nth-- == 0)
			return view->matches[i];
	errno = ENOENT;
	return NULL;
}

/* After a change that made or gave this extension; the rule may be gone when it fails. */
static struct nfv_extension *finish(struct nfv_rule *rule, struct nfv_extension *extension)
{
	int err = rule_view_done(rule, extension ? 0 : -ENOMEM);

	if (!err)
		return extension;
	errno = -err;
	return NULL;
}

/* Name and view of an extension that is to come. NULL with errno. */
static struct view *prepare(struct nfv_rule *rule, const char *name)
{
	int err = chain_name_check(name, strlen(name));
	struct view *view = err ? NULL : rule_change(rule, &err);

	if (!view) {
		errno = -err;
		return NULL;
	}
	view->lent = true;
	return view;
}

struct nfv_extension *nfv_rule_add_match(struct nfv_rule *rule, const char *name)
{
	struct view *view = prepare(rule, name);

	return view ? finish(rule, view_add_match(view, view->match_count, name)) : NULL;
}

int nfv_rule_remove_match(struct nfv_rule *rule, struct nfv_extension *match)
{
	struct view *view;
	int err;

	if (match->rule != rule || match->is_target)
		return -ENOENT;
	view = rule_change(rule, &err);
	if (!view)
		return err;
	for (size_t i = 0; i < view->match_count; i++) {
		if (view->matches[i] != match)
			continue;
		view_remove_match(view, i);
		return rule_view_done(rule, 0);
	}
	return -ENOENT;
}

/* ---- the target ---- */

struct nfv_extension *nfv_rule_target(const struct nfv_rule *rule)
{
	struct view *view = lend(rule);

	return view ? view->target : NULL;
}

bool nfv_rule_is_goto(const struct nfv_rule *rule)
{
	const struct view *view = rule_view(rule);

	return view && view->target && view->target->is_goto;
}

static struct nfv_extension *set_target(struct nfv_rule *rule, const char *name, bool is_goto)
{
	struct view *view;
	int err;

	if (name) {
		view = prepare(rule, name);
		return view ? finish(rule, view_set_target(view, name, is_goto)) : NULL;
	}
	view = rule_change(rule, &err);
	if (view) {
		view_remove_target(view);
		err = rule_view_done(rule, 0);
	}
	errno = -err;
	return NULL;
}

struct nfv_extension *nfv_rule_set_jump(struct nfv_rule *rule, const char *name)
{
	return set_target(rule, name, false);
}

struct nfv_extension *nfv_rule_set_goto(struct nfv_rule *rule, const char *chain)
{
	return set_target(rule, chain, true);
}

/* ---- reading options ---- */

const char *nfv_extension_name(const struct nfv_extension *extension)
{
	return extension->name;
}

size_t nfv_extension_option_count(const struct nfv_extension *extension)
{
	return extension->count;
}

int nfv_extension_option_at(const struct nfv_extension *extension, size_t position, struct nfv_extension_option *option)
{
	const struct view_option *from;

	if (position >= extension->count)
		return -ERANGE;
	from = &extension->options[position];
	*option = (struct nfv_extension_option){
		.name = from->name, .negated = from->negated, .values = from->values, .value_count = from->count
	};
	return 0;
}

/* The whole name of one that is known and cut short, else the name. */
static const char *whole_name(const struct nfv_extension *extension, const char *name)
{
	const struct extension_option *known = extension->known ? extension_option_find(extension->known, name) : NULL;

	return known ? view_whole_name(known, name) : name;
}

int nfv_extension_option(const struct nfv_extension *extension, const char *name, struct nfv_extension_option *option)
{
	size_t i = view_find_option(extension, whole_name(extension, name), 0);

	return i < extension->count ? nfv_extension_option_at(extension, i, option) : -ENOENT;
}

const char *nfv_extension_get(const struct nfv_extension *extension, const char *name)
{
	struct nfv_extension_option option;

	if (nfv_extension_option(extension, name, &option))
		return NULL;
	return option.value_count ? option.values[0] : "";
}

/* ---- changing options ---- */

/* An option as a caller names it. */
struct wanted {
	const char *name; /* whole, without "!" */
	bool negated;
	const char *const *values;
	size_t count;
	char *split; /* what the values lie in when one text was several; NULL */
	const char *parts[8];
};

static bool is_name(const char *name)
{
	if (*name == '-' || !*name)
		return false;
	for (; *name; name++)
		if (!((*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') || (*name >= '0' && *name <= '9') ||
		      *name == '-' || *name == '_'))
			return false;
	return true;
}

/* `--match-set name src,dst` given as one text: "name src,dst". */
static int split_values(struct wanted *wanted, size_t count)
{
	char *rest, *part;
	size_t parts = 0;

	rest = wanted->split = strdup(wanted->values[0]);
	if (!rest)
		return -ENOMEM;
	while ((part = strsep(&rest, " \t"))) {
		if (!*part)
			continue;
		if (parts == count)
			return -EINVAL;
		wanted->parts[parts++] = part;
	}
	wanted->values = wanted->parts;
	wanted->count = parts;
	return parts == count ? 0 : -EINVAL;
}

/* As many as the option takes, if that is known. */
static int fit_values(struct wanted *wanted, const struct extension_option *known)
{
	size_t count = known->values;

	if (count == 0 && wanted->count == 1 && !*wanted->values[0])
		wanted->count = 0;
	if (wanted->count == count || (wanted->count < count && (known->flags & OPTION_OPTIONAL)))
		return 0;
	if (wanted->count == 1 && count > 1 && count <= sizeof(wanted->parts) / sizeof(wanted->parts[0]))
		return split_values(wanted, count);
	return -EINVAL;
}

/* wanted->split is to be freed, also on failure. */
static int want(struct wanted *wanted, const struct nfv_extension *extension, const char *name, const char *const *values,
		size_t count)
{
	const struct extension_option *known;

	*wanted = (struct wanted){ .negated = *name == '!', .values = values, .count = count };
	if (wanted->negated)
		name += 1 + strspn(name + 1, " ");
	if (!is_name(name) || view_is_own_option(extension, name) || count > NFV_RULES_TOKENS_MAX)
		return -EINVAL;
	for (size_t i = 0; i < count; i++)
		if (!values[i] || !rule_text_ok(values[i], NFV_RULES_TOKEN_MAX))
			return -EINVAL;
	wanted->name = whole_name(extension, name);
	known = extension->known ? extension_option_find(extension->known, name) : NULL;
	return known ? fit_values(wanted, known) : 0;
}

/* From now on the match is written: its place must not depend on what stands before it. */
static int write_out(struct nfv_extension *extension, int err)
{
	if (!err)
		extension->implicit = false;
	return rule_view_done(extension->rule, err);
}

int nfv_extension_set_values(struct nfv_extension *extension, const char *name, const char *const *values, size_t count)
{
	struct wanted wanted;
	int err = want(&wanted, extension, name, values, count);
	size_t i;

	if (!err)
		err = rule_touch(extension->rule);
	if (!err) {
		i = view_find_option(extension, wanted.name, 0);
		if (i < extension->count)
			err = view_set_option(extension, i, wanted.negated, wanted.values, wanted.count);
		else
			err = view_add_option(extension, i, wanted.name, wanted.negated, wanted.values, wanted.count);
		err = write_out(extension, err);
	}
	free(wanted.split);
	return err;
}

int nfv_extension_set(struct nfv_extension *extension, const char *name, const char *value)
{
	return nfv_extension_set_values(extension, name, &value, value ? 1 : 0);
}

int nfv_extension_add(struct nfv_extension *extension, const char *name, const char *const *values, size_t count)
{
	struct wanted wanted;
	int err = want(&wanted, extension, name, values, count);

	if (!err)
		err = rule_touch(extension->rule);
	if (!err) {
		err = view_add_option(extension, extension->count, wanted.name, wanted.negated, wanted.values, wanted.count);
		err = write_out(extension, err);
	}
	free(wanted.split);
	return err;
}

int nfv_extension_remove(struct nfv_extension *extension, const char *name)
{
	size_t i;
	int err;

	if (*name == '!')
		name += 1 + strspn(name + 1, " ");
	i = view_find_option(extension, whole_name(extension, name), 0);
	if (i == extension->count)
		return -ENOENT;
	err = rule_touch(extension->rule);
	if (err)
		return err;
	view_remove_option(extension, i);
	return rule_view_done(extension->rule, 0);
}

void nfv_extension_clear(struct nfv_extension *extension)
{
	if (!extension->count || rule_touch(extension->rule))
		return;
	while (extension->count)
		view_remove_option(extension, extension->count - 1);
	rule_view_done(extension->rule, 0);
}
