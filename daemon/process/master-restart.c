/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end before another start, below a service manager that keeps the queues' sockets: packets wait in the queues, rules
 * still lead there. First somebody must have seen that a start would not fail on the configuration.
 */
#include "daemon/process/log.h"
#include "daemon/process/master-private.h"
#include "daemon/process/notify.h"

static void stop(struct master *master)
{
	master->asked = true;
	master->stop = true;
}

static void on_refused(void *context, const char *why)
{
	(void)why; /* is told */
	stop(context);
}

void master_restart_start(struct master *master)
{
	char why[512];

	if (!notify_wanted()) {
		log_warning("restart: no service manager keeps the queues; an ordinary stop");
		stop(master);
	} else if (master_upgrade_start(master, NULL, on_refused, master, why, sizeof(why)) < 0) {
		log_error("restart: %s; an ordinary stop", why);
		stop(master);
	} else {
		master->upgrade.restarts = true;
	}
}

void master_restart_go(struct master *master)
{
	log_notice("restart: queues stay with the service manager, and rules stay, for the next start");
	master->leaves = true;
	stop(master);
}
