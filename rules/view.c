/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/view.h"

#include "rules/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Where to look first. A rule in no chain is looked at without its family: that would ask the view. */
static enum nfv_family family_first(const struct nfv_rule *rule)
{
	return rule && rule->chain && rule->chain->table ? rule->chain->table->rules->family : NFV_FAMILY_IPV4;
}

static enum nfv_family family_other(enum nfv_family family)
{
	return family == NFV_FAMILY_IPV4 ? NFV_FAMILY_IPV6 : NFV_FAMILY_IPV4;
}

const struct extension *view_known(const struct nfv_rule *rule, const char *name, bool is_target)
{
	enum nfv_family family = family_first(rule);
	const struct extension *known = extension_find(name, is_target, family);

	return known ? known : extension_find(name, is_target, family_other(family));
}

const char *view_protocol_match(const struct nfv_rule *rule, const char *protocol)
{
	enum nfv_family family = family_first(rule);
	const char *name = extension_of_protocol(protocol, family);

	return name ? name : extension_of_protocol(protocol, family_other(family));
}

/* ---- memory ---- */

static void extension_free(struct nfv_extension *extension)
{
	if (!extension)
		return;
	for (size_t i = 0; i < extension->count; i++)
		free(extension->options[i].own);
	free(extension->options);
	free(extension->own_name);
	free(extension);
}

void view_free(struct view *view)
{
	if (!view)
		return;
	for (size_t i = 0; i < NFV_FIELD_COUNT; i++)
		free(view->fields[i].own);
	for (size_t i = 0; i < view->match_count; i++)
		extension_free(view->matches[i]);
	free(view->matches);
	extension_free(view->target);
	free(view);
}

/* ---- fields ---- */

int view_set_field(struct view *view, enum nfv_field field, const char *value, bool negated)
{
	struct view_field *f = &view->fields[field];
	char *own = value ? strdup(value) : NULL;

	if (value && !own)
		return -ENOMEM;
	free(f->own);
	*f = (struct view_field){ .value = own, .own = own, .negated = value && negated };
	return 0;
}

/* ---- extensions ---- */

static struct nfv_extension *extension_new(struct view *view, const char *name, bool is_target)
{
	struct nfv_extension *extension = calloc(1, sizeof(*extension));

	if (!extension)
		return NULL;
	*extension = (struct nfv_extension){ .view = view,
					     .rule = view->rule,
					     .name = name,
					     .is_target = is_target,
					     .known = view_known(view->rule, name, is_target) };
	return extension;
}

static int match_put(struct view *view, size_t position, struct nfv_extension *match)
{
	if (grow((void **)&view->matches, view->match_count, &view->match_size, sizeof(struct nfv_extension *)))
		return -ENOMEM;
	memmove(&view->matches[position + 1], &view->matches[position],
		(view->match_count - position) * sizeof(struct nfv_extension *));
	view->matches[position] = match;
	view->match_count++;
	return 0;
}

struct nfv_extension *view_open(struct view *view, const char *name, bool is_target)
{
	struct nfv_extension *extension = extension_new(view, name, is_target);

	if (!extension)
		return NULL;
	if (is_target) {
		view->target = extension;
	} else if (match_put(view, view->match_count, extension)) {
		extension_free(extension);
		return NULL;
	}
	return extension;
}

/* With a name of its own. */
static struct nfv_extension *extension_new_own(struct view *view, const char *name, bool is_target)
{
	struct nfv_extension *extension = extension_new(view, name, is_target);

	if (extension && view_rename(extension, name)) {
		extension_free(extension);
		extension = NULL;
	}
	if (!extension)
		errno = ENOMEM;
	return extension;
}

struct nfv_extension *view_add_match(struct view *view, size_t position, const char *name)
{
	struct nfv_extension *match = extension_new_own(view, name, false);

	if (match && match_put(view, position, match)) {
		extension_free(match);
		errno = ENOMEM;
		return NULL;
	}
	return match;
}

