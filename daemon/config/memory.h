/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of a configuration. Sizes are bounded by the bounds of a file (1 MiB, 100,000 nodes), so running out means that the
 * machine has nothing left: these abort, as report_add() must, instead of carrying a cause that nobody could act upon.
 */
#ifndef CONFIG_MEMORY_H
#define CONFIG_MEMORY_H

#include <stddef.h>

/* Zeroed; count * size is checked for overflow. */
void *memory_alloc(size_t count, size_t size);

/* realloc() of count * size bytes; what is new is not zeroed. */
void *memory_grow(void *old, size_t count, size_t size);

/* A terminated copy of len bytes. */
char *memory_copy(const char *text, size_t len);

/* Pieces that are freed together. Zero bytes are an empty one. */
struct arena {
	struct arena_piece *pieces;
};

void *arena_alloc(struct arena *arena, size_t count, size_t size);
char *arena_copy(struct arena *arena, const char *text, size_t len);
char *arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
void arena_free(struct arena *arena);

#endif
