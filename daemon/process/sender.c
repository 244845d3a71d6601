/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The master's side of a sender. */
#include "daemon/process/sender.h"

#include "daemon/process/child.h"
#include "daemon/process/deadline.h"
#include "daemon/process/events.h"
#include "daemon/process/log.h"
#include "daemon/process/sender-run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SOON_NS          1000000000u /* an end this soon after a start is a failure to start */
#define RESTARTS_AT_ONCE 20          /* in a row, each soon after the last */
#define RESTART_PAUSE_NS 50000000u
#define FINISH_TURNS      3000       /* of a millisecond */
#define FINISH_TURNS_EACH 1000       /* for one that does not send */
#define STUCK_NS         1000000000u
#define STUCK_LOOKS      4           /* in a row: the master may have been stopped, too */

int sender_open(struct sender *sender, uint16_t number)
{
	char name[32];
	int err;

	*sender = SENDER_NONE;
	sender->number = number;
	snprintf(name, sizeof(name), "nfv-ring-%u", number);
	err = region_create(&sender->ring, name, sizeof(struct ring));
	if (!err)
		err = region_map_apart(&sender->ring);
	snprintf(name, sizeof(name), "nfv-sender-%u", number);
	if (!err)
		err = region_create(&sender->state, name, sizeof(struct sender_state));
	if (!err)
		err = region_map_apart(&sender->state);
	if (!err && pipe2(sender->life, O_CLOEXEC) < 0)
		err = -errno;
	if (err)
		sender_close(sender);
	return err;
}

static void close_life(struct sender *sender, int end)
{
	if (sender->life[end] >= 0)
		close(sender->life[end]);
	sender->life[end] = -1;
}

void sender_close(struct sender *sender)
{
	close_life(sender, 0);
	close_life(sender, 1);
	region_close(&sender->state);
	region_close(&sender->ring);
	*sender = SENDER_NONE;
}

int sender_start(struct sender *sender, const struct queue_socket *socket, const struct account *account)
{
	const pid_t master = getpid();

	fflush(NULL);
	sender->pid = fork();
	if (sender->pid == 0)
		_exit(sender_run(sender, socket, account, master));
	if (sender->pid < 0) {
		sender->pid = 0;
		return -errno;
	}
	sender->started_ns = events_now_ns();
	sender->restart_at_ns = 0;
	return 0;
}

/* Entries that are still to be sent may be those of a worker that could do other things. */
static struct ring_policy either(const struct ring_policy *a, const struct ring_policy *b)
{
	return (struct ring_policy){
		.verdicts = a->verdicts | b->verdicts,
		.until = a->until | b->until,
		.mark_mask = a->mark_mask | b->mark_mask,
		.rewrites = a->rewrites || b->rewrites,
		.bypass = b->bypass,
	};
}

void sender_allow(struct sender *sender, const struct ring_policy *policy)
{
	struct sender_state *state = sender_state(sender);
	const struct ring *ring = sender->ring.memory;
	bool passed = (int32_t)(sender_totals(sender)->taken - state->boundary) >= 0;

	if (memcmp(&state->now, policy, sizeof(*policy)) == 0)
		return;
	atomic_fetch_add(&state->sequence, 1);
	state->before = passed ? state->now : either(&state->before, &state->now);
	state->now = *policy;
	state->boundary = atomic_load(&ring->head);
	atomic_fetch_add(&state->sequence, 1);
}

void sender_ended(struct sender *sender, int status)
{
	const struct sender_state *state = sender_state(sender);
	const uint64_t now_ns = events_now_ns();
	const int pid = (int)sender->pid;

	sender->pid = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == SENDER_REFUSED) {
		sender->refused = true;
		sender->restart_at_ns = 0;
		log_error("queue %u: sender: refused what the worker put into the ring: %s", sender->number,
			  ring_refusal_word(state->refusal < RING_REFUSALS ? (enum ring_refusal)state->refusal : RING_BAD_INDEX));
		return;
	}
	if (WIFSIGNALED(status))
		log_error("queue %u: sender %d was killed by signal %d (%s)", sender->number, pid, WTERMSIG(status),
			  strsignal(WTERMSIG(status)));
	else
		log_error("queue %u: sender %d ended with status %d", sender->number, pid, WEXITSTATUS(status));
	sender->failures = now_ns - sender->started_ns < SOON_NS ? sender->failures + 1 : 0;
	sender->restart_at_ns = now_ns;
	if (sender->failures > RESTARTS_AT_ONCE || !WIFSIGNALED(status))
		sender->restart_at_ns += RESTART_PAUSE_NS;
}

void sender_reset(struct sender *sender)
{
	struct sender_state *state = sender_state(sender);
	struct ring_totals *totals = &state->totals[atomic_load(&state->current) % 2];

	totals->area_end = 0;
	state->boundary = totals->taken;
	ring_reset(sender->ring.memory, totals->taken);
	sender->refused = false;
	sender->restart_at_ns = events_now_ns();
}

static bool all_sent(const struct sender *sender)
{
	const struct ring *ring = sender->ring.memory;

	return sender_totals(sender)->taken == atomic_load(&ring->head);
}

static void end_now(struct sender *sender)
{
	if (sender->pid <= 0)
		return;
	kill(sender->pid, SIGKILL);
	(void)child_wait(sender->pid, NULL);
	sender->pid = 0;
}

static bool is_running(struct sender *sender)
{
	int status;

	if (sender->pid > 0 && waitpid(sender->pid, &status, WNOHANG) == sender->pid)
		sender_ended(sender, status);
	return sender->pid > 0;
}

bool sender_finish(struct sender *sender, const struct queue_socket *socket, const struct account *account)
{
	const struct timespec turn = { .tv_nsec = 1000000 };

	for (int i = 0, own = 0; i < FINISH_TURNS && !all_sent(sender); i++, own++) {
		if (own == FINISH_TURNS_EACH) {
			log_warning("queue %u: sender %d does not send any more; killed", sender->number, (int)sender->pid);
			end_now(sender);
		}
		if (!is_running(sender)) {
			if (sender->refused || sender_start(sender, socket, account) < 0)
				break;
			own = 0;
		}
		nanosleep(&turn, NULL);
	}
	end_now(sender);
	return all_sent(sender);
}

void sender_look(struct sender *sender, uint64_t now_ns)
{
	struct sender_look *look = &sender->look;
	struct sender_look seen;

	if (!sender_is_open(sender) || sender->pid <= 0)
		return;
	seen = (struct sender_look){ .pid = sender->pid, .taken = sender_totals(sender)->taken, .since_ns = now_ns };
	if (all_sent(sender) || look->pid != seen.pid || look->taken != seen.taken) {
		*look = seen;
		return;
	}
	if (look->told || ++look->times < STUCK_LOOKS || now_ns - look->since_ns < STUCK_NS)
		return;
	look->told = true;
	if (!deadline_is_stopped(sender->pid)) {
		log_warning("queue %u: sender %d has sent nothing for a second, and verdicts wait for it", sender->number,
			    (int)sender->pid);
		return;
	}
	log_error("queue %u: sender %d is stopped, and verdicts wait for it; killed, for another one", sender->number,
		  (int)sender->pid);
	kill(sender->pid, SIGKILL);
}
