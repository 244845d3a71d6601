/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/extension.h"

#include "rules/extension-list.h"
#include "rules/protocol.h"

#include <string.h>
#include <strings.h>

#define EXTENSION_ITEM(id) &extension_##id,
static const struct extension *const extensions[] = { EXTENSION_LIST(EXTENSION_ITEM) };
#undef EXTENSION_ITEM

#define EXTENSION_COUNT (sizeof(extensions) / sizeof(extensions[0]))

const struct extension *extension_at(size_t position)
{
	return position < EXTENSION_COUNT ? extensions[position] : NULL;
}

/* Most names differ in the first byte: no call for those. */
static bool is_name(const char *a, const char *b)
{
	return *a == *b && !strcmp(a, b);
}

static int order_of(const char *a, const char *b)
{
	int order = (unsigned char)*a - (unsigned char)*b;

	return order ? order : strcmp(a, b);
}

/* Names of matches that the tool takes for others. */
static const char *match_name(const char *name)
{
	if (*name == 'i' && (!strcmp(name, "icmpv6") || !strcmp(name, "ipv6-icmp")))
		return "icmp6";
	return name;
}

const struct extension *extension_find(const char *name, bool is_target, enum nfv_family family)
{
	unsigned wanted = family == NFV_FAMILY_IPV6 ? EXTENSION_IPV6 : EXTENSION_IPV4;
	size_t low = 0, high = EXTENSION_COUNT;

	if (!is_target)
		name = match_name(name);
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (order_of(extensions[middle]->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	/* Names of targets are never those of matches; the same name may stand here for each family. */
	for (; low < EXTENSION_COUNT && !strcmp(extensions[low]->name, name); low++)
		if (extensions[low]->is_target == is_target && (extensions[low]->families & wanted))
			return extensions[low];
	return NULL;
}

const struct extension_option *extension_option_exact(const struct extension *extension, const char *name)
{
	for (const struct extension_option *option = extension->options; option && option->name; option++)
		if (is_name(option->name, name) || (option->alias && is_name(option->alias, name)))
			return option;
	return NULL;
}

const struct extension_option *extension_option_find(const struct extension *extension, const char *name)
{
	const struct extension_option *found = extension_option_exact(extension, name);
	size_t len = strlen(name);

	if (found || len == 0)
		return found;
	for (const struct extension_option *option = extension->options; option && option->name; option++) {
		if (strncmp(option->name, name, len) != 0 && (!option->alias || strncmp(option->alias, name, len) != 0))
			continue;
		if (found)
			return NULL;
		found = option;
	}
	return found;
}

const char *extension_of_protocol(const char *protocol, enum nfv_family family)
{
	static const char *const opened[256] = {
		[1] = "icmp", [6] = "tcp", [17] = "udp", [33] = "dccp", [50] = "esp", [51] = "ah", [108] = "ipcomp",
		[132] = "sctp",
	};
	int number = protocol_number(protocol);

	/* The tool looks for a match that is called like the protocol, and mobility-header has another name. */
	if (family == NFV_FAMILY_IPV6 && (number == 58 || !strcasecmp(protocol, "mh")))
		return number == 58 ? "icmp6" : "mh";
	if (number < 0 || (number == 1 && family == NFV_FAMILY_IPV6))
		return NULL;
	return opened[number];
}
