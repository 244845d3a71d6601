/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of a configuration. Its readers do not look whether they got any: when there is none, the whole reading ends, in
 * memory_try(), and what it took is given back. A daemon that runs must not end because a new configuration finds no room.
 */
#ifndef CONFIG_MEMORY_H
#define CONFIG_MEMORY_H

#include <stddef.h>

/*
 * Calls fn. -ENOMEM when it wanted memory in vain: then it did not return, and all that it took from the functions here is
 * freed; what it got elsewhere (descriptors, memory of other libraries) is the caller's to give back. Calls may be nested.
 */
int memory_try(void (*fn)(void *argument), void *argument);

/* What memory_alloc() does without memory: for who gets some elsewhere in vain. Outside of memory_try() it aborts. */
void memory_fail(void) __attribute__((noreturn));

/* Zeroed; count * size is checked for overflow. To be freed with memory_free(). */
void *memory_alloc(size_t count, size_t size);

/* realloc() of count * size bytes; what is new is not zeroed. */
void *memory_grow(void *old, size_t count, size_t size);

/* A terminated copy of len bytes. */
char *memory_copy(const char *text, size_t len);

void memory_free(void *memory);

/* Pieces that are freed together. Zero bytes are an empty one. */
struct arena {
	struct arena_piece *pieces;
};

void *arena_alloc(struct arena *arena, size_t count, size_t size);
char *arena_copy(struct arena *arena, const char *text, size_t len);
char *arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
void arena_free(struct arena *arena);

#endif
