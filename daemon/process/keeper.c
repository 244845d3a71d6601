/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/keeper.h"

#include "daemon/process/events.h"
#include "daemon/process/log.h"
#include "rules/generation.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#define LOOK_MS       5000  /* where nobody tells of changes: the legacy backend */
#define IDLE_MS       60000 /* where somebody does: should a notice get lost */
#define COUNT_NS      30000000000u /* between readings of the counters at least: those of 32 bits wrap */
#define SETTLE_MS     200   /* whoever flushes mostly puts something else in its place: let him finish */
#define WAIT_LEAST_MS 1000  /* between repairs, doubled each time, so that two that fight do not eat the machine */
#define WAIT_MOST_MS  60000
#define RUN_MS        10000

/* ---- in the child ---- */

struct keeping {
	const struct steering *steering;
	struct bypass *bypass;
	struct keeper_counters *counters;
	struct mnl_socket *watch;  /* NULL: nobody tells of changes */
	int stop_fd, ask, told;
	bool repairs;              /* what somebody took out is put back */
	uint64_t repair_ns;        /* no repair before */
	uint64_t counted_ns;       /* when the counters were read last */
	uint64_t calm_ns;          /* without a repair until then the wait is short again */
	int wait_ms;
};

/* Reads what the rules counted. */
static void read_counters(struct keeping *k)
{
	const struct steering_patience patience = { .interrupt_fd = k->stop_fd, .run_ms = RUN_MS };

	k->counted_ns = events_now_ns();
	(void)bypass_read(k->bypass, &patience);
}

/* Until the ruleset may have changed, answering whoever asks meanwhile. False: the end. */
static bool wait_for_change(struct keeping *k, int timeout_ms)
{
	const uint64_t end = events_now_ns() + (uint64_t)timeout_ms * 1000000u;
	struct pollfd fds[] = {
		{ .fd = k->stop_fd, .events = POLLIN },
		{ .fd = k->watch ? mnl_socket_get_fd(k->watch) : -1, .events = POLLIN },
		{ .fd = k->ask, .events = POLLIN },
	};

	for (;;) {
		const uint64_t now = events_now_ns();
		eventfd_t times;

		(void)poll(fds, sizeof(fds) / sizeof(fds[0]), now < end ? (int)((end - now) / 1000000) + 1 : 0);
		if (fds[0].revents)
			return false;
		if (k->watch && fds[1].revents)
			(void)generation_drain(k->watch);
		if (fds[2].revents && eventfd_read(k->ask, &times) == 0) {
			read_counters(k);
			(void)eventfd_write(k->told, 1);
		}
		if (fds[1].revents || events_now_ns() >= end)
			return true;
	}
}

/* Takes out what is left of our rules, so that they can be put in anew. What they counted is kept. */
static int take_out(struct keeping *k, const struct steering_patience *patience)
{
	struct steer_tally tally;
	int err;

	if (!k->bypass->board)
		return steering_remove(k->steering, patience, NULL);
	tally = bypass_tally(k->bypass);
	err = steering_remove(k->steering, patience, &tally);
	if (err >= 0)
		bypass_note(k->bypass, BYPASS_REMOVED);
	return err;
}

static void repair(struct keeping *k)
{
	const struct steering_patience patience = { .interrupt_fd = k->stop_fd, .run_ms = RUN_MS };
	struct report report = { 0 };
	int err = take_out(k, &patience);

	if (err >= 0)
		err = steering_install(k->steering, &patience, &report);
	for (size_t i = 0; i < report.count; i++)
		log_error("%s:%u:%u: %s", report.entries[i].file, report.entries[i].line, report.entries[i].column,
			  report.entries[i].text);
	report_clear(&report);
	if (err == -EINTR)
		return;
	if (err < 0) {
		k->counters->failures++;
		log_error("steering: our rules could not be put back; next try in %d s", k->wait_ms / 1000);
	} else {
		k->counters->repairs++;
		k->counters->gone = 0;
		log_notice("steering: our rules are in place again");
	}
	k->repair_ns = events_now_ns() + (uint64_t)k->wait_ms * 1000000u;
	k->wait_ms = k->wait_ms * 2 < WAIT_MOST_MS ? k->wait_ms * 2 : WAIT_MOST_MS;
	k->calm_ns = events_now_ns() + 2 * (uint64_t)k->wait_ms * 1000000u;
}

