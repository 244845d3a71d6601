/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Types of messages, and IPv6's extension headers. */
#include "rules/spell.h"

#include <string.h>
#include <strings.h>

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
