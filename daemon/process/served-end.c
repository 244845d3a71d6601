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
#include <unistd.h>

#define SOON_NS          1000000000u /* a death this soon after a start is a failure to start */
#define RESTARTS_AT_ONCE 20 /* in a row, each soon after the last */
#define RESTART_LEAST_NS 50000000u
#define RESTART_MOST_NS  5000000000u

/* "in handler x at packet 17", from what the worker left in shared memory. */
static void describe_progress(const struct served *served, char *text, size_t size)
{
	static const char *const calls[] = {
		[CHAIN_CALL_OPEN] = "open()",
		[CHAIN_CALL_TICK] = "tick()",
		[CHAIN_CALL_STATS] = "stats()",
		[CHAIN_CALL_CLOSE] = "close()",
	};
	const struct chain_progress progress = served_shared(served)->progress;
	const struct config_queue *config = served_config(served);
	const char *const *names = config->handlers.items;

	text[0] = '\0';
	if (progress.handler == 0 || progress.handler > config->handlers.count)
		return;
	if (progress.call > CHAIN_CALL_PACKET && progress.call <= CHAIN_CALL_CLOSE)
		snprintf(text, size, " in %s of handler %s", calls[progress.call], names[progress.handler - 1]);
	else
		snprintf(text, size, " in handler %s at packet %u", names[progress.handler - 1], progress.packet_id);
}

static void log_end(const struct served *served, int status)
{
	char where[128];

	describe_progress(served, where, sizeof(where));
	if (WIFSIGNALED(status))
		log_error("queue %u: worker %d was killed by signal %d (%s)%s", served->number, (int)served->pid,
			  WTERMSIG(status), strsignal(WTERMSIG(status)), where);
	else
		log_error("queue %u: worker %d ended with status %d%s", served->number, (int)served->pid,
			  WEXITSTATUS(status), where);
}

/* ---- Handlers that hang ---- */

static uint64_t limit_ns(const struct served *served)
{
	const struct config_queue *config = served_config(served);

	if (served_shared(served)->progress.call == CHAIN_CALL_OPEN)
		return DEADLINE_OPEN_NS;
	return config->deadline == CONFIG_DEADLINE_NONE ? 0 : config->deadline;
}

uint64_t served_look_ns(const struct served *served)
{
	const struct config_queue *config = served_config(served);

	if (config->handlers.count == 0)
		return 0;
	return deadline_interval_ns(config->deadline == CONFIG_DEADLINE_NONE ? DEADLINE_OPEN_NS : config->deadline);
}

/* SIGABRT leaves a core where cores are wanted. One that blocked it gets SIGKILL at the next look. */
void served_look(struct served *served, uint64_t now_ns)
{
	const struct chain_progress progress = served_shared(served)->progress;
	char where[128];
	bool stopped;

	if (served->pid <= 0)
		return;
	/* Its state is asked for only while a call lasts. */
	stopped = deadline_lasts(&served->deadline, &progress) && deadline_is_stopped(served->pid);
	if (!deadline_over(&served->deadline, &progress, stopped, now_ns, limit_ns(served)))
		return;
	if (!served->hung) {
		describe_progress(served, where, sizeof(where));
		log_error("queue %u: worker %d hangs%s: more than %llu ms; it is ended", served->number, (int)served->pid,
			  where, (unsigned long long)(limit_ns(served) / 1000000));
	}
	kill(served->pid, served->hung ? SIGKILL : SIGABRT);
	served->hung = true;
}

/*
 * A worker that served is replaced at once, for its packets wait; one that dies again and again, or before it is ready,
 * is not allowed to eat the machine.
 */
static uint64_t restart_pause(const struct served *served)
{
	uint64_t pause;

	if (served->ready)
		return served->failures > RESTARTS_AT_ONCE ? RESTART_LEAST_NS : 0;
	pause = RESTART_LEAST_NS << (served->failures < 8 ? served->failures : 8);
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
	log_error("queue %u: handler %s is in quarantine: %llu crash%s within %llu s; %s until nfverdictd is started anew",
		  served->number, names[handler], (unsigned long long)config->max_crashes, config->max_crashes == 1 ? "" : "es",
		  (unsigned long long)(config->crash_window / 1000000000u),
		  config->quarantine == QUARANTINE_SKIP ? "packets pass it by" : "every packet of the queue gets on-error");
}

/* A kill from outside is not the packet's fault, nor the handler's. */
static void note_poison(struct served *served, int status)
{
	const struct chain_progress progress = served_shared(served)->progress;
	bool killed = !served->hung && WIFSIGNALED(status) &&
		      (WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGTERM);
	bool known = progress.handler > 0 && progress.handler <= served_config(served)->handlers.count;

	if (known && !killed)
		note_crash(served, progress.handler - 1);
	served->poisoned = served->ready && known && progress.call == CHAIN_CALL_PACKET && !killed;
	served->poison_id = progress.packet_id;
	if (served->poisoned)
		log_warning("queue %u: packet %u gets on-error: %s", served->number, progress.packet_id,
			    served_config(served)->on_error == PASS_ACCEPT ? "accept" : "drop");
	if (served->poisoned)
		served_save(served, status);
}

void served_ended(struct served *served, int status, bool stopping)
{
	uint64_t now = events_now_ns(), pause;

	if (!stopping || status != 0)
		log_end(served, status);
	note_poison(served, status);
	served->failures = now - served->started_ns < SOON_NS ? served->failures + 1 : 0;
	pause = restart_pause(served);
	served->restart_at_ns = now + pause;
	served->pid = 0;
	served->ready = false;
	if (served->channel >= 0)
		close(served->channel);
	served->channel = -1;
}
