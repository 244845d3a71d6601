/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Matches on the extension headers of IPv6. */
#include "rules/extension-list.h"

#include "rules/complete.h"
#include "rules/spell.h"

#define NUMBER .values = 1, .kind = VALUE_NUMBER, .flags = OPTION_NEGATED
#define BYTE .values = 1, .kind = VALUE_NUMBER, .max = 255, .flags = OPTION_NEGATED
#define NET .values = 1, .kind = VALUE_NET, .flags = OPTION_NEGATED
#define RANGE .values = 1, .kind = VALUE_RANGE, .max = UINT32_MAX, .flags = OPTION_NEGATED | OPTION_FULL

EXTENSION_MATCH(hbh, "hbh", EXTENSION_IPV6, OPTIONS(
	{ .name = "hbh-len", NUMBER },
	{ .name = "hbh-opts", .values = 1, .kind = VALUE_OTHER, .spell = spell_header_options }));

EXTENSION_MATCH(dst, "dst", EXTENSION_IPV6, OPTIONS(
	{ .name = "dst-len", NUMBER },
	{ .name = "dst-opts", .values = 1, .kind = VALUE_OTHER, .spell = spell_header_options }));

EXTENSION_MATCH(frag, "frag", EXTENSION_IPV6, OPTIONS(
	{ .name = "fragid", RANGE }, { .name = "fraglen", NUMBER }, { .name = "fragres" }, { .name = "fragfirst" },
	{ .name = "fragmore" }, { .name = "fraglast" }));

EXTENSION_MATCH(rt, "rt", EXTENSION_IPV6, OPTIONS(
	{ .name = "rt-type", NUMBER }, { .name = "rt-segsleft", RANGE }, { .name = "rt-len", NUMBER },
	{ .name = "rt-0-res" },
	{ .name = "rt-0-addrs", .values = 1, .kind = VALUE_OTHER, .spell = spell_address_list },
	{ .name = "rt-0-not-strict" }));

EXTENSION_MATCH(srh, "srh", EXTENSION_IPV6, .complete = complete_srh, OPTIONS(
	{ .name = "srh-next-hdr", BYTE },
	{ .name = "srh-hdr-len-eq", BYTE }, { .name = "srh-hdr-len-gt", BYTE }, { .name = "srh-hdr-len-lt", BYTE },
	{ .name = "srh-segs-left-eq", BYTE }, { .name = "srh-segs-left-gt", BYTE }, { .name = "srh-segs-left-lt", BYTE },
	{ .name = "srh-last-entry-eq", BYTE }, { .name = "srh-last-entry-gt", BYTE },
	{ .name = "srh-last-entry-lt", BYTE },
	{ .name = "srh-tag", .values = 1, .kind = VALUE_NUMBER, .max = 65535, .flags = OPTION_NEGATED },
	{ .name = "srh-psid", NET }, { .name = "srh-nsid", NET }, { .name = "srh-lsid", NET }));

EXTENSION_MATCH(ipv6header, "ipv6header", EXTENSION_IPV6, OPTIONS(
	{ .name = "header", .values = 1, .kind = VALUE_OTHER, .spell = spell_ipv6_headers, .flags = OPTION_NEGATED },
	{ .name = "soft" }));

EXTENSION_MATCH(eui64, "eui64", EXTENSION_IPV6);
