/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What may be the value of a field: what the tool would take. */
#include "rules/rule.h"

#include "rules/protocol.h"
#include "rules/view-option.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#define HOST_MAX      253 /* bytes of a name in the DNS */
#define ADDRESSES_MAX 1023

static bool is_number(const char *text, unsigned long max)
{
	char *end;
	unsigned long number;

	if (!isdigit((unsigned char)*text))
		return false;
	number = strtoul(text, &end, 0);
	return !*end && number <= max;
}

/* One to four numbers with dots, which the tool fills up with zeros: 10 is 10.0.0.0. */
static bool is_ipv4(const char *text, int least)
{
	char copy[64], *rest = copy, *part;
	int parts = 0;

	if (strlen(text) >= sizeof(copy))
		return false;
	strcpy(copy, text);
	while ((part = strsep(&rest, ".")))
		if (++parts > 4 || !is_number(part, 255))
			return false;
	return parts >= least;
}

static bool is_ipv6(const char *text)
{
	struct in6_addr address;

	return inet_pton(AF_INET6, text, &address) == 1;
}

/* As a name in the DNS; one of digits and dots alone is a wrong address. */
static bool is_host(const char *text)
{
	size_t len = strlen(text);
	bool letter = false;

	if (len == 0 || len > HOST_MAX || *text == '-' || *text == '.')
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (!isascii(c) || (!isalnum(c) && !strchr("-_.", c)))
			return false;
		letter |= isalpha(c) != 0;
	}
	return letter;
}

static bool mask_ok(const char *mask, bool ipv4, bool ipv6)
{
	if (ipv4 && (is_number(mask, 32) || is_ipv4(mask, 4)))
		return true;
	return ipv6 && (is_number(mask, 128) || is_ipv6(mask));
}

static bool address_ok(char *address, int family)
{
	char *mask = strchr(address, '/');
	bool ipv4 = family != NFV_FAMILY_IPV6, ipv6 = family != NFV_FAMILY_IPV4;

	if (mask)
		*mask++ = '\0';
	if (is_ipv6(address))
		ipv4 = false;
	else if (is_ipv4(address, 1))
		ipv6 = false;
	else if (!is_host(address))
		return false;
	if (mask)
		return mask_ok(mask, ipv4, ipv6);
	return ipv4 || ipv6;
}

/* One, or several with commas. */
static bool addresses_ok(const char *value, bool negated, int family)
{
	char copy[ADDRESSES_MAX + 1], *rest = copy, *address;

	if (strlen(value) >= sizeof(copy) || (negated && strchr(value, ',')))
		return false;
	strcpy(copy, value);
	while ((address = strsep(&rest, ",")))
		if (!address_ok(address + strspn(address, " "), family))
			return false;
	return true;
}

static bool interface_ok(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > VIEW_INTERFACE_MAX || !strcmp(name, "!"))
		return false;
	/* The kernel has no interfaces of such names. */
	for (size_t i = 0; i < len; i++)
		if (name[i] == '/' || isspace((unsigned char)name[i]))
			return false;
	return rule_text_ok(name, VIEW_INTERFACE_MAX);
}

static bool protocol_ok(const char *name, bool negated)
{
	char buffer[1024];
	struct protoent entry, *found = NULL;
	int number = protocol_number(name);

	/* The system may know more names. */
	if (number < 0 && isalpha((unsigned char)*name) && rule_text_ok(name, 64) && !strpbrk(name, " \t\"") &&
	    !getprotobyname_r(name, &entry, buffer, sizeof(buffer), &found) && found)
		number = found->p_proto;
	/* "not any" would never match, and the tool refuses it. */
	return number >= 0 && !(negated && number == 0);
}

bool rule_field_ok(enum nfv_field field, const char *value, bool negated, int family)
{
	switch (field) {
	case NFV_FIELD_SOURCE:
	case NFV_FIELD_DESTINATION:
		return addresses_ok(value, negated, family);
	case NFV_FIELD_IN:
	case NFV_FIELD_OUT:
		return interface_ok(value);
	case NFV_FIELD_PROTOCOL:
		return protocol_ok(value, negated);
	case NFV_FIELD_FRAGMENT:
		return !*value && family != NFV_FAMILY_IPV6;
	}
	return false;
}
