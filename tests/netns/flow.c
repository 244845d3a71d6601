/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sequence-numbered UDP for the tests that keep books, as fast as the machine goes:
 *
 *	flow send ADDRESS PORT [--count N] [--rate N] [--size BYTES] [--first N] [--source ADDRESS]... [--ready FILE]
 *	flow sink PORT [--ready FILE] [--gaps MICROSECONDS]
 *
 * A datagram begins with its number, 8 bytes, big-endian. Without --count it sends until SIGTERM, without --rate at full speed; a
 * rate is kept by a few datagrams at a time when its steps are shorter than a sleep. A sink runs until SIGTERM, then empties its
 * socket. With --gaps it prints when it had no datagram for so long: CLOCK_REALTIME of the one before and of the one after, in
 * microseconds.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define AT_ONCE       64
#define SIZE_MAX_SENT 9000
#define LATE_MS       200
#define SOURCES_MAX   16
#define NUMBERS_MAX   (UINT64_C(1) << 32) /* of a sink: a bitmap of 512 MiB at most */
#define RANGES_SHOWN  8
#define SEND_BUFFER   (8 << 20)
#define SINK_BUFFER   (256 << 20)

static volatile sig_atomic_t ended;

static void on_end(int signal_number)
{
	(void)signal_number;
	ended = 1;
}

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "flow: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void __attribute__((noreturn)) usage(void)
{
	fprintf(stderr,
		"usage: flow send ADDRESS PORT [--count N] [--rate N] [--size BYTES] [--first N] [--source ADDRESS]... [--ready FILE]\n"
		"       flow sink PORT [--ready FILE] [--gaps MICROSECONDS]\n");
	exit(64);
}

static uint64_t number(const char *text, uint64_t most)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || end == text || *end || value > most)
		usage();
	return value;
}

static uint64_t clock_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* The system's limit holds for everybody but root of the first user namespace. */
static void set_buffer(int fd, int force, int plain, int size)
{
	if (setsockopt(fd, SOL_SOCKET, force, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, plain, &size, sizeof(size));
}

/* Signals are taken from here on, and a sink listens. */
static void tell_ready(const char *file)
{
	int fd = file ? open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0644) : -1;

	if (file && fd < 0)
		die(file);
	if (fd >= 0)
		close(fd);
}

/* ---- send ---- */

struct sending {
	const char *address;
	const char *ready;
	uint16_t port;
	uint64_t count, rate, first;
	size_t size;
	const char *sources[SOURCES_MAX];
	unsigned source_count;

	int sockets[SOURCES_MAX];
	unsigned turn; /* which of the sockets is next */
	uint64_t next; /* numbers given so far */
	uint64_t sent, refused; /* refused: this host's own rules or buffers took them */
	struct mmsghdr messages[AT_ONCE];
	struct iovec pieces[AT_ONCE];
	unsigned char bytes[AT_ONCE][SIZE_MAX_SENT];
};

static socklen_t parse_address(const char *text, uint16_t port, struct sockaddr_storage *address)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;

	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1)
		usage();
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	return sizeof(*v6);
}

static int connect_from(const struct sending *sending, const char *source)
{
	struct sockaddr_storage address;
	socklen_t size = parse_address(sending->address, sending->port, &address);
	int fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, SEND_BUFFER);
	if (source) {
		struct sockaddr_storage own;
		socklen_t own_size = parse_address(source, 0, &own);

		if (bind(fd, (struct sockaddr *)&own, own_size) < 0)
			die(source);
	}
	if (connect(fd, (struct sockaddr *)&address, size) < 0)
		die(sending->address);
	return fd;
}

static void prepare(struct sending *sending)
{
	unsigned sockets = sending->source_count ? sending->source_count : 1;

	for (unsigned i = 0; i < sockets; i++)
		sending->sockets[i] = connect_from(sending, sending->sources[i]);
	sending->source_count = sockets;
	for (unsigned i = 0; i < AT_ONCE; i++) {
		sending->pieces[i] = (struct iovec){ .iov_base = sending->bytes[i], .iov_len = sending->size };
		sending->messages[i].msg_hdr = (struct msghdr){ .msg_iov = &sending->pieces[i], .msg_iovlen = 1 };
	}
}

/* How many are due now; sleeps when none is. One that was held up for long does not make up for it. */
static unsigned due(const struct sending *sending, uint64_t *started_ns)
{
	uint64_t most = sending->count - sending->next, now_ns, now_due, at_ns;
	struct timespec now;

	if (most > AT_ONCE)
		most = AT_ONCE;
	if (!sending->rate)
		return (unsigned)most;
	clock_gettime(CLOCK_MONOTONIC, &now);
	now_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec - *started_ns;
	now_due = (uint64_t)((__uint128_t)now_ns * sending->rate / 1000000000) + 1;
	if (now_due > sending->next + 1 + sending->rate * LATE_MS / 1000) {
		*started_ns += (now_due - 1 - sending->next) * 1000000000 / sending->rate;
		now_due = sending->next + 1;
	}
	if (now_due > sending->next)
		return (unsigned)(now_due - sending->next < most ? now_due - sending->next : most);
	at_ns = *started_ns + (uint64_t)((__uint128_t)sending->next * 1000000000 / sending->rate);
	now = (struct timespec){ .tv_sec = (time_t)(at_ns / 1000000000), .tv_nsec = (long)(at_ns % 1000000000) };
	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &now, NULL);
	return 0;
}

