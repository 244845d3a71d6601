/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses, and what stands with them: translations, users and groups. */
#include "rules/spell.h"

#include <arpa/inet.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

struct address {
	unsigned char bytes[16], mask[16];
	unsigned size; /* 4 or 16 */
};

/* One to four numbers with dots, of any base; the ones that are missing are 0. */
static bool parse_filled(const char *text, bool whole, unsigned char *bytes)
{
	unsigned count = 0;

	memset(bytes, 0, 4);
	for (;;) {
		size_t len = strcspn(text, ".");
		uint64_t value;

		if (!spell_parse_part(text, len, 255, &value))
			return false;
		bytes[count++] = (unsigned char)value;
		text += len;
		if (!*text)
			return !whole || count == 4;
		if (*text++ != '.' || count == 4)
			return false;
	}
}

/* Addresses of rules are filled up with zeros at the end; those in options are read as the C library does. */
static bool parse_ipv4(const char *text, bool fill, unsigned char *bytes)
{
	struct in_addr address;

	if (parse_filled(text, !fill, bytes))
		return true;
	if (!inet_aton(text, &address))
		return false;
	memcpy(bytes, &address, 4);
	return true;
}

static void fill_mask(struct address *address, unsigned bits)
{
	for (unsigned i = 0; i < address->size; i++, bits -= bits > 8 ? 8 : bits)
		address->mask[i] = (unsigned char)(bits >= 8 ? 0xff : 0xff00 >> bits);
}

static bool parse_mask(const char *text, struct address *address)
{
	if (address->size == 16)
		return inet_pton(AF_INET6, text, address->mask) == 1;
	return parse_filled(text, true, address->mask);
}

/* Without one the mask is that of a host. */
static bool parse_any_mask(const char *text, struct address *address)
{
	uint64_t bits;

	if (!text)
		fill_mask(address, address->size * 8);
	else if (spell_parse(text, address->size * 8, &bits))
		fill_mask(address, (unsigned)bits);
	else
		return parse_mask(text, address);
	return true;
}

static bool is_empty_mask(const struct address *address)
{
	static const unsigned char none[16];

	return !memcmp(address->mask, none, address->size);
}

static bool parse_address(const char *value, size_t len, bool fill, struct address *address)
{
	char text[96], *slash;

	if (len == 0 || len >= sizeof(text))
		return false;
	memcpy(text, value, len);
	text[len] = '\0';
	slash = strchr(text, '/');
	if (slash)
		*slash++ = '\0';
	if (!parse_any_mask(slash, address))
		return false;
	/* The tool does not look at what stands before a mask of no bits: any/0, and 0/0 also in IPv6. */
	if (fill && slash && is_empty_mask(address)) {
		memset(address->bytes, 0, address->size);
		return true;
	}
	return address->size == 16 ? inet_pton(AF_INET6, text, address->bytes) == 1 : parse_ipv4(text, fill, address->bytes);
}

/* The prefix length of the mask, or -1 for one with holes. */
static int prefix_of(const struct address *address)
{
	unsigned bits = 0;

	while (bits < address->size * 8 && (address->mask[bits / 8] & (0x80 >> bits % 8)))
		bits++;
	for (unsigned i = bits; i < address->size * 8; i++)
		if (address->mask[i / 8] & (0x80 >> i % 8))
			return -1;
	return (int)bits;
}

static void add_ipv4(const unsigned char *bytes, struct text *out)
{
	for (unsigned i = 0; i < 4; i++) {
		if (i > 0)
			text_add(out, ".", 1);
		spell_decimal(out, bytes[i]);
	}
}

static void add_bytes(const unsigned char *bytes, unsigned size, struct text *out)
{
	char text[INET6_ADDRSTRLEN];

	if (size == 4)
		add_ipv4(bytes, out);
	else if (inet_ntop(AF_INET6, bytes, text, sizeof(text)))
		spell_add(out, text);
}

bool spell_address(const char *value, size_t len, enum nfv_family family, unsigned style, struct text *out)
{
	struct address address = { .size = family == NFV_FAMILY_IPV6 ? 16 : 4 };
	int prefix;

	if ((style & ADDRESS_HOST) && memchr(value, '/', len))
		return false;
	if (!parse_address(value, len, style & ADDRESS_FILL, &address))
		return false;
	for (unsigned i = 0; (style & ADDRESS_MASKED) && i < address.size; i++)
		address.bytes[i] &= address.mask[i];
	add_bytes(address.bytes, address.size, out);
	prefix = prefix_of(&address);
	if ((style & ADDRESS_HOST) || (prefix == (int)address.size * 8 && !(style & ADDRESS_PREFIX)))
		return true;
	text_add(out, "/", 1);
	if (prefix < 0)
		add_bytes(address.mask, address.size, out);
	else
		spell_decimal(out, (unsigned)prefix);
	return true;
}

/* A prefix length, or the mask of one. */
bool spell_prefix_length(const struct spelling *s)
{
	struct address address = { .size = s->family == NFV_FAMILY_IPV6 ? 16 : 4 };
	uint64_t bits;
	int prefix;

	if (spell_parse(s->values[0], address.size * 8, &bits)) {
		spell_decimal(s->out, bits);
		return true;
	}
	if (!parse_mask(s->values[0], &address))
		return false;
	prefix = prefix_of(&address);
	if (prefix < 0)
		return false;
	spell_decimal(s->out, (unsigned)prefix);
	return true;
}

/* ---- ranges and lists ---- */

