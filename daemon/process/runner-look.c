/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the master sees of a worker from outside: that it hangs, how it ended, and where. */
#include "daemon/process/log.h"
#include "daemon/process/runner.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define SILENT_NS 3000000000u /* a worker's loop turns once a second at least */

/* "in handler x at packet 17", from what the worker left in shared memory. */
static void describe_progress(const struct runner *runner, char *text, size_t size)
{
	static const char *const calls[] = {
		[CHAIN_CALL_OPEN] = "open()",
		[CHAIN_CALL_TICK] = "tick()",
		[CHAIN_CALL_TIMER] = "a timer",
		[CHAIN_CALL_WATCH] = "a watch",
		[CHAIN_CALL_STATS] = "stats()",
		[CHAIN_CALL_CLOSE] = "close()",
	};
	const struct chain_progress progress = runner_shared(runner)->progress;
	const struct config_queue *config = runner_config(runner);
	const char *const *names = config->handlers.items;

	text[0] = '\0';
	if (progress.handler == 0 || progress.handler > config->handlers.count)
		return;
	if (progress.call > CHAIN_CALL_PACKET && progress.call <= CHAIN_CALL_CLOSE)
		snprintf(text, size, " in %s of handler %s", calls[progress.call], names[progress.handler - 1]);
	else if (progress.packets > 1)
		snprintf(text, size, " in handler %s at one of %u packets from %u on", names[progress.handler - 1],
			 progress.packets, progress.packet_id);
	else
		snprintf(text, size, " in handler %s at packet %u", names[progress.handler - 1], progress.packet_id);
}

/*
 * The memory that it touched, packet buffers included, is all that is known of the dead. One that died of a NULL from malloc()
 * had nearly all it may have; what it held without ever touching it is not seen.
 */
static void describe_memory(const struct runner *runner, char *text, size_t size)
{
	const uint64_t limit = runner_config(runner)->memory_limit;

	text[0] = '\0';
	if (limit != CONFIG_MEMORY_UNLIMITED && runner->peak_bytes >= limit - limit / 8)
		snprintf(text, size, "; its memory had come to memory-limit, %llu MiB", (unsigned long long)(limit >> 20));
}

bool runner_reap(struct runner *runner, int *status)
{
	struct rusage usage;

	if (runner->pid <= 0 || wait4(runner->pid, status, WNOHANG, &usage) != runner->pid)
		return false;
	runner->peak_bytes = (uint64_t)usage.ru_maxrss * 1024;
	return true;
}

void runner_log_end(const struct runner *runner, int status)
{
	char where[128], memory[96];

	describe_progress(runner, where, sizeof(where));
	describe_memory(runner, memory, sizeof(memory));
	if (WIFSIGNALED(status))
		log_error("queue %u: worker %d was killed by signal %d (%s)%s%s%s", runner->number, (int)runner->pid,
			  WTERMSIG(status), strsignal(WTERMSIG(status)), where, memory,
			  WCOREDUMP(status) ? "; its core was dumped" : "");
	else
		log_error("queue %u: worker %d ended with status %d%s%s", runner->number, (int)runner->pid,
			  WEXITSTATUS(status), where, memory);
}

/* ---- Handlers that hang ---- */

static uint64_t limit_ns(const struct runner *runner)
{
	const struct config_queue *config = runner_config(runner);

	if (runner_shared(runner)->progress.call == CHAIN_CALL_OPEN)
		return DEADLINE_OPEN_NS;
	return config->deadline == CONFIG_DEADLINE_NONE ? 0 : config->deadline;
}

uint64_t runner_look_ns(const struct config_queue *config)
{
	if (config->handlers.count == 0)
		return 0;
	return deadline_interval_ns(config->deadline == CONFIG_DEADLINE_NONE ? DEADLINE_OPEN_NS : config->deadline);
}

/* A debugger may want it so: it is told, and no more. */
static void look_for_stop(struct runner *runner, uint64_t now_ns)
{
	const uint64_t heartbeat_ns = runner_shared(runner)->heartbeat_ns;
	const uint64_t turned_ns = heartbeat_ns > runner->started_ns ? heartbeat_ns : runner->started_ns;
	const bool silent = runner->going && !runner->left && now_ns > turned_ns && now_ns - turned_ns > SILENT_NS;

	if (silent == runner->stopped || (silent && !deadline_is_stopped(runner->pid)))
		return;
	runner->stopped = silent;
	if (silent)
		log_warning("queue %u: worker %d is stopped: packets wait until somebody continues it", runner->number,
			    (int)runner->pid);
	else
		log_notice("queue %u: worker %d goes on", runner->number, (int)runner->pid);
}

/* SIGABRT leaves a core where cores are wanted. One that blocked it gets SIGKILL at the next look. */
void runner_look(struct runner *runner, uint64_t now_ns)
{
	struct chain_progress progress;
	char where[128];
	bool stopped;

	if (runner->pid <= 0)
		return;
	look_for_stop(runner, now_ns);
	progress = runner_shared(runner)->progress;
	/* Its state is asked for only while a call lasts. */
	stopped = deadline_lasts(&runner->deadline, &progress) && deadline_is_stopped(runner->pid);
	if (!deadline_over(&runner->deadline, &progress, stopped, now_ns, limit_ns(runner)))
		return;
	if (!runner->hung) {
		describe_progress(runner, where, sizeof(where));
		log_error("queue %u: worker %d hangs%s: more than %llu ms; it is ended", runner->number, (int)runner->pid,
			  where, (unsigned long long)(limit_ns(runner) / 1000000));
	}
	kill(runner->pid, runner->hung ? SIGKILL : SIGABRT);
	runner->hung = true;
}
