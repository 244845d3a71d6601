/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "line.h"

#include <stdarg.h>

void line_add(struct line *line, const char *format, ...)
{
	size_t room = sizeof(line->text) - line->len;
	va_list args;
	int added;

	va_start(args, format);
	added = vsnprintf(line->text + line->len, room, format, args);
	va_end(args);
	if (added > 0)
		line->len += (size_t)added < room ? (size_t)added : room - 1;
}

static bool is_printable(unsigned char c)
{
	return c >= ' ' && c < 0x7f;
}

void line_add_foreign(struct line *line, const char *text)
{
	for (; *text; text++)
		line_add(line, "%c", is_printable((unsigned char)*text) ? *text : '?');
}

void line_add_hex(struct line *line, uint32_t offset, const uint8_t *bytes, uint32_t count)
{
	line_add(line, "\t0x%04x: ", offset);
	for (uint32_t i = 0; i < 16; i++) {
		if (i < count)
			line_add(line, "%s%02x", i % 2 ? "" : " ", bytes[i]);
		else
			line_add(line, "%s", i % 2 ? "  " : "   ");
	}
	line_add(line, "  ");
	for (uint32_t i = 0; i < count && i < 16; i++)
		line_add(line, "%c", is_printable(bytes[i]) ? bytes[i] : '.');
}
