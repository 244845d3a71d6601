/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Targets that queue, log, and tell. */
#include "rules/extension-list.h"

#include "rules/complete.h"
#include "rules/spell.h"

EXTENSION_TARGET(NFQUEUE, "NFQUEUE", EXTENSION_BOTH, .complete = complete_nfqueue, OPTIONS(
	{ .name = "queue-num", .values = 1, .kind = VALUE_NUMBER, .max = 65535 },
	{ .name = "queue-balance", .values = 1, .kind = VALUE_RANGE, .max = 65535 },
	{ .name = "queue-bypass" },
	{ .name = "queue-cpu-fanout" }));

EXTENSION_TARGET(LOG, "LOG", EXTENSION_BOTH, OPTIONS(
	{ .name = "log-prefix", .values = 1, .kind = VALUE_STRING, .spell = spell_log_prefix },
	{ .name = "log-level", .values = 1, .kind = VALUE_OTHER, .spell = spell_log_level, .without = "4" },
	{ .name = "log-tcp-sequence" }, { .name = "log-tcp-options" }, { .name = "log-ip-options" },
	{ .name = "log-uid" }, { .name = "log-macdecode" }));

EXTENSION_TARGET(NFLOG, "NFLOG", EXTENSION_BOTH, .complete = complete_nflog, OPTIONS(
	{ .name = "nflog-prefix", .values = 1, .kind = VALUE_STRING, .spell = spell_nflog_prefix },
	{ .name = "nflog-group", .values = 1, .kind = VALUE_NUMBER, .max = 65535, .without = "0" },
	{ .name = "nflog-range", .values = 1, .kind = VALUE_NUMBER, .without = "0" },
	{ .name = "nflog-size", .values = 1, .kind = VALUE_NUMBER },
	{ .name = "nflog-threshold", .values = 1, .kind = VALUE_NUMBER, .max = 65535, .without = "0" }));

EXTENSION_TARGET(ULOG, "ULOG", EXTENSION_IPV4, OPTIONS(
	{ .name = "ulog-prefix", .values = 1, .kind = VALUE_STRING },
	{ .name = "ulog-nlgroup", .values = 1, .kind = VALUE_NUMBER, .max = 32, .without = "1" },
	{ .name = "ulog-cprange", .values = 1, .kind = VALUE_NUMBER, .without = "0" },
	{ .name = "ulog-qthreshold", .values = 1, .kind = VALUE_NUMBER, .max = 50, .without = "1" }));

/* iptables-legacy has it in table raw alone. */
EXTENSION_TARGET(TRACE, "TRACE", EXTENSION_BOTH);
EXTENSION_TARGET(QUEUE, "QUEUE", EXTENSION_BOTH);

EXTENSION_TARGET(AUDIT, "AUDIT", EXTENSION_BOTH, OPTIONS(
	{ .name = "type", .values = 1, .kind = VALUE_NAME, NAMES({ "accept", 0 }, { "drop", 1 }, { "reject", 2 }) }));

EXTENSION_TARGET(IDLETIMER, "IDLETIMER", EXTENSION_BOTH, OPTIONS(
	{ .name = "timeout", .values = 1, .kind = VALUE_NUMBER },
	{ .name = "label", .values = 1, .kind = VALUE_WORD },
	{ .name = "alarm" }));

EXTENSION_TARGET(LED, "LED", EXTENSION_BOTH, OPTIONS(
	{ .name = "led-trigger-id", .values = 1, .kind = VALUE_STRING, .spell = spell_in_quotes },
	{ .name = "led-delay", .values = 1, .kind = VALUE_OTHER, .spell = spell_led_delay, .without = "0" },
	{ .name = "led-always-blink" }));

EXTENSION_MATCH(comment, "comment", EXTENSION_BOTH, OPTIONS({ .name = "comment", .values = 1, .kind = VALUE_STRING }));
