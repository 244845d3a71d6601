/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct word {
	const char *name;
	enum build_meaning meaning;
	enum nfv_field field;
};

static const struct word words_of_rules[] = {
	{ "source", MEANS_FIELD, NFV_FIELD_SOURCE },
	{ "src", MEANS_FIELD, NFV_FIELD_SOURCE },
	{ "s", MEANS_FIELD, NFV_FIELD_SOURCE },
	{ "destination", MEANS_FIELD, NFV_FIELD_DESTINATION },
	{ "dst", MEANS_FIELD, NFV_FIELD_DESTINATION },
	{ "d", MEANS_FIELD, NFV_FIELD_DESTINATION },
	{ "in-interface", MEANS_FIELD, NFV_FIELD_IN },
	{ "in", MEANS_FIELD, NFV_FIELD_IN },
	{ "i", MEANS_FIELD, NFV_FIELD_IN },
	{ "out-interface", MEANS_FIELD, NFV_FIELD_OUT },
	{ "out", MEANS_FIELD, NFV_FIELD_OUT },
	{ "o", MEANS_FIELD, NFV_FIELD_OUT },
	{ "protocol", MEANS_FIELD, NFV_FIELD_PROTOCOL },
	{ "proto", MEANS_FIELD, NFV_FIELD_PROTOCOL },
	{ "p", MEANS_FIELD, NFV_FIELD_PROTOCOL },
	{ "fragment", MEANS_FIELD, NFV_FIELD_FRAGMENT },
	{ "f", MEANS_FIELD, NFV_FIELD_FRAGMENT },
	{ "jump", MEANS_JUMP, 0 },
	{ "j", MEANS_JUMP, 0 },
	{ "goto", MEANS_GOTO, 0 },
	{ "g", MEANS_GOTO, 0 },
	{ "match", MEANS_MATCH, 0 },
	{ "m", MEANS_MATCH, 0 },
	{ "comment", MEANS_COMMENT, 0 },
	{ "note", MEANS_NOTE, 0 },
};

/* An option of the match or target that was named last wins over a word of rules, as `--proto` of -m policy does. */
static bool is_option_of(const struct build_item *opened, const char *name)
{
	return opened && opened->value && build_has_option(opened->value, opened->meaning == MEANS_JUMP, name, true);
}

static void find_meaning(struct build_item *item, const struct build_item *opened)
{
	item->meaning = MEANS_OPTION;
	for (size_t i = 0; i < sizeof(words_of_rules) / sizeof(words_of_rules[0]); i++) {
		if (strcmp(words_of_rules[i].name, item->key.name) != 0)
			continue;
		item->meaning = words_of_rules[i].meaning;
		item->field = words_of_rules[i].field;
	}
	if (item->meaning == MEANS_FIELD && is_option_of(opened, item->key.name))
		item->meaning = MEANS_OPTION;
}

int build_items_read(struct build_items *items, const char *const *words, size_t count)
{
	const struct build_item *opened = NULL;

	if (count % 2)
		return -EINVAL;
	items->items = calloc(count / 2 + 1, sizeof(*items->items));
	if (!items->items)
		return -ENOMEM;
	for (; items->count < count / 2; items->count++) {
		struct build_item *item = &items->items[items->count];
		const char *key = words[items->count * 2];
		int err = key ? build_key_parse(&item->key, key) : -EINVAL;

		if (err)
			return err;
		item->value = words[items->count * 2 + 1];
		find_meaning(item, opened);
		if (item->meaning == MEANS_MATCH || item->meaning == MEANS_JUMP)
			opened = item;
		if (item->key.negated && item->meaning != MEANS_FIELD && item->meaning != MEANS_OPTION)
			return -EINVAL;
	}
	return 0;
}
