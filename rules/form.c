/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/form.h"

#include "rules/spell.h"
#include "rules/tokens.h"

#include <string.h>

/* ---- taking options ---- */

/* Values that are not in a spelling that the tool would take: as written. */
static void keep_values(struct form *form, const struct form_item *item)
{
	const struct view_option *words = item->words;

	for (size_t i = 0; i < words->count; i++) {
		if (i > 0)
			text_add(form->text, " ", 1);
		if (item->option && item->option->kind == VALUE_STRING)
			tokens_quote(form->text, words->values[i]);
		else if (!item->option && words->quoted[i] && !form->for_key)
			tokens_quote_always(form->text, words->values[i]);
		else
			view_print_word(form->text, words->values[i]);
	}
}

static void add_item(struct form *form, const struct extension_option *option, const struct view_option *words)
{
	struct form_item *item = &form->items[form->count++];

	*item = (struct form_item){ .option = option, .words = words, .negated = words->negated,
				    .at = (uint32_t)form->text->len };
	if (option && words->count == option->values) {
		item->spelt = spell_option(option, words->values, form->family, form->text);
		/* A flag has no values, and words nothing but themselves. */
		item->spelt |= option->values == 0 || option->kind == VALUE_WORD;
	}
	if (form->text->len == item->at)
		keep_values(form, item);
	item->len = (uint32_t)form->text->len - item->at;
	text_add(form->text, "", 1);
	if (item->spelt && item->option->as)
		form_rename(form, item, item->option->as);
}

/* The tool refuses such rules, so there is no form of it. */
static bool is_repeated(const struct form *form, const struct form_item *item)
{
	if (item->gone || !item->option || (item->option->flags & OPTION_REPEATED))
		return false;
	for (const struct form_item *other = form->items; other < item; other++)
		if (!other->gone && other->option == item->option)
			return true;
	return false;
}

bool form_join(struct form *form, const struct nfv_extension *extension)
{
	if (extension->count > FORM_MAX - form->count)
		return false;
	for (size_t i = 0; i < extension->count; i++) {
		const struct view_option *words = &extension->options[i];
		const struct extension_option *option;

		option = extension_option_find(form->extension, words->name);
		/* Words that belong to no option stay where they are. */
		if (!*words->name || words->short_form || (words->joined && !option))
			return false;
		if (option && words->count != option->values && !(words->count == 0 && option->flags & OPTION_OPTIONAL))
			return false;
		add_item(form, option, words);
		if (is_repeated(form, &form->items[form->count - 1]))
			return false;
	}
	return true;
}

bool form_fill(struct form *form, const struct nfv_extension *extension, enum nfv_family family, struct text *text,
	       bool for_key)
{
	form->extension = extension->known;
	/* The view may have found it in the other family. */
	if (!form->extension || form->extension->families != EXTENSION_BOTH)
		form->extension = extension_find(extension->name, extension->is_target, family);
	form->family = family;
	form->text = text;
	form->for_key = for_key;
	form->ordered = false;
	form->count = 0;
	return form->extension && form_join(form, extension);
}

/* ---- what complete functions do ---- */

struct form_item *form_find(struct form *form, const char *name)
{
	for (size_t i = form->count; i > 0; i--) {
		struct form_item *item = &form->items[i - 1];

		if (!item->gone && item->option && *item->option->name == *name && !strcmp(item->option->name, name))
			return item;
	}
	return NULL;
}

const char *form_value(const struct form *form, const struct form_item *item)
{
	return form->text->failed || !form->text->data ? "" : form->text->data + item->at;
}

void form_set(struct form *form, struct form_item *item, const char *value)
{
	item->at = (uint32_t)form->text->len;
	item->len = (uint32_t)strlen(value);
	item->spelt = true;
	text_add(form->text, value, item->len + 1);
}

void form_default(struct form *form, const char *name, const char *value)
{
	struct form_item *item;

	if (form->count == FORM_MAX || form_find(form, name))
		return;
	item = &form->items[form->count++];
	*item = (struct form_item){ .option = extension_option_exact(form->extension, name) };
	form_set(form, item, value ? value : "");
}

void form_rename(struct form *form, struct form_item *item, const char *name)
{
	item->option = extension_option_exact(form->extension, name);
}

void form_drop(struct form *form, const char *name)
{
	struct form_item *item;

	while ((item = form_find(form, name)))
		item->gone = true;
}

/* ---- what every extension has ---- */

/* From one end to the other: such a range is not printed. Negated it matches nothing, and stays. */
static bool is_full(const struct form *form, const struct form_item *item)
{
	const char *value = form_value(form, item), *colon = strchr(value, ':');
	uint64_t high;

	return (item->option->flags & OPTION_FULL) && !item->negated && !strncmp(value, "0:", 2) &&
	       spell_parse(colon + 1, UINT64_MAX, &high) && high == item->option->max;
}

static bool is_default(const struct form *form, const struct form_item *item)
{
	return item->option->without && !item->negated && !strcmp(form_value(form, item), item->option->without);
}

bool form_complete(struct form *form)
{
	for (size_t i = 0; i < form->count; i++) {
		struct form_item *item = &form->items[i];

		if (item->option && item->spelt && (is_full(form, item) || is_default(form, item)))
			item->gone = true;
	}
	if (form->extension->complete)
		form->extension->complete(form);
	/* Options that exclude each other may have become the same one. */
	for (size_t i = 1; i < form->count; i++)
		if (is_repeated(form, &form->items[i]))
			return false;
	return true;
}

/* ---- printing ---- */

static void print_item(const struct form *form, const struct form_item *item, struct text *out)
{
	const char *name = item->option ? item->option->name : item->words->name;

	if (item->negated)
		text_add(out, " !", 2);
	text_add(out, " --", 3);
	spell_add(out, name);
	if (item->len) {
		text_add(out, " ", 1);
		text_add(out, form_value(form, item), form->text->failed ? 0 : item->len);
	}
}

static void print_in_order(const struct form *form, struct text *out)
{
	const struct extension_option *options = form->extension->options;

	for (; options && options->name; options++)
		for (size_t i = 0; i < form->count; i++)
			if (form->items[i].option == options && !form->items[i].gone)
				print_item(form, &form->items[i], out);
}

void form_print(const struct form *form, struct text *out)
{
	if (!form->ordered)
		print_in_order(form, out);
	for (size_t i = 0; i < form->count; i++)
		if (!form->items[i].gone && (form->ordered || !form->items[i].option))
			print_item(form, &form->items[i], out);
}
