/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the master knows besides the configuration: opened plugin files, what the checker says of each queue's handlers, and the
 * rules that steer.
 */
#ifndef PROCESS_PLAN_H
#define PROCESS_PLAN_H

#include "daemon/config/config.h"
#include "daemon/process/privilege.h"
#include "daemon/process/steering.h"

struct plan_plugin {
	int fd;           /* -1: not found */
	char path[512];
};

struct plan_needs {
	bool known;
	uint32_t bytes;    /* NFV_NEEDS_* or a number */
	uint32_t metadata; /* enum nfv_metadata */
	uint32_t may;      /* enum nfv_may */
};

struct plan {
	unsigned users;              /* plan_hold() */
	char *refused;               /* wrong in the file, so that this is not what it says, see plan-kept.h; owned. NULL: it is */
	bool adopted;                /* of workers that another master started, see plan_adopt(): nobody can be started by it */
	struct config *config;
	struct account account;      /* whom workers and checker become */
	bool account_found;
	struct plan_plugin *plugins; /* one for each of config->handlers */
	struct plan_needs *needs;    /* one for each of config->queues */
	struct steering steering;
};

/*
 * Reads a configuration, opens the plugins' files, finds account and tools: fast, and no plugin is loaded. Mistakes go into the
 * report. Also after mistakes a plan is returned, so that the rest can be judged, too; it must not be put into force. The
 * caller holds it. NULL without memory.
 */
struct plan *plan_read(const char *config_file, struct trust *trust, struct report *report);

/* The same from texts, see config_read_texts(). */
struct plan *plan_read_texts(const struct config_text *texts, size_t count, struct trust *trust, struct report *report);

/*
 * The rest of the check, which may take long: in the checker plugins and their options, and what each queue's handlers need.
 * Mistakes go into the report, which has those of plan_read().
 */
void plan_check(struct plan *plan, struct report *report);

/* Workers go on with the plan that they began with while the next one is in force already: the last user frees it. */
struct plan *plan_hold(struct plan *plan);

/* Accepts NULL. */
void plan_drop(struct plan *plan);

/* How many queue numbers have a process that sends for their workers. */
size_t plan_senders(const struct plan *plan);

/* Index of a handler in config->handlers; the configuration's check saw to it that there is one. */
size_t plan_handler_index(const struct plan *plan, const char *name);

#endif
