/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What another executable left to this one, in whose place it is. */
#include "config.h"

#include "daemon/process/log.h"
#include "daemon/process/master-private.h"
#include "daemon/process/upgrade.h"

#include <stdio.h>
#include <unistd.h>

/* What the one in whose place we are had counted, and where it stood. */
void master_take_left(struct master *master, struct state *left)
{
	master->left = left;
	master->started_ns = left->started_ns;
	master->upgrades = left->upgrades;
	master->background = left->background;
	master->steered = left->steered;
	master->kept_before = (struct keeper_counters){
		.flushes = left->flushes,
		.repairs = left->repairs,
		.failures = left->repair_failures,
	};
}

/* The predecessor's workers, numbers and descriptors are ours by now, or gone. */
static void forget_left(struct master *master, struct state *left)
{
	const char *refused = master->plan->refused;
	char text[1024];

	if (!left)
		return;
	master->left = NULL;
	plan_drop(master->left_plan);
	master->left_plan = NULL;
	snprintf(text, sizeof(text), "%s has the place of %s%s%s", UPGRADE_PROGRAM, left->program,
		 refused ? ", with the configuration of before: " : "", refused ? refused : "");
	if (left->back[0])
		log_error("upgrade: back to %s: %s", UPGRADE_PROGRAM, left->back);
	else
		log_notice("upgrade: %s", text);
	/* Who asked has waited through all of it. */
	if (left->back[0])
		control_finish(left->answer, left->back, "back to " UPGRADE_PROGRAM);
	else
		control_finish(left->answer, text, NULL);
	left->answer = -1;
	if (left->executable >= 0)
		close(left->executable);
	left->executable = -1;
}

/* What a predecessor's keeper had counted. */
void master_count_from_before(struct master *master)
{
	struct keeper_counters *counters = master->keeper.counters;

	if (!counters)
		return;
	counters->flushes += master->kept_before.flushes;
	counters->repairs += master->kept_before.repairs;
	counters->failures += master->kept_before.failures;
}

int master_first_start(struct master *master, struct state *left, const char **failed)
{
	int err = master_start(master, failed);

	if (err)
		(void)events_wait(&master->events, 0); /* a signal that ended a wait for a tool is still to be taken */
	if (!err)
		forget_left(master, left);
	else if (left && !master->asked)
		master_upgrade_back(master, left, *failed);
	else if (master->adopting && !master->asked)
		master_adopt_release(master);
	return err;
}
