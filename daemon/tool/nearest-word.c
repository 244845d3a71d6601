/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/tool/nearest-word.h"

#include <stdio.h>
#include <string.h>

#define WORD_MAX 31 /* longer words are not guessed at */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Letters put in, left out, exchanged with their neighbour or with another, one each. */
static unsigned distance(const char *a, const char *b)
{
	unsigned rows[WORD_MAX + 2][WORD_MAX + 2];
	unsigned a_len = (unsigned)strlen(a), b_len = (unsigned)strlen(b);

	for (unsigned i = 0; i <= a_len; i++)
		rows[i][0] = i;
	for (unsigned j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (unsigned i = 1; i <= a_len; i++) {
		for (unsigned j = 1; j <= b_len; j++) {
			unsigned cost = rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			cost = least(cost, least(rows[i - 1][j], rows[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				cost = least(cost, rows[i - 2][j - 2] + 1);
			rows[i][j] = cost;
		}
	}
	return rows[a_len][b_len];
}

void nearest_word_offer(struct nearest_word *nearest, const char *known)
{
	size_t known_len = strlen(known);
	unsigned d;

	if (strlen(nearest->wanted) > WORD_MAX || known_len > WORD_MAX || !nearest->wanted[0])
		return;
	d = distance(nearest->wanted, known);
	/* A third of the word may be wrong, one letter of a short one; a word that was only begun is near too. */
	if (d > (known_len < 6 ? 1 : known_len / 3)) {
		if (strlen(nearest->wanted) < 3 || strncmp(known, nearest->wanted, strlen(nearest->wanted)) != 0)
			return;
	}
	if (!nearest->best || d < nearest->distance) {
		nearest->best = known;
		nearest->distance = d;
	}
}

const char *nearest_word_hint(const struct nearest_word *nearest, char *hint, unsigned size)
{
	if (nearest->best)
		snprintf(hint, size, "; did you mean '%s'?", nearest->best);
	else
		snprintf(hint, size, "%s", "");
	return hint;
}
