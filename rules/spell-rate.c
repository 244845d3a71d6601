/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rates, times between packets, chances; and texts that the kernel cuts. */
#include "rules/spell.h"

#include "rules/tokens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LIMIT_SCALE 10000u /* the match limit counts in units of 1/10000 s */

static const struct {
	const char *name, *whole;
	unsigned seconds;
} units[] = { { "day", "day", 86400 }, { "hour", "hour", 3600 }, { "min", "minute", 60 }, { "sec", "second", 1 } };

#define UNITS (sizeof(units) / sizeof(units[0]))

/* The tool keeps the time for one packet, cut to a whole number: 7000/sec is 10000/sec. */
bool spell_parse_rate(const char *text, uint64_t scale, uint64_t *period, unsigned *seconds, uint64_t *count)
{
	size_t digits = strspn(text, "0123456789"), len;

	if (digits == 0 || digits > 9)
		return false;
	*count = strtoull(text, NULL, 10);
	text += digits;
	*seconds = 1;
	if (*text) {
		size_t unit = 0;

		len = strlen(++text);
		while (unit < UNITS && (len == 0 || strncasecmp(units[unit].whole, text, len) != 0))
			unit++;
		if (text[-1] != '/' || unit == UNITS)
			return false;
		*seconds = units[unit].seconds;
	}
	if (*count == 0 || *count / *seconds > scale)
		return false;
	*period = scale * *seconds / *count;
	return *period > 0;
}

/* In the largest unit that does not blur it. Returns the unit's seconds. */
unsigned spell_add_rate(struct text *out, uint64_t scale, uint64_t period)
{
	size_t unit = 1;

	for (; unit < UNITS; unit++) {
		uint64_t whole = scale * units[unit].seconds;

		if (period > whole || whole / period < whole % period)
			break;
	}
	spell_decimal(out, scale * units[unit - 1].seconds / period);
	text_add(out, "/", 1);
	spell_add(out, units[unit - 1].name);
	return units[unit - 1].seconds;
}

bool spell_limit(const struct spelling *s)
{
	uint64_t period, count;
	unsigned seconds;

	if (!spell_parse_rate(s->values[0], LIMIT_SCALE, &period, &seconds, &count))
		return false;
	spell_add_rate(s->out, LIMIT_SCALE, period);
	return true;
}

/* The kernel keeps 31 bits of it. */
bool spell_probability(const struct spelling *s)
{
	char *end;
	double chance = strtod(s->values[0], &end);

	if (end == s->values[0] || *end || !(chance >= 0 && chance <= 1) || strchr("+- \t", *s->values[0]))
		return false;
	text_printf(s->out, "%.11f", (double)(uint64_t)(chance * 0x80000000 + 0.5) / 0x80000000);
	return true;
}

/* ---- rates of an estimator ---- */

static void add_bits(struct text *out, uint64_t bits)
{
	if (bits >= 1000000000)
		text_printf(out, "%.0fMbit", (double)bits / 1e6);
	else if (bits >= 1000000)
		text_printf(out, "%.0fKbit", (double)bits / 1e3);
	else
		text_printf(out, "%.0fbit", (double)bits);
}

/* 5kbit, 100bps: bits a second, rounded as they are printed. */
bool spell_bps(const struct spelling *s)
{
	static const struct {
		const char *suffix;
		double factor;
	} suffixes[] = {
		{ "bit", 1 }, { "kibit", 1024 }, { "kbit", 1e3 }, { "mibit", 1048576 }, { "mbit", 1e6 },
		{ "gibit", 1073741824 }, { "gbit", 1e9 }, { "tibit", 1099511627776 }, { "tbit", 1e12 }, { "bps", 8 },
		{ "kibps", 8192 },
		{ "kbps", 8e3 }, { "mibps", 8388608 }, { "mbps", 8e6 }, { "gibps", 8589934592 }, { "gbps", 8e9 },
		{ "tibps", 8796093022208 },
		{ "tbps", 8e12 }, { "", 1 },
	};
	char *end;
	double rate = strtod(s->values[0], &end);

	if (end == s->values[0] || *s->values[0] < '0' || *s->values[0] > '9')
		return false;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (strcasecmp(end, suffixes[i].suffix) != 0)
			continue;
		/* It is kept as 32 bits of bytes. */
		rate = rate * suffixes[i].factor / 8;
		if (rate > UINT32_MAX)
			return false;
		add_bits(s->out, (uint64_t)rate * 8);
		return true;
	}
	return false;
}