void view_remove_match(struct view *view, size_t position)
{
	extension_free(view->matches[position]);
	view->match_count--;
	memmove(&view->matches[position], &view->matches[position + 1],
		(view->match_count - position) * sizeof(struct nfv_extension *));
}

struct nfv_extension *view_set_target(struct view *view, const char *name, bool is_goto)
{
	struct nfv_extension *target = extension_new_own(view, name, true);

	if (!target)
		return NULL;
	target->is_goto = is_goto;
	extension_free(view->target);
	view->target = target;
	return target;
}

void view_remove_target(struct view *view)
{
	extension_free(view->target);
	view->target = NULL;
}

void view_refer_name(struct nfv_extension *extension, const char *name)
{
	free(extension->own_name);
	extension->own_name = NULL;
	extension->name = name;
	extension->known = view_known(extension->rule, name, extension->is_target);
}

void view_take_name(struct nfv_extension *extension, char *name)
{
	view_refer_name(extension, name);
	extension->own_name = name;
}

int view_rename(struct nfv_extension *extension, const char *name)
{
	char *own = strdup(name);

	if (!own)
		return -ENOMEM;
	view_take_name(extension, own);
	return 0;
}

/* ---- options ---- */

/* Most have one or two. */
int view_grow_options(struct nfv_extension *extension)
{
	size_t size = extension->size ? extension->size * 2 : 1;
	struct view_option *options;

	if (extension->count < extension->size)
		return 0;
	options = reallocarray(extension->options, size, sizeof(*options));
	if (!options)
		return -ENOMEM;
	extension->options = options;
	extension->size = size;
	return 0;
}

/* One block: pointers to the values, which of them were quoted, the name, the values. */
static int option_fill(struct view_option *option, const char *name, bool negated, const char *const *values, size_t count)
{
	size_t name_size = strlen(name) + 1, size = count * (sizeof(char *) + sizeof(bool)) + name_size;
	const char **pointers;
	char *text;

	for (size_t i = 0; i < count; i++)
		size += strlen(values[i]) + 1;
	pointers = malloc(size);
	if (!pointers)
		return -ENOMEM;
	*option = (struct view_option){
		.values = pointers, .quoted = (bool *)(pointers + count), .count = count, .own = pointers, .negated = negated
	};
	text = (char *)(option->quoted + count);
	option->name = memcpy(text, name, name_size);
	text += name_size;
	for (size_t i = 0; i < count; i++) {
		size_t value_size = strlen(values[i]) + 1;

		option->quoted[i] = false;
		pointers[i] = memcpy(text, values[i], value_size);
		text += value_size;
	}
	return 0;
}

size_t view_find_option(const struct nfv_extension *extension, const char *name, size_t start)
{
	const struct extension_option *wanted = extension->known ? extension_option_exact(extension->known, name) : NULL;

	for (size_t i = start; i < extension->count; i++) {
		const char *other = extension->options[i].name;

		if (!strcmp(other, name) || (wanted && extension_option_exact(extension->known, other) == wanted))
			return i;
	}
	return extension->count;
}

int view_add_option(struct nfv_extension *extension, size_t position, const char *name, bool negated,
		    const char *const *values, size_t count)
{
	struct view_option option;

	if (view_grow_options(extension) || option_fill(&option, name, negated, values, count))
		return -ENOMEM;
	memmove(&extension->options[position + 1], &extension->options[position],
		(extension->count - position) * sizeof(option));
	extension->options[position] = option;
	extension->count++;
	return 0;
}

int view_set_option(struct nfv_extension *extension, size_t position, bool negated, const char *const *values, size_t count)
{
	struct view_option *old = &extension->options[position], option;

	/* The name and the values may be those of the old one. */
	if (option_fill(&option, old->name, negated, values, count))
		return -ENOMEM;
	option.short_form = old->short_form;
	free(old->own);
	*old = option;
	return 0;
}

void view_remove_option(struct nfv_extension *extension, size_t position)
{
	free(extension->options[position].own);
	extension->count--;
	memmove(&extension->options[position], &extension->options[position + 1],
		(extension->count - position) * sizeof(struct view_option));
}