/* One look, and what follows from it. Milliseconds until the next one is due at the latest. */
static int look(struct keeping *k)
{
	const int idle_ms = k->watch || !k->repairs ? IDLE_MS : LOOK_MS;
	uint64_t now = events_now_ns();
	int present;

	k->counters->looks++;
	if (now >= k->counted_ns + COUNT_NS)
		read_counters(k);
	if (!k->repairs)
		return idle_ms;
	if (now > k->calm_ns)
		k->wait_ms = WAIT_LEAST_MS;
	present = steering_present(k->steering);
	if (present != 0) {
		k->counters->gone = 0;
		return idle_ms;
	}
	if (!k->counters->gone) {
		k->counters->flushes++;
		log_warning("steering: somebody took our rules out");
	}
	k->counters->gone = 1;
	if (now < k->repair_ns)
		return (int)((k->repair_ns - now) / 1000000) + 1;
	repair(k);
	return idle_ms < k->wait_ms ? idle_ms : k->wait_ms;
}

static int keep(struct keeping *k)
{
	int next_ms = 0; /* what happened while there was no keeper */

	while (wait_for_change(k, next_ms)) {
		if (k->watch && !k->counters->gone && !wait_for_change(k, SETTLE_MS))
			break;
		next_ms = look(k);
	}
	return 0;
}

static int run(void *context, int stop_fd)
{
	const struct keeper *keeper = context;
	struct keeping k = {
		.steering = keeper->steering,
		.bypass = keeper->bypass,
		.counters = keeper->counters,
		.stop_fd = stop_fd,
		.ask = keeper->ask,
		.told = keeper->told,
		.repairs = keeper->steering->config->when_flushed == FLUSHED_REPAIR,
		.counted_ns = events_now_ns(),
		.wait_ms = WAIT_LEAST_MS,
	};

	/* Without the watch, as with the legacy backend, it looks from time to time. */
	if (!k.repairs || !steering_watches_generations(k.steering) || generation_watch(&k.watch))
		k.watch = NULL;
	return keep(&k);
}

/* ---- in the master ---- */

static int start(struct keeper *keeper)
{
	const int keep[] = { keeper->ask, keeper->told };

	return child_start_keeping(&keeper->child, "nfv-keeper", run, keeper, keep, 2);
}

int keeper_start(struct keeper *keeper, const struct steering *steering, struct bypass *bypass)
{
	void *memory;

	keeper->steering = steering;
	keeper->bypass = bypass;
	if (steering->count == 0)
		return 0;
	if (!keeper->counters) {
		memory = mmap(NULL, sizeof(*keeper->counters), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (memory == MAP_FAILED)
			return -errno;
		keeper->counters = memory;
	}
	if (keeper->ask < 0)
		keeper->ask = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (keeper->told < 0)
		keeper->told = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return keeper->ask < 0 || keeper->told < 0 ? -errno : start(keeper);
}

bool keeper_reap(struct keeper *keeper)
{
	if (!child_ended(&keeper->child))
		return false;
	log_warning("steering: the process that keeps our rules in place ended; starting it anew");
	return true;
}

bool keeper_ask(const struct keeper *keeper)
{
	return keeper->child.pid > 0 && eventfd_write(keeper->ask, 1) == 0;
}

void keeper_heard(const struct keeper *keeper)
{
	eventfd_t times;

	(void)eventfd_read(keeper->told, &times);
}

void keeper_stop(struct keeper *keeper)
{
	child_stop(&keeper->child);
}

void keeper_free(struct keeper *keeper)
{
	if (keeper->counters)
		munmap(keeper->counters, sizeof(*keeper->counters));
	if (keeper->ask >= 0)
		close(keeper->ask);
	if (keeper->told >= 0)
		close(keeper->told);
	*keeper = KEEPER_NONE;
}
