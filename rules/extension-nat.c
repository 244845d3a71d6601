/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Targets that translate addresses, and verdicts. */
#include "rules/extension-list.h"

#include "rules/complete.h"
#include "rules/spell.h"

#define TO(its_name) { .name = its_name, .values = 1, .kind = VALUE_OTHER, .spell = spell_nat_to }

EXTENSION_TARGET(DNAT, "DNAT", EXTENSION_BOTH, .tables = "nat", OPTIONS(
	TO("to-destination"), { .name = "random" }, { .name = "persistent" }));
EXTENSION_TARGET(SNAT, "SNAT", EXTENSION_BOTH, .tables = "nat", OPTIONS(
	TO("to-source"), { .name = "random" }, { .name = "random-fully" }, { .name = "persistent" }));
EXTENSION_TARGET(MASQUERADE, "MASQUERADE", EXTENSION_BOTH, .tables = "nat", OPTIONS(
	{ .name = "to-ports", .values = 1, .kind = VALUE_OTHER, .spell = spell_nat_ports }, { .name = "random" },
	{ .name = "random-fully" }));
EXTENSION_TARGET(REDIRECT, "REDIRECT", EXTENSION_BOTH, .tables = "nat", OPTIONS(
	{ .name = "to-ports", .values = 1, .kind = VALUE_OTHER, .spell = spell_nat_ports }, { .name = "random" }));
EXTENSION_TARGET(NETMAP, "NETMAP", EXTENSION_BOTH, .tables = "nat", OPTIONS(
	{ .name = "to", .values = 1, .kind = VALUE_NET, .width = 1 }));

#define PREFIXES OPTIONS( \
	{ .name = "src-pfx", .values = 1, .kind = VALUE_NET }, { .name = "dst-pfx", .values = 1, .kind = VALUE_NET })

EXTENSION_TARGET(SNPT, "SNPT", EXTENSION_IPV6, .tables = "mangle", PREFIXES);
EXTENSION_TARGET(DNPT, "DNPT", EXTENSION_IPV6, .tables = "mangle", PREFIXES);

EXTENSION_TARGET(TPROXY, "TPROXY", EXTENSION_BOTH, .tables = "mangle", .complete = complete_tproxy, OPTIONS(
	{ .name = "on-port", .values = 1, .kind = VALUE_PORT },
	{ .name = "on-ip", .values = 1, .kind = VALUE_HOST },
	{ .name = "tproxy-mark", .values = 1, .kind = VALUE_MARK_FULL }));

EXTENSION_TARGET(CLUSTERIP, "CLUSTERIP", EXTENSION_IPV4, .complete = complete_clusterip, OPTIONS(
	{ .name = "new" },
	{ .name = "hashmode", .values = 1, .kind = VALUE_NAME, NAMES(
		{ "sourceip", 0 }, { "sourceip-sourceport", 1 }, { "sourceip-sourceport-destport", 2 }) },
	{ .name = "clustermac", .values = 1, .kind = VALUE_OTHER, .spell = spell_mac_upper },
	{ .name = "total-nodes", .values = 1, .kind = VALUE_NUMBER, .max = 16 },
	{ .name = "local-node", .values = 1, .kind = VALUE_NUMBER, .max = 16 },
	{ .name = "hash-init", .values = 1, .kind = VALUE_NUMBER }));

EXTENSION_TARGET(TEE, "TEE", EXTENSION_BOTH, OPTIONS(
	{ .name = "gateway", .values = 1, .kind = VALUE_HOST },
	{ .name = "oif", .values = 1, .kind = VALUE_WORD }));

EXTENSION_TARGET(REJECT_4, "REJECT", EXTENSION_IPV4, .tables = "filter", .complete = complete_reject, OPTIONS(
	{ .name = "reject-with", .values = 1, .kind = VALUE_NAME, .flags = OPTION_BEGIN, NAMES(
		{ "icmp-net-unreachable", 0 }, { "net-unreach", 0 }, { "icmp-host-unreachable", 1 },
		{ "host-unreach", 1 },
		{ "icmp-proto-unreachable", 2 }, { "proto-unreach", 2 }, { "icmp-port-unreachable", 3 },
		{ "port-unreach", 3 }, { "icmp-net-prohibited", 4 }, { "net-prohib", 4 }, { "icmp-host-prohibited", 5 },
		{ "host-prohib", 5 },
		{ "tcp-reset", 6 }, { "tcp-rst", 6 }, { "icmp-admin-prohibited", 7 }, { "admin-prohib", 7 }) }));

EXTENSION_TARGET(REJECT_6, "REJECT", EXTENSION_IPV6, .tables = "filter", .complete = complete_reject, OPTIONS(
	{ .name = "reject-with", .values = 1, .kind = VALUE_NAME, .flags = OPTION_BEGIN, NAMES(
		{ "icmp6-no-route", 0 }, { "no-route", 0 }, { "icmp6-adm-prohibited", 1 }, { "adm-prohibited", 1 },
		{ "icmp6-addr-unreachable", 2 }, { "addr-unreach", 2 }, { "icmp6-port-unreachable", 3 },
		{ "port-unreach", 3 }, { "tcp-reset", 4 }, { "icmp6-policy-fail", 5 }, { "policy-fail", 5 },
		{ "icmp6-reject-route", 6 },
		{ "reject-route", 6 }) }));

EXTENSION_TARGET(ACCEPT, "ACCEPT", EXTENSION_BOTH);
EXTENSION_TARGET(DROP, "DROP", EXTENSION_BOTH);
EXTENSION_TARGET(RETURN, "RETURN", EXTENSION_BOTH);
