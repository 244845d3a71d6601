/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A handler under development: it accepts, puts a mark on what it looked at, and does what it should not when one of its
 * faults is due. trial-batch.c makes of it a handler with batch(), trial-calls.c one with every other operation.
 */
#include <nfverdict/plugin.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LEAK_PIECE (1u << 20)
#define LEAK_MOST  1024 /* pieces: a machine without limits must live through it, too */

enum on { ON_PACKET, ON_DECIDED, ON_TICK, ON_TIMER, ON_WATCH, ON_STATS, ON_OPEN, ON_CLOSE, ON_CHECK };

static const char *const ons[] = { "packet", "decided", "tick", "timer", "watch", "stats", "open", "close", "check", NULL };

enum does {
	DOES_ABORT,
	DOES_EXIT,
	DOES_LEAVE, /* _exit() */
	DOES_FAULT,
	DOES_DIVIDE,
	DOES_KILL, /* SIGKILL, by itself */
	DOES_STOP, /* SIGSTOP, by itself */
	DOES_OVERFLOW,
	DOES_TRASH, /* the stack above it */
	DOES_JUMP, /* into a function that has returned */
	DOES_CALL, /* a system call that is not allowed */
	DOES_LOOP,
	DOES_DEAF, /* a loop, with every signal blocked */
	DOES_WAIT, /* for a byte from the fifo */
	DOES_LEAK,
	DOES_CLOSE, /* every descriptor there may be */
	DOES_HEAP, /* scribbles over what is around it */
	DOES_SHARED, /* and over what the master sees of it */
	DOES_BOOKS,  /* from there to the front, where it stands what it does, and beyond: until it faults */
	DOES_DROP,
};

static const char *const deeds[] = { "abort",    "exit",  "leave", "fault",  "divide", "kill", "stop",
				     "overflow", "trash", "jump",  "call",   "loop",   "deaf", "wait",
				     "leak",     "close", "heap",  "shared", "books",  "drop", NULL };

struct fault {
	int on;
	int does;
	uint64_t port;
	uint64_t thousand;
	uint64_t every;
};

struct options {
	uint64_t crash, leave, wait;
	struct nfv_list faults;
	struct nfv_mark mark;
	const char *fifo;
	const char *armed;
};

struct trial {
	const struct options *options;
	uint64_t *calls; /* that each fault was asked about */
	int fifo;
	bool armed;
	uint64_t *counter; /* in memory that the master sees, too */
	jmp_buf opened;
};

static const struct nfv_option fault_options[] = {
	{ .name = "on",
	  .type = NFV_OPT_CHOICE,
	  .offset = offsetof(struct fault, on),
	  .words = ons,
	  .fallback = "packet",
	  .help = "The operation in which it comes." },
	{ .name = "does",
	  .type = NFV_OPT_CHOICE,
	  .flags = NFV_OPT_REQUIRED,
	  .offset = offsetof(struct fault, does),
	  .words = deeds,
	  .help = "What comes." },
	{ .name = "port",
	  .type = NFV_OPT_UINT,
	  .offset = offsetof(struct fault, port),
	  .max = 65535,
	  .help = "The UDP port of packets that bring it." },
	{ .name = "thousand",
	  .type = NFV_OPT_UINT,
	  .offset = offsetof(struct fault, thousand),
	  .max = UINT32_MAX,
	  .help = "Only packets that begin with a number of this thousand: 7000 to 7999. 0: all." },
	{ .name = "every",
	  .type = NFV_OPT_UINT,
	  .offset = offsetof(struct fault, every),
	  .fallback = "1",
	  .min = 1,
	  .max = UINT32_MAX,
	  .help = "Only with every so many-th of these calls." },
	{ 0 },
};

static const struct nfv_option options[] = {
	{ .name = "crash",
	  .type = NFV_OPT_UINT,
	  .offset = offsetof(struct options, crash),
	  .help = "Port at which it aborts." },
	{ .name = "leave",
	  .type = NFV_OPT_UINT,
	  .offset = offsetof(struct options, leave),
	  .help = "Port at which it exits." },
	{ .name = "wait",
	  .type = NFV_OPT_UINT,
	  .offset = offsetof(struct options, wait),
	  .help = "Port at which it waits." },
	{ .name = "faults",
	  .type = NFV_OPT_GROUPS,
	  .offset = offsetof(struct options, faults),
	  .group = fault_options,
	  .group_size = sizeof(struct fault),
	  .help = "What it does wrong." },
	{ .name = "mark",
	  .type = NFV_OPT_MARK,
	  .offset = offsetof(struct options, mark),
	  .help = "The mark of packets that it looked at." },
	{ .name = "fifo",
	  .type = NFV_OPT_STRING,
	  .offset = offsetof(struct options, fifo),
	  .help = "What it waits for: a byte." },
	{ .name = "armed",
	  .type = NFV_OPT_STRING,
	  .offset = offsetof(struct options, armed),
	  .help = "A file without which, at open(), no fault comes." },
	{ 0 },
};

