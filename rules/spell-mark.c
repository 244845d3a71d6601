/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Marks and other fields of bits, set or compared under a mask. */
#include "rules/spell.h"

#include <string.h>
#include <strings.h>

static void add_mark(struct text *out, uint64_t value, uint64_t mask)
{
	spell_hex(out, value, 0);
	text_add(out, "/", 1);
	spell_hex(out, mask, 0);
}

/* --set-mark clears the bits of the mask and sets those of the value; --set-xmark exchanges the value's instead. */
bool spell_set_mark(const struct spelling *s)
{
	const char *slash = strchr(s->values[0], '/');
	uint64_t value, mask = UINT32_MAX;

	if (!spell_parse_part(s->values[0], strcspn(s->values[0], "/"), UINT32_MAX, &value))
		return false;
	if (slash && !spell_parse(slash + 1, UINT32_MAX, &mask))
		return false;
	add_mark(s->out, value, value | mask);
	return true;
}

bool spell_and_mark(const struct spelling *s)
{
	uint64_t value;

	if (!spell_parse(s->values[0], UINT32_MAX, &value))
		return false;
	add_mark(s->out, 0, ~value & UINT32_MAX);
	return true;
}

bool spell_or_mark(const struct spelling *s)
{
	uint64_t value;

	if (!spell_parse(s->values[0], UINT32_MAX, &value))
		return false;
	add_mark(s->out, value, value);
	return true;
}

bool spell_xor_mark(const struct spelling *s)
{
	uint64_t value;

	if (!spell_parse(s->values[0], UINT32_MAX, &value))
		return false;
	add_mark(s->out, value, 0);
	return true;
}

/* A node's number as a mask of nodes. */
bool spell_node(const struct spelling *s)
{
	uint64_t node;

	if (!spell_parse(s->values[0], 32, &node) || node == 0)
		return false;
	spell_hex(s->out, (uint64_t)1 << (node - 1), 8);
	return true;
}

/* The name of a device group or realm that every system has, or a mark. */
bool spell_group_mark(const struct spelling *s)
{
	const struct extension_option as_mark = { .values = 1, .kind = VALUE_MARK };
	const char *zero = s->option->names[0].name;
	uint64_t value;

	if (!strcmp(s->values[0], zero) || (spell_parse(s->values[0], UINT32_MAX, &value) && value == 0)) {
		spell_add(s->out, zero);
		return true;
	}
	return spell_option(&as_mark, s->values, s->family, s->out);
}

/* ---- type of service ---- */

static const struct value_name tos_names[] = {
	{ "Minimize-Delay", 0x10 }, { "Maximize-Throughput", 0x08 }, { "Maximize-Reliability", 0x04 },
	{ "Minimize-Cost", 0x02 }, { "Normal-Service", 0x00 }, { NULL, 0 },
};

static void add_tos(struct text *out, uint64_t value, uint64_t mask)
{
	spell_hex(out, value, 2);
	text_add(out, "/", 1);
	spell_hex(out, mask, 2);
}

bool spell_tos(const struct spelling *s)
{
	const char *slash = strchr(s->values[0], '/');
	uint64_t value, mask = 0xff;
	uint32_t named;

	if (spell_find_name(tos_names, s->values[0], strlen(s->values[0]), false, &named)) {
		add_tos(s->out, named, 0x3f);
		return true;
	}
	if (!spell_parse_part(s->values[0], strcspn(s->values[0], "/"), 0xff, &value))
		return false;
	if (slash && !spell_parse(slash + 1, 0xff, &mask))
		return false;
	add_tos(s->out, value, mask);
	return true;
}

bool spell_and_tos(const struct spelling *s)
{
	uint64_t value;

	if (!spell_parse(s->values[0], 0xff, &value))
		return false;
	add_tos(s->out, 0, ~value & 0xff);
	return true;
}

bool spell_or_tos(const struct spelling *s)
{
	uint64_t value;

	if (!spell_parse(s->values[0], 0xff, &value))
		return false;
	add_tos(s->out, value, value);
	return true;
}

bool spell_xor_tos(const struct spelling *s)
{
	uint64_t value;

	if (!spell_parse(s->values[0], 0xff, &value))
		return false;
	add_tos(s->out, value, 0);
	return true;
}

bool spell_dscp_class(const struct spelling *s)
{
	uint32_t value;

	if (!spell_find_name(s->option->names, s->values[0], strlen(s->values[0]), false, &value))
		return false;
	spell_hex(s->out, value, 2);
	return true;
}

/* ---- classes of traffic ---- */

static bool parse_hex(const char *text, size_t len, uint64_t *number)
{
	*number = 0;
	for (size_t i = 0; i < len; i++) {
		const char *digits = "0123456789abcdef";
		const char *at = strchr(digits, text[i] >= 'A' && text[i] <= 'F' ? text[i] | 0x20 : text[i]);

		if (!at || !*at || i == 8)
			return false;
		*number = *number << 4 | (uint64_t)(at - digits);
	}
	return len > 0;
}

static void add_hex4(struct text *out, uint64_t number)
{
	for (int shift = 12; shift >= 0; shift -= 4)
		text_add(out, &"0123456789abcdef"[number >> shift & 15], 1);
}

/* 1:2, always hexadecimal. */
bool spell_class(const struct spelling *s)
{
	const char *colon = strchr(s->values[0], ':');
	uint64_t major, minor;

	if (!colon || !parse_hex(s->values[0], (size_t)(colon - s->values[0]), &major) ||
	    !parse_hex(colon + 1, strlen(colon + 1), &minor) || major > 0xffff || minor > 0xffff)
		return false;
	add_hex4(s->out, major);
	text_add(s->out, ":", 1);
	add_hex4(s->out, minor);
	return true;
}
