/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A text that several objects share and nobody changes: what follows "-A CHAIN " of a rule, or a file's name. References
 * are counted atomically: copies of a ruleset share texts, and may be used by other threads. Pure.
 */
#ifndef RULES_SPEC_H
#define RULES_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spec {
	uint32_t refs;
	uint32_t len;
	uint64_t hash; /* of the bytes */
	char bytes[];  /* len of them and a NUL */
};

/* One reference, the caller's. NULL: no memory, or longer than a line may be. */
struct spec *spec_new(const char *bytes, size_t len);
struct spec *spec_ref(struct spec *spec);
void spec_unref(struct spec *spec);

/* Byte for byte. */
bool spec_same(const struct spec *a, const struct spec *b);

#endif
