/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The longest common subsequence of two rows of numbers, in bounded time. Pure. */
#ifndef RULES_SCRIPT_LCS_H
#define RULES_SCRIPT_LCS_H

#include <stddef.h>
#include <stdint.h>

struct script_pair {
	uint32_t from, to; /* positions */
};

/*
 * Pairs of positions with equal numbers, both sides ascending; as many as there can be, unless numbers repeat so often that
 * a search through all of their pairs would take too long: then as many as a cheaper search finds. Numbers are below
 * `classes`. pairs has room for the shorter row. 0 or -ENOMEM.
 */
int script_lcs(const uint32_t *from, size_t from_count, const uint32_t *to, size_t to_count, uint32_t classes,
	       struct script_pair *pairs, size_t *pair_count);

#endif
