/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What checking, installing and removing share: running a tool for a family, and telling what it found. */
#ifndef RULES_STEER_RUN_H
#define RULES_STEER_RUN_H

#include "rules/save.h"
#include "rules/steer.h"

/* A run over one family's ruleset with one tool. */
struct steer_run {
	const struct tool *tool;
	enum tool_family family;
	steer_error_fn *tell;
	void *context;
};

#define STEER_MESSAGE_MAX 512

/* "iptables" or "ip6tables". */
const char *steer_family_name(enum tool_family family);

/* False when the kernel has no IPv6 at all: it is then left out. */
bool steer_family_there(enum tool_family family);

/* Tells "iptables: …". */
void steer_tell(const struct steer_run *run, const void *origin, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The cause of a failed run for a person; returns the line of the text that is blamed, 0: none. */
unsigned steer_cause(const struct tool_result *result, char *text, size_t size);

/* Reads and parses the ruleset. 0, or -errno after telling why. `result` owns the text that `save` points into. */
int steer_read(const struct steer_run *run, struct save *save, struct tool_result *result);

#endif
