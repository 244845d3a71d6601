/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/scalar.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SHOWN 64 /* bytes of a bad value that are quoted */

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit size_units[] = { { "K", 1u << 10 }, { "M", 1u << 20 }, { "G", 1u << 30 }, { 0 } };

static const struct unit duration_units[] = {
	{ "ns", 1 }, { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 }, { "min", 60000000000 }, { "h", 3600000000000 },
	{ 0 }
};

int scalar_refuse(struct why *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why->text, sizeof(why->text), format, args);
	va_end(args);
	return -EINVAL;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/* Why a text does not begin with a number, as exactly as can be told. */
static int refuse_number(const char *text, const char *wanted, struct why *why)
{
	if (*text == '-' && digit_value(text[1]) < 10)
		return scalar_refuse(why, "%.*s is negative, wanted %s", SHOWN, text, wanted);
	if (*text == '+')
		return scalar_refuse(why, "%.*s has a sign, wanted %s without it", SHOWN, text, wanted);
	if (text[0] == '0' && text[1] == 'X')
		return scalar_refuse(why, "%.*s: wanted 0x with a small x", SHOWN, text);
	if (!*text)
		return scalar_refuse(why, "wanted %s, found an empty text", wanted);
	return scalar_refuse(why, "wanted %s, found %.*s", wanted, SHOWN, text);
}

/* Reads a number at *cursor and moves it behind. What follows is the caller's to judge. */
static int read_number(const char **cursor, const char *wanted, uint64_t *value, struct why *why)
{
	const char *start = *cursor, *p = start, *digits;
	int base = 10;

	if (p[0] == '0' && p[1] == 'x') {
		base = 16;
		p += 2;
	}
	digits = p;
	*value = 0;
	for (; digit_value(*p) < base; p++) {
		if (__builtin_mul_overflow(*value, (uint64_t)base, value) ||
		    __builtin_add_overflow(*value, (uint64_t)digit_value(*p), value)) {
			scalar_refuse(why, "%.*s does not fit into 64 bits", SHOWN, start);
			return -ERANGE;
		}
	}
	if (p == digits || (p[0] == 'X' && p == start + 1))
		return refuse_number(start, wanted, why);
	if (base == 10 && p - digits > 1 && *digits == '0')
		return scalar_refuse(why,
				     "%.*s begins with 0: wanted %s in decimal without it, or with 0x (octal is not taken)",
				     SHOWN, start, wanted);
	*cursor = p;
	return 0;
}

/* low and high: the bounds as shown. */
static int check_bounds(const char *text, uint64_t value, uint64_t min, uint64_t max, const char *low, const char *high,
			struct why *why)
{
	if (!min && !max)
		return 0;
	if (value < min)
		scalar_refuse(why, "%.*s is below %s", SHOWN, text, low);
	else if (value > max)
		scalar_refuse(why, "%.*s is above %s", SHOWN, text, high);
	else
		return 0;
	return -ERANGE;
}

int scalar_uint(const char *text, uint64_t min, uint64_t max, uint64_t *value, struct why *why)
{
	const char *p = text;
	char low[24], high[24];
	int err;

	err = read_number(&p, "a number", value, why);
	if (err)
		return err;
	if (*p == '.')
		return scalar_refuse(why, "wanted a whole number, found %.*s", SHOWN, text);
	if (*p)
		return scalar_refuse(why, "wanted a number, found %.*s", SHOWN, text);
	snprintf(low, sizeof(low), "%" PRIu64, min);
	snprintf(high, sizeof(high), "%" PRIu64, max);
	return check_bounds(text, *value, min, max, low, high, why);
}

static void print_units(uint64_t value, const struct unit *units, char *out, size_t size)
{
	const struct unit *best = NULL;

	for (const struct unit *u = units; u->name; u++) {
		if (value && value % u->factor == 0)
			best = u;
	}
	snprintf(out, size, "%" PRIu64 "%s", best ? value / best->factor : value, best ? best->name : "");
}

void scalar_print_size(uint64_t value, char *out, size_t size)
{
	print_units(value, size_units, out, size);
}

void scalar_print_duration(uint64_t value, char *out, size_t size)
{
	print_units(value, duration_units, out, size);
}

/* Multiplies by the unit that the rest of the text names. */
static int apply_unit(const char *text, const char *rest, const struct unit *units, const char *wanted, uint64_t *value,
		      struct why *why)
{
	const struct unit *u;

