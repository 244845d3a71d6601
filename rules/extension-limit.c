/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Matches that count or measure, or go by time and chance. */
#include "rules/extension-list.h"

#include "rules/complete.h"
#include "rules/spell.h"

EXTENSION_MATCH(limit, "limit", EXTENSION_BOTH, .complete = complete_limit, OPTIONS(
	{ .name = "limit", .values = 1, .kind = VALUE_OTHER, .spell = spell_limit },
	{ .name = "limit-burst", .values = 1, .kind = VALUE_NUMBER, .max = 10000, .without = "5" }));

EXTENSION_MATCH(hashlimit, "hashlimit", EXTENSION_BOTH, .complete = complete_hashlimit, OPTIONS(
	{ .name = "hashlimit-upto", .alias = "hashlimit", .values = 1, .kind = VALUE_OTHER,
	  .flags = OPTION_NEGATED },
	{ .name = "hashlimit-above", .values = 1, .kind = VALUE_OTHER, .flags = OPTION_NEGATED },
	{ .name = "hashlimit-burst", .values = 1, .kind = VALUE_OTHER },
	{ .name = "hashlimit-mode", .values = 1, .kind = VALUE_NAMES, NAMES(
		{ "srcip", 1 }, { "srcport", 2 }, { "dstip", 4 }, { "dstport", 8 }) },
	{ .name = "hashlimit-name", .values = 1, .kind = VALUE_WORD },
	{ .name = "hashlimit-htable-size", .values = 1, .kind = VALUE_NUMBER, .without = "0" },
	{ .name = "hashlimit-htable-max", .values = 1, .kind = VALUE_NUMBER, .without = "0" },
	{ .name = "hashlimit-htable-gcinterval", .values = 1, .kind = VALUE_NUMBER, .without = "1000" },
	{ .name = "hashlimit-htable-expire", .values = 1, .kind = VALUE_NUMBER },
	{ .name = "hashlimit-srcmask", .values = 1, .kind = VALUE_NUMBER, .max = 128 },
	{ .name = "hashlimit-dstmask", .values = 1, .kind = VALUE_NUMBER, .max = 128 },
	{ .name = "hashlimit-rate-match" },
	{ .name = "hashlimit-rate-interval", .values = 1, .kind = VALUE_NUMBER }));

EXTENSION_MATCH(quota, "quota", EXTENSION_BOTH, OPTIONS(
	{ .name = "quota", .values = 1, .kind = VALUE_NUMBER, .max = UINT64_MAX, .flags = OPTION_NEGATED }));

EXTENSION_MATCH(statistic, "statistic", EXTENSION_BOTH, OPTIONS(
	{ .name = "mode", .values = 1, .kind = VALUE_NAME, NAMES({ "random", 0 }, { "nth", 1 }) },
	{ .name = "probability", .values = 1, .kind = VALUE_OTHER, .spell = spell_probability, .flags = OPTION_NEGATED },
	{ .name = "every", .values = 1, .kind = VALUE_NUMBER, .flags = OPTION_NEGATED },
	{ .name = "packet", .values = 1, .kind = VALUE_NUMBER }));

#define RATE .values = 1, .flags = OPTION_OPTIONAL

EXTENSION_MATCH(rateest, "rateest", EXTENSION_BOTH, .complete = complete_rateest, OPTIONS(
	{ .name = "rateest-delta" },
	{ .name = "rateest", .values = 1, .kind = VALUE_WORD },
	{ .name = "rateest1", .values = 1, .kind = VALUE_WORD },
	{ .name = "rateest-bps1", RATE, .kind = VALUE_OTHER, .spell = spell_bps },
	{ .name = "rateest-pps1", RATE, .kind = VALUE_NUMBER },
	{ .name = "rateest-lt", .flags = OPTION_NEGATED },
	{ .name = "rateest-gt", .flags = OPTION_NEGATED },
	{ .name = "rateest-eq", .flags = OPTION_NEGATED },
	{ .name = "rateest-bps", RATE, .kind = VALUE_OTHER, .spell = spell_bps },
	{ .name = "rateest-pps", RATE, .kind = VALUE_NUMBER },
	{ .name = "rateest-bps2", RATE, .kind = VALUE_OTHER, .spell = spell_bps },
	{ .name = "rateest-pps2", RATE, .kind = VALUE_NUMBER },
	{ .name = "rateest2", .values = 1, .kind = VALUE_WORD }));

EXTENSION_TARGET(RATEEST, "RATEEST", EXTENSION_BOTH, .complete = complete_estimator, OPTIONS(
	{ .name = "rateest-name", .values = 1, .kind = VALUE_WORD },
	{ .name = "rateest-interval", .values = 1, .kind = VALUE_OTHER, .spell = spell_interval },
	{ .name = "rateest-ewmalog", .values = 1, .kind = VALUE_OTHER, .spell = spell_interval }));

EXTENSION_MATCH(recent, "recent", EXTENSION_BOTH, .complete = complete_recent, OPTIONS(
	{ .name = "set", .flags = OPTION_NEGATED },
	{ .name = "rcheck", .flags = OPTION_NEGATED },
	{ .name = "update", .flags = OPTION_NEGATED },
	{ .name = "remove", .flags = OPTION_NEGATED },
	{ .name = "seconds", .values = 1, .kind = VALUE_NUMBER },
	{ .name = "reap" },
	{ .name = "hitcount", .values = 1, .kind = VALUE_NUMBER, .without = "0" },
	{ .name = "rttl" },
	{ .name = "name", .values = 1, .kind = VALUE_WORD },
	{ .name = "mask", .values = 1, .kind = VALUE_HOST },
	{ .name = "rsource" },
	{ .name = "rdest" }));

EXTENSION_MATCH(time, "time", EXTENSION_BOTH, .complete = complete_time, OPTIONS(
	{ .name = "timestart", .values = 1, .kind = VALUE_OTHER, .spell = spell_daytime },
	{ .name = "timestop", .values = 1, .kind = VALUE_OTHER, .spell = spell_daytime },
	{ .name = "monthdays", .values = 1, .kind = VALUE_OTHER, .spell = spell_monthdays, .flags = OPTION_NEGATED },
	{ .name = "weekdays", .values = 1, .kind = VALUE_OTHER, .spell = spell_weekdays, .flags = OPTION_NEGATED },
	{ .name = "datestart", .values = 1, .kind = VALUE_OTHER, .spell = spell_date },
	{ .name = "datestop", .values = 1, .kind = VALUE_OTHER, .spell = spell_date },
	{ .name = "kerneltz" }, { .name = "localtz", .as = "kerneltz" }, { .name = "utc" },
	{ .name = "contiguous" }));

EXTENSION_MATCH(nfacct, "nfacct", EXTENSION_BOTH, OPTIONS(
	{ .name = "nfacct-name", .values = 1, .kind = VALUE_STRING, .spell = spell_nfacct_name }));

EXTENSION_MATCH(cpu, "cpu", EXTENSION_BOTH, OPTIONS(
	{ .name = "cpu", .values = 1, .kind = VALUE_NUMBER, .flags = OPTION_NEGATED }));
