/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Matches on the headers of transport protocols. */
#include "rules/extension-list.h"

#include "rules/complete.h"
#include "rules/spell.h"

#define PORTS .values = 1, .kind = VALUE_PORTS, .max = 65535, .flags = OPTION_NEGATED
#define PORTS_FULL .values = 1, .kind = VALUE_PORTS, .max = 65535, .flags = OPTION_NEGATED | OPTION_FULL
#define SPORT { .name = "sport", .alias = "source-port", PORTS }
#define SPORT_FULL { .name = "sport", .alias = "source-port", PORTS_FULL }
#define DPORT_FULL { .name = "dport", .alias = "destination-port", PORTS_FULL }
#define DPORT { .name = "dport", .alias = "destination-port", PORTS }
#define SPI .values = 1, .kind = VALUE_RANGE, .max = UINT32_MAX, .flags = OPTION_NEGATED | OPTION_FULL

EXTENSION_MATCH(tcp, "tcp", EXTENSION_BOTH, .complete = complete_ports, OPTIONS(
	SPORT_FULL, DPORT_FULL,
	{ .name = "tcp-option", .values = 1, .kind = VALUE_NUMBER, .max = 255, .flags = OPTION_NEGATED },
	{ .name = "tcp-flags", .values = 2, .kind = VALUE_OTHER, .spell = spell_tcp_flags, .flags = OPTION_NEGATED },
	{ .name = "syn", .as = "tcp-flags", .spell = spell_tcp_syn, .flags = OPTION_NEGATED }));

EXTENSION_MATCH(udp, "udp", EXTENSION_BOTH, .complete = complete_ports, OPTIONS(SPORT_FULL, DPORT_FULL));

EXTENSION_MATCH(sctp, "sctp", EXTENSION_BOTH, OPTIONS(
	SPORT, DPORT,
	{ .name = "chunk-types", .values = 2, .kind = VALUE_OTHER, .spell = spell_sctp_chunks, .flags = OPTION_NEGATED }));

EXTENSION_MATCH(dccp, "dccp", EXTENSION_BOTH, OPTIONS(
	SPORT, DPORT,
	{ .name = "dccp-types", .values = 1, .kind = VALUE_NAMES, .flags = OPTION_NEGATED, NAMES(
		{ "REQUEST", 1 }, { "RESPONSE", 2 }, { "DATA", 4 }, { "ACK", 8 }, { "DATAACK", 16 }, { "CLOSEREQ", 32 },
		{ "CLOSE", 64 }, { "RESET", 128 }, { "SYNC", 256 }, { "SYNCACK", 512 }, { "INVALID", 1024 }) },
	{ .name = "dccp-option", .values = 1, .kind = VALUE_NUMBER, .max = 255, .flags = OPTION_NEGATED }));

EXTENSION_MATCH(icmp, "icmp", EXTENSION_IPV4, OPTIONS(
	{ .name = "icmp-type", .values = 1, .kind = VALUE_OTHER, .spell = spell_icmp_type, .flags = OPTION_NEGATED }));

EXTENSION_MATCH(icmp6, "icmp6", EXTENSION_IPV6, OPTIONS(
	{ .name = "icmpv6-type", .values = 1, .kind = VALUE_OTHER, .spell = spell_icmp6_type, .flags = OPTION_NEGATED }));

EXTENSION_MATCH(mh, "mh", EXTENSION_IPV6, OPTIONS(
	{ .name = "mh-type", .values = 1, .kind = VALUE_OTHER, .max = 255, .spell = spell_mh_type,
	  .flags = OPTION_NEGATED | OPTION_FULL }));

EXTENSION_MATCH(ah_4, "ah", EXTENSION_IPV4, OPTIONS({ .name = "ahspi", SPI }));

EXTENSION_MATCH(ah_6, "ah", EXTENSION_IPV6, OPTIONS(
	{ .name = "ahspi", SPI },
	{ .name = "ahlen", .values = 1, .kind = VALUE_NUMBER, .without = "0", .flags = OPTION_NEGATED },
	{ .name = "ahres" }));

EXTENSION_MATCH(esp, "esp", EXTENSION_BOTH, OPTIONS({ .name = "espspi", SPI }));

/* Without an SPI it is 0, so the tool prints too little when every one fits. */
EXTENSION_MATCH(ipcomp, "ipcomp", EXTENSION_BOTH, .complete = complete_ipcomp, OPTIONS(
	{ .name = "ipcompspi", .values = 1, .kind = VALUE_RANGE, .max = UINT32_MAX, .flags = OPTION_NEGATED },
	{ .name = "compres" }));

EXTENSION_MATCH(multiport, "multiport", EXTENSION_BOTH, OPTIONS(
	{ .name = "sports", .alias = "source-ports", .values = 1, .kind = VALUE_PORT_LIST, .flags = OPTION_NEGATED },
	{ .name = "dports", .alias = "destination-ports", .values = 1, .kind = VALUE_PORT_LIST, .flags = OPTION_NEGATED },
	{ .name = "ports", .values = 1, .kind = VALUE_PORT_LIST, .flags = OPTION_NEGATED }));

EXTENSION_MATCH(tcpmss, "tcpmss", EXTENSION_BOTH, OPTIONS(
	{ .name = "mss", .values = 1, .kind = VALUE_RANGE, .max = 65535, .flags = OPTION_NEGATED }));

EXTENSION_MATCH(ecn, "ecn", EXTENSION_BOTH, OPTIONS(
	{ .name = "ecn-tcp-ece", .flags = OPTION_NEGATED },
	{ .name = "ecn-tcp-cwr", .flags = OPTION_NEGATED },
	{ .name = "ecn-ip-ect", .values = 1, .kind = VALUE_NUMBER, .max = 3, .flags = OPTION_NEGATED }));
