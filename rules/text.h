/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A text that grows. A failed allocation is remembered, so that only the end has to be checked. */
#ifndef RULES_TEXT_H
#define RULES_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
	char *data;  /* terminated; NULL while empty */
	size_t len;
	size_t size;
	bool failed; /* memory ran out: data is not complete */
};

void text_add(struct text *text, const char *bytes, size_t len);
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_free(struct text *text);

#endif
