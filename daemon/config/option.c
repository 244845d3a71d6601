/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/option.h"
#include "daemon/config/nearest.h"

#include <errno.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>

#define OPTION_OF(type)                                                                                                     \
	{                                                                                                                   \
		sizeof(type), alignof(type)                                                                                 \
	}

static const struct shape {
	size_t size, align;
} shapes[] = {
	[NFV_OPT_BOOL] = OPTION_OF(bool),
	[NFV_OPT_UINT] = OPTION_OF(uint64_t),
	[NFV_OPT_SIZE] = OPTION_OF(uint64_t),
	[NFV_OPT_DURATION] = OPTION_OF(uint64_t),
	[NFV_OPT_STRING] = OPTION_OF(const char *),
	[NFV_OPT_CHOICE] = OPTION_OF(int),
	[NFV_OPT_MARK] = OPTION_OF(struct nfv_mark),
	[NFV_OPT_VERDICT] = OPTION_OF(nfv_verdict),
	[NFV_OPT_BYTES] = OPTION_OF(struct nfv_bytes),
	[NFV_OPT_RANGE] = OPTION_OF(struct nfv_range),
	[NFV_OPT_GROUP] = { 0, 1 }, /* its own table knows */
	[NFV_OPT_GROUPS] = OPTION_OF(struct nfv_list),
	[NFV_OPT_NAMED_GROUPS] = OPTION_OF(struct nfv_list),
	[NFV_OPT_ANY] = OPTION_OF(const void *),
};

static const struct shape *shape_of(const struct nfv_option *option)
{
	static const struct shape list = OPTION_OF(struct nfv_list), none = { 0, 1 };

	if ((unsigned)option->type >= sizeof(shapes) / sizeof(shapes[0]))
		return &none;
	return option->flags & NFV_OPT_LIST ? &list : &shapes[option->type];
}

size_t option_size(const struct nfv_option *option)
{
	return option->type == NFV_OPT_GROUP ? option->group_size : shape_of(option)->size;
}

size_t option_align(const struct nfv_option *option)
{
	return shape_of(option)->align;
}

size_t option_item_size(const struct nfv_option *option)
{
	struct nfv_option single = { .type = option->type };

	return shape_of(&single)->size;
}

bool option_is_group(const struct nfv_option *option)
{
	return option->type == NFV_OPT_GROUP || option->type == NFV_OPT_GROUPS || option->type == NFV_OPT_NAMED_GROUPS;
}

static int refuse_word_or_number(const struct nfv_option *option, const char *text, struct why *why)
{
	struct nearest nearest = { .wanted = text };
	char words[96] = "", hint[96];
	size_t used = 0;

	for (size_t i = 0; option->words[i]; i++) {
		nearest_offer(&nearest, option->words[i]);
		if (used < sizeof(words))
			used += (size_t)snprintf(words + used, sizeof(words) - used, "%s, ", option->words[i]);
	}
	return scalar_refuse(why, "wanted %s%s, found %.64s%s", words, "or a number", text,
			     nearest_hint(&nearest, hint, sizeof(hint)));
}

static int set_number(const struct nfv_option *option, const char *text, bool quoted, uint64_t *field, struct why *why)
{
	int err;

	for (size_t i = 0; option->words && option->words[i]; i++) {
		if (!strcmp(option->words[i], text)) {
			*field = NFV_WORD(i);
			return 0;
		}
	}
	if (quoted)
		return scalar_refuse(why, "\"%.64s\" is in quotes, which makes it a text: wanted %s without quotes", text,
				     option->type == NFV_OPT_SIZE ? "a size" : "a number");
	if (option->type == NFV_OPT_SIZE)
		err = scalar_size(text, option->min, option->max, field, why);
	else if (option->type == NFV_OPT_DURATION)
		err = scalar_duration(text, option->min, option->max, field, why);
	else
		err = scalar_uint(text, option->min, option->max, field, why);
	/* Not even the form of a number: a word could have been meant. */
	if (err == -EINVAL && option->words && option->words[0] && (*text < '0' || *text > '9'))
		return refuse_word_or_number(option, text, why);
	return err;
}

static int set_string(const struct nfv_option *option, const char *text, const char **field, struct arena *arena,
		      struct why *why)
{
	size_t len = strlen(text);
	int err = scalar_length(len, option->min, option->max, why);

	if (!err)
		*field = arena_copy(arena, text, len);
	return err;
}

static int set_bytes(const struct nfv_option *option, const char *text, struct nfv_bytes *field, struct arena *arena,
		     struct why *why)
{
	uint8_t *data = arena_alloc(arena, strlen(text) + 1, 1);
	size_t len;
	int err = scalar_bytes(text, data, &len, why);

	if (!err)
		err = scalar_length(len, option->min, option->max, why);
	if (!err)
		*field = (struct nfv_bytes){ .data = data, .len = len };
	return err;
}

static int set_choice(const struct nfv_option *option, const char *text, int *field, struct why *why)
{
	size_t index;
	int err = scalar_word(text, option->words, &index, why);

	if (!err)
		*field = (int)index;
	return err;
}

int option_set(const struct nfv_option *option, const char *text, bool quoted, void *field, struct arena *arena,
	       struct why *why)
{
	switch (option->type) {
	case NFV_OPT_BOOL:
		if (quoted)
			return scalar_refuse(
				why, "\"%.64s\" is in quotes, which makes it a text: wanted true or false without quotes",
				text);
		return scalar_bool(text, field, why);
	case NFV_OPT_UINT:
	case NFV_OPT_SIZE:
		return set_number(option, text, quoted, field, why);
	case NFV_OPT_DURATION:
		/* JSON has no other way to write one than in quotes. The same holds for marks, ranges and words. */
		return set_number(option, text, false, field, why);
	case NFV_OPT_STRING:
		return set_string(option, text, field, arena, why);
	case NFV_OPT_CHOICE:
		return set_choice(option, text, field, why);
	case NFV_OPT_MARK:
		return scalar_mark(text, field, why);
	case NFV_OPT_VERDICT:
		return scalar_verdict(text, field, why);
	case NFV_OPT_BYTES:
		return set_bytes(option, text, field, arena, why);
	case NFV_OPT_RANGE:
		return scalar_range(text, option->min, option->max, field, why);
	case NFV_OPT_GROUP:
	case NFV_OPT_GROUPS:
	case NFV_OPT_NAMED_GROUPS:
	case NFV_OPT_ANY:
		break;
	}
	return scalar_refuse(why, "is no scalar");
}
