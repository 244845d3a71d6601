/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the master tells of all queues when it is asked, and at its end. */
#include "daemon/process/log.h"
#include "daemon/process/master-private.h"
#include "daemon/process/stats.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define COUNT_WAIT_NS 500000000u /* for what the rules counted, before statistics are printed */

char *master_collect_stats(const struct master *master, bool ended)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		goto fail;
	stats_print(master->served, master->count, out);
	bypass_print(&master->bypass, master->served, master->count, ended, out);
	if (master->keeper.counters && master->keeper.counters->flushes)
		fprintf(out, "steering: our rules were found gone %llu times, put back %llu times, %llu tries failed\n",
			(unsigned long long)master->keeper.counters->flushes,
			(unsigned long long)master->keeper.counters->repairs,
			(unsigned long long)master->keeper.counters->failures);
	if (fclose(out) == 0 && text)
		return text;
	free(text);
fail:
	log_warning("statistics: cannot be told: %s", strerror(ENOMEM));
	return NULL;
}

static void tell_stats(struct master *master)
{
	char *text = master_collect_stats(master, false);

	for (size_t i = 0; i < master->count; i++)
		runner_tell(&master->served[i].now, CHANNEL_TELL_STATS);
	master_print_lines(master, text);
	free(text);
}

/* Everybody who waits for the counters has waited long enough. */
static void end_count(struct master *master)
{
	const bool telling = master->telling;

	master->counting = master->telling = false;
	if (telling)
		tell_stats(master);
	commands_counted(master);
}

static void on_count_late(void *argument, uint64_t now_ns)
{
	(void)now_ns;
	end_count(argument);
}

static void on_counted(void *argument, int fd, uint32_t events)
{
	struct master *master = argument;

	(void)fd;
	(void)events;
	keeper_heard(&master->keeper);
	if (!master->counting)
		return;
	events_timer_cancel(&master->events, master->counting_timer);
	end_count(master);
}

void master_count(struct master *master)
{
	if (master->counting)
		return;
	master->counting_timer = -ENOSPC;
	if (keeper_ask(&master->keeper))
		master->counting_timer = events_timer(&master->events, COUNT_WAIT_NS, 0, on_count_late, master);
	master->counting = master->counting_timer >= 0;
	if (!master->counting)
		end_count(master);
}

void master_tell_stats(struct master *master)
{
	master->telling = true;
	master_count(master);
}

void master_watch_keeper(struct master *master)
{
	if (master->keeper.told >= 0)
		(void)events_watch(&master->events, master->keeper.told, EPOLLIN, on_counted, master);
}
