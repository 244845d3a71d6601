/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration's steer entries, handed to the rule engine; its findings, with the configuration's places. */
#ifndef PROCESS_STEERING_H
#define PROCESS_STEERING_H

#include "daemon/config/config.h"
#include "rules/steer.h"

struct steering {
	const struct config *config;
	struct tool tool;
	bool have_tool;               /* false: no queue steers, and there is no iptables here */
	struct steer_queue *queues;   /* those that have entries */
	size_t count;
	uint16_t *numbers;            /* all numbers of the configuration */
	size_t number_count;
	size_t others_count;          /* of those, at the end: numbers of another configuration that are bound, too */
};

/* Finds the tools and translates. 0, or -ENOMEM, or another -errno after adding to the report. */
int steering_init(struct steering *steering, const struct config *config, struct report *report);

/*
 * Has the tool judge every entry. 0; -EPERM when that takes rights that are not there (told in the log); -EINVAL: see
 * the report.
 */
int steering_check(const struct steering *steering, struct report *report);

/* How long the tools may take. */
struct steering_patience {
	int interrupt_fd; /* readable: give up, -EINTR; 0: none */
	int run_ms;       /* each run; 0: the tool's own limit */
	int all_ms;       /* all of them together; 0: no limit */
};

/* 0 or -errno after adding to the report or logging an error; then nothing is installed. */
int steering_install(const struct steering *steering, const struct steering_patience *patience, struct report *report);

/* True when the one does what the other does. */
bool steering_same(const struct steering *a, const struct steering *b);

/*
 * Puts `after` in the place of `before`, whose rules are in force, and touches only what differs. 0 or -errno after adding to
 * the report or logging an error; then everything is as it was. before NULL: whatever is there.
 */
int steering_change(const struct steering *before, const struct steering *after, const struct steering_patience *patience,
		    struct report *report);

/* Its rules may lead to these numbers, too: what is removed counts them as ours. 0 or -ENOMEM. They are taken back as a whole. */
int steering_own(struct steering *steering, const uint16_t *numbers, size_t count);
void steering_disown(struct steering *steering);

/*
 * The same where rules of ours may be in place, from whomever they are: those that are as they should be stay untouched. own:
 * queue numbers that the caller holds, also those that are not to be steered to any more.
 */
int steering_adopt(const struct steering *steering, const uint16_t *own, size_t own_count,
		   const struct steering_patience *patience, struct report *report);

/*
 * Removes what is ours, or was left by a dead daemon. tally: NULL, or it gets what the rules had counted. The number of rules
 * and chains removed, or -errno.
 */
int steering_remove(const struct steering *steering, const struct steering_patience *patience, struct steer_tally *tally);

/* Takes the jumps out and leaves the chains, so that nothing is steered and counted any more. 0 or -errno, logged. */
int steering_unhook(const struct steering *steering, const struct steering_patience *patience, struct steer_tally *tally);

/* Reads what our rules counted. 0 or -errno, logged. */
int steering_count(const struct steering *steering, const struct steering_patience *patience, struct steer_tally *tally);

/* 1: our rules are all there, 0: they are not, or -errno, logged. */
int steering_present(const struct steering *steering);

/* True when the kernel tells of changes to the ruleset. */
bool steering_watches_generations(const struct steering *steering);

void steering_free(struct steering *steering);

/* nfverdictd --cleanup: without a configuration. Exit status. */
int steering_cleanup(void);

#endif
