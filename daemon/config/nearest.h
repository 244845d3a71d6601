/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The known word nearest to a mistyped one: for "did you mean numbers?". */
#ifndef CONFIG_NEAREST_H
#define CONFIG_NEAREST_H

#include <stddef.h>

struct nearest {
	const char *wanted;
	const char *best; /* NULL: nothing is near enough to be worth a guess */
	size_t distance;
};

/* Looks at one known word. Set .wanted, leave the rest zero, and offer each. */
void nearest_offer(struct nearest *nearest, const char *known);

/* Writes " (did you mean X?)" to out, or "" when nothing is near. Returns out. */
const char *nearest_hint(const struct nearest *nearest, char *out, size_t size);

#endif
