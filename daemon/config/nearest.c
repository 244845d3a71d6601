/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/nearest.h"

#include <stdio.h>
#include <string.h>

#define WORD_MAX 64 /* longer words are not guessed at */

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static char to_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Insertions, deletions, substitutions and exchanges of neighbours, one each; small and capital letters are the same. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][WORD_MAX + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2], *spare;

	for (size_t j = 0; j <= b_len; j++)
		above[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t cost = above[j - 1] + (to_lower(a[i - 1]) != to_lower(b[j - 1]));

			cost = smaller(cost, smaller(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				cost = smaller(cost, before[j - 2] + 1);
			row[j] = cost;
		}
		spare = before;
		before = above;
		above = row;
		row = spare;
	}
	return above[b_len];
}

void nearest_offer(struct nearest *nearest, const char *known)
{
	size_t wanted_len = strlen(nearest->wanted), known_len = strlen(known), d;

	if (!wanted_len || wanted_len > WORD_MAX || known_len > WORD_MAX)
		return;
	d = distance(nearest->wanted, wanted_len, known, known_len);
	if (d > (known_len < 6 ? 1 : known_len / 3))
		return;
	if (!nearest->best || d < nearest->distance) {
		nearest->best = known;
		nearest->distance = d;
	}
}

const char *nearest_hint(const struct nearest *nearest, char *out, size_t size)
{
	if (!nearest->best)
		snprintf(out, size, "%s", "");
	else
		snprintf(out, size, " (did you mean %s?)", nearest->best);
	return out;
}
