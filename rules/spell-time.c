/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times of day, dates, and days. */
#include "rules/spell.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Numbers with something between them; the ones that are missing stay. Returns what follows them. */
static const char *parse_parts(const char *text, const char *between, unsigned *parts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t digits = strspn(text, "0123456789");

		if (digits == 0 || digits > 4)
			return NULL;
		parts[i] = (unsigned)strtoul(text, NULL, 10);
		text += digits;
		if (i + 1 == count || *text != between[i])
			return text;
		text++;
	}
	return text;
}

static bool parse_daytime(const char *text, unsigned *parts)
{
	const char *end = parse_parts(text, "::", parts, 3);

	return end && !*end && parts[0] <= 23 && parts[1] <= 59 && parts[2] <= 59;
}

bool spell_daytime(const struct spelling *s)
{
	unsigned parts[3] = { 0 };

	/* The tool wants minutes, too. */
	if (!strchr(s->values[0], ':') || !parse_daytime(s->values[0], parts))
		return false;
	text_printf(s->out, "%02u:%02u:%02u", parts[0], parts[1], parts[2]);
	return true;
}

bool spell_date(const struct spelling *s)
{
	unsigned date[3] = { 1970, 1, 1 }, time[3] = { 0 };
	const char *end = parse_parts(s->values[0], "--", date, 3);

	if (!end || (*end && (*end != 'T' || !parse_daytime(end + 1, time))))
		return false;
	if (date[0] < 1970 || date[0] > 2038 || date[1] < 1 || date[1] > 12 || date[2] < 1 || date[2] > 31)
		return false;
	text_printf(s->out, "%04u-%02u-%02uT%02u:%02u:%02u", date[0], date[1], date[2], time[0], time[1], time[2]);
	return true;
}

bool spell_monthdays(const struct spelling *s)
{
	const char *value = s->values[0];
	uint32_t days = 0;
	uint64_t day;
	bool first = true;

	for (;;) {
		size_t len = strcspn(value, ",");
		size_t zeros = len > 1 && *value == '0'; /* decimal, also behind a zero */

		if (!spell_parse_part(value + zeros, len - zeros, 31, &day) || day == 0)
			return false;
		days |= (uint32_t)1 << day;
		if (!value[len])
			break;
		value += len + 1;
	}
	for (unsigned i = 1; i <= 31; i++) {
		if (!(days & (uint32_t)1 << i))
			continue;
		if (!first)
			text_add(s->out, ",", 1);
		first = false;
		spell_decimal(s->out, i);
	}
	return true;
}

/* A number, or at least two letters of a name. */
static bool parse_weekday(const char *value, size_t len, uint32_t *day)
{
	static const char *const names[] = { "Monday",
	  "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday" };
	uint64_t number;

	if (spell_parse_part(value, len, 7, &number) && number > 0) {
		*day = (uint32_t)number;
		return true;
	}
	for (uint32_t i = 0; i < 7; i++) {
		if (len < 2 || strncmp(names[i], value, len) != 0)
			continue;
		*day = i + 1;
		return true;
	}
	return false;
}

bool spell_weekdays(const struct spelling *s)
{
	static const char names[][4] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
	const char *value = s->values[0];
	uint32_t days = 0, day;
	bool first = true;

	for (;;) {
		size_t len = strcspn(value, ",");

		if (!parse_weekday(value, len, &day))
			return false;
		days |= 1u << day;
		if (!value[len])
			break;
		value += len + 1;
	}
	for (unsigned i = 1; i <= 7; i++) {
		if (!(days & 1u << i))
			continue;
		if (!first)
			text_add(s->out, ",", 1);
		first = false;
		spell_add(s->out, names[i - 1]);
	}
	return true;
}
