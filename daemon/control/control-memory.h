/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON that is made while memory is missing lacks a value here and there, and nobody says so. Here it is noticed, so that
 * no answer is taken for whole that is not.
 */
#ifndef CONTROL_CONTROL_MEMORY_H
#define CONTROL_CONTROL_MEMORY_H

#include <stdbool.h>

#define CONTROL_NO_MEMORY "no memory for the answer"

/* From here on it is noticed. */
void control_memory_watch(void);

/* True when memory for JSON was missing since the last call. */
bool control_memory_missed(void);

#endif
