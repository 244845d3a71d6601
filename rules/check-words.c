/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words that the tool would refuse: where nothing takes them, options that nobody has, addresses that are none. */
#include "rules/check-values.h"
#include "rules/extension.h"
#include "rules/protocol.h"
#include "rules/spell.h"
#include "rules/view.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#define TELL(place, ...) check_tell((place)->table->check, (place)->node->chain, (place)->rule, __VA_ARGS__)

/* ---- options ---- */

/* Another option may be meant by the same name as the one before, as with --to-source of old. */
static bool is_again(const struct nfv_extension *extension, size_t position, const struct extension_option *option)
{
	for (size_t i = 0; i < position; i++)
		if (*extension->options[i].name && extension_option_find(extension->known, extension->options[i].name) == option)
			return true;
	return false;
}

static void check_option(const struct check_values *place, const struct nfv_extension *extension,
			 size_t position)
{
	const struct view_option *option = &extension->options[position];
	const struct extension_option *known;

	if (!*option->name) {
		TELL(place, "%s: is no option", option->values[0]);
		return;
	}
	known = option->short_form ? NULL : extension_option_find(extension->known, option->name);
	if (!known)
		TELL(place, "%s %s has no option %s%s", extension->is_target ? "target" : "match", extension->name,
		     option->short_form ? "-" : "--", option->name);
	else if (option->negated && !(known->flags & OPTION_NEGATED))
		TELL(place, "--%s: \"!\" does not go with it", option->name);
	else if (!(known->flags & OPTION_REPEATED) && is_again(extension, position, known))
		TELL(place, "--%s: given twice", option->name);
	else
		check_value(place, extension, known, option);
}

static void check_options(const struct check_values *place, const struct nfv_extension *extension,
			  const struct view *view)
{
	/* A chain may be called like a target. */
	if (!extension->known || (extension->is_target && check_graph_find(place->table, extension->name, strlen(extension->name))))
		return;
	for (size_t i = 0; i < extension->count; i++)
		check_option(place, extension, i);
	check_needs(place, extension, view);
}

/* ---- addresses ---- */

/* none: of no bits: what stands before it is not looked at. */
static bool is_mask(const char *mask, bool v6, bool *none)
{
	static const unsigned char empty[sizeof(struct in6_addr)];
	unsigned char bytes[sizeof(struct in6_addr)] = { 0 };
	uint64_t bits;

	if (spell_parse(mask, v6 ? 128 : 32, &bits)) {
		*none = bits == 0;
		return true;
	}
	if (inet_pton(v6 ? AF_INET6 : AF_INET, mask, bytes) != 1)
		return false;
	*none = !memcmp(bytes, empty, sizeof(bytes));
	return true;
}

/* What can be the name of a host is not looked up. */
static bool may_be_host(const char *address, bool v6)
{
	unsigned char bytes[sizeof(struct in6_addr)];
	struct in_addr ipv4;

	if (!*address)
		return false;
	if (v6)
		return !strchr(address, ':') || inet_pton(AF_INET6, address, bytes) == 1;
	return address[strspn(address, "0123456789.")] || inet_aton(address, &ipv4);
}

static void check_address(const struct check_values *place, const char *option, const char *value, size_t len)
{
	bool v6 = place->table->check->family == NFV_FAMILY_IPV6;
	char address[256], *mask;
	bool any = false;

	if (len >= sizeof(address)) {
		TELL(place, "%s: a name of a host is not that long", option);
		return;
	}
	memcpy(address, value, len);
	address[len] = '\0';
	mask = strchr(address, '/');
	if (mask)
		*mask++ = '\0';
	if (mask && !is_mask(mask, v6, &any))
		TELL(place, "%s %.*s: its mask is none of %s", option, (int)len, value, v6 ? "IPv6" : "IPv4");
	else if (!any && !may_be_host(address, v6))
		TELL(place, "%s %.*s: is no address", option, (int)len, value);
}

static void check_addresses(const struct check_values *place, const char *option, const char *value)
{
	while (value) {
		size_t len;

		value += strspn(value, " \t");
		len = strcspn(value, ",");
		check_address(place, option, value, len);
		value = value[len] ? value + len + 1 : NULL;
	}
}

/* ---- the whole ---- */

/* By the tool's own list, or by that of this system. */
static bool is_protocol(const char *name)
{
	struct protoent entry, *found = NULL;
	char buffer[2048];

	if (protocol_number(name) >= 0)
		return true;
	return !(*name >= '0' && *name <= '9') && !getprotobyname_r(name, &entry, buffer, sizeof(buffer), &found) && found;
}

void check_rule_words(struct check_table *table, const struct check_node *node, const struct nfv_rule *rule,
		      const struct view *view)
{
	const struct check_values place = { table, node, rule };
	const char *protocol = view->fields[NFV_FIELD_PROTOCOL].value;

	check_addresses(&place, "-s", view->fields[NFV_FIELD_SOURCE].value);
	check_addresses(&place, "-d", view->fields[NFV_FIELD_DESTINATION].value);
	if (protocol && !is_protocol(protocol))
		TELL(&place, "-p %s: is no protocol", protocol);
	for (size_t i = 0; i < view->match_count; i++)
		check_options(&place, view->matches[i], view);
	if (view->target)
		check_options(&place, view->target, view);
}
