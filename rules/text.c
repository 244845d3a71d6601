/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for len more bytes and the terminating NUL. */
static bool text_reserve(struct text *text, size_t len)
{
	size_t size = text->size ? text->size : 256;
	char *data;

	if (text->failed)
		return false;
	if (text->size && len < text->size - text->len)
		return true;
	while (size - text->len <= len) {
		if (size > SIZE_MAX / 2) {
			text->failed = true;
			return false;
		}
		size *= 2;
	}
	data = realloc(text->data, size);
	if (!data) {
		text->failed = true;
		return false;
	}
	text->data = data;
	text->size = size;
	return true;
}

void text_add(struct text *text, const char *bytes, size_t len)
{
	if (!text_reserve(text, len))
		return;
	if (len)
		memcpy(text->data + text->len, bytes, len);
	text->len += len;
	text->data[text->len] = '\0';
}

void text_printf(struct text *text, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0) {
		text->failed = true;
		return;
	}
	if (!text_reserve(text, (size_t)len))
		return;
	va_start(args, format);
	vsnprintf(text->data + text->len, (size_t)len + 1, format, args);
	va_end(args);
	text->len += (size_t)len;
}

void text_free(struct text *text)
{
	free(text->data);
	*text = (struct text){ 0 };
}