/* A time as microseconds: 250ms, 1s, 500000us. */
bool spell_parse_time(const char *text, double *microseconds)
{
	static const struct {
		const char *suffix;
		double factor;
	} suffixes[] = { { "s", 1e6 }, { "sec", 1e6 }, { "secs", 1e6 }, { "ms", 1e3 }, { "msec", 1e3 }, { "msecs", 1e3 },
			 { "us", 1 }, { "usec", 1 }, { "usecs", 1 }, { "", 1 } };
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	*microseconds = strtod(text, &end);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (strcasecmp(end, suffixes[i].suffix) != 0)
			continue;
		*microseconds *= suffixes[i].factor;
		return true;
	}
	return false;
}

void spell_print_time(char *value, size_t size, double microseconds)
{
	if (microseconds >= 1e6)
		snprintf(value, size, "%.1fs", microseconds / 1e6);
	else if (microseconds >= 1e3)
		snprintf(value, size, "%.1fms", microseconds / 1e3);
	else
		snprintf(value, size, "%.0fus", microseconds);
}

bool spell_interval(const struct spelling *s)
{
	double time;

	char value[64];

	if (!spell_parse_time(s->values[0], &time))
		return false;
	spell_print_time(value, sizeof(value), time);
	spell_add(s->out, value);
	return true;
}

/* ---- counts ---- */

/* 10:20; an open end stays open. */
bool spell_connbytes(const struct spelling *s)
{
	const char *colon = strchr(s->values[0], ':');
	size_t len = colon ? (size_t)(colon - s->values[0]) : strlen(s->values[0]);
	uint64_t low = 0, high = UINT64_MAX;

	if ((len > 0 && !spell_parse_part(s->values[0], len, UINT64_MAX, &low)) || (len == 0 && !colon))
		return false;
	if (colon && colon[1] && !spell_parse(colon + 1, UINT64_MAX, &high))
		return false;
	spell_decimal(s->out, low);
	if (high != UINT64_MAX) {
		text_add(s->out, ":", 1);
		spell_decimal(s->out, high);
	}
	return true;
}

/* A bit by number; names are those of the system's own file and stay. */
bool spell_label(const struct spelling *s)
{
	uint64_t bit;

	text_add(s->out, "\"", 1);
	if (!spell_parse(s->values[0], 127, &bit))
		return false;
	spell_decimal(s->out, bit);
	text_add(s->out, "\"", 1);
	return true;
}

/* ---- texts and levels of logs ---- */

static bool add_cut(const char *value, size_t max, struct text *out)
{
	char cut[128];
	size_t len = strnlen(value, max);

	memcpy(cut, value, len);
	cut[len] = '\0';
	tokens_quote(out, cut);
	return true;
}

bool spell_log_prefix(const struct spelling *s)
{
	return add_cut(s->values[0], 29, s->out);
}

bool spell_nflog_prefix(const struct spelling *s)
{
	return add_cut(s->values[0], 63, s->out);
}

bool spell_log_level(const struct spelling *s)
{
	static const struct value_name names[] = {
		{ "emerg", 0 }, { "panic", 0 }, { "alert", 1 }, { "crit", 2 }, { "error", 3 }, { "warning", 4 },
		{ "notice", 5 }, { "info", 6 }, { "debug", 7 }, { NULL, 0 },
	};
	uint32_t level;
	uint64_t number;

	if (spell_find_name(names, s->values[0], strlen(s->values[0]), false, &level))
		number = level;
	else if (!spell_parse(s->values[0], 7, &number))
		return false;
	spell_decimal(s->out, number);
	return true;
}

bool spell_in_quotes(const struct spelling *s)
{
	spell_quoted(s->out, s->values[0], strlen(s->values[0]));
	return true;
}

bool spell_led_delay(const struct spelling *s)
{
	uint64_t delay;

	if (!strcmp(s->values[0], "inf") || !strcmp(s->values[0], "-1")) {
		spell_add(s->out, "-1");
		return true;
	}
	if (!spell_parse(s->values[0], INT32_MAX, &delay))
		return false;
	spell_decimal(s->out, delay);
	return true;
}

/* The tool prints one blank more before it. */
bool spell_nfacct_name(const struct spelling *s)
{
	text_add(s->out, " ", 1);
	tokens_quote(s->out, s->values[0]);
	return true;
}
