/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rates: hashlimit and rateest. */
#include "rules/complete.h"

#include "rules/spell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- hashlimit ---- */

#define HASHLIMIT_SCALE 1000000u
#define BYTE_EXPIRE_MS 15000 /* what is idle so long is forgotten */
#define BYTE_BURST_EXPIRE_MS 60000

/* What is printed without being asked for. */
struct hashlimit {
	uint64_t bytes;       /* a second; 0: packets */
	unsigned expire_ms;   /* that belongs to the rate as it was written, */
	unsigned printed_ms;  /* and to the rate as it is printed */
	unsigned interval;    /* of --hashlimit-rate-match */
};

/* 5kb, 100b: a number and what stands behind it. */
static bool parse_bytes(const char *value, const char *end, uint64_t *bytes)
{
	size_t digits = strspn(value, "0123456789");
	uint64_t factor = 1;

	if (digits == 0 || digits > 15)
		return false;
	*bytes = strtoull(value, NULL, 10);
	value += digits;
	if (*value == 'k' || *value == 'm')
		factor = *value++ == 'k' ? 1024 : 1048576;
	*bytes *= factor;
	return !strcmp(value, end);
}

/* The tool takes 5kb/s, 5kb/sec, 5kb/second, and 5kb/sxyz. Old versions print 5kb/second. */
static bool parse_byte_rate(const char *value, uint64_t *bytes)
{
	const char *slash = strchr(value, '/');
	char start[32];

	if (!slash || slash[1] != 's' || (size_t)(slash - value) >= sizeof(start))
		return false;
	memcpy(start, value, (size_t)(slash - value));
	start[slash - value] = '\0';
	return parse_bytes(start, "b", bytes);
}

/* The kernel is told the price of 16 bytes, so that rates are blurred the more, the faster they are. */
static uint32_t cost_of_bytes(uint64_t bytes)
{
	return UINT32_MAX / ((uint32_t)bytes / 16 + 1);
}

static uint64_t bytes_of_cost(uint32_t cost)
{
	return (uint64_t)(UINT32_MAX / cost - 1) * 16;
}

/* In the largest unit; with cost not 0 only in one that gives this cost again. */
static void print_bytes(char *value, size_t size, uint64_t bytes, uint32_t cost, const char *end)
{
	static const struct {
		uint64_t size;
		const char *name;
	} units[] = { { 1048576, "m" }, { 1024, "k" }, { 1, "" } };
	size_t unit = 0;

	for (; units[unit].size > 1; unit++)
		if (bytes >= units[unit].size && (!cost || cost_of_bytes(bytes & ~(units[unit].size - 1)) == cost))
			break;
	snprintf(value, size, "%llu%sb%s", (unsigned long long)(bytes / units[unit].size), units[unit].name, end);
}

static bool set_packet_rate(struct form *form, struct form_item *rate, struct hashlimit *limit, bool match)
{
	struct text text = { 0 };
	uint64_t period, count;
	unsigned seconds;

	if (!spell_parse_rate(rate->words->values[0], HASHLIMIT_SCALE, &period, &seconds, &count))
		return false;
	/* To match a rate, it is kept as so many in an interval. */
	if (match) {
		period = HASHLIMIT_SCALE / count;
		limit->interval = seconds;
	}
	if (period == 0)
		return false;
	limit->expire_ms = seconds * 1000;
	limit->printed_ms = 1000 * spell_add_rate(&text, HASHLIMIT_SCALE, period);
	if (text.data)
		form_set(form, rate, text.data);
	form->text->failed |= text.failed;
	text_free(&text);
	return true;
}

static bool set_byte_rate(struct form *form, struct form_item *rate, struct hashlimit *limit)
{
	char value[48];
	uint64_t bytes;
	uint32_t cost;

	if (!parse_byte_rate(rate->words->values[0], &bytes) || bytes < 16 || bytes > UINT32_MAX)
		return false;
	cost = cost_of_bytes(bytes);
	limit->bytes = bytes_of_cost(cost);
	limit->printed_ms = form_find(form, "hashlimit-burst") ? BYTE_BURST_EXPIRE_MS : BYTE_EXPIRE_MS;
	limit->expire_ms = limit->printed_ms;
	limit->interval = 1;
	print_bytes(value, sizeof(value), limit->bytes, cost, "/s");
	form_set(form, rate, value);
	return true;
}

/* Bursts in bytes are kept as how often the rate goes into them. */
static void set_byte_burst(struct form *form, struct form_item *burst, const struct hashlimit *limit)
{
	uint64_t bytes;
	char value[48];

	if (!burst || !burst->words ||
	    (!parse_bytes(burst->words->values[0], "b", &bytes) && !parse_bytes(burst->words->values[0], "", &bytes)))
		return;
	print_bytes(value, sizeof(value), (bytes + limit->bytes - 1) / limit->bytes * limit->bytes, 0, "");
	form_set(form, burst, value);
}

/* The tool does not look at what follows: 30/minute is 30. */
static bool parse_burst(const char *value, uint64_t *count)
{
	size_t len = strcspn(value, "/");
	char number[32];

	if (len >= sizeof(number))
		return false;
	memcpy(number, value, len);
	number[len] = '\0';
	return spell_parse(number, UINT32_MAX, count) || parse_bytes(number, "b", count);
}