/* ---- Deeds ---- */

/* What it does wrong must look to a sanitizer as to anybody else: tests take its words for news. */
#define BLIND __attribute__((noinline, no_sanitize("address", "undefined")))

static volatile int nothing;
static volatile char *nowhere;

/* The compiler must not see that it never ends. */
static BLIND int overflow(const char *from, int depth)
{
	volatile char frame[4096];

	frame[0] = (char)depth;
	if (from && depth != -1)
		nothing += overflow((const char *)frame, depth + 1);
	return frame[0];
}

static BLIND void trash(void)
{
	volatile char here = 0;
	volatile char *byte = &here;

	for (size_t i = 0; i < (64u << 20); i++)
		byte[i] = 0x5a;
}

static BLIND void scribble(volatile unsigned char *bytes, int step, size_t count)
{
	signal(SIGSEGV, SIG_DFL);
	for (size_t i = 0; i < count; i++, bytes += step)
		*bytes = (unsigned char)(i * 7 + 0xa5);
}

static BLIND void fault(void)
{
	signal(SIGSEGV, SIG_DFL);
	*nowhere = 1;
}

/* What a program does that does not look at malloc()'s answer. */
static BLIND void leak(void)
{
	for (int i = 0; i < LEAK_MOST; i++) {
		volatile char *piece = malloc(LEAK_PIECE);

		for (size_t at = 0; at < LEAK_PIECE; at += 1024)
			piece[at] = 1;
	}
}

static void loop(bool deaf)
{
	sigset_t all;

	sigfillset(&all);
	if (deaf)
		sigprocmask(SIG_BLOCK, &all, NULL);
	while (!nothing)
		;
}

static void take_word(const struct trial *trial)
{
	char byte;

	while (read(trial->fifo, &byte, 1) < 0 && errno == EINTR)
		;
}

static void close_all(void)
{
	for (int fd = 0; fd < 1024; fd++)
		close(fd);
}

static void commit(struct trial *trial, int does)
{
	switch ((enum does)does) {
	case DOES_ABORT:
		abort();
	case DOES_EXIT:
		exit(3);
	case DOES_LEAVE:
		_exit(0);
	case DOES_FAULT:
		fault();
		return;
	case DOES_DIVIDE:
		signal(SIGFPE, SIG_DFL);
		raise(SIGFPE); /* not every machine traps at a division */
		return;
	case DOES_KILL:
		raise(SIGKILL);
		return;
	case DOES_STOP:
		raise(SIGSTOP);
		return;
	case DOES_OVERFLOW:
		signal(SIGSEGV, SIG_DFL);
		nothing += overflow((const char *)trial, 0);
		return;
	case DOES_TRASH:
		signal(SIGSEGV, SIG_DFL);
		trash();
		return;
	case DOES_JUMP:
		longjmp(trial->opened, 1);
	case DOES_CALL:
		(void)syscall(SYS_mount, NULL, NULL, NULL, 0, NULL);
		return;
	case DOES_LOOP:
	case DOES_DEAF:
		loop(does == DOES_DEAF);
		return;
	case DOES_WAIT:
		take_word(trial);
		return;
	case DOES_LEAK:
		leak();
		return;
	case DOES_CLOSE:
		close_all();
		return;
	case DOES_HEAP:
		scribble((unsigned char *)trial - 4096, 1, 1 << 16);
		return;
	case DOES_BOOKS:
		scribble((unsigned char *)trial->counter, -1, 64u << 20);
		return;
	case DOES_SHARED:
		scribble((unsigned char *)trial->counter, 1, 1 << 20);
		return;
	case DOES_DROP:
		return;
	}
}

/* What a fault asks of a packet. */
struct packet {
	uint16_t port;
	uint32_t thousand;
};

static bool is_meant(const struct fault *fault, enum on on, const struct packet *packet)
{
	if (fault->on != (int)on)
		return false;
	if (on > ON_DECIDED)
		return true;
	return fault->port == packet->port && (!fault->thousand || fault->thousand == packet->thousand);
}

/* The faults that a call brings. True: drop the packet. */
static bool face(struct trial *trial, enum on on, const struct packet *packet)
{
	const struct fault *faults = trial->options->faults.items;
	bool drop = false;

	for (size_t i = 0; trial->armed && i < trial->options->faults.count; i++) {
		if (!is_meant(&faults[i], on, packet))
			continue;
		if (++trial->calls[i] % faults[i].every)
			continue;
		drop |= faults[i].does == DOES_DROP;
		commit(trial, faults[i].does);
	}
	return drop;
}

static struct packet look_at(const struct nfv_packet *packet)
{
	struct packet found = { 0 };
	uint32_t number = 0;
	struct nfv_ip ip;
	struct nfv_udp udp;

	if (!nfv_view_ip(packet, &ip) || !nfv_view_udp(packet, &ip, &udp))
		return found;
	found.port = udp.destination_port;
	if (nfv_read32(packet, udp.payload_offset + 4, &number))
		found.thousand = number / 1000;
	return found;
}

