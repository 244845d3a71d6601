/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/scalar.h"
#include "daemon/config/nearest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SHOWN 64

int scalar_bool(const char *text, bool *value, struct why *why)
{
	if (!strcmp(text, "true"))
		*value = true;
	else if (!strcmp(text, "false"))
		*value = false;
	else
		return scalar_refuse(why, "wanted true or false, found %.*s", SHOWN, text);
	return 0;
}

int scalar_word(const char *text, const char *const *words, size_t *index, struct why *why)
{
	struct nearest nearest = { .wanted = text };
	const char *separator;
	char list[160] = "", hint[96];
	size_t used = 0;

	for (size_t i = 0; words[i]; i++) {
		if (!strcmp(words[i], text)) {
			*index = i;
			return 0;
		}
		nearest_offer(&nearest, words[i]);
		separator = !i ? "" : words[i + 1] ? ", " : " or ";
		if (used < sizeof(list))
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", separator, words[i]);
	}
	return scalar_refuse(why, "wanted %s, found %.*s%s", list, SHOWN, text, nearest_hint(&nearest, hint, sizeof(hint)));
}

int scalar_verdict(const char *text, nfv_verdict *value, struct why *why)
{
	static const char *const words[] = { "accept", "drop", "continue", "repeat", "queue N", NULL };
	static const nfv_verdict verdicts[] = { NFV_ACCEPT, NFV_DROP, NFV_CONTINUE, NFV_REPEAT };
	uint64_t number;
	size_t index;
	int err;

	if (!strcmp(text, "queue") || !strcmp(text, "queue N"))
		return scalar_refuse(why, "queue without a number, wanted queue 0 to queue 65535");
	if (!strncmp(text, "queue ", 6)) {
		struct why cause;

		err = scalar_uint(text + 6, 0, UINT16_MAX, &number, &cause);
		if (err)
			scalar_refuse(why, "queue: %s", cause.text);
		else
			*value = NFV_QUEUE(number);
		return err;
	}
	err = scalar_word(text, words, &index, why);
	if (!err)
		*value = verdicts[index];
	return err;
}

static int hex_value(char c)
{
	const char *digits = "0123456789abcdef", *at;

	if (c >= 'A' && c <= 'F')
		c = (char)(c - 'A' + 'a');
	at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

/* What stands between two bars: pairs of digits, blanks between pairs. *cursor moves to the closing bar. */
static int read_hex(const char **cursor, uint8_t *out, size_t *len, struct why *why)
{
	const char *p = *cursor;
	size_t before = *len;

	for (;;) {
		while (*p == ' ')
			p++;
		if (*p == '|')
			break;
		if (!*p)
			return scalar_refuse(
				why, "a bar '|' is not closed: wanted bytes in hex between two bars, as in GET|20|/");
		if (hex_value(p[0]) < 0)
			return scalar_refuse(why, "'%c' between bars is no hex digit (a bar itself is written |7c|)", *p);
		if (hex_value(p[1]) < 0)
			return scalar_refuse(why, "a lone hex digit %c between bars: wanted two for each byte", *p);
		out[(*len)++] = (uint8_t)(hex_value(p[0]) << 4 | hex_value(p[1]));
		p += 2;
	}
	if (*len == before)
		return scalar_refuse(why, "nothing between two bars (a bar itself is written |7c|)");
	*cursor = p;
	return 0;
}

int scalar_bytes(const char *text, uint8_t *out, size_t *len, struct why *why)
{
	int err;

	*len = 0;
	for (const char *p = text; *p; p++) {
		if (*p != '|') {
			out[(*len)++] = (uint8_t)*p;
			continue;
		}
		p++;
		err = read_hex(&p, out, len, why);
		if (err)
			return err;
	}
	return 0;
}

int scalar_length(size_t len, uint64_t min, uint64_t max, struct why *why)
{
	if (!max)
		return 0;
	if (!len && min)
		scalar_refuse(why, "is empty");
	else if (len < min)
		scalar_refuse(why, "%zu bytes long, which is below %" PRIu64, len, min);
	else if (len > max)
		scalar_refuse(why, "%zu bytes long, which is above %" PRIu64, len, max);
	else
		return 0;
	return -ERANGE;
}
