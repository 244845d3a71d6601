/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does this kernel send a packet through its hook again when the verdict is NF_REPEAT? Some take it for NF_ACCEPT (6.7), and
 * then what a dead worker had in hand would pass without having been judged. Asked with one packet in a network namespace
 * of its own.
 */
#ifndef PROCESS_PROBE_H
#define PROCESS_PROBE_H

#include "rules/tool.h"

#include <stdbool.h>
#include <sys/types.h>

enum probe_answer { PROBE_YES, PROBE_NO, PROBE_UNKNOWN };

/* Starts asking, in a child. Its process id, or -errno. Needs CAP_SYS_ADMIN: without it the answer is not known. */
pid_t probe_start(const struct tool *tool);

/* Waits for the answer, two seconds at most. */
enum probe_answer probe_answer(pid_t child);

#endif
