/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Matches and targets on connection tracking and marks. */
#include "rules/extension-list.h"

#include "rules/complete.h"
#include "rules/spell.h"

#define STATE { "INVALID", 1 }, { "NEW", 2 }, { "RELATED", 4 }, { "ESTABLISHED", 8 }, { "UNTRACKED", 16 }
#define MARK .values = 1, .kind = VALUE_MARK, .flags = OPTION_NEGATED
#define ADDRESS .values = 1, .kind = VALUE_ADDRESS, .flags = OPTION_NEGATED
#define PORT .values = 1, .kind = VALUE_PORTS, .max = 65535, .flags = OPTION_NEGATED

EXTENSION_MATCH(conntrack, "conntrack", EXTENSION_BOTH, OPTIONS(
	{ .name = "ctstate", .values = 1, .kind = VALUE_NAMES, .flags = OPTION_NEGATED,
	  NAMES(STATE, { "SNAT", 32 }, { "DNAT", 64 }) },
	{ .name = "ctproto", .values = 1, .kind = VALUE_PROTOCOL, .flags = OPTION_NEGATED },
	{ .name = "ctorigsrc", ADDRESS }, { .name = "ctorigdst", ADDRESS }, { .name = "ctreplsrc", ADDRESS },
	{ .name = "ctrepldst", ADDRESS },
	{ .name = "ctorigsrcport", PORT }, { .name = "ctorigdstport", PORT }, { .name = "ctreplsrcport", PORT },
	{ .name = "ctrepldstport", PORT },
	{ .name = "ctstatus", .values = 1, .kind = VALUE_NAMES, .flags = OPTION_NEGATED,
	  NAMES({ "NONE", 0 }, { "EXPECTED", 1 }, { "SEEN_REPLY", 2 }, { "ASSURED", 4 }, { "CONFIRMED", 8 }) },
	{ .name = "ctexpire", .values = 1, .kind = VALUE_RANGE, .max = UINT32_MAX, .flags = OPTION_NEGATED },
	{ .name = "ctdir", .values = 1, .kind = VALUE_NAME, NAMES({ "ORIGINAL", 1 }, { "REPLY", 2 }) }));

EXTENSION_MATCH(state, "state", EXTENSION_BOTH, OPTIONS(
	{ .name = "state", .values = 1, .kind = VALUE_NAMES, .flags = OPTION_NEGATED, NAMES(STATE) }));

EXTENSION_MATCH(mark, "mark", EXTENSION_BOTH, OPTIONS({ .name = "mark", MARK }));
EXTENSION_MATCH(connmark, "connmark", EXTENSION_BOTH, OPTIONS({ .name = "mark", MARK }));

EXTENSION_MATCH(connbytes, "connbytes", EXTENSION_BOTH, .complete = complete_connbytes, OPTIONS(
	{ .name = "connbytes", .values = 1, .kind = VALUE_OTHER, .spell = spell_connbytes, .flags = OPTION_NEGATED },
	{ .name = "connbytes-mode", .values = 1, .kind = VALUE_NAME,
	  NAMES({ "packets", 0 }, { "bytes", 1 }, { "avgpkt", 2 }) },
	{ .name = "connbytes-dir", .values = 1, .kind = VALUE_NAME,
	  NAMES({ "original", 0 }, { "reply", 1 }, { "both", 2 }) }));

EXTENSION_MATCH(connlabel, "connlabel", EXTENSION_BOTH, OPTIONS(
	{ .name = "label", .values = 1, .kind = VALUE_STRING, .spell = spell_label, .flags = OPTION_NEGATED },
	{ .name = "set" }));

EXTENSION_MATCH(connlimit, "connlimit", EXTENSION_BOTH, .complete = complete_connlimit, OPTIONS(
	{ .name = "connlimit-upto", .values = 1, .kind = VALUE_NUMBER, .flags = OPTION_NEGATED },
	{ .name = "connlimit-above", .values = 1, .kind = VALUE_NUMBER, .flags = OPTION_NEGATED },
	{ .name = "connlimit-mask", .values = 1, .kind = VALUE_OTHER, .spell = spell_prefix_length },
	{ .name = "connlimit-saddr" },
	{ .name = "connlimit-daddr" }));

