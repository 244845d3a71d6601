/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/tool/paint.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool paint_wanted(enum arguments_color color, FILE *stream)
{
	const char *no_color, *term;

	switch (color) {
	case ARGUMENTS_COLOR_ALWAYS:
		return true;
	case ARGUMENTS_COLOR_NEVER:
		return false;
	case ARGUMENTS_COLOR_AUTO:
		break;
	}
	no_color = getenv("NO_COLOR");
	if (no_color && no_color[0])
		return false;
	term = getenv("TERM");
	return isatty(fileno(stream)) && term && strcmp(term, "dumb") != 0;
}

const char *paint_on(enum paint paint, bool on)
{
	static const char *const sequences[] = {
		[PAINT_NONE] = "",         [PAINT_TABLE] = "\033[1;4m",  [PAINT_CHAIN] = "\033[1m",
		[PAINT_GOOD] = "\033[32m", [PAINT_BAD] = "\033[31m",     [PAINT_JUMP] = "\033[36m",
		[PAINT_DIM] = "\033[2m",   [PAINT_ERROR] = "\033[1;31m",
	};

	return on ? sequences[paint] : "";
}

const char *paint_off(enum paint paint, bool on)
{
	return on && paint != PAINT_NONE ? "\033[0m" : "";
}

enum paint paint_of_target(const char *target)
{
	static const char *const bad[] = { "DROP", "REJECT", "TARPIT", NULL };

	if (!target)
		return PAINT_NONE;
	if (strcmp(target, "ACCEPT") == 0)
		return PAINT_GOOD;
	for (int i = 0; bad[i]; i++) {
		if (strcmp(target, bad[i]) == 0)
			return PAINT_BAD;
	}
	return PAINT_JUMP;
}

void paint_safely(FILE *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		putc((c < ' ' && c != '\n' && c != '\t') || c == 0x7f ? '?' : c, out);
	}
}

size_t paint_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}
