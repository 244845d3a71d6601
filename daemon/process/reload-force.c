/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of a new configuration is neither worker nor rule: who looks after rules, where lines and packets that kill go. */
#include "daemon/process/log.h"
#include "daemon/process/reload-private.h"

#include <string.h>
#include <unistd.h>

static bool keeper_changes(const struct master *master)
{
	const struct reload *reload = &master->reload;

	return reload->new_rules || reload->added || reload->removed ||
	       master->plan->config->when_flushed != reload->plan->config->when_flushed;
}

static bool rules_server_changes(const struct master *master)
{
	const struct config *old = master->plan->config, *new = master->reload.plan->config;

	return old->backend != new->backend ||
	       strcmp(old->rules_socket ? old->rules_socket : "", new->rules_socket ? new->rules_socket : "") != 0;
}

/* They have the old configuration: those that must have the new one end first. */
void reload_settle(struct master *master)
{
	if (keeper_changes(master))
		child_leave(&master->keeper.child);
	if (rules_server_changes(master))
		child_leave(&master->rules_server.child);
}

/* True when it is there no more, or need not go. */
static bool gone(struct master *master, struct child *child)
{
	if (child->stop_fd >= 0 || child_gone(child))
		return true;
	if (events_now_ns() < master->reload.limit_ns)
		return false;
	child_kill(child);
	return true;
}

bool reload_settled(struct master *master)
{
	const bool keeper = gone(master, &master->keeper.child);
	const bool server = gone(master, &master->rules_server.child);

	return keeper && server;
}

static void take_bypass(struct master *master)
{
	struct reload *reload = &master->reload;

	if (reload->new_rules) {
		bypass_inherit(&reload->bypass, &master->bypass);
		bypass_close(&master->bypass);
		master->bypass = reload->bypass;
		reload->bypass = (struct bypass){ 0 };
	}
	/* The same rules stand somewhere else now. */
	master->bypass.steering = &master->plan->steering;
	master->keeper.bypass = &master->bypass;
}

static void start_others(struct master *master)
{
	master->keeper.steering = &master->plan->steering;
	take_bypass(master);
	master->rules_server.config = master->plan->config;
	if (master->keeper.child.pid <= 0)
		master_start_keeper(master);
	if (master->rules_server.child.pid <= 0)
		master_start_rules_server(master);
}

static void take_crash_folder(struct master *master)
{
	const int old = master->crash_folder;

	master->crash_folder = master->reload.crash_folder;
	master->reload.crash_folder = -1;
	for (size_t i = 0; i < master->count; i++)
		master->served[i].crash_folder = master->crash_folder;
	if (old >= 0)
		close(old);
}

static void take_recovery(struct master *master)
{
	const int recovery = master->plan->config->recovery;

	master->repeats = recovery == RECOVERY_REPEAT || (recovery == RECOVERY_AUTO && !master->never_repeats);
	for (size_t i = 0; i < master->count; i++)
		master->served[i].repeats = master->repeats;
}

void reload_put_in_force(struct master *master)
{
	master_open_log(master->plan->config, master->options->foreground);
	take_crash_folder(master);
	take_recovery(master);
	commands_move(master);
	start_others(master);
}
