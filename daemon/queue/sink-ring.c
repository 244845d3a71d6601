/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sink of a worker without any capability: a ring from which another process sends. */
#include "daemon/queue/sink.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define TURN_MS   50   /* between looks at whether waiting still makes sense */
#define SETTLE_MS 1000

struct ringed {
	struct sink sink;
	struct ring *ring;
	struct ring_writer writer;
	bool writing; /* the writer is set up: it goes on where a predecessor was, once that is known to write no more */
	bool (*go_on)(void *context, unsigned waited_ms);
	void *context;
	struct queue_counters *counters;
};

static struct ringed *ringed_of(struct sink *sink)
{
	return (struct ringed *)sink;
}

static struct ring_writer *writer_of(struct ringed *ringed)
{
	if (!ringed->writing)
		ring_writer_init(&ringed->writer, ringed->ring);
	ringed->writing = true;
	return &ringed->writer;
}

static uint32_t done(const struct ringed *ringed)
{
	return atomic_load_explicit(&ringed->ring->done, memory_order_acquire);
}

static int ringed_flush(struct sink *sink)
{
	struct ringed *ringed = ringed_of(sink);
	struct ring_writer *writer = writer_of(ringed);

	if (!ring_unpublished(writer))
		return 0;
	ring_publish(writer);
	ringed->counters->sends++;
	return 0;
}

/* One way of adding, so that waiting is written once. */
typedef int add_fn(struct ring_writer *writer, const void *what);

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int add_or_wait(struct ringed *ringed, add_fn *add, const void *what)
{
	struct ring_writer *writer = writer_of(ringed);
	const uint64_t since_ms = now_ms();
	uint32_t seen;
	int err;

	for (;;) {
		seen = done(ringed);
		err = add(writer, what);
		if (err != -ENOSPC || ring_unpublished(writer))
			return err;
		if (!ringed->go_on(ringed->context, (unsigned)(now_ms() - since_ms)))
			return -ETIMEDOUT;
		ring_wait_done(ringed->ring, seen, TURN_MS); /* or until a signal comes */
	}
}

static int add_decision(struct ring_writer *writer, const void *what)
{
	return ring_add(writer, what);
}

static int ringed_decide(struct sink *sink, const struct coalesce_decision *decision)
{
	struct ringed *ringed = ringed_of(sink);
	int err = ring_add(writer_of(ringed), decision);

	if (err != -ENOSPC || ring_unpublished(&ringed->writer))
		return err;
	return add_or_wait(ringed, add_decision, decision);
}

struct until {
	uint32_t id, verdict, count;
};

static int add_until(struct ring_writer *writer, const void *what)
{
	const struct until *until = what;

	return ring_add_until(writer, until->id, until->verdict, until->count);
}

static int ringed_decide_until(struct sink *sink, uint32_t id, uint32_t verdict, uint32_t count)
{
	const struct until until = { .id = id, .verdict = verdict, .count = count };
	struct ringed *ringed = ringed_of(sink);
	int err = add_until(writer_of(ringed), &until);

	/* Published together with what was decided before, when there is room. */
	if (err == -ENOSPC) {
		(void)ringed_flush(sink);
		err = add_or_wait(ringed, add_until, &until);
	}
	return err ? err : ringed_flush(sink);
}

static int add_end(struct ring_writer *writer, const void *what)
{
	const struct until *until = what;

	return ring_add_end(writer, until->id, until->verdict);
}

static int ringed_end(struct sink *sink, uint32_t id, uint32_t verdict)
{
	const struct until until = { .id = id, .verdict = verdict };
	int err = ringed_flush(sink);

	if (!err)
		err = add_or_wait(ringed_of(sink), add_end, &until);
	return err ? err : ringed_flush(sink);
}

static bool ringed_reached(struct sink *sink, uint32_t id)
{
	uint32_t last;

	return ring_last_id(ringed_of(sink)->ring, &last) && last == id;
}

static int ringed_settle(struct sink *sink)
{
	struct ringed *ringed = ringed_of(sink);
	const uint32_t head = writer_of(ringed)->head;
	const uint64_t until_ms = now_ms() + SETTLE_MS;
	uint32_t seen;

	while ((seen = done(ringed)) != head) {
		if (now_ms() >= until_ms)
			return -ETIMEDOUT;
		ring_wait_done(ringed->ring, seen, TURN_MS);
	}
	return 0;
}

/* The reader may have nothing more to wait for. */
static void ringed_free(struct sink *sink)
{
	struct ringed *ringed = ringed_of(sink);

	ring_wake(ringed->ring);
	free(ringed);
}

static const struct sink_ops ringed_ops = {
	.decide = ringed_decide,
	.flush = ringed_flush,
	.decide_until = ringed_decide_until,
	.end = ringed_end,
	.reached = ringed_reached,
	.settle = ringed_settle,
	.free = ringed_free,
};

struct sink *sink_ring_new(struct ring *ring, bool (*go_on)(void *context, unsigned waited_ms), void *context,
			   struct queue_counters *counters)
{
	struct ringed *ringed = malloc(sizeof(*ringed));

	if (!ringed)
		return NULL;
	*ringed = (struct ringed){
		.sink.ops = &ringed_ops,
		.ring = ring,
		.go_on = go_on,
		.context = context,
		.counters = counters,
	};
	return &ringed->sink;
}
