/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/spell.h"

#include "rules/protocol.h"
#include "rules/tokens.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <arpa/inet.h>

/* ---- writing ---- */

void spell_add(struct text *out, const char *string)
{
	text_add(out, string, strlen(string));
}

void spell_decimal(struct text *out, uint64_t number)
{
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	text_add(out, digits + at, sizeof(digits) - at);
}

void spell_hex(struct text *out, uint64_t number, unsigned width)
{
	char digits[24];
	size_t at = sizeof(digits);

	while (number || at == sizeof(digits) || sizeof(digits) - at < width) {
		digits[--at] = "0123456789abcdef"[number & 15];
		number >>= 4;
	}
	digits[--at] = 'x';
	digits[--at] = '0';
	text_add(out, digits + at, sizeof(digits) - at);
}

void spell_quoted(struct text *out, const char *bytes, size_t len)
{
	text_add(out, "\"", 1);
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '"' || bytes[i] == '\\')
			text_add(out, "\\", 1);
		text_add(out, bytes + i, 1);
	}
	text_add(out, "\"", 1);
}

/* ---- reading ---- */

bool spell_parse_part(const char *text, size_t len, uint64_t max, uint64_t *number)
{
	char part[32];
	char *end;
	unsigned long long value;

	if (len == 0 || len >= sizeof(part) || *text < '0' || *text > '9')
		return false;
	memcpy(part, text, len);
	part[len] = '\0';
	errno = 0;
	value = strtoull(part, &end, 0);
	if (errno || *end || strlen(part) != len || value > max)
		return false;
	*number = value;
	return true;
}

bool spell_parse(const char *text, uint64_t max, uint64_t *number)
{
	return spell_parse_part(text, strlen(text), max, number);
}

bool spell_find_name(const struct value_name *names, const char *name, size_t len, bool begin, uint32_t *number)
{
	for (; names->name; names++) {
		if (len == 0 || strncasecmp(names->name, name, len) != 0 || (!begin && names->name[len]))
			continue;
		*number = names->number;
		return true;
	}
	return false;
}

/* As the system says; a system without such a file still has those that everybody knows. */
static bool find_service(const char *name, uint64_t *port)
{
	static const struct value_name known[] = {
		{ "ftp-data", 20 }, { "ftp", 21 }, { "ssh", 22 }, { "telnet", 23 }, { "smtp", 25 }, { "domain", 53 },
		{ "bootps", 67 }, { "bootpc", 68 }, { "tftp", 69 }, { "http", 80 }, { "www", 80 }, { "kerberos", 88 },
		{ "pop3", 110 }, { "sunrpc", 111 }, { "ntp", 123 }, { "imap2", 143 }, { "snmp", 161 }, { "bgp", 179 },
		{ "ldap", 389 }, { "https", 443 }, { "isakmp", 500 }, { "syslog", 514 }, { "submission", 587 },
		{ "ldaps", 636 }, { "imaps", 993 }, { "pop3s", 995 }, { "openvpn", 1194 }, { "mysql", 3306 },
		{ "postgresql", 5432 }, { NULL, 0 },
	};
	struct servent entry, *found = NULL;
	char buffer[2048];
	uint32_t number;

	if (!getservbyname_r(name, NULL, &entry, buffer, sizeof(buffer), &found) && found) {
		*port = ntohs((uint16_t)found->s_port);
		return true;
	}
	if (!spell_find_name(known, name, strlen(name), false, &number))
		return false;
	*port = number;
	return true;
}

bool spell_parse_port(const char *text, size_t len, uint64_t *port)
{
	char name[64];

	if (spell_parse_part(text, len, 65535, port))
		return true;
	if (len == 0 || len >= sizeof(name) || (*text >= '0' && *text <= '9') || *text == '-')
		return false;
	memcpy(name, text, len);
	name[len] = '\0';
	return find_service(name, port);
}

/* ---- kinds ---- */

static bool spell_mark(const char *value, bool full, struct text *out)
{
	const char *slash = strchr(value, '/');
	uint64_t mark, mask = UINT32_MAX;

	if (!spell_parse_part(value, slash ? (size_t)(slash - value) : strlen(value), UINT32_MAX, &mark))
		return false;
	if (slash && !spell_parse(slash + 1, UINT32_MAX, &mask))
		return false;
	spell_hex(out, mark, 0);
	if (full || mask != UINT32_MAX) {
		text_add(out, "/", 1);
		spell_hex(out, mask, 0);
	}
	return true;
}

static bool parse_end(const char *text, size_t len, bool port, uint64_t max, uint64_t without, uint64_t *number)
{
	if (len == 0) {
		*number = without;
		return true;
	}
	return port ? spell_parse_port(text, len, number) : spell_parse_part(text, len, max, number);
}

static bool spell_range(const char *value, bool port, uint64_t max, struct text *out)
{
	const char *colon = strchr(value, ':');
	size_t len = colon ? (size_t)(colon - value) : strlen(value);
	uint64_t low, high;

	if (len == 0 && !colon)
		return false;
	if (!parse_end(value, len, port, max, 0, &low))
		return false;
	high = low;
	if (colon && !parse_end(colon + 1, strlen(colon + 1), port, max, max, &high))
		return false;
	spell_decimal(out, low);
	if (high != low) {
		text_add(out, ":", 1);
		spell_decimal(out, high);
	}
	return true;
}