/*
 * An error is told only when the first datagram met it. ECONNREFUSED is about an earlier one, which nobody took; the
 * others mean that this one did not leave.
 */
static void send_some(struct sending *sending, unsigned count)
{
	int sent;

	for (unsigned i = 0; i < count; i++) {
		uint64_t value = htobe64(sending->first + sending->next + i);

		memcpy(sending->bytes[i], &value, sizeof(value));
	}
	sent = sendmmsg(sending->sockets[sending->turn], sending->messages, count, 0);
	sending->turn = (sending->turn + 1) % sending->source_count;
	if (sent > 0) {
		sending->sent += (unsigned)sent;
		sending->next += (unsigned)sent;
	} else if (errno == EPERM || errno == ENOBUFS || errno == ENOSPC) {
		sending->refused++;
		sending->next++;
	} else if (errno != ECONNREFUSED && errno != EINTR && errno != EAGAIN) {
		die("send");
	}
}

static int run_send(struct sending *sending)
{
	struct timespec now;
	uint64_t started_ns, started_us;

	prepare(sending);
	tell_ready(sending->ready);
	prctl(PR_SET_TIMERSLACK, 1ul);
	clock_gettime(CLOCK_MONOTONIC, &now);
	started_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	started_us = clock_us(CLOCK_MONOTONIC);
	while (!ended && sending->next < sending->count) {
		unsigned count = due(sending, &started_ns);

		if (count)
			send_some(sending, count);
	}
	printf("sent=%llu refused=%llu seconds=%.3f\n", (unsigned long long)sending->sent,
	       (unsigned long long)sending->refused, (double)(clock_us(CLOCK_MONOTONIC) - started_us) / 1e6);
	return 0;
}

/* ---- sink ---- */

struct sink {
	uint16_t port;
	const char *ready;
	uint64_t gap_us; /* 0: gaps are not looked for */

	int fd;
	uint64_t *seen; /* a bit for each number */
	uint64_t words;
	uint64_t received, distinct, odd; /* odd: no number, or one too large for the bitmap */
	uint64_t highest; /* number seen, + 1 */
	uint64_t last_us; /* of the last datagram */
	struct mmsghdr messages[AT_ONCE];
	struct iovec pieces[AT_ONCE];
	uint64_t numbers[AT_ONCE];
};

static void grow(struct sink *sink, uint64_t word)
{
	uint64_t words = sink->words ? sink->words : 1 << 14;

	while (words <= word)
		words *= 2;
	sink->seen = realloc(sink->seen, words * sizeof(*sink->seen));
	if (!sink->seen)
		die("memory");
	memset(sink->seen + sink->words, 0, (words - sink->words) * sizeof(*sink->seen));
	sink->words = words;
}

static void take(struct sink *sink, uint64_t value, size_t size)
{
	uint64_t word = value / 64, bit = UINT64_C(1) << value % 64;

	sink->received++;
	if (size < sizeof(value) || value >= NUMBERS_MAX) {
		sink->odd++;
		return;
	}
	if (word >= sink->words)
		grow(sink, word);
	if (!(sink->seen[word] & bit))
		sink->distinct++;
	sink->seen[word] |= bit;
	if (value >= sink->highest)
		sink->highest = value + 1;
}

static void note_gap(struct sink *sink)
{
	uint64_t now = clock_us(CLOCK_REALTIME);

	if (sink->last_us && now - sink->last_us >= sink->gap_us)
		printf("gap %llu %llu\n", (unsigned long long)sink->last_us, (unsigned long long)now);
	sink->last_us = now;
}

/* What is there, up to AT_ONCE. False: nothing. */
static bool take_some(struct sink *sink)
{
	int count = recvmmsg(sink->fd, sink->messages, AT_ONCE, MSG_DONTWAIT, NULL);

	if (count < 0 && errno != EAGAIN && errno != EINTR)
		die("receive");
	if (count <= 0)
		return false;
	if (sink->gap_us)
		note_gap(sink);
	for (int i = 0; i < count; i++)
		take(sink, be64toh(sink->numbers[i]), sink->messages[i].msg_len);
	return true;
}

