/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Matches on payload, policies of IPsec, virtual servers. */
#include "rules/extension-list.h"

#include "rules/complete.h"
#include "rules/spell.h"

EXTENSION_MATCH(string, "string", EXTENSION_BOTH, .complete = complete_string, OPTIONS(
	{ .name = "string", .values = 1, .kind = VALUE_STRING, .spell = spell_string, .flags = OPTION_NEGATED },
	{ .name = "hex-string", .values = 1, .kind = VALUE_STRING, .spell = spell_hex_string, .flags = OPTION_NEGATED },
	{ .name = "algo", .values = 1, .kind = VALUE_WORD },
	{ .name = "from", .values = 1, .kind = VALUE_NUMBER, .max = 65535, .without = "0" },
	{ .name = "to", .values = 1, .kind = VALUE_NUMBER, .max = 65535, .without = "65535" },
	{ .name = "icase" }));

EXTENSION_MATCH(u32, "u32", EXTENSION_BOTH, OPTIONS(
	{ .name = "u32", .values = 1, .kind = VALUE_OTHER, .spell = spell_u32, .flags = OPTION_NEGATED }));

EXTENSION_MATCH(bpf, "bpf", EXTENSION_BOTH, OPTIONS(
	{ .name = "bytecode", .values = 1, .kind = VALUE_OTHER, .spell = spell_bytecode },
	{ .name = "object-pinned", .values = 1, .kind = VALUE_WORD }));

EXTENSION_MATCH(osf, "osf", EXTENSION_IPV4, OPTIONS(
	{ .name = "genre", .values = 1, .kind = VALUE_WORD, .flags = OPTION_NEGATED },
	{ .name = "ttl", .values = 1, .kind = VALUE_NUMBER, .max = 2 },
	{ .name = "log", .values = 1, .kind = VALUE_NUMBER, .max = 2 }));

#define EACH OPTION_NEGATED | OPTION_REPEATED

EXTENSION_MATCH(policy, "policy", EXTENSION_BOTH, .complete = complete_policy, OPTIONS(
	{ .name = "dir", .values = 1, .kind = VALUE_NAME, NAMES({ "in", 1 }, { "out", 2 }) },
	{ .name = "pol", .values = 1, .kind = VALUE_NAME, NAMES({ "none", 0 }, { "ipsec", 1 }) },
	{ .name = "strict" },
	{ .name = "reqid", .values = 1, .kind = VALUE_NUMBER, .flags = EACH },
	{ .name = "spi", .values = 1, .kind = VALUE_HEX, .flags = EACH },
	{ .name = "proto", .values = 1, .kind = VALUE_NAME, .flags = EACH,
	  NAMES({ "esp", 50 }, { "ah", 51 }, { "ipcomp", 108 }) },
	{ .name = "mode", .values = 1, .kind = VALUE_NAME, .flags = EACH, NAMES({ "transport", 1 }, { "tunnel", 2 }) },
	{ .name = "tunnel-dst", .values = 1, .kind = VALUE_ADDRESS, .flags = EACH },
	{ .name = "tunnel-src", .values = 1, .kind = VALUE_ADDRESS, .flags = EACH },
	{ .name = "next", .flags = OPTION_REPEATED }));

EXTENSION_MATCH(ipvs, "ipvs", EXTENSION_BOTH, .complete = complete_ipvs, OPTIONS(
	{ .name = "ipvs", .flags = OPTION_NEGATED },
	{ .name = "vproto", .values = 1, .kind = VALUE_PROTOCOL, .flags = OPTION_NEGATED },
	{ .name = "vaddr", .values = 1, .kind = VALUE_ADDRESS, .flags = OPTION_NEGATED },
	{ .name = "vport", .values = 1, .kind = VALUE_PORT, .flags = OPTION_NEGATED },
	{ .name = "vdir", .values = 1, .kind = VALUE_NAME, NAMES({ "ORIGINAL", 1 }, { "REPLY", 2 }) },
	{ .name = "vmethod", .values = 1, .kind = VALUE_NAME, .flags = OPTION_NEGATED,
	  NAMES({ "MASQ", 0 }, { "IPIP", 2 }, { "GATE", 3 }) },
	{ .name = "vportctl", .values = 1, .kind = VALUE_PORT, .flags = OPTION_NEGATED }));
