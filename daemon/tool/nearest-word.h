/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What somebody may have meant who mistyped a word. Pure. */
#ifndef TOOL_NEAREST_WORD_H
#define TOOL_NEAREST_WORD_H

struct nearest_word {
	const char *wanted; /* what was typed */
	const char *best; /* NULL: nothing is near */
	unsigned distance; /* of best */
};

/* Offers a word that would be right. */
void nearest_word_offer(struct nearest_word *nearest, const char *known);

/* "; did you mean 'rules'?" or "", in hint (size bytes). */
const char *nearest_word_hint(const struct nearest_word *nearest, char *hint, unsigned size);

#endif
