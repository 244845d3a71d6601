/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `-s a,b -d c,d` as the rules that iptables makes of it: a c, a d, b c, b d. */
#include "rules/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_list(const struct view_field *field)
{
	return field->value && strchr(field->value, ',');
}

bool view_has_list(const struct view *view)
{
	return is_list(&view->fields[NFV_FIELD_SOURCE]) || is_list(&view->fields[NFV_FIELD_DESTINATION]);
}

/* The items of a list as texts of their own; of no list itself, also when it is NULL. */
struct items {
	char *bytes;
	const char **values;
	size_t count;
};

static void items_free(struct items *items)
{
	free(items->values);
	free(items->bytes);
}

static int items_split(struct items *items, const struct view_field *field)
{
	size_t count = 1;

	*items = (struct items){ 0 };
	for (const char *c = field->value; c && *c; c++)
		count += *c == ',';
	items->values = calloc(count, sizeof(*items->values));
	items->bytes = field->value ? strdup(field->value) : NULL;
	if (!items->values || (field->value && !items->bytes)) {
		items_free(items);
		return -ENOMEM;
	}
	items->count = count;
	for (char *rest = items->bytes, *item; (item = strsep(&rest, ","));) {
		/* The tool lets blanks stand behind the comma. */
		item += strspn(item, " \t");
		if (!*item && items->count > 1) {
			items_free(items);
			return -EINVAL;
		}
		items->values[items->count - count--] = item;
	}
	return 0;
}

static struct spec *spec_of_pair(const struct view *view, const char *source, const char *destination)
{
	struct view pair = *view;
	struct text text = { 0 };
	struct spec *spec = NULL;

	pair.fields[NFV_FIELD_SOURCE].value = source;
	pair.fields[NFV_FIELD_DESTINATION].value = destination;
	view_print(&pair, &text);
	if (!text.failed)
		spec = spec_new(text.data ? text.data : "", text.len);
	text_free(&text);
	return spec;
}

int view_expand(const struct view *view, struct spec ***specs, size_t *count)
{
	struct items sources, destinations;
	size_t made = 0;
	int err;

	err = items_split(&sources, &view->fields[NFV_FIELD_SOURCE]);
	if (err)
		return err;
	err = items_split(&destinations, &view->fields[NFV_FIELD_DESTINATION]);
	if (err)
		goto free_sources;
	*count = sources.count * destinations.count;
	*specs = calloc(*count, sizeof(**specs));
	err = *specs ? 0 : -ENOMEM;
	for (size_t i = 0; i < sources.count && !err; i++)
		for (size_t j = 0; j < destinations.count && !err; j++) {
			(*specs)[made] = spec_of_pair(view, sources.values[i], destinations.values[j]);
			err = (*specs)[made] ? 0 : -ENOMEM;
			made += !err;
		}
	if (err && *specs) {
		while (made > 0)
			spec_unref((*specs)[--made]);
		free(*specs);
	}
	items_free(&destinations);
free_sources:
	items_free(&sources);
	return err;
}
