/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way to the kernel, as the rest of the library sees it. */
#ifndef RULES_LIVE_H
#define RULES_LIVE_H

#include "rules/model.h"
#include "rules/store.h"

/* As nfv_live_open(), through a tool that was found already: its time limits, and what interrupts it, hold. */
int live_open_with(struct nfv_live **live, const struct tool *tool, const struct nfv_live_options *options,
		   struct nfv_rules_error *error);

/* Commits the changes of one live ruleset. On failure the objects are put back to what the kernel has. 0 or -errno. */
int live_autocommit(struct nfv_rules *rules);

struct store *live_store(const struct nfv_live *live);
const struct nfv_live_options *live_options(const struct nfv_live *live);
/* Logs to options->log, if there is one. */
void live_log(const struct nfv_live *live, enum nfv_rules_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
