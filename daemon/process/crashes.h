/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How often a handler crashed lately. Pure. */
#ifndef PROCESS_CRASHES_H
#define PROCESS_CRASHES_H

#include <stdbool.h>
#include <stdint.h>

#define CRASHES_MAX 32

struct crashes {
	uint64_t at_ns[CRASHES_MAX]; /* the last ones, in turn */
	uint64_t count;              /* of all there ever were */
};

/* Notes one. True when that makes `max` (1 to CRASHES_MAX) within window_ns. */
bool crashes_note(struct crashes *crashes, uint64_t now_ns, unsigned max, uint64_t window_ns);

#endif
