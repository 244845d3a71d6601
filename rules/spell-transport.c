/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flags and types of transport protocols, and of IPv6's extension headers. */
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

/* ---- types ---- */

/* Type and code, as one number: NO_CODE stands for every code. */
#define NO_CODE 0x100u
#define CODE(type, code) ((type) << 9 | (code))
#define TYPE(type) CODE(type, NO_CODE)

static const struct value_name icmp_types[] = {
	{ "any", TYPE(255) },
	{ "echo-reply", TYPE(0) }, { "pong", TYPE(0) },
	{ "destination-unreachable", TYPE(3) },
	{ "network-unreachable", CODE(3, 0) }, { "host-unreachable", CODE(3, 1) }, { "protocol-unreachable", CODE(3, 2) },
	{ "port-unreachable", CODE(3, 3) }, { "fragmentation-needed", CODE(3, 4) }, { "source-route-failed", CODE(3, 5) },
	{ "network-unknown", CODE(3, 6) }, { "host-unknown", CODE(3, 7) }, { "network-prohibited", CODE(3, 9) },
	{ "host-prohibited", CODE(3, 10) }, { "TOS-network-unreachable", CODE(3, 11) },
	{ "TOS-host-unreachable", CODE(3, 12) }, { "communication-prohibited", CODE(3, 13) },
	{ "host-precedence-violation", CODE(3, 14) }, { "precedence-cutoff", CODE(3, 15) },
	{ "source-quench", TYPE(4) },
	{ "redirect", TYPE(5) }, { "network-redirect", CODE(5, 0) }, { "host-redirect", CODE(5, 1) },
	{ "TOS-network-redirect", CODE(5, 2) }, { "TOS-host-redirect", CODE(5, 3) },
	{ "echo-request", TYPE(8) }, { "ping", TYPE(8) },
	{ "router-advertisement", TYPE(9) }, { "router-solicitation", TYPE(10) },
	{ "time-exceeded", TYPE(11) }, { "ttl-exceeded", TYPE(11) },
	{ "ttl-zero-during-transit", CODE(11, 0) }, { "ttl-zero-during-reassembly", CODE(11, 1) },
	{ "parameter-problem", TYPE(12) }, { "ip-header-bad", CODE(12, 0) }, { "required-option-missing", CODE(12, 1) },
	{ "timestamp-request", TYPE(13) }, { "timestamp-reply", TYPE(14) },
	{ "address-mask-request", TYPE(17) }, { "address-mask-reply", TYPE(18) },
	{ NULL, 0 },
};

static const struct value_name icmp6_types[] = {
	{ "destination-unreachable", TYPE(1) },
	{ "no-route", CODE(1, 0) }, { "communication-prohibited", CODE(1, 1) }, { "beyond-scope", CODE(1, 2) },
	{ "address-unreachable", CODE(1, 3) }, { "port-unreachable", CODE(1, 4) }, { "failed-policy", CODE(1, 5) },
	{ "reject-route", CODE(1, 6) },
	{ "packet-too-big", TYPE(2) },
	{ "time-exceeded", TYPE(3) }, { "ttl-exceeded", TYPE(3) },
	{ "ttl-zero-during-transit", CODE(3, 0) }, { "ttl-zero-during-reassembly", CODE(3, 1) },
	{ "parameter-problem", TYPE(4) }, { "bad-header", CODE(4, 0) }, { "unknown-header-type", CODE(4, 1) },
	{ "unknown-option", CODE(4, 2) },
	{ "echo-request", TYPE(128) }, { "ping", TYPE(128) }, { "echo-reply", TYPE(129) }, { "pong", TYPE(129) },
	{ "router-solicitation", TYPE(133) }, { "router-advertisement", TYPE(134) },
	{ "neighbour-solicitation", TYPE(135) }, { "neighbor-solicitation", TYPE(135) },
	{ "neighbour-advertisement", TYPE(136) }, { "neighbor-advertisement", TYPE(136) },
	{ "redirect", TYPE(137) },
	{ NULL, 0 },
};

/* A whole name, or a beginning that fits one alone. */
static bool find_type(const struct value_name *names, const char *value, uint32_t *found)
{
	size_t len = strlen(value), count = 0;

	if (len == 0 || spell_find_name(names, value, len, false, found))
		return len > 0;
	for (; names->name; names++) {
		if (strncasecmp(names->name, value, len) != 0)
			continue;
		*found = names->number;
		count++;
	}
	return count == 1;
}

