/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/memory.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_piece {
	struct arena_piece *next;
	alignas(max_align_t) unsigned char bytes[];
};

void *memory_alloc(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);

	if (!p)
		abort();
	return p;
}

void *memory_grow(void *old, size_t count, size_t size)
{
	void *p = reallocarray(old, count ? count : 1, size ? size : 1);

	if (!p)
		abort();
	return p;
}

char *memory_copy(const char *text, size_t len)
{
	char *copy = memory_alloc(len + 1, 1);

	memcpy(copy, text, len);
	return copy;
}

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
	struct arena_piece *piece;
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes) || __builtin_add_overflow(bytes, sizeof(*piece), &bytes))
		abort();
	piece = memory_alloc(1, bytes);
	piece->next = arena->pieces;
	arena->pieces = piece;
	return piece->bytes;
}

char *arena_copy(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_alloc(arena, len + 1, 1);

	memcpy(copy, text, len);
	return copy;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text, *copy;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0)
		abort();
	copy = arena_copy(arena, text, (size_t)len);
	free(text);
	return copy;
}

void arena_free(struct arena *arena)
{
	struct arena_piece *piece, *next;

	for (piece = arena->pieces; piece; piece = next) {
		next = piece->next;
		free(piece);
	}
	arena->pieces = NULL;
}