static void set_packet_burst(struct form *form, struct form_item *burst)
{
	char value[32];
	uint64_t count;

	if (!burst) {
		form_default(form, "hashlimit-burst", "5");
	} else if (burst->words && parse_burst(burst->words->values[0], &count)) {
		snprintf(value, sizeof(value), "%llu", (unsigned long long)count);
		form_set(form, burst, value);
	}
}

static void drop_if(struct form *form, const char *name, const char *value)
{
	struct form_item *item = form_find(form, name);

	if (item && !strcmp(form_value(form, item), value))
		item->gone = true;
}

static void set_number_default(struct form *form, const char *name, unsigned number, unsigned printed)
{
	char value[16];

	snprintf(value, sizeof(value), "%u", number);
	form_default(form, name, value);
	snprintf(value, sizeof(value), "%u", printed);
	drop_if(form, name, value);
}

void complete_hashlimit(struct form *form)
{
	struct form_item *rate = form_find(form, "hashlimit-upto");
	bool match = form_find(form, "hashlimit-rate-match");
	struct hashlimit limit = { .interval = 1 };

	if (!rate)
		rate = form_find(form, "hashlimit-above");
	if (!rate || !rate->words || rate->words->count != 1)
		return;
	if (!set_byte_rate(form, rate, &limit) && !set_packet_rate(form, rate, &limit, match))
		return;
	if (rate->negated) {
		bool upto = !strcmp(rate->option->name, "hashlimit-upto");

		form_rename(form, rate, upto ? "hashlimit-above" : "hashlimit-upto");
		rate->negated = false;
	}
	if (limit.bytes)
		set_byte_burst(form, form_find(form, "hashlimit-burst"), &limit);
	else
		set_packet_burst(form, form_find(form, "hashlimit-burst"));
	set_number_default(form, "hashlimit-htable-expire", limit.expire_ms, limit.printed_ms);
	drop_if(form, "hashlimit-srcmask", form->family == NFV_FAMILY_IPV6 ? "128" : "32");
	drop_if(form, "hashlimit-dstmask", form->family == NFV_FAMILY_IPV6 ? "128" : "32");
	if (match)
		set_number_default(form, "hashlimit-rate-interval", limit.interval, 1);
	else
		form_drop(form, "hashlimit-rate-interval");
}

/* ---- rateest ---- */

/* A rate without a number is 0. */
static void set_rate(struct form *form, const char *name, const char *zero)
{
	struct form_item *item = form_find(form, name);

	if (!item)
		form_default(form, name, zero);
	else if (!item->len)
		form_set(form, item, zero);
}

static void rename_rate(struct form *form, const char *from, const char *to)
{
	struct form_item *item = form_find(form, from);

	if (item)
		form_rename(form, item, to);
}

/* Rates of one kind: two for differences, else one, and no number when two estimators are compared. */
static void complete_rates(struct form *form, const char *first, const char *second, const char *alone, const char *zero)
{
	struct form_item *item;

	if (!form_find(form, first) && !form_find(form, second) && !form_find(form, alone))
		return;
	if (form_find(form, "rateest-delta")) {
		rename_rate(form, alone, second);
		set_rate(form, first, zero);
		set_rate(form, second, zero);
		return;
	}
	form_drop(form, first);
	rename_rate(form, second, alone);
	set_rate(form, alone, zero);
	item = form_find(form, "rateest2") ? form_find(form, alone) : NULL;
	if (item)
		form_set(form, item, "");
}

void complete_rateest(struct form *form)
{
	struct form_item *name = form_find(form, "rateest");

	if (!name)
		name = form_find(form, "rateest1");
	if (name)
		form_rename(form, name, form_find(form, "rateest2") ? "rateest1" : "rateest");
	complete_rates(form, "rateest-bps1", "rateest-bps2", "rateest-bps", "0bit");
	complete_rates(form, "rateest-pps1", "rateest-pps2", "rateest-pps", "0");
}

/* ---- the estimator itself ---- */

/* How many intervals an average over 1/2^log of the samples reaches back: 1 / -ln(1 - 2^-log). */
static double reach(unsigned log)
{
	static const double first[] = { 0, 1.4426950, 3.4760595, 7.4888517, 15.4946268 };
	double whole = (double)((uint64_t)1 << log);

	return log < sizeof(first) / sizeof(first[0]) ? first[log] : whole - 0.5 - 1 / (12 * whole);
}

/* The kernel knows a quarter of a second and its doubles, and averages over powers of two of them. */
void complete_estimator(struct form *form)
{
	struct form_item *interval = form_find(form, "rateest-interval"), *average = form_find(form, "rateest-ewmalog");
	double its, wanted, kept = 250e3;
	unsigned log = 1;
	char value[32];

	if (!interval || !average || !interval->spelt || !average->spelt || !interval->words || !average->words)
		return;
	if (!spell_parse_time(interval->words->values[0], &its) || !spell_parse_time(average->words->values[0], &wanted))
		return;
	while (kept < its && kept < 8e6)
		kept *= 2;
	while (log < 32 && its * reach(log) <= wanted)
		log++;
	if (kept < its || log == 1 || log == 32)
		return;
	spell_print_time(value, sizeof(value), kept);
	form_set(form, interval, value);
	spell_print_time(value, sizeof(value), kept * (double)((uint64_t)1 << (log - 1)));
	form_set(form, average, value);
}
