/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of a scalar as a typed value, strictly: no octal, no implicit booleans, no blanks. Pure. Each returns 0, or
 * -EINVAL with the cause in why ("70000 is above 65531"), or -ERANGE with it when the form is right and the value is
 * not.
 */
#ifndef CONFIG_SCALAR_H
#define CONFIG_SCALAR_H

#include <nfverdict/plugin.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct why {
	char text[256];
};

/* In all of these: [min, max], both 0 for all that the type holds. */
int scalar_uint(const char *text, uint64_t min, uint64_t max, uint64_t *value, struct why *why);
int scalar_size(const char *text, uint64_t min, uint64_t max, uint64_t *value, struct why *why);
int scalar_duration(const char *text, uint64_t min, uint64_t max, uint64_t *value, struct why *why);
int scalar_range(const char *text, uint64_t min, uint64_t max, struct nfv_range *value, struct why *why);

int scalar_bool(const char *text, bool *value, struct why *why);
int scalar_word(const char *text, const char *const *words, size_t *index, struct why *why);
int scalar_mark(const char *text, struct nfv_mark *value, struct why *why);
int scalar_verdict(const char *text, nfv_verdict *value, struct why *why);

/* Writes at most strlen(text) bytes to out. */
int scalar_bytes(const char *text, uint8_t *out, size_t *len, struct why *why);

/* The length of a text in [min, max] bytes. */
int scalar_length(size_t len, uint64_t min, uint64_t max, struct why *why);

/* A value as a person would write it: 64K, 500us. */
void scalar_print_size(uint64_t value, char *out, size_t size);
void scalar_print_duration(uint64_t value, char *out, size_t size);

/* Writes the cause. Returns -EINVAL. */
int scalar_refuse(struct why *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
