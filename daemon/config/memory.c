/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/memory.h"

#include <errno.h>
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In front of each block: a ring of those that a memory_try() took so far, or the block alone. */
struct block {
	struct block *before, *behind;
	alignas(max_align_t) unsigned char bytes[];
};

struct attempt {
	struct block ring; /* without bytes */
	struct attempt *outer;
	jmp_buf end;
};

struct arena_piece {
	struct arena_piece *next;
	alignas(max_align_t) unsigned char bytes[];
};

static struct attempt *current; /* a process reads one configuration at a time */

static struct block *block_of(void *memory)
{
	return (struct block *)(void *)((unsigned char *)memory - offsetof(struct block, bytes));
}

static void close_ring(struct block *before, struct block *behind)
{
	before->behind = behind;
	behind->before = before;
}

static void take_out(struct block *block)
{
	close_ring(block->before, block->behind);
	close_ring(block, block);
}

static void put_in(struct block *block)
{
	if (!current) {
		close_ring(block, block);
		return;
	}
	close_ring(current->ring.before, block);
	close_ring(block, &current->ring);
}

/* What an attempt took is the outer one's from now on, or nobody's but the owner's. */
static void hand_over(struct attempt *attempt)
{
	struct block *first = attempt->ring.behind, *last = attempt->ring.before;

	take_out(&attempt->ring);
	if (first == &attempt->ring)
		return;
	if (attempt->outer) {
		close_ring(attempt->outer->ring.before, first);
		close_ring(last, &attempt->outer->ring);
		return;
	}
	for (struct block *next; first != last; first = next) {
		next = first->behind;
		close_ring(first, first);
	}
	close_ring(last, last);
}

int memory_try(void (*fn)(void *argument), void *argument)
{
	struct attempt attempt = { .outer = current };
	int failed;

	close_ring(&attempt.ring, &attempt.ring);
	current = &attempt;
	failed = setjmp(attempt.end);
	if (!failed)
		fn(argument);
	current = attempt.outer;
	if (!failed) {
		hand_over(&attempt);
		return 0;
	}
	while (attempt.ring.behind != &attempt.ring)
		memory_free(attempt.ring.behind->bytes);
	return -ENOMEM;
}

void memory_fail(void)
{
	if (!current)
		abort();
	longjmp(current->end, 1);
}

void *memory_alloc(size_t count, size_t size)
{
	struct block *block;
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes) || __builtin_add_overflow(bytes, sizeof(*block), &bytes))
		memory_fail();
	block = calloc(1, bytes);
	if (!block)
		memory_fail();
	put_in(block);
	return block->bytes;
}

void *memory_grow(void *old, size_t count, size_t size)
{
	struct block *block, *before;
	size_t bytes;

	if (!old)
		return memory_alloc(count, size);
	if (__builtin_mul_overflow(count, size, &bytes) || __builtin_add_overflow(bytes, sizeof(*block), &bytes))
		memory_fail();
	before = block_of(old)->before == block_of(old) ? NULL : block_of(old)->before;
	block = realloc(block_of(old), bytes);
	if (!block)
		memory_fail();
	if (before) {
		close_ring(before, block);
		close_ring(block, block->behind);
	} else {
		close_ring(block, block);
	}
	return block->bytes;
}

char *memory_copy(const char *text, size_t len)
{
	char *copy = memory_alloc(len + 1, 1);

	memcpy(copy, text, len);
	return copy;
}

void memory_free(void *memory)
{
	if (!memory)
		return;
	take_out(block_of(memory));
	free(block_of(memory));
}

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
	struct arena_piece *piece;
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes) || __builtin_add_overflow(bytes, sizeof(*piece), &bytes))
		memory_fail();
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
	char *copy;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0)
		memory_fail();
	copy = arena_alloc(arena, (size_t)len + 1, 1);
	va_start(args, format);
	(void)vsnprintf(copy, (size_t)len + 1, format, args);
	va_end(args);
	return copy;
}

void arena_free(struct arena *arena)
{
	struct arena_piece *piece, *next;

	for (piece = arena->pieces; piece; piece = next) {
		next = piece->next;
		memory_free(piece);
	}
	arena->pieces = NULL;
}
