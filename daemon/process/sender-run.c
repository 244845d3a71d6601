/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/sender-run.h"

#include "daemon/process/descriptors.h"
#include "daemon/process/log.h"
#include "daemon/process/sandbox.h"

#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BYTES_MAX     (256 * 1024)
#define SEND_OVERHEAD 1024 /* what the kernel takes off the send buffer, and more */
#define IDLE_MS       1000
#define ORPHAN_MS     5    /* without a master: what comes between the last verdict and its end is lost */

struct sending {
	int fd;
	int life;
	struct ring *ring;
	struct sender_state *state;
	struct ring_reader reader;
	uint32_t sequence; /* of the policies below */
	uint32_t boundary;
	struct ring_policy before, now;
};

static volatile sig_atomic_t orphaned; /* the master is gone */

/* ---- What may be said ---- */

/* The master may be in the middle of writing, or have died there: then what was said before holds. */
static void read_policies(struct sending *s)
{
	const struct sender_state *state = s->state;
	uint32_t sequence = atomic_load(&state->sequence);
	struct ring_policy before = state->before, now = state->now;
	uint32_t boundary = state->boundary;

	atomic_thread_fence(memory_order_seq_cst);
	if (sequence % 2 || atomic_load(&state->sequence) != sequence)
		return;
	s->sequence = sequence;
	s->boundary = boundary;
	s->before = before;
	s->now = now;
}

/* Chooses the policy of the next entries. Returns how many it is good for. */
static uint32_t choose_policy(struct sending *s)
{
	int32_t left;

	if (atomic_load_explicit(&s->state->sequence, memory_order_acquire) != s->sequence)
		read_policies(s);
	left = (int32_t)(s->boundary - s->reader.sent.taken);
	s->reader.policy = left > 0 ? s->before : s->now;
	s->reader.may_end = orphaned;
	return left > 0 ? (uint32_t)left : RING_ENTRIES;
}

/* ---- Sending ---- */

static bool passes(int err)
{
	return err == EINTR || err == ENOBUFS || err == ENOMEM || err == EAGAIN;
}

/* The packets wait in the kernel: nothing is lost by trying until there is memory again. */
static int send_pieces(struct sending *s, struct iovec *iov, int count)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	const struct msghdr message = {
		.msg_name = &kernel,
		.msg_namelen = sizeof(kernel),
		.msg_iov = iov,
		.msg_iovlen = (size_t)count,
	};

	while (sendmsg(s->fd, &message, 0) < 0) {
		if (!passes(errno))
			return -errno;
		s->state->retries++;
		nanosleep(&pause, NULL);
	}
	s->state->sends++;
	return 0;
}

/* Sent first, noted second: one that ends in between sends the same again, for packets that are gone. */
static void note_sent(struct sending *s)
{
	uint32_t next = atomic_load_explicit(&s->state->current, memory_order_relaxed) + 1;

	ring_reader_sent(&s->reader);
	s->state->totals[next % 2] = s->reader.sent;
	atomic_store_explicit(&s->state->current, next, memory_order_release);
	ring_set_done(s->ring, s->reader.sent.taken);
}

/* ---- Life ---- */

static bool nobody_left(const struct sending *s)
{
	struct pollfd life = { .fd = s->life };

	return poll(&life, 1, 0) == 1 && life.revents & POLLHUP;
}

static int serve(struct sending *s)
{
	bool idle = false; /* it has just waited in vain */
	struct iovec *iov;
	int count;

	for (;;) {
		uint32_t limit = choose_policy(s);
		int messages = ring_reader_take(&s->reader, limit, &iov, &count);

		if (messages < 0) {
			s->state->refusal = s->reader.refusal;
			s->state->refused[s->reader.refusal]++;
			return SENDER_REFUSED;
		}
		if (messages > 0) {
			if (send_pieces(s, iov, count) < 0)
				return 1;
			note_sent(s);
			idle = false;
			continue;
		}
		if (idle && nobody_left(s))
			return 0;
		ring_wait_head(s->ring, s->reader.sent.taken, orphaned ? ORPHAN_MS : IDLE_MS);
		idle = true;
	}
}

/* ---- Start ---- */

static void on_orphaned(int signal_number)
{
	(void)signal_number;
	orphaned = 1;
}

/* The master ends it, by its own means; a Ctrl-C in the terminal reaches the whole group. */
static void set_signals(void)
{
	static const int ignored[] = { SIGINT, SIGHUP, SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM };
	const struct sigaction orphan = { .sa_handler = on_orphaned };
	sigset_t none;

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigaction(SIGTERM, &orphan, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int shut_in(const struct account *account, pid_t master, char *why, size_t why_size)
{
	const struct sandbox_wants wants = { .only_sends = true };
	int err = privilege_become(account, true, why, why_size);

	prctl(PR_SET_PDEATHSIG, SIGTERM); /* wakes it: from then on it looks more often */
	if (getppid() != master)
		orphaned = 1;
	if (err)
		return err;
	err = descriptors_leave_standard(); /* the last thing that could be told was told */
	if (err) {
		snprintf(why, why_size, "/dev/null: %s", strerror(-err));
		return err;
	}
	return sandbox_enter(&wants, why, why_size);
}

static int failed(const struct sender *sender, const char *step, const char *why)
{
	log_error("queue %u: sender: %s: %s", sender->number, step, why);
	return 1;
}

static size_t datagram_bytes(const struct queue_socket *socket)
{
	size_t room = socket->send_buffer > SEND_OVERHEAD ? socket->send_buffer - SEND_OVERHEAD : 0;

	return room < BYTES_MAX ? room : BYTES_MAX;
}

int sender_run(const struct sender *sender, const struct queue_socket *socket, const struct account *account, pid_t master)
{
	struct region ring = { .fd = sender->ring.fd, .size = sender->ring.size };
	struct region state = { .fd = sender->state.fd, .size = sender->state.size };
	struct sending s = { .fd = socket->fd, .life = sender->life[0] };
	int keep[] = { socket->fd, ring.fd, state.fd, sender->life[0] };
	char name[16], why[512];
	int err;

	set_signals();
	snprintf(name, sizeof(name), "nfv-send-%u", (unsigned)sender->number);
	prctl(PR_SET_NAME, name);
	descriptors_keep(keep, sizeof(keep) / sizeof(keep[0]));
	err = region_map(&ring);
	if (!err)
		err = region_map(&state);
	if (err)
		return failed(sender, "memory", strerror(-err));
	region_close_descriptor(&ring);
	region_close_descriptor(&state);
	s.ring = ring.memory;
	s.state = state.memory;
	s.sequence = atomic_load(&s.state->sequence) - 1;
	err = ring_reader_init(&s.reader, s.ring, sender->number, datagram_bytes(socket),
			       &s.state->totals[atomic_load(&s.state->current) % 2]);
	if (err)
		return failed(sender, "buffers", strerror(-err));
	ring_set_done(s.ring, s.reader.sent.taken); /* the one before may have died on the way to this */
	if (shut_in(account, master, why, sizeof(why)) < 0)
		return failed(sender, "privileges", why);
	return serve(&s);
}
