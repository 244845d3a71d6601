/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accepts everything, and now and then writes into the ring through which isolation: strict sends decisions, as a handler that a
 * packet has taken over could. Where things lie there is known from daemon/queue/ring.h; tests/unit/test-ring holds it to that.
 */
#include <nfverdict/plugin.h>

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define HEAD    0
#define DONE    64
#define SLEEPS  68
#define ENTRIES 128
#define SIZE    32
#define COUNT   1024u

struct scribble_options {
	uint64_t every;
	uint64_t length;
	int what;
};

enum { WHAT_HEAD, WHAT_DONE, WHAT_ENTRIES, WHAT_DROP, WHAT_MARK, WHAT_BYTES };

static const char *const words[] = {
	[WHAT_HEAD] = "head", [WHAT_DONE] = "done", [WHAT_ENTRIES] = "entries",
	[WHAT_DROP] = "drop", [WHAT_MARK] = "mark", [WHAT_BYTES] = "bytes",     NULL,
};

static const struct nfv_option options[] = {
	{ .name = "every", .type = NFV_OPT_UINT, .offset = offsetof(struct scribble_options, every), .fallback = "5000",
	  .min = 1, .max = UINT32_MAX, .help = "Packets between two times." },
	{ .name = "length", .type = NFV_OPT_UINT, .offset = offsetof(struct scribble_options, length), .fallback = "0",
	  .max = UINT32_MAX, .help = "Instead of that: at each packet of so many bytes, and without waiting for what follows." },
	{ .name = "what", .type = NFV_OPT_CHOICE, .offset = offsetof(struct scribble_options, what), .words = words,
	  .fallback = "head", .help = "What is written: garbage, or an entry that the plugin has no right to." },
	{ .name = NULL },
};

struct scribble {
	struct scribble_options options;
	uint8_t *ring; /* NULL: there is none here, as in the checker */
	uint64_t seen;
};

static uint8_t *find_ring(void)
{
	unsigned long long start = 0;
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "re");

	while (maps && fgets(line, sizeof(line), maps)) {
		if (!strstr(line, "memfd:nfv-ring-"))
			continue;
		start = strtoull(line, NULL, 16);
		break;
	}
	if (maps)
		fclose(maps);
	return (uint8_t *)(uintptr_t)start;
}

static int open_scribble(const struct nfv_host *host, const void *given, void **state)
{
	struct scribble *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->options = *(const struct scribble_options *)given;
	s->ring = host->checking ? NULL : find_ring();
	*state = s;
	return !host->checking && !s->ring ? -ENOENT : 0;
}

static void add(uint8_t *at, uint32_t what)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	value += what;
	memcpy(at, &value, sizeof(value));
}

/* An entry behind the published ones, as the worker would write it. */
static void forge(uint8_t *ring, uint32_t id, int what)
{
	const uint32_t entry[SIZE / 4] = {
		/* kind, set_mark */ what == WHAT_BYTES ? 2 : what == WHAT_MARK ? 0x101 : 1,
		id,
		/* count */ 1,
		/* verdict */ what == WHAT_DROP ? 0 : 1,
		/* mark */ 7,
		/* arrived_mark */ 0,
		/* payload_len */ what == WHAT_BYTES ? 20 : 0,
		/* area_end */ 20,
	};
	uint32_t head;

	memcpy(&head, ring + HEAD, sizeof(head));
	memcpy(ring + ENTRIES + head % COUNT * SIZE, entry, sizeof(entry));
	add(ring + HEAD, 1);
}

/* Until the sender has nothing to do: it would write its own words over ours. */
static void wait_for_calm(const uint8_t *ring)
{
	const struct timespec brief = { .tv_nsec = 1000000 };

	for (int i = 0; i < 500 && memcmp(ring + HEAD, ring + DONE, sizeof(uint32_t)) != 0; i++)
		nanosleep(&brief, NULL);
}

/* The sender looks before the worker writes its own words again; mostly this is where the worker ends. */
static void wake(uint8_t *ring)
{
	const struct timespec brief = { .tv_nsec = 400000000 };
	const uint32_t awake = 0;

	memcpy(ring + SLEEPS, &awake, sizeof(awake));
	(void)syscall(SYS_futex, ring + SLEEPS, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
	nanosleep(&brief, NULL);
}

static nfv_verdict packet(void *state, struct nfv_packet *p)
{
	struct scribble *s = state;

	if (s->options.length ? p->original_len != s->options.length : ++s->seen % s->options.every)
		return NFV_ACCEPT;
	wait_for_calm(s->ring);
	switch (s->options.what) {
	case WHAT_HEAD:
		add(s->ring + HEAD, 100000);
		break;
	case WHAT_DONE:
		add(s->ring + DONE, 1);
		break;
	case WHAT_ENTRIES:
		memset(s->ring + ENTRIES, 0xff, SIZE * COUNT);
		break;
	default:
		forge(s->ring, p->id, s->options.what);
		break;
	}
	if (!s->options.length)
		wake(s->ring);
	return NFV_ACCEPT;
}

static void close_scribble(void *state)
{
	free(state);
}

NFV_PLUGIN(.name = "scribble", .needs_bytes = NFV_NEEDS_HEADERS, .options = options, .options_size = sizeof(struct scribble_options), .open = open_scribble,
	   .packet = packet, .close = close_scribble);
