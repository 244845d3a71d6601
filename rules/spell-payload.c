/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is looked for in a packet: strings, words of 32 bits, programs. */
#include "rules/spell.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define PATTERN_MAX 128 /* bytes of a string that the kernel looks for */

static bool is_printable(const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] < ' ' || bytes[i] > '~')
			return false;
	/* A backslash at the end would take the quote away. */
	return len > 0 && bytes[len - 1] != '\\';
}

/* As text when every byte can be printed, else between bars as hexadecimal. */
static void add_pattern(const unsigned char *bytes, size_t len, struct text *out)
{
	if (is_printable(bytes, len)) {
		spell_quoted(out, (const char *)bytes, len);
		return;
	}
	text_add(out, "\"|", 2);
	for (size_t i = 0; i < len; i++) {
		text_add(out, &"0123456789abcdef"[bytes[i] >> 4], 1);
		text_add(out, &"0123456789abcdef"[bytes[i] & 15], 1);
	}
	text_add(out, "|\"", 2);
}

bool spell_string(const struct spelling *s)
{
	size_t len = strlen(s->values[0]);

	if (len == 0 || len > PATTERN_MAX)
		return false;
	add_pattern((const unsigned char *)s->values[0], len, s->out);
	return true;
}

static int digit(char c)
{
	const char *at = c ? strchr("0123456789abcdef", tolower((unsigned char)c)) : NULL;

	return at ? (int)(at - "0123456789abcdef") : -1;
}

/* abc|0d 0a|def */
static bool parse_hex_string(const char *value, unsigned char *bytes, size_t *len)
{
	bool hex = false;

	for (*len = 0; *value;) {
		if (*value == '|') {
			hex = !hex;
			value++;
			continue;
		}
		if (hex && *value == ' ') {
			value++;
			continue;
		}
		if (*len == PATTERN_MAX)
			return false;
		if (hex) {
			int high = digit(value[0]), low = high < 0 ? -1 : digit(value[1]);

			if (low < 0)
				return false;
			bytes[(*len)++] = (unsigned char)(high << 4 | low);
			value += 2;
			continue;
		}
		if (*value == '\\' && value[1])
			value++;
		bytes[(*len)++] = (unsigned char)*value++;
	}
	return !hex && *len > 0;
}

bool spell_hex_string(const struct spelling *s)
{
	unsigned char bytes[PATTERN_MAX];
	size_t len;

	if (!parse_hex_string(s->values[0], bytes, &len))
		return false;
	add_pattern(bytes, len, s->out);
	return true;
}

bool spell_needs_hex(const char *value, bool is_hex_string)
{
	unsigned char bytes[PATTERN_MAX];
	size_t len;

	if (!is_hex_string)
		return !is_printable((const unsigned char *)value, strlen(value));
	return parse_hex_string(value, bytes, &len) && !is_printable(bytes, len);
}

/* ---- u32 ---- */

static const char *skip_blanks(const char *at)
{
	while (*at == ' ' || *at == '\t')
		at++;
	return at;
}

static bool add_u32_number(const char **at, struct text *out)
{
	char *end;
	unsigned long long number;

	*at = skip_blanks(*at);
	if (!isdigit((unsigned char)**at))
		return false;
	number = strtoull(*at, &end, 0);
	if (number > UINT32_MAX)
		return false;
	*at = end;
	spell_hex(out, number, 0);
	return true;
}

/* One of the operators, then a number; or one that ends the list. */
static bool add_u32_operator(const char **at, const char *const *operators, struct text *out)
{
	*at = skip_blanks(*at);
	for (; *operators; operators++) {
		size_t len = strlen(*operators);

		if (strncmp(*at, *operators, len) != 0)
			continue;
		*at += len;
		text_add(out, *operators, len);
		return true;
	}
	return false;
}

static bool is_u32_end(const char **at)
{
	*at = skip_blanks(*at);
	return !**at || !strncmp(*at, "&&", 2);
}

/* One test: where = values. */
static bool add_u32_test(const char **at, struct text *out)
{
	static const char *const where[] = { "<<", ">>", "&", "@", "=", NULL }, *const values[] = { ",", ":", NULL };

	do {
		if (!add_u32_number(at, out) || is_u32_end(at) || !add_u32_operator(at, where, out))
			return false;
	} while (out->failed || out->data[out->len - 1] != '=');
	for (;;) {
		if (!add_u32_number(at, out))
			return false;
		if (is_u32_end(at))
			return true;
		if (!add_u32_operator(at, values, out))
			return false;
	}
}

bool spell_u32(const struct spelling *s)
{
	const char *at = s->values[0];

	text_add(s->out, "\"", 1);
	for (;;) {
		if (s->out->failed || !add_u32_test(&at, s->out))
			return false;
		if (!*at)
			break;
		at += 2;
		text_add(s->out, "&&", 2);
	}
	text_add(s->out, "\"", 1);
	return true;
}

/* A count, and four decimal numbers for each instruction. A comma at the end is taken away. */
bool spell_bytecode(const struct spelling *s)
{
	size_t len = strlen(s->values[0]);

	if (len == 0 || strspn(s->values[0], "0123456789 ,") != len)
		return false;
	if (s->values[0][len - 1] == ',')
		len--;
	spell_quoted(s->out, s->values[0], len);
	return true;
}