EXTENSION_MATCH(helper, "helper", EXTENSION_BOTH, OPTIONS(
	{ .name = "helper", .values = 1, .kind = VALUE_STRING, .flags = OPTION_NEGATED }));

EXTENSION_MATCH(cluster, "cluster", EXTENSION_BOTH, OPTIONS(
	{ .name = "cluster-local-node", .as = "cluster-local-nodemask", .values = 1, .kind = VALUE_OTHER,
	  .spell = spell_node, .flags = OPTION_NEGATED },
	{ .name = "cluster-local-nodemask", .values = 1, .kind = VALUE_HEX, .width = 8, .flags = OPTION_NEGATED },
	{ .name = "cluster-total-nodes", .values = 1, .kind = VALUE_NUMBER, .max = 32 },
	{ .name = "cluster-hash-seed", .values = 1, .kind = VALUE_HEX, .width = 8 }));

#define SET_MARK .values = 1, .kind = VALUE_MARK_FULL
#define BITS .as = "set-xmark", .values = 1, .kind = VALUE_OTHER

EXTENSION_TARGET(MARK, "MARK", EXTENSION_BOTH, OPTIONS(
	{ .name = "set-xmark", SET_MARK },
	{ .name = "set-mark", BITS, .spell = spell_set_mark },
	{ .name = "and-mark", BITS, .spell = spell_and_mark },
	{ .name = "or-mark", BITS, .spell = spell_or_mark },
	{ .name = "xor-mark", BITS, .spell = spell_xor_mark }));

EXTENSION_TARGET(CONNMARK, "CONNMARK", EXTENSION_BOTH, .complete = complete_connmark, OPTIONS(
	{ .name = "set-xmark", SET_MARK },
	{ .name = "set-mark", BITS, .spell = spell_set_mark },
	{ .name = "and-mark", BITS, .spell = spell_and_mark },
	{ .name = "or-mark", BITS, .spell = spell_or_mark },
	{ .name = "xor-mark", BITS, .spell = spell_xor_mark },
	{ .name = "save-mark" },
	{ .name = "restore-mark" },
	{ .name = "nfmask", .values = 1, .kind = VALUE_HEX },
	{ .name = "ctmask", .values = 1, .kind = VALUE_HEX },
	{ .name = "mask", .values = 1, .kind = VALUE_HEX },
	{ .name = "left-shift-mark", .values = 1, .kind = VALUE_NUMBER, .max = 32 },
	{ .name = "right-shift-mark", .values = 1, .kind = VALUE_NUMBER, .max = 32 }));

EXTENSION_TARGET(CONNSECMARK, "CONNSECMARK", EXTENSION_BOTH, .tables = "mangle,security", OPTIONS(
	{ .name = "save" }, { .name = "restore" }));

EXTENSION_TARGET(SECMARK, "SECMARK", EXTENSION_BOTH, .tables = "mangle,security", OPTIONS(
	{ .name = "selctx", .values = 1, .kind = VALUE_WORD }));

#define ZONE .values = 1, .kind = VALUE_NAME, .max = 65535, .without = "0", NAMES({ "mark", UINT32_MAX })

EXTENSION_TARGET(CT, "CT", EXTENSION_BOTH, .tables = "raw", OPTIONS(
	{ .name = "notrack" },
	{ .name = "helper", .values = 1, .kind = VALUE_WORD },
	{ .name = "timeout", .values = 1, .kind = VALUE_WORD },
	{ .name = "ctevents", .values = 1, .kind = VALUE_NAMES, NAMES(
		{ "new", 1 }, { "related", 2 }, { "destroy", 4 }, { "reply", 8 }, { "assured", 16 }, { "protoinfo", 32 },
		{ "helper", 64 }, { "mark", 128 }, { "natseqinfo", 256 }, { "secmark", 512 }) },
	{ .name = "expevents", .values = 1, .kind = VALUE_NAMES, NAMES({ "new", 1 }) },
	{ .name = "zone", ZONE }, { .name = "zone-orig", ZONE }, { .name = "zone-reply", ZONE }));

EXTENSION_TARGET(NOTRACK, "NOTRACK", EXTENSION_BOTH, .tables = "raw");
