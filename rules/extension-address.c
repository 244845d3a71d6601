/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Matches on addresses, interfaces, and who sends. */
#include "rules/extension-list.h"

#include "rules/complete.h"
#include "rules/spell.h"

#define TYPES .values = 1, .kind = VALUE_NAMES, .flags = OPTION_NEGATED | OPTION_BEGIN, NAMES( \
	{ "UNSPEC", 1 << 0 }, { "UNICAST", 1 << 1 }, { "LOCAL", 1 << 2 }, { "BROADCAST", 1 << 3 }, \
	{ "ANYCAST", 1 << 4 }, \
	{ "MULTICAST", 1 << 5 }, { "BLACKHOLE", 1 << 6 }, { "UNREACHABLE", 1 << 7 }, { "PROHIBIT", 1 << 8 }, \
	{ "THROW", 1 << 9 }, { "NAT", 1 << 10 }, { "XRESOLVE", 1 << 11 })

EXTENSION_MATCH(addrtype, "addrtype", EXTENSION_BOTH, OPTIONS(
	{ .name = "src-type", TYPES }, { .name = "dst-type", TYPES }, { .name = "limit-iface-in" },
	{ .name = "limit-iface-out" }));

EXTENSION_MATCH(iprange, "iprange", EXTENSION_BOTH, OPTIONS(
	{ .name = "src-range", .values = 1, .kind = VALUE_OTHER, .spell = spell_address_range, .flags = OPTION_NEGATED },
	{ .name = "dst-range", .values = 1, .kind = VALUE_OTHER, .spell = spell_address_range, .flags = OPTION_NEGATED }));

EXTENSION_MATCH(mac, "mac", EXTENSION_BOTH, OPTIONS(
	{ .name = "mac-source", .values = 1, .kind = VALUE_MAC, .flags = OPTION_NEGATED }));

EXTENSION_MATCH(physdev, "physdev", EXTENSION_BOTH, OPTIONS(
	{ .name = "physdev-is-in", .flags = OPTION_NEGATED },
	{ .name = "physdev-in", .values = 1, .kind = VALUE_WORD, .flags = OPTION_NEGATED },
	{ .name = "physdev-is-out", .flags = OPTION_NEGATED },
	{ .name = "physdev-out", .values = 1, .kind = VALUE_WORD, .flags = OPTION_NEGATED },
	{ .name = "physdev-is-bridged", .flags = OPTION_NEGATED }));

EXTENSION_MATCH(pkttype, "pkttype", EXTENSION_BOTH, OPTIONS(
	{ .name = "pkt-type", .values = 1, .kind = VALUE_NAME, .flags = OPTION_NEGATED, NAMES(
		{ "unicast", 0 }, { "broadcast", 1 }, { "multicast", 2 }, { "otherhost", 3 }, { "bcast", 1 },
		{ "mcast", 2 },
		{ "host", 0 }) }));

#define GROUP(zero) .values = 1, .kind = VALUE_OTHER, .spell = spell_group_mark, .flags = OPTION_NEGATED, NAMES({ zero, 0 })

EXTENSION_MATCH(devgroup, "devgroup", EXTENSION_BOTH, OPTIONS(
	{ .name = "src-group", GROUP("default") },
	{ .name = "dst-group", GROUP("default") }));

EXTENSION_MATCH(realm, "realm", EXTENSION_IPV4, OPTIONS(
	{ .name = "realm", GROUP("cosmos") }));

EXTENSION_MATCH(rpfilter, "rpfilter", EXTENSION_BOTH, .tables = "mangle,raw", OPTIONS(
	{ .name = "loose" }, { .name = "validmark" }, { .name = "accept-local" }, { .name = "invert" }));

EXTENSION_MATCH(socket, "socket", EXTENSION_BOTH, OPTIONS(
	{ .name = "transparent" }, { .name = "nowildcard" }, { .name = "restore-skmark" }));

EXTENSION_MATCH(owner, "owner", EXTENSION_BOTH, OPTIONS(
	{ .name = "socket-exists", .flags = OPTION_NEGATED },
	{ .name = "uid-owner", .values = 1, .kind = VALUE_OTHER, .spell = spell_user, .flags = OPTION_NEGATED },
	{ .name = "gid-owner", .values = 1, .kind = VALUE_OTHER, .spell = spell_group, .flags = OPTION_NEGATED },
	{ .name = "suppl-groups" }));

EXTENSION_MATCH(cgroup, "cgroup", EXTENSION_BOTH, OPTIONS(
	{ .name = "path", .values = 1, .kind = VALUE_STRING, .flags = OPTION_NEGATED },
	{ .name = "cgroup", .values = 1, .kind = VALUE_NUMBER, .flags = OPTION_NEGATED }));

EXTENSION_MATCH(set, "set", EXTENSION_BOTH, .complete = complete_set, OPTIONS(
	{ .name = "match-set", .alias = "set", .values = 2, .kind = VALUE_WORD, .flags = OPTION_NEGATED },
	{ .name = "return-nomatch" },
	{ .name = "update-counters", .flags = OPTION_NEGATED },
	{ .name = "update-subcounters", .flags = OPTION_NEGATED },
	{ .name = "packets-eq", .values = 1, .kind = VALUE_NUMBER, .max = UINT64_MAX, .flags = OPTION_NEGATED },
	{ .name = "packets-lt", .values = 1, .kind = VALUE_NUMBER, .max = UINT64_MAX },
	{ .name = "packets-gt", .values = 1, .kind = VALUE_NUMBER, .max = UINT64_MAX },
	{ .name = "bytes-eq", .values = 1, .kind = VALUE_NUMBER, .max = UINT64_MAX, .flags = OPTION_NEGATED },
	{ .name = "bytes-lt", .values = 1, .kind = VALUE_NUMBER, .max = UINT64_MAX },
	{ .name = "bytes-gt", .values = 1, .kind = VALUE_NUMBER, .max = UINT64_MAX }));

EXTENSION_TARGET(SET, "SET", EXTENSION_BOTH, OPTIONS(
	{ .name = "add-set", .values = 2, .kind = VALUE_WORD },
	{ .name = "exist" },
	{ .name = "timeout", .values = 1, .kind = VALUE_NUMBER },
	{ .name = "del-set", .values = 2, .kind = VALUE_WORD },
	{ .name = "map-set", .values = 2, .kind = VALUE_WORD },
	{ .name = "map-mark" }, { .name = "map-prio" }, { .name = "map-queue" }));