static bool spell_port_list(const char *value, struct text *out)
{
	for (;;) {
		size_t len = strcspn(value, ",:");
		uint64_t port;

		if (!spell_parse_port(value, len, &port))
			return false;
		spell_decimal(out, port);
		if (!value[len])
			return true;
		text_add(out, value + len, 1);
		value += len + 1;
	}
}

static void add_names(const struct value_name *names, uint32_t bits, struct text *out)
{
	uint32_t done = 0;
	bool first = true;

	for (; names->name; names++) {
		bool fits = names->number ? (bits & names->number) == names->number && !(done & names->number) : bits == 0;

		if (!fits || (!names->number && !first))
			continue;
		if (!first)
			text_add(out, ",", 1);
		first = false;
		done |= names->number;
		spell_add(out, names->name);
	}
}

static bool spell_names(const struct extension_option *option, const char *value, struct text *out)
{
	uint32_t bits = 0, bit;

	for (;;) {
		size_t len = strcspn(value, ",");

		if (!spell_find_name(option->names, value, len, option->flags & OPTION_BEGIN, &bit))
			return false;
		bits |= bit;
		if (!value[len])
			break;
		value += len + 1;
	}
	add_names(option->names, bits, out);
	return true;
}

static bool spell_name(const struct extension_option *option, const char *value, struct text *out)
{
	uint32_t number;
	uint64_t parsed;

	if (!spell_find_name(option->names, value, strlen(value), option->flags & OPTION_BEGIN, &number)) {
		if (!spell_parse(value, option->max ? option->max : UINT32_MAX, &parsed))
			return false;
		number = (uint32_t)parsed;
	}
	for (const struct value_name *name = option->names; name->name; name++) {
		if (name->number != number)
			continue;
		spell_add(out, name->name);
		return true;
	}
	spell_decimal(out, number);
	return true;
}

static bool spell_mac(const char *value, struct text *out)
{
	unsigned char bytes[6];

	for (size_t i = 0; i < 6; i++) {
		char *end;
		unsigned long byte = strtoul(value, &end, 16);

		if (strspn(value, "0123456789abcdefABCDEF") != (size_t)(end - value) || end == value || end - value > 2 ||
		    *end != (i < 5 ? ':' : '\0'))
			return false;
		bytes[i] = (unsigned char)byte;
		value = end + 1;
	}
	for (size_t i = 0; i < 6; i++) {
		const char *digits = "0123456789abcdef";
		char pair[3] = { digits[bytes[i] >> 4], digits[bytes[i] & 15], ':' };

		text_add(out, pair, i < 5 ? 3 : 2);
	}
	return true;
}

bool spell_mac_upper(const struct spelling *s)
{
	size_t start = s->out->len;

	if (!spell_mac(s->values[0], s->out))
		return false;
	for (size_t i = start; i < s->out->len && !s->out->failed; i++)
		if (s->out->data[i] >= 'a' && s->out->data[i] <= 'f')
			s->out->data[i] = (char)(s->out->data[i] - 'a' + 'A');
	return true;
}

static bool spell_protocol(const char *value, struct text *out)
{
	int number = protocol_number(value);

	if (number < 0)
		return false;
	spell_decimal(out, (unsigned)number);
	return true;
}

static bool spell_number(const struct extension_option *option, const char *value, struct text *out)
{
	uint64_t number;

	if (!spell_parse(value, option->max ? option->max : UINT32_MAX, &number))
		return false;
	if (option->kind == VALUE_HEX)
		spell_hex(out, number, option->width);
	else
		spell_decimal(out, number);
	return true;
}

static bool spell_kind(const struct extension_option *option, const char *value, enum nfv_family family, struct text *out)
{
	unsigned net = ADDRESS_PREFIX | (option->width ? ADDRESS_MASKED : 0);
	uint64_t port;

	switch (option->kind) {
	case VALUE_STRING:
		tokens_quote(out, value);
		return true;
	case VALUE_NUMBER:
	case VALUE_HEX:
		return spell_number(option, value, out);
	case VALUE_MARK:
	case VALUE_MARK_FULL:
		return spell_mark(value, option->kind == VALUE_MARK_FULL, out);
	case VALUE_RANGE:
	case VALUE_PORTS:
		return spell_range(value, option->kind == VALUE_PORTS, option->max, out);
	case VALUE_PORT_LIST:
		return spell_port_list(value, out);
	case VALUE_PORT:
		if (!spell_parse_port(value, strlen(value), &port))
			return false;
		spell_decimal(out, port);
		return true;
	case VALUE_ADDRESS:
		return spell_address(value, strlen(value), family, 0, out);
	case VALUE_NET:
		return spell_address(value, strlen(value), family, net, out);
	case VALUE_HOST:
		return spell_address(value, strlen(value), family, ADDRESS_HOST, out);
	case VALUE_PROTOCOL:
		return spell_protocol(value, out);
	case VALUE_MAC:
		return spell_mac(value, out);
	case VALUE_NAME:
		return spell_name(option, value, out);
	case VALUE_NAMES:
		return spell_names(option, value, out);
	case VALUE_WORD:
	case VALUE_OTHER:
		break;
	}
	return false;
}

bool spell_option(const struct extension_option *option, const char *const *values, enum nfv_family family,
		  struct text *out)
{
	struct spelling spelling = { .option = option, .values = values, .family = family, .out = out };
	size_t start = out->len;
	bool spelt;

	if (option->spell)
		spelt = option->spell(&spelling);
	else /* two values of one kind are words: names of sets and where to look */
		spelt = option->values == 1 && spell_kind(option, values[0], family, out);
	if (!spelt)
		out->len = start;
	return spelt;
}
