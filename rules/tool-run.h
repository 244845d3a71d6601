/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs one program to its end: its input from a text, its outputs into texts, apart from the caller's signals and
 * descriptors.
 */
#ifndef RULES_TOOL_RUN_H
#define RULES_TOOL_RUN_H

#include "rules/text.h"

#include <stddef.h>
#include <stdint.h>

#define TOOL_RUN_OUT_MAX ((size_t)1 << 30) /* bytes kept of what a tool prints: no ruleset is as large */

#define TOOL_RUN_NO_SCRATCH 126 /* status when there was no namespace for it */

/* When a run must end, and what ends it before. */
struct tool_limits {
	int timeout_ms;
	int interrupt_fd; /* readable: the run is killed, -EINTR. -1: none */
	int keep_fd;      /* stays open in the program, so that a lock on it lasts until that has ended too. 0: none */
	bool scratch;     /* in a network namespace of its own, which goes with it */
	const char *lock_file; /* XTABLES_LOCKFILE of the program; NULL: the caller's */
};

/*
 * Runs argv[0], a path, with text (NULL: nothing) as its standard input; adds its standard output and error to texts.
 * Returns the status of struct tool_result.
 */
int tool_run(const char *const *argv, const char *text, const struct tool_limits *limits, struct text texts[2]);

/* CLOCK_MONOTONIC. */
int64_t tool_run_now_ms(void);

#endif
