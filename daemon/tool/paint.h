/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Colours, for terminals only. */
#ifndef TOOL_PAINT_H
#define TOOL_PAINT_H

#include "daemon/tool/arguments.h"

enum paint { PAINT_NONE, PAINT_TABLE, PAINT_CHAIN, PAINT_GOOD, PAINT_BAD, PAINT_JUMP, PAINT_DIM, PAINT_ERROR };

/* Whether to paint what goes to that stream: as --color says; auto: a terminal that has colours, and no NO_COLOR. */
bool paint_wanted(enum arguments_color color, FILE *stream);

/* The sequences before and after; "" when not on. */
const char *paint_on(enum paint paint, bool on);
const char *paint_off(enum paint paint, bool on);

/* What a rule does with its packets: the colour of its target or of a policy. NULL: none. */
enum paint paint_of_target(const char *target);

/* Prints a text with its control characters as ?, so that no ruleset can drive a terminal; lines and tabs stay. */
void paint_safely(FILE *out, const char *text);

/* The number of columns that a text takes on a terminal: its UTF-8 characters. */
size_t paint_width(const char *text);

#endif