static void listen_at(struct sink *sink)
{
	const struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(sink->port) };

	sink->fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sink->fd < 0)
		die("socket");
	set_buffer(sink->fd, SO_RCVBUFFORCE, SO_RCVBUF, SINK_BUFFER);
	if (bind(sink->fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		die("bind");
	for (unsigned i = 0; i < AT_ONCE; i++) {
		sink->pieces[i] = (struct iovec){ .iov_base = &sink->numbers[i], .iov_len = sizeof(sink->numbers[i]) };
		sink->messages[i].msg_hdr = (struct msghdr){ .msg_iov = &sink->pieces[i], .msg_iovlen = 1 };
	}
	tell_ready(sink->ready);
}

/* Datagrams that found no room in the socket: the sink's own fault. */
static uint32_t dropped_by_socket(const struct sink *sink)
{
	uint32_t values[SK_MEMINFO_VARS] = { 0 };
	socklen_t size = sizeof(values);

	if (getsockopt(sink->fd, SOL_SOCKET, SO_MEMINFO, values, &size) < 0)
		die("SO_MEMINFO");
	return values[SK_MEMINFO_DROPS];
}

/* Numbers below the highest that did not come, as ranges. */
static void print_missing(const struct sink *sink)
{
	unsigned shown = 0;

	for (uint64_t i = 0; i < sink->highest; i++) {
		uint64_t first = i;

		if (sink->seen[i / 64] == UINT64_MAX) {
			i |= 63;
			continue;
		}
		while (i < sink->highest && !(sink->seen[i / 64] & UINT64_C(1) << i % 64))
			i++;
		if (i == first)
			continue;
		if (shown++ == RANGES_SHOWN) {
			printf("missing: more\n");
			return;
		}
		printf("missing: %llu-%llu\n", (unsigned long long)first, (unsigned long long)i - 1);
	}
}

static int run_sink(struct sink *sink)
{
	const struct timespec look = { .tv_nsec = 200000000 };
	struct pollfd readable = { .events = POLLIN };
	sigset_t open_mask;

	/* The signal comes only while it waits, so that none is missed before a wait. */
	sigemptyset(&open_mask);
	listen_at(sink);
	readable.fd = sink->fd;
	while (!ended) {
		if (!take_some(sink))
			(void)ppoll(&readable, 1, &look, &open_mask);
	}
	while (take_some(sink))
		;
	printf("received=%llu distinct=%llu duplicates=%llu missing=%llu odd=%llu socket-dropped=%u\n",
	       (unsigned long long)sink->received, (unsigned long long)sink->distinct,
	       (unsigned long long)(sink->received - sink->odd - sink->distinct),
	       (unsigned long long)(sink->highest - sink->distinct), (unsigned long long)sink->odd, dropped_by_socket(sink));
	print_missing(sink);
	return 0;
}

/* ---- words ---- */

static const struct option long_options[] = {
	{ "count", required_argument, NULL, 'c' },  { "rate", required_argument, NULL, 'r' },
	{ "size", required_argument, NULL, 's' },   { "first", required_argument, NULL, 'f' },
	{ "source", required_argument, NULL, 'S' }, { "ready", required_argument, NULL, 'R' },
	{ "gaps", required_argument, NULL, 'g' },   { 0 },
};

static void read_options(int argc, char **argv, struct sending *sending, struct sink *sink)
{
	for (int option; (option = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
		switch (option) {
		case 'c':
			sending->count = number(optarg, UINT64_MAX);
			break;
		case 'r':
			sending->rate = number(optarg, 100000000);
			break;
		case 's':
			sending->size = (size_t)number(optarg, SIZE_MAX_SENT);
			break;
		case 'f':
			sending->first = number(optarg, NUMBERS_MAX - 1);
			break;
		case 'R':
			sink->ready = sending->ready = optarg;
			break;
		case 'g':
			sink->gap_us = number(optarg, UINT32_MAX);
			break;
		case 'S':
			if (sending->source_count == SOURCES_MAX)
				usage();
			sending->sources[sending->source_count++] = optarg;
			break;
		default:
			usage();
		}
	}
	if (sending->size < sizeof(uint64_t))
		sending->size = sizeof(uint64_t);
}

int main(int argc, char **argv)
{
	static struct sending sending = { .count = UINT64_MAX, .size = 64 };
	static struct sink sink;
	const struct sigaction end = { .sa_handler = on_end };
	sigset_t blocked;

	read_options(argc, argv, &sending, &sink);
	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGINT, &end, NULL);
	if (argc - optind == 3 && strcmp(argv[optind], "send") == 0) {
		sending.address = argv[optind + 1];
		sending.port = (uint16_t)number(argv[optind + 2], UINT16_MAX);
		return run_send(&sending);
	}
	if (argc - optind == 2 && strcmp(argv[optind], "sink") == 0) {
		sigemptyset(&blocked);
		sigaddset(&blocked, SIGTERM);
		sigaddset(&blocked, SIGINT);
		sigprocmask(SIG_BLOCK, &blocked, NULL);
		sink.port = (uint16_t)number(argv[optind + 1], UINT16_MAX);
		return run_sink(&sink);
	}
	usage();
}