static bool add_host(const char *value, size_t len, enum nfv_family family, struct text *out)
{
	return spell_address(value, len, family, ADDRESS_HOST | ADDRESS_FILL, out);
}

bool spell_address_range(const struct spelling *s)
{
	const char *dash = strchr(s->values[0], '-'), *second = dash ? dash + 1 : s->values[0];
	size_t len = dash ? (size_t)(dash - s->values[0]) : strlen(s->values[0]);

	if (!add_host(s->values[0], len, s->family, s->out))
		return false;
	text_add(s->out, "-", 1);
	return add_host(second, strlen(second), s->family, s->out);
}

bool spell_address_list(const struct spelling *s)
{
	const char *value = s->values[0];

	for (;;) {
		size_t len = strcspn(value, ",");

		if (!add_host(value, len, s->family, s->out))
			return false;
		if (!value[len])
			return true;
		text_add(s->out, ",", 1);
		value += len + 1;
	}
}

/* ---- translations ---- */

/* 80, 80-90, 80-90/100 */
static bool add_nat_ports(const char *value, size_t len, struct text *out)
{
	const char *slash = memchr(value, '/', len), *end = value + len;
	const char *dash = memchr(value, '-', slash ? (size_t)(slash - value) : len);
	uint64_t low, high, base;

	if (!dash || !spell_parse_part(value, (size_t)(dash - value), 65535, &low)) {
		/* The name of a service may hold a dash. */
		if (slash || !spell_parse_port(value, len, &low))
			return false;
		spell_decimal(out, low);
		return true;
	}
	if (!spell_parse_part(dash + 1, (size_t)((slash ? slash : end) - dash - 1), 65535, &high) || low > high)
		return false;
	if (slash && !spell_parse_port(slash + 1, (size_t)(end - slash - 1), &base))
		return false;
	spell_decimal(out, low);
	if (high != low) {
		text_add(out, "-", 1);
		spell_decimal(out, high);
	}
	if (slash) {
		text_add(out, "/", 1);
		spell_decimal(out, base);
	}
	return true;
}

bool spell_nat_ports(const struct spelling *s)
{
	return add_nat_ports(s->values[0], strlen(s->values[0]), s->out);
}

static bool add_nat_range(const char *value, size_t len, enum nfv_family family, struct text *out)
{
	const char *dash = memchr(value, '-', len);
	size_t first = out->len, second;

	if (!add_host(value, dash ? (size_t)(dash - value) : len, family, out))
		return false;
	if (!dash)
		return true;
	second = out->len;
	text_add(out, "-", 1);
	if (!add_host(dash + 1, len - (size_t)(dash + 1 - value), family, out))
		return false;
	/* A range of one address is that address. */
	if (!out->failed && out->len - second - 1 == second - first &&
	    !memcmp(out->data + first, out->data + second + 1, second - first))
		out->len = second;
	return true;
}

/* Where the address ends and the colon before the ports is; NULL: no ports. */
static const char *find_ports(const char *value, enum nfv_family family)
{
	if (family == NFV_FAMILY_IPV4)
		return strchr(value, ':');
	if (*value == '[') {
		const char *end = strchr(value, ']');

		return end && end[1] == ':' ? end + 1 : NULL;
	}
	return *value == ':' && value[1] != ':' ? value : NULL;
}

bool spell_nat_to(const struct spelling *s)
{
	const char *value = s->values[0], *colon = find_ports(value, s->family);
	size_t len = colon ? (size_t)(colon - value) : strlen(value);
	bool bracket = s->family == NFV_FAMILY_IPV6 && *value == '[';

	if (bracket && (len < 3 || value[len - 1] != ']'))
		return false;
	if (bracket && colon)
		text_add(s->out, "[", 1);
	if (len > 0 && !add_nat_range(value + bracket, len - 2 * bracket, s->family, s->out))
		return false;
	if (!colon)
		return len > 0;
	spell_add(s->out, bracket ? "]:" : ":");
	return add_nat_ports(colon + 1, strlen(colon + 1), s->out);
}

/* ---- users and groups ---- */

/* 5, 5-7, or a name. */
static bool add_ids(const char *value, uint64_t id, bool named, struct text *out)
{
	const char *dash = strchr(value, '-');
	uint64_t last;

	if (named) {
		spell_decimal(out, id);
		return true;
	}
	if (!spell_parse_part(value, dash ? (size_t)(dash - value) : strlen(value), UINT32_MAX - 1, &id))
		return false;
	if (dash && !spell_parse(dash + 1, UINT32_MAX - 1, &last))
		return false;
	spell_decimal(out, id);
	if (dash && last != id) {
		text_add(out, "-", 1);
		spell_decimal(out, last);
	}
	return true;
}

bool spell_user(const struct spelling *s)
{
	struct passwd entry, *found = NULL;
	char buffer[4096];

	if (add_ids(s->values[0], 0, false, s->out))
		return true;
	return !getpwnam_r(s->values[0], &entry, buffer, sizeof(buffer), &found) && found &&
	       add_ids(s->values[0], found->pw_uid, true, s->out);
}

bool spell_group(const struct spelling *s)
{
	struct group entry, *found = NULL;
	char buffer[16384];

	if (add_ids(s->values[0], 0, false, s->out))
		return true;
	return !getgrnam_r(s->values[0], &entry, buffer, sizeof(buffer), &found) && found &&
	       add_ids(s->values[0], found->gr_gid, true, s->out);
}
