/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flags, options and chunks of transport protocols. */
#include "rules/spell.h"

#include <string.h>
#include <strings.h>

/* ---- tcp ---- */

static const struct value_name tcp_flags[] = {
	{ "FIN", 0x01 }, { "SYN", 0x02 }, { "RST", 0x04 }, { "PSH", 0x08 }, { "ACK", 0x10 }, { "URG", 0x20 },
	{ "ALL", 0x3f }, { "NONE", 0 }, { NULL, 0 },
};

static bool parse_tcp_flags(const char *value, uint32_t *flags)
{
	uint32_t flag;

	*flags = 0;
	for (;;) {
		size_t len = strcspn(value, ",");

		if (!spell_find_name(tcp_flags, value, len, false, &flag))
			return false;
		*flags |= flag;
		if (!value[len])
			return true;
		value += len + 1;
	}
}

static void add_tcp_flags(uint32_t flags, struct text *out)
{
	bool first = true;

	if (!flags)
		spell_add(out, "NONE");
	for (size_t i = 0; tcp_flags[i].number != 0x3f; i++) {
		if (!(flags & tcp_flags[i].number))
			continue;
		if (!first)
			text_add(out, ",", 1);
		first = false;
		spell_add(out, tcp_flags[i].name);
	}
}

bool spell_tcp_flags(const struct spelling *s)
{
	uint32_t mask, wanted;

	if (!parse_tcp_flags(s->values[0], &mask) || !parse_tcp_flags(s->values[1], &wanted))
		return false;
	add_tcp_flags(mask, s->out);
	text_add(s->out, " ", 1);
	add_tcp_flags(wanted, s->out);
	return true;
}

bool spell_tcp_syn(const struct spelling *s)
{
	spell_add(s->out, "FIN,SYN,RST,ACK SYN");
	return true;
}

/* Options by number, in their order. */
static void add_numbers(const uint32_t *bits, struct text *out)
{
	bool first = true;

	for (unsigned i = 0; i < 256; i++) {
		if (!(bits[i / 32] & 1u << i % 32))
			continue;
		if (!first)
			text_add(out, ",", 1);
		first = false;
		spell_decimal(out, i);
	}
}

bool spell_strip_options(const struct spelling *s)
{
	static const struct value_name names[] = {
		{ "wscale", 3 }, { "mss", 2 }, { "sack-permitted", 4 }, { "sack", 5 }, { "timestamp", 8 }, { "md5", 19 },
		{ NULL, 0 },
	};
	uint32_t bits[8] = { 0 }, number;
	const char *value = s->values[0];
	uint64_t parsed;

	for (;;) {
		size_t len = strcspn(value, ",");

		if (!spell_find_name(names, value, len, false, &number)) {
			if (!spell_parse_part(value, len, 255, &parsed))
				return false;
			number = (uint32_t)parsed;
		}
		bits[number / 32] |= 1u << number % 32;
		if (!value[len])
			break;
		value += len + 1;
	}
	add_numbers(bits, s->out);
	return true;
}

/* ---- sctp ---- */

struct chunk_name {
	const char *name;
	unsigned char number;
	const char *flags; /* letters by bit, from bit 7 */
};

static const struct chunk_name chunks[] = {
	{ "DATA", 0, "----IUBE" }, { "INIT", 1, NULL }, { "INIT_ACK", 2, NULL }, { "SACK", 3, NULL },
	{ "HEARTBEAT", 4, NULL }, { "HEARTBEAT_ACK", 5, NULL }, { "ABORT", 6, "-------T" }, { "SHUTDOWN", 7, NULL },
	{ "SHUTDOWN_ACK", 8, NULL },
	{ "ERROR", 9, NULL }, { "COOKIE_ECHO", 10, NULL }, { "COOKIE_ACK", 11, NULL }, { "ECN_ECNE", 12, NULL },
	{ "ECN_CWR", 13, NULL }, { "SHUTDOWN_COMPLETE", 14, "-------T" }, { "I_DATA", 64, "----IUBE" },
	{ "RE_CONFIG", 130, NULL }, { "PAD", 132, NULL }, { "ASCONF", 193, NULL }, { "ASCONF_ACK", 128, NULL },
	{ "FORWARD_TSN", 192, NULL }, { "I_FORWARD_TSN", 194, NULL },
};

#define CHUNK_COUNT (sizeof(chunks) / sizeof(chunks[0]))

struct chunk_set {
	bool present[CHUNK_COUNT];
	unsigned char on[CHUNK_COUNT], off[CHUNK_COUNT];
};

static bool parse_chunk_flags(const char *letters, size_t len, size_t chunk, struct chunk_set *set)
{
	for (size_t i = 0; i < len; i++) {
		char upper = (char)(letters[i] & ~0x20);
		const char *at = chunks[chunk].flags ? strchr(chunks[chunk].flags, upper) : NULL;
		unsigned char bit;

		if (!at || upper < 'A' || upper > 'Z')
			return false;
		bit = (unsigned char)(0x80 >> (at - chunks[chunk].flags));
		*(letters[i] == upper ? &set->on[chunk] : &set->off[chunk]) |= bit;
	}
	return true;
}

static bool parse_chunk(const char *value, size_t len, struct chunk_set *set)
{
	const char *colon = memchr(value, ':', len);
	size_t name_len = colon ? (size_t)(colon - value) : len;

	for (size_t i = 0; i < CHUNK_COUNT; i++) {
		if (strlen(chunks[i].name) != name_len || strncasecmp(chunks[i].name, value, name_len) != 0)
			continue;
		set->present[i] = true;
		return !colon || parse_chunk_flags(colon + 1, len - name_len - 1, i, set);
	}
	return false;
}

static void add_chunk(size_t chunk, const struct chunk_set *set, struct text *out)
{
	bool colon = false;

	spell_add(out, chunks[chunk].name);
	for (unsigned i = 0; i < 8; i++) {
		unsigned char bit = (unsigned char)(0x80 >> i);
		char letter;

		if (!((set->on[chunk] | set->off[chunk]) & bit))
			continue;
		if (!colon)
			text_add(out, ":", 1);
		colon = true;
		letter = chunks[chunk].flags[i];
		if (!(set->on[chunk] & bit))
			letter |= 0x20;
		text_add(out, &letter, 1);
	}
}

static bool add_chunks(const char *value, struct text *out)
{
	struct chunk_set set = { .present = { false } };
	bool first = true;

	for (;;) {
		size_t len = strcspn(value, ",");

		if (!parse_chunk(value, len, &set))
			return false;
		if (!value[len])
			break;
		value += len + 1;
	}
	for (unsigned number = 0; number < 256; number++) {
		for (size_t i = 0; i < CHUNK_COUNT; i++) {
			if (!set.present[i] || chunks[i].number != number)
				continue;
			if (!first)
				text_add(out, ",", 1);
			first = false;
			add_chunk(i, &set, out);
		}
	}
	return true;
}

bool spell_sctp_chunks(const struct spelling *s)
{
	static const struct value_name kinds[] = { { "all", 0 }, { "any", 1 }, { "only", 2 }, { NULL, 0 } };
	uint32_t kind;

	if (!spell_find_name(kinds, s->values[0], strlen(s->values[0]), false, &kind))
		return false;
	spell_add(s->out, kinds[kind].name);
	text_add(s->out, " ", 1);
	if (!strcasecmp(s->values[1], "ALL") || !strcasecmp(s->values[1], "NONE")) {
		spell_add(s->out, strcasecmp(s->values[1], "ALL") ? "NONE" : "ALL");
		return true;
	}
	return add_chunks(s->values[1], s->out);
}
