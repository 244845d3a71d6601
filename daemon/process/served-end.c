/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a worker's end comes about, and what follows from it. */
#include "daemon/process/events.h"
#include "daemon/process/log.h"
#include "daemon/process/served.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define SOON_NS          1000000000u /* a death this soon after a start is a failure to start */
#define RESTARTS_AT_ONCE 20 /* in a row, each soon after the last */
#define RESTART_AGAIN_NS 25000000u /* after so many: a replacement still takes less than a tenth of a second */
#define RESTART_LEAST_NS 50000000u
#define RESTART_MOST_NS  5000000000u

/* SIGKILL and SIGTERM come from a person, or from a kernel that is short of memory. */
static bool killed_from_outside(const struct runner *runner, int status)
{
	return !runner->hung && WIFSIGNALED(status) && (WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGTERM);
}

/*
 * A worker that served is replaced at once, for its packets wait, and so is one that was killed before it came to that. One
 * that dies again and again, or of itself before it is ready, is not allowed to eat the machine.
 */
static uint64_t restart_pause(struct served *served, bool killed)
{
	uint64_t pause;

	if (served->now.ready || killed)
		return served->failures > RESTARTS_AT_ONCE ? RESTART_AGAIN_NS : 0;
	pause = RESTART_LEAST_NS << (served->failed_starts < 8 ? served->failed_starts : 8);
	served->failed_starts++;
	return pause > RESTART_MOST_NS ? RESTART_MOST_NS : pause;
}

/* A handler that crashes again and again is left out from now on. */
static void note_crash(struct served *served, uint32_t handler)
{
	const struct config_queue *config = served_config(served);
	const char *const *names = config->handlers.items;

	if (config->max_crashes == CONFIG_CRASHES_UNLIMITED)
		return;
	if (!served->crashes)
		served->crashes = calloc(config->handlers.count, sizeof(*served->crashes));
	if (!served->crashes || !crashes_note(&served->crashes[handler], events_now_ns(), (unsigned)config->max_crashes,
					      config->crash_window))
		return;
	served->quarantined |= UINT64_C(1) << handler;
	log_error("queue %u: handler %s is in quarantine: %llu crash%s within %llu s; %s until a reload or "
		  "`nfverdict release %u %s`",
		  served->number, names[handler], (unsigned long long)config->max_crashes, config->max_crashes == 1 ? "" : "es",
		  (unsigned long long)(config->crash_window / 1000000000u),
		  config->quarantine == QUARANTINE_SKIP ? "packets pass it by" : "every packet of the queue gets on-error",
		  served->number, names[handler]);
}

/*
 * Several packets in one call of a handler: which of them it was, the next death tells, for the successor judges one by
 * one. That is then the same crash.
 */
static bool was_counted(struct served *served, const struct chain_progress *progress)
{
	bool counted = served->suspect == progress->handler && served_shared(served)->careful > 0;

	served->suspect = progress->packets > 1 ? progress->handler : 0;
	return counted;
}

/*
 * Whether it died of one packet: of the one that a handler was judging; or, when no handler was running, of what one had
 * done before, and then the packet that was judged last is the one, if its verdict was not even sent. Both are sure only of
 * packets that are judged one by one.
 */
static bool find_poison(const struct shared *shared, const struct chain_progress *progress)
{
	uint32_t sent_until = shared->sending.until ? shared->sending.until : shared->sent_until;

	if (progress->handler)
		return progress->call == CHAIN_CALL_PACKET && progress->packets <= 1;
	return shared->careful > 0 && progress->packet_id && (int32_t)(progress->packet_id - sent_until) > 0;
}

/*
 * What the sender refused was written into the ring before, by whatever handler ran. While packets are judged one by one each is
 * waited for, so then it is the last one.
 */
static void note_distrust(struct served *served)
{
	const struct shared *shared = served_shared(served);
	struct chain_progress progress = shared->progress;

	served->suspect = 0;
	served->careful = served->distrusted = true;
	served->poisoned = shared->careful > 0 && progress.packet_id &&
			   (int32_t)(progress.packet_id - shared->sent_until) > 0;
	served->poison_id = progress.packet_id;
	if (!progress.handler && served_config(served)->handlers.count == 1)
		progress.handler = 1;
	if (served->poisoned && progress.handler && progress.handler <= served_config(served)->handlers.count)
		note_crash(served, progress.handler - 1);
}

/*
 * A kill from outside is not the packet's fault, nor the handler's. One that died before it had settled what its predecessor
 * left says nothing new of that.
 */
static void note_death(struct served *served, int status)
{
	const struct runner *now = &served->now;
	const struct shared *shared = served_shared(served);
	struct chain_progress progress = shared->progress;
	bool killed = killed_from_outside(now, status);

	if (progress.handler > served_config(served)->handlers.count)
		progress.handler = 0;
	if (progress.handler && !killed && !was_counted(served, &progress))
		note_crash(served, progress.handler - 1);
	if (!now->going || shared->recovering)
		return;
	served->scribbled = served->scribbled && shared->careful > 0;
	served->careful = !killed || shared->careful > 0;
	served->distrusted = served->distrusted && shared->careful > 0;
	served->poisoned = !killed && find_poison(shared, &progress);
	served->poison_id = progress.packet_id;
}

static void note_poison(struct served *served, int status, bool distrusted)
{
	const bool killed = killed_from_outside(&served->now, status), scribbled = served_note_scribble(served, killed);
	const bool received = served->now.going && !served_shared(served)->recovering;

	if (scribbled && !killed && served_config(served)->handlers.count == 1)
		note_crash(served, 0); /* which of several it was is not known */
	if (!scribbled && !distrusted)
		note_death(served, status);
	else if (!scribbled && received)
		note_distrust(served);
	if (!received || !served->poisoned)
		return;
	log_warning("queue %u: packet %u gets on-error: %s", served->number, served->poison_id,
		    served_config(served)->on_error == PASS_ACCEPT ? "accept" : "drop");
	served_save(served, status);
}

void served_settle(struct served *served)
{
	const struct runner *now = &served->now;

	/* One that never received, or not enough to settle what a dead predecessor had in hand, leaves that to the next. */
	if (!now->left || !now->going || served_shared(served)->recovering)
		return;
	served->in_hand = false;
	served->careful = served->distrusted = served->scribbled = served->poisoned = false;
}

void served_ended(struct served *served, int status, bool stopping)
{
	struct runner *now = &served->now;
	const bool distrusted = served->sender.refused;
	uint64_t time = events_now_ns(), pause;

	served_settle(served);
	served_settle_refused(served);
	if (status != 0 || (!stopping && !now->left))
		runner_log_end(now, status);
	/* One that has left can end as it likes: it is its handlers' business. */
	if (!now->left)
		note_poison(served, status, distrusted);
	if (WIFSIGNALED(status) && WCOREDUMP(status) && served->crash_folder >= 0)
		served_save_core(served);
	served->deaths += !stopping && !now->left;
	served->failures = time - now->started_ns < SOON_NS ? served->failures + 1 : 0;
	if (now->ready)
		served->failed_starts = 0;
	pause = restart_pause(served, killed_from_outside(now, status));
	served->restart_at_ns = time + pause;
	runner_gone(now);
}

void served_other_ended(struct served *served, struct runner *runner, int status)
{
	(void)served;
	if (status != 0)
		runner_log_end(runner, status);
	runner_gone(runner);
	runner_close(runner);
}