/* ---- Operations ---- */

static void on_timer(void *argument, uint64_t now_ns)
{
	(void)now_ns;
	(void)face(argument, ON_TIMER, NULL);
}

static void on_watch(void *argument, int fd, uint32_t events)
{
	(void)fd;
	(void)events;
	take_word(argument);
	(void)face(argument, ON_WATCH, NULL);
}

static bool has_fault(const struct trial *trial, enum on on)
{
	const struct fault *faults = trial->options->faults.items;

	for (size_t i = 0; i < trial->options->faults.count; i++)
		if (faults[i].on == (int)on)
			return true;
	return false;
}

static void trial_close(void *state)
{
	struct trial *trial = state;

	(void)face(trial, ON_CLOSE, NULL);
	if (trial->fifo >= 0)
		close(trial->fifo);
	free(trial->calls);
	free(trial);
}

static int get_ready(struct trial *trial, const struct nfv_host *host)
{
	if (trial->options->fifo) {
		trial->fifo = open(trial->options->fifo, O_RDWR | O_CLOEXEC);
		if (trial->fifo < 0)
			return host->error(host, &trial->options->fifo, "cannot be opened");
	}
	trial->armed = !trial->options->armed || access(trial->options->armed, F_OK) == 0;
	return 0;
}

static int arm(struct trial *trial, const struct nfv_host *host)
{
	int err = get_ready(trial, host);

	if (err < 0)
		return err;
	trial->counter = host->counter(host, "trials");
	(void)face(trial, ON_OPEN, NULL);
	if (has_fault(trial, ON_TIMER))
		err = host->timer(host, 100000000, 100000000, on_timer, trial);
	if (err >= 0 && has_fault(trial, ON_WATCH))
		err = host->watch(host, trial->fifo, EPOLLIN, on_watch, trial);
	return err < 0 ? err : 0;
}

/* In the checker it does nothing, but for faults that are meant for it. */
static int check(struct trial *trial, const struct nfv_host *host)
{
	int err = has_fault(trial, ON_CHECK) ? get_ready(trial, host) : 0;

	if (err == 0)
		(void)face(trial, ON_CHECK, NULL);
	trial->armed = false;
	return err;
}

static int trial_open(const struct nfv_host *host, const void *values, void **state)
{
	struct trial *trial = calloc(1, sizeof(*trial));
	int err;

	if (!trial)
		return -ENOMEM;
	trial->options = values;
	trial->fifo = -1;
	trial->calls = calloc(trial->options->faults.count + 1, sizeof(*trial->calls));
	err = !trial->calls ? -ENOMEM : host->checking ? check(trial, host) : arm(trial, host);
	if (err) {
		trial->armed = false;
		trial_close(trial);
		return err;
	}
	(void)setjmp(trial->opened);
	*state = trial;
	return 0;
}

static nfv_verdict trial_packet(void *state, struct nfv_packet *packet)
{
	struct trial *trial = state;
	const struct nfv_mark *mark = &trial->options->mark;

	const struct packet found = look_at(packet);
	const uint16_t port = found.port;

	if (port && port == trial->options->crash)
		commit(trial, DOES_ABORT);
	if (port && port == trial->options->leave)
		commit(trial, DOES_EXIT);
	if (port && port == trial->options->wait)
		commit(trial, DOES_WAIT);
	if (face(trial, ON_PACKET, &found))
		return NFV_DROP;
	if (mark->mask)
		nfv_set_mark(packet, mark->value, mark->mask);
	return NFV_ACCEPT;
}

#ifdef TRIAL_BATCH
static void trial_batch(void *state, struct nfv_packet *const *packets, nfv_verdict *verdicts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		verdicts[i] = trial_packet(state, packets[i]);
}
#endif

#ifdef TRIAL_CALLS
static void trial_decided(void *state, const struct nfv_packet *packet, const struct nfv_decision *decision)
{
	const struct packet found = look_at(packet);

	(void)decision;
	(void)face(state, ON_DECIDED, &found);
}

static void trial_tick(void *state, uint64_t now_ns)
{
	(void)now_ns;
	(void)face(state, ON_TICK, NULL);
}

static void trial_stats(void *state, FILE *out)
{
	fputs("trial speaks\n", out);
	(void)face(state, ON_STATS, NULL);
}
#endif

#if defined(TRIAL_BATCH)
#define MORE .batch = trial_batch,
#elif defined(TRIAL_CALLS)
#define MORE .decided = trial_decided, .tick = trial_tick, .stats = trial_stats,
#else
#define MORE
#endif

NFV_PLUGIN(MORE.name = "trial", .needs_bytes = NFV_NEEDS_HEADERS, .may = NFV_MAY_DROP | NFV_MAY_MARK, .options = options,
	   .options_size = sizeof(struct options), .open = trial_open, .packet = trial_packet, .close = trial_close);
