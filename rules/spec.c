/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/spec.h"

#include <stdlib.h>
#include <string.h>

#define LEN_MAX ((size_t)1 << 20) /* far above any line; keeps sums of lengths in range */

/* Eight bytes at a time, mixed by multiplication: rules differ in few bytes, often the last ones. */
static uint64_t hash_bytes(const char *bytes, size_t len)
{
	const uint64_t prime = 0x9e3779b97f4a7c15u;
	uint64_t hash = len * prime, word;

	for (; len >= sizeof(word); bytes += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		hash = (hash ^ word) * prime;
		hash ^= hash >> 29;
	}
	word = 0;
	memcpy(&word, bytes, len);
	hash = (hash ^ word) * prime;
	return hash ^ hash >> 32;
}

struct spec *spec_new(const char *bytes, size_t len)
{
	struct spec *spec;

	if (len > LEN_MAX)
		return NULL;
	spec = malloc(sizeof(*spec) + len + 1);
	if (!spec)
		return NULL;
	*spec = (struct spec){ .refs = 1, .len = (uint32_t)len, .hash = hash_bytes(bytes, len) };
	memcpy(spec->bytes, bytes, len);
	spec->bytes[len] = '\0';
	return spec;
}

struct spec *spec_ref(struct spec *spec)
{
	if (spec)
		__atomic_fetch_add(&spec->refs, 1, __ATOMIC_RELAXED);
	return spec;
}

void spec_unref(struct spec *spec)
{
	if (!spec)
		return;
	/* The only holder needs no atomic subtraction. */
	if (__atomic_load_n(&spec->refs, __ATOMIC_ACQUIRE) == 1 || __atomic_sub_fetch(&spec->refs, 1, __ATOMIC_ACQ_REL) == 0)
		free(spec);
}

bool spec_same(const struct spec *a, const struct spec *b)
{
	return a == b || (a->hash == b->hash && a->len == b->len && !memcmp(a->bytes, b->bytes, a->len));
}
