/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/queue/ring.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Where the seconds have 64 bits and the machine has 32, the call of the same meaning has another number. */
#if !defined(SYS_futex) && defined(SYS_futex_time64)
#define SYS_futex SYS_futex_time64
#endif

/* ---- Sleeping and waking, over process borders ---- */

static void futex_wait(_Atomic uint32_t *word, uint32_t value, unsigned timeout_ms)
{
	const struct timespec timeout = { .tv_sec = timeout_ms / 1000, .tv_nsec = (long)(timeout_ms % 1000) * 1000000 };

	(void)syscall(SYS_futex, word, FUTEX_WAIT, value, &timeout, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word)
{
	(void)syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/*
 * Between announcing a wait and looking once more on this side, and publishing and looking for the announcement on the
 * other: one of the two sees the other's word.
 */
static void wait_beyond(_Atomic uint32_t *flag, _Atomic uint32_t *index, uint32_t seen, unsigned timeout_ms)
{
	atomic_store_explicit(flag, 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(index, memory_order_relaxed) == seen)
		futex_wait(flag, 1, timeout_ms);
	atomic_store_explicit(flag, 0, memory_order_relaxed);
}

static void wake_if(_Atomic uint32_t *flag)
{
	atomic_thread_fence(memory_order_seq_cst);
	if (!atomic_load_explicit(flag, memory_order_relaxed))
		return;
	atomic_store_explicit(flag, 0, memory_order_relaxed);
	futex_wake(flag);
}

void ring_wait_done(struct ring *ring, uint32_t done, unsigned timeout_ms)
{
	wait_beyond(&ring->waits, &ring->done, done, timeout_ms);
}

void ring_wait_head(struct ring *ring, uint32_t head, unsigned timeout_ms)
{
	wait_beyond(&ring->sleeps, &ring->head, head, timeout_ms);
}

void ring_set_done(struct ring *ring, uint32_t done)
{
	atomic_store_explicit(&ring->done, done, memory_order_release);
	wake_if(&ring->waits);
}

void ring_wake(struct ring *ring)
{
	atomic_store_explicit(&ring->sleeps, 0, memory_order_relaxed);
	futex_wake(&ring->sleeps);
}

/* ---- The writer ---- */

static inline bool after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

void ring_reset(struct ring *ring, uint32_t done)
{
	memset(ring->entries, 0, sizeof(ring->entries));
	atomic_store(&ring->done, done);
	atomic_store(&ring->head, done);
	atomic_store(&ring->waits, 0);
	atomic_store(&ring->sleeps, 0);
}

/* An entry that was never written is all zero: no kind, and nothing of the area given out. */
void ring_writer_init(struct ring_writer *writer, struct ring *ring)
{
	uint32_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
	const struct ring_entry *last = ring_entry(ring, head - 1);

	*writer = (struct ring_writer){ .ring = ring, .head = head, .area_end = last->area_end };
	writer->started = ring_last_id(ring, &writer->highest);
}

bool ring_last_id(struct ring *ring, uint32_t *id)
{
	const struct ring_entry *last =
		ring_entry(ring, atomic_load_explicit(&ring->head, memory_order_acquire) - 1);

	*id = last->id;
	return last->kind >= RING_RUN && last->kind <= RING_END;
}

/* Entries that can still be written, without the one that the open run will need. */
static uint32_t free_entries(const struct ring_writer *writer, uint32_t done)
{
	uint32_t used = writer->head - done + (writer->run_count ? 1 : 0);

	return used < RING_MOST ? RING_MOST - used : 0;
}

/* Where a payload of this length can lie in one piece; -ENOSPC. */
static int find_room(const struct ring_writer *writer, uint32_t done, uint32_t len, uint32_t *end)
{
	uint32_t used = writer->area_end - ring_entry(writer->ring, done - 1)->area_end;
	uint32_t at = writer->area_end;

	if (at % RING_AREA_BYTES + len > RING_AREA_BYTES)
		at += RING_AREA_BYTES - at % RING_AREA_BYTES;
	if (used + (at - writer->area_end) + len > RING_AREA_BYTES)
		return -ENOSPC;
	*end = at + len;
	return 0;
}

static void put(struct ring_writer *writer, const struct ring_entry *entry)
{
	struct ring_entry *to = ring_entry(writer->ring, writer->head++);

	*to = *entry;
	to->area_end = writer->area_end;
}

static void close_run(struct ring_writer *writer)
{
	if (!writer->run_count)
		return;
	writer->run.count = writer->run_count;
	put(writer, &writer->run);
	writer->run_count = 0;
}

static inline bool continues_run(const struct ring_writer *writer, const struct coalesce_decision *d)
{
	const struct ring_entry *run = &writer->run;

	return writer->run_count && d->payload_len == 0 && run->verdict == d->verdict && run->set_mark == d->set_mark &&
	       (!d->set_mark || run->mark == d->mark) && after(d->id, run->id);
}

static int add_payload(struct ring_writer *writer, uint32_t done, const struct coalesce_decision *d)
{
	uint32_t end;
	int err = find_room(writer, done, d->payload_len, &end);

	if (err)
		return err;
	memcpy(writer->ring->area + (end - d->payload_len) % RING_AREA_BYTES, d->payload, d->payload_len);
	writer->area_end = end;
	return 0;
}

int ring_add(struct ring_writer *writer, const struct coalesce_decision *d)
{
	bool ordered = !writer->started || after(d->id, writer->highest);
	const struct ring_entry entry = {
		.kind = ordered && d->payload_len == 0 ? RING_RUN : RING_SINGLE,
		.set_mark = d->set_mark,
		.id = d->id,
		.count = 1,
		.verdict = d->verdict,
		.mark = d->mark,
		.arrived_mark = d->arrived_mark,
		.payload_len = d->payload_len,
	};
	uint32_t done;

	if (continues_run(writer, d)) {
		writer->run.id = writer->highest = d->id;
		writer->run_count++;
		return 0;
	}
	if (d->payload_len > MESSAGE_PAYLOAD_MAX || (d->payload_len && !d->payload))
		return -EINVAL;
	done = atomic_load_explicit(&writer->ring->done, memory_order_acquire);
	if (free_entries(writer, done) == 0 || (d->payload_len && add_payload(writer, done, d) < 0))
		return -ENOSPC;
	if (ordered)
		close_run(writer);
	if (entry.kind == RING_RUN) {
		writer->run = entry;
		writer->run_count = 1;
	} else {
		put(writer, &entry);
	}
	if (ordered)
		writer->highest = d->id;
	writer->started = true;
	return 0;
}

static int add_for_all(struct ring_writer *writer, const struct ring_entry *entry)
{
	if (free_entries(writer, atomic_load_explicit(&writer->ring->done, memory_order_acquire)) == 0)
		return -ENOSPC;
	close_run(writer);
	put(writer, entry);
	if (!writer->started || after(entry->id, writer->highest))
		writer->highest = entry->id;
	writer->started = true;
	return 0;
}

int ring_add_until(struct ring_writer *writer, uint32_t id, uint32_t verdict, uint32_t count)
{
	const struct ring_entry entry = { .kind = RING_UNTIL, .id = id, .count = count, .verdict = verdict };

	return add_for_all(writer, &entry);
}

int ring_add_end(struct ring_writer *writer, uint32_t id, uint32_t verdict)
{
	const struct ring_entry entry = { .kind = RING_END, .id = id, .verdict = verdict };

	return add_for_all(writer, &entry);
}

void ring_publish(struct ring_writer *writer)
{
	close_run(writer);
	atomic_store_explicit(&writer->ring->head, writer->head, memory_order_release);
	wake_if(&writer->ring->sleeps);
}