static bool parse_type(const struct value_name *names, const char *value, uint32_t *found)
{
	const char *slash = strchr(value, '/');
	uint64_t type, code = NO_CODE;

	if (find_type(names, value, found))
		return true;
	if (!spell_parse_part(value, slash ? (size_t)(slash - value) : strlen(value), 255, &type))
		return false;
	if (slash && !spell_parse(slash + 1, 255, &code))
		return false;
	*found = CODE((uint32_t)type, (uint32_t)code);
	return true;
}

static void add_type(uint32_t type, struct text *out)
{
	spell_decimal(out, type >> 9);
	if (!(type & NO_CODE)) {
		text_add(out, "/", 1);
		spell_decimal(out, type & 0xff);
	}
}

bool spell_icmp_type(const struct spelling *s)
{
	uint32_t type;

	if (!parse_type(icmp_types, s->values[0], &type))
		return false;
	if (type >> 9 == 255)
		spell_add(s->out, "any");
	else
		add_type(type, s->out);
	return true;
}

bool spell_icmp6_type(const struct spelling *s)
{
	uint32_t type;

	if (!parse_type(icmp6_types, s->values[0], &type))
		return false;
	add_type(type, s->out);
	return true;
}

static bool parse_mh_type(const char *value, size_t len, uint64_t without, uint64_t *type)
{
	static const struct value_name names[] = {
		{ "binding-refresh-request", 0 }, { "brr", 0 }, { "home-test-init", 1 }, { "hoti", 1 },
		{ "careof-test-init", 2 }, { "coti", 2 }, { "home-test", 3 }, { "hot", 3 }, { "careof-test", 4 },
		{ "cot", 4 }, { "binding-update", 5 }, { "bu", 5 }, { "binding-acknowledgement", 6 }, { "ba", 6 },
		{ "binding-error", 7 },
		{ "be", 7 }, { NULL, 0 },
	};
	uint32_t number;

	if (len == 0) {
		*type = without;
		return true;
	}
	if (!spell_find_name(names, value, len, false, &number))
		return spell_parse_part(value, len, 255, type);
	*type = number;
	return true;
}

bool spell_mh_type(const struct spelling *s)
{
	const char *colon = strchr(s->values[0], ':');
	size_t len = colon ? (size_t)(colon - s->values[0]) : strlen(s->values[0]);
	uint64_t low, high;

	if ((len == 0 && !colon) || !parse_mh_type(s->values[0], len, 0, &low))
		return false;
	high = low;
	if (colon && !parse_mh_type(colon + 1, strlen(colon + 1), 255, &high))
		return false;
	spell_decimal(s->out, low);
	if (high != low) {
		text_add(s->out, ":", 1);
		spell_decimal(s->out, high);
	}
	return true;
}

/* ---- headers of IPv6 ---- */

/* 1:2,3 */
bool spell_header_options(const struct spelling *s)
{
	const char *value = s->values[0];
	uint64_t number;

	for (;;) {
		size_t len = strcspn(value, ",:");

		if (!spell_parse_part(value, len, 255, &number))
			return false;
		spell_decimal(s->out, number);
		if (!value[len])
			return true;
		text_add(s->out, value + len, 1);
		value += len + 1;
	}
}

bool spell_ipv6_headers(const struct spelling *s)
{
	/* In the order of printing; then other names, and the numbers. */
	static const struct value_name names[] = {
		{ "hop-by-hop", 0x80 }, { "ipv6-opts", 0x40 }, { "ipv6-route", 0x20 }, { "ipv6-frag", 0x10 },
		{ "ah", 0x08 },
		{ "esp", 0x04 }, { "ipv6-nonxt", 0x02 }, { "protocol", 0x01 }, { "hop", 0x80 }, { "dst", 0x40 },
		{ "route", 0x20 }, { "frag", 0x10 }, { "auth", 0x08 }, { "none", 0x02 }, { "prot", 0x01 }, { "0", 0x80 },
		{ "60", 0x40 }, { "43", 0x20 }, { "44", 0x10 }, { "51", 0x08 }, { "50", 0x04 }, { "59", 0x02 },
		{ "255", 0x01 }, { NULL, 0 },
	};
	const struct extension_option as_names = { .values = 1, .kind = VALUE_NAMES, .names = names };

	return spell_option(&as_names, s->values, s->family, s->out);
}