	for (u = units; u->name; u++) {
		if (!strcmp(u->name, rest))
			break;
	}
	if (!u->name)
		return scalar_refuse(why, "wanted %s, found %.*s", wanted, SHOWN, text);
	if (__builtin_mul_overflow(*value, u->factor, value)) {
		scalar_refuse(why, "%.*s does not fit into 64 bits", SHOWN, text);
		return -ERANGE;
	}
	return 0;
}

int scalar_size(const char *text, uint64_t min, uint64_t max, uint64_t *value, struct why *why)
{
	const char *p = text;
	char low[24], high[24];
	int err;

	err = read_number(&p, "a size", value, why);
	if (!err && *p)
		err = apply_unit(text, p, size_units, "a size: bytes, or a number with K, M or G behind it", value, why);
	if (err)
		return err;
	scalar_print_size(min, low, sizeof(low));
	scalar_print_size(max, high, sizeof(high));
	return check_bounds(text, *value, min, max, low, high, why);
}

int scalar_duration(const char *text, uint64_t min, uint64_t max, uint64_t *value, struct why *why)
{
	const char *p = text;
	char low[24], high[24];
	int err;

	err = read_number(&p, "a duration", value, why);
	if (!err && !*p && *value)
		err = scalar_refuse(why, "%.*s has no unit: wanted ns, us, ms, s, min or h behind the number", SHOWN, text);
	else if (!err && *p)
		err = apply_unit(text, p, duration_units, "a duration: a number with ns, us, ms, s, min or h behind it",
				 value, why);
	if (err)
		return err;
	scalar_print_duration(min, low, sizeof(low));
	scalar_print_duration(max, high, sizeof(high));
	return check_bounds(text, *value, min, max, low, high, why);
}

/* N or A-B, without regard to bounds. */
static int read_range(const char *text, uint64_t *first, uint64_t *last, struct why *why)
{
	static const char wanted[] = "a number or a range such as 0-3";
	const char *p = text;
	int err;

	err = read_number(&p, wanted, first, why);
	if (err)
		return err;
	*last = *first;
	if (*p == '-' && digit_value(p[1]) < 10) {
		p++;
		err = read_number(&p, wanted, last, why);
	}
	if (!err && *p)
		err = scalar_refuse(why, "wanted %s, found %.*s", wanted, SHOWN, text);
	return err;
}

int scalar_range(const char *text, uint64_t min, uint64_t max, struct nfv_range *value, struct why *why)
{
	uint64_t first, last, top = min || max ? max : UINT32_MAX;
	uint64_t low, high;
	int err;

	err = read_range(text, &first, &last, why);
	if (err)
		return err;
	low = first < last ? first : last;
	high = first < last ? last : first;
	if (low < min)
		scalar_refuse(why, "%" PRIu64 " is below %" PRIu64, low, min);
	else if (high > top)
		scalar_refuse(why, "%" PRIu64 " is above %" PRIu64, high, top);
	else if (first > last)
		scalar_refuse(why, "%.*s: %" PRIu64 " is above %" PRIu64 ", wanted the smaller number first", SHOWN, text,
			      first, last);
	else {
		*value = (struct nfv_range){ .first = (uint32_t)first, .last = (uint32_t)last };
		return 0;
	}
	return -ERANGE;
}

int scalar_mark(const char *text, struct nfv_mark *value, struct why *why)
{
	static const char wanted[] = "a mark such as 0x10 or 0x10/0xf0";
	uint64_t bits, mask = UINT32_MAX;
	const char *p = text;
	int err;

	err = read_number(&p, wanted, &bits, why);
	if (!err && *p == '/') {
		p++;
		err = read_number(&p, wanted, &mask, why);
	}
	if (err)
		return err;
	if (*p)
		return scalar_refuse(why, "wanted %s, found %.*s", wanted, SHOWN, text);
	if (bits > UINT32_MAX || mask > UINT32_MAX)
		scalar_refuse(why, "%.*s does not fit into 32 bits", SHOWN, text);
	else if (!mask)
		scalar_refuse(why, "%.*s: a mask of 0 would change nothing", SHOWN, text);
	else if (bits & ~mask)
		scalar_refuse(why, "%.*s: bits 0x%" PRIx64 " of the value are outside of the mask", SHOWN, text,
			      bits & ~mask);
	else {
		*value = (struct nfv_mark){ .value = (uint32_t)bits, .mask = (uint32_t)mask };
		return 0;
	}
	return -ERANGE;
}
