/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Matches on fields of IP headers, and targets that change packets. */
#include "rules/extension-list.h"

#include "rules/complete.h"
#include "rules/spell.h"

#define NUMBER .values = 1, .kind = VALUE_NUMBER, .max = 255
#define DSCP_CLASSES NAMES( \
	{ "BE", 0x00 }, { "CS0", 0x00 }, { "CS1", 0x08 }, { "CS2", 0x10 }, { "CS3", 0x18 }, { "CS4", 0x20 }, \
	{ "CS5", 0x28 }, { "CS6", 0x30 }, { "CS7", 0x38 }, { "AF11", 0x0a }, { "AF12", 0x0c }, { "AF13", 0x0e }, \
	{ "AF21", 0x12 }, \
	{ "AF22", 0x14 }, { "AF23", 0x16 }, { "AF31", 0x1a }, { "AF32", 0x1c }, { "AF33", 0x1e }, { "AF41", 0x22 }, \
	{ "AF42", 0x24 }, { "AF43", 0x26 }, { "EF", 0x2e })

EXTENSION_MATCH(length, "length", EXTENSION_BOTH, OPTIONS(
	{ .name = "length", .values = 1, .kind = VALUE_RANGE, .max = 65535, .flags = OPTION_NEGATED }));

EXTENSION_MATCH(ttl, "ttl", EXTENSION_IPV4, OPTIONS(
	{ .name = "ttl-eq", .alias = "ttl", NUMBER, .flags = OPTION_NEGATED }, { .name = "ttl-lt", NUMBER },
	{ .name = "ttl-gt", NUMBER }));
EXTENSION_TARGET(TTL, "TTL", EXTENSION_IPV4, .tables = "mangle", OPTIONS(
	{ .name = "ttl-set", NUMBER }, { .name = "ttl-dec", NUMBER }, { .name = "ttl-inc", NUMBER }));

EXTENSION_MATCH(hl, "hl", EXTENSION_IPV6, OPTIONS(
	{ .name = "hl-eq", .alias = "hl", NUMBER, .flags = OPTION_NEGATED }, { .name = "hl-lt", NUMBER },
	{ .name = "hl-gt", NUMBER }));
EXTENSION_TARGET(HL, "HL", EXTENSION_IPV6, .tables = "mangle", OPTIONS(
	{ .name = "hl-set", NUMBER }, { .name = "hl-dec", NUMBER }, { .name = "hl-inc", NUMBER }));

EXTENSION_MATCH(dscp, "dscp", EXTENSION_BOTH, OPTIONS(
	{ .name = "dscp", .values = 1, .kind = VALUE_HEX, .width = 2, .max = 63, .flags = OPTION_NEGATED },
	{ .name = "dscp-class", .as = "dscp", .values = 1, .kind = VALUE_OTHER, .spell = spell_dscp_class,
	  .flags = OPTION_NEGATED, DSCP_CLASSES }));
EXTENSION_TARGET(DSCP, "DSCP", EXTENSION_BOTH, .tables = "mangle", OPTIONS(
	{ .name = "set-dscp", .values = 1, .kind = VALUE_HEX, .width = 2, .max = 63 },
	{ .name = "set-dscp-class", .as = "set-dscp", .values = 1, .kind = VALUE_OTHER, .spell = spell_dscp_class,
	  DSCP_CLASSES }));

EXTENSION_MATCH(tos, "tos", EXTENSION_BOTH, OPTIONS(
	{ .name = "tos", .values = 1, .kind = VALUE_OTHER, .spell = spell_tos, .flags = OPTION_NEGATED }));
EXTENSION_TARGET(TOS, "TOS", EXTENSION_BOTH, .tables = "mangle", OPTIONS(
	{ .name = "set-tos", .values = 1, .kind = VALUE_OTHER, .spell = spell_tos },
	{ .name = "and-tos", .as = "set-tos", .values = 1, .kind = VALUE_OTHER, .spell = spell_and_tos },
	{ .name = "or-tos", .as = "set-tos", .values = 1, .kind = VALUE_OTHER, .spell = spell_or_tos },
	{ .name = "xor-tos", .as = "set-tos", .values = 1, .kind = VALUE_OTHER, .spell = spell_xor_tos }));

EXTENSION_TARGET(ECN, "ECN", EXTENSION_IPV4, .tables = "mangle", .complete = complete_ecn, OPTIONS(
	{ .name = "ecn-tcp-remove" },
	{ .name = "ecn-tcp-ece", .values = 1, .kind = VALUE_NUMBER, .max = 1 },
	{ .name = "ecn-tcp-cwr", .values = 1, .kind = VALUE_NUMBER, .max = 1 },
	{ .name = "ecn-ip-ect", .values = 1, .kind = VALUE_NUMBER, .max = 3 }));

EXTENSION_TARGET(CHECKSUM, "CHECKSUM", EXTENSION_BOTH, .tables = "mangle", OPTIONS({ .name = "checksum-fill" }));
EXTENSION_TARGET(CLASSIFY, "CLASSIFY", EXTENSION_BOTH, OPTIONS(
	{ .name = "set-class", .values = 1, .kind = VALUE_OTHER, .spell = spell_class }));

EXTENSION_TARGET(TCPMSS, "TCPMSS", EXTENSION_BOTH, OPTIONS(
	{ .name = "set-mss", .values = 1, .kind = VALUE_NUMBER, .max = 65495 }, { .name = "clamp-mss-to-pmtu" }));
EXTENSION_TARGET(TCPOPTSTRIP, "TCPOPTSTRIP", EXTENSION_BOTH, .tables = "mangle", OPTIONS(
	{ .name = "strip-options", .values = 1, .kind = VALUE_OTHER, .spell = spell_strip_options }));

EXTENSION_TARGET(SYNPROXY, "SYNPROXY", EXTENSION_BOTH, OPTIONS(
	{ .name = "sack-perm" }, { .name = "timestamp" },
	{ .name = "wscale", .values = 1, .kind = VALUE_NUMBER },
	{ .name = "mss", .values = 1, .kind = VALUE_NUMBER },
	{ .name = "ecn" }));

#define HEX4 .values = 1, .kind = VALUE_HEX, .width = 4, .max = 65535

EXTENSION_TARGET(HMARK, "HMARK", EXTENSION_BOTH, .complete = complete_hmark, OPTIONS(
	{ .name = "hmark-src-prefix", .values = 1, .kind = VALUE_OTHER, .spell = spell_prefix_length },
	{ .name = "hmark-dst-prefix", .values = 1, .kind = VALUE_OTHER, .spell = spell_prefix_length },
	{ .name = "hmark-sport-mask", HEX4 }, { .name = "hmark-dport-mask", HEX4 },
	{ .name = "hmark-spi-mask", .values = 1, .kind = VALUE_HEX, .width = 8 },
	{ .name = "hmark-sport", HEX4 }, { .name = "hmark-dport", HEX4 },
	{ .name = "hmark-spi", .values = 1, .kind = VALUE_HEX, .width = 8 },
	{ .name = "hmark-proto-mask", .values = 1, .kind = VALUE_HEX, .width = 2, .max = 65535 },
	{ .name = "hmark-rnd", .values = 1, .kind = VALUE_HEX, .width = 8 },
	{ .name = "hmark-mod", .values = 1, .kind = VALUE_NUMBER },
	{ .name = "hmark-offset", .values = 1, .kind = VALUE_NUMBER },
	{ .name = "hmark-tuple", .values = 1, .kind = VALUE_WORD }));
