/* SPDX-License-Identifier: GPL-2.0-or-later */
/* malloc() and its kin. What a process has is written down, so that at its end the test sees what was not given back. */
#include "fail.h"

#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define BLOCKS (1u << 15) /* more are not written down */

/* The C library's own, by the names under which it exports them for this. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *old);

struct block {
	void *at;
	size_t size;
	uint64_t frame[4];
	char object[4][16];
};

static struct block *blocks; /* of the process that began, not of those it forked; mapped: none of its own memory */
static bool counts, is_other; /* is_other: somebody else's blocks are told of */
static uint64_t live_blocks, live_bytes;

static size_t home(const void *at)
{
	return ((uintptr_t)at >> 4) * 0x9e3779b97f4a7c15u % BLOCKS;
}

/* Its place, or the free one where the search for it ends. BLOCKS: there is none. */
static size_t place_of(const void *at)
{
	size_t first = home(at);

	for (size_t i = 0; i < BLOCKS; i++) {
		size_t place = (first + i) % BLOCKS;

		if (!blocks[place].at || blocks[place].at == at)
			return place;
	}
	return BLOCKS;
}

/* Those behind it that the search would not find any more move up. */
static void take_out(size_t gap)
{
	for (size_t i = (gap + 1) % BLOCKS; blocks[i].at; i = (i + 1) % BLOCKS) {
		size_t wanted = home(blocks[i].at);

		if ((i - wanted) % BLOCKS < (i - gap) % BLOCKS)
			continue;
		blocks[gap] = blocks[i];
		gap = i;
	}
	blocks[gap].at = NULL;
}

static void tell(void)
{
	fail_shared->live.blocks = live_blocks;
	fail_shared->live.bytes = live_bytes;
}

static void note(void *at, size_t size)
{
	int kept = errno;
	size_t place;

	if (!at || !fail_shared || fail_busy || fail_names || is_other)
		return;
	fail_busy = 1;
	if (!blocks) {
		void *memory = mmap(NULL, BLOCKS * sizeof(*blocks), PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (memory == MAP_FAILED)
			_exit(99);
		blocks = memory;
		counts = true;
	}
	place = counts && live_blocks < BLOCKS / 2 ? place_of(at) : BLOCKS;
	if (place < BLOCKS) {
		blocks[place] = (struct block){ .at = at, .size = size };
		(void)fail_frames(blocks[place].frame, blocks[place].object, 4);
		live_blocks++;
		live_bytes += size;
		tell();
	}
	fail_busy = 0;
	errno = kept;
}

static void forget(const void *at)
{
	size_t place;

	if (!at || !counts || fail_busy)
		return;
	place = place_of(at);
	if (place == BLOCKS || !blocks[place].at) /* from before the library began */
		return;
	live_blocks--;
	live_bytes -= blocks[place].size;
	take_out(place);
	tell();
}

/* A master that executes another program stays the same process; its children that do are not told of. */
void fail_memory_begin(int32_t pid)
{
	uint32_t none = 0;

	is_other = !__atomic_compare_exchange_n(&fail_shared->master, &none, (uint32_t)pid, 0, __ATOMIC_RELAXED,
						__ATOMIC_RELAXED) &&
		   none != (uint32_t)pid;
}

void fail_memory_forget_parents(void)
{
	counts = false;
}

/* To NFV_FAIL_FILE with .live behind it: a line for each block that is left. */
void fail_memory_report(void)
{
	char path[4096], line[256];
	const char *file = getenv("NFV_FAIL_FILE");
	FILE *out;

	if (!counts || !file)
		return;
	counts = false;
	fail_busy = 1;
	snprintf(path, sizeof(path), "%s.live", file);
	out = fopen(path, "we");
	for (size_t i = 0; out && i < BLOCKS; i++) {
		int len = 0;

		if (!blocks[i].at)
			continue;
		for (int f = 0; f < 4 && blocks[i].object[f][0]; f++)
			len += snprintf(line + len, sizeof(line) - (size_t)len, " %s+0x%llx", blocks[i].object[f],
					(unsigned long long)blocks[i].frame[f]);
		fprintf(out, "%zu%s\n", blocks[i].size, len ? line : "");
	}
	if (out)
		fclose(out);
}

EXPORT void *malloc(size_t size)
{
	void *at = fail_now(FAIL_CALL("malloc", FAIL_MEMORY, ENOMEM)) ? NULL : __libc_malloc(size);

	note(at, size);
	return at;
}

EXPORT void *calloc(size_t count, size_t size)
{
	void *at = fail_now(FAIL_CALL("calloc", FAIL_MEMORY, ENOMEM)) ? NULL : __libc_calloc(count, size);

	note(at, count * size);
	return at;
}

EXPORT void *realloc(void *old, size_t size)
{
	void *at;

	if (fail_now(FAIL_CALL("realloc", FAIL_MEMORY, ENOMEM)))
		return NULL;
	at = __libc_realloc(old, size);
	if (at || size == 0)
		forget(old);
	note(at, size);
	return at;
}

EXPORT void *reallocarray(void *old, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(old, bytes);
}

EXPORT void *memalign(size_t alignment, size_t size)
{
	void *at = fail_now(FAIL_CALL("memalign", FAIL_MEMORY, ENOMEM)) ? NULL : __libc_memalign(alignment, size);

	note(at, size);
	return at;
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

EXPORT int posix_memalign(void **at, size_t alignment, size_t size)
{
	int kept = errno;

	*at = memalign(alignment, size);
	if (*at)
		return 0;
	errno = kept;
	return ENOMEM;
}

EXPORT void free(void *at)
{
	int kept = errno;

	forget(at);
	__libc_free(at);
	errno = kept;
}
