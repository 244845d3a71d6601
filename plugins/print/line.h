/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line of text that grows piece by piece and is cut, never overrun. */
#ifndef PRINT_LINE_H
#define PRINT_LINE_H

#include <nfverdict/plugin.h>

struct line {
	size_t len;
	char text[1024];
};

static inline void line_clear(struct line *line)
{
	line->len = 0;
	line->text[0] = '\0';
}

void line_add(struct line *line, const char *format, ...) NFV_PRINTF(2, 3);

/* Text of somebody else: what is not printable ASCII becomes a question mark. */
void line_add_foreign(struct line *line, const char *text);

/* One row of up to 16 bytes, as `tcpdump -X` writes them: offset, hex in pairs, text. */
void line_add_hex(struct line *line, uint32_t offset, const uint8_t *bytes, uint32_t count);

#endif
