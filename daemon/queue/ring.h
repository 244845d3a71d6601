/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decisions on their way from a worker to the process that sends them: a ring in shared memory, one writer, one reader.
 *
 * The writer is a worker, whose handlers may have been taken over by a packet, so the reader believes nothing that stands
 * here: see ring-reader.h. The writer in turn may believe the reader. Indices count entries and run freely, 32 bits as all
 * machines can store at once; those below `done` were sent, those below `head` are published and do not change any more. A
 * writer that dies leaves nothing half-done: the next one goes on behind head.
 */
#ifndef QUEUE_RING_H
#define QUEUE_RING_H

#include "daemon/queue/coalesce.h"

#include <stdatomic.h>

#define RING_ENTRIES    1024u      /* a power of two; one of them stays free */
#define RING_MOST       (RING_ENTRIES - 1)
#define RING_AREA_BYTES (1u << 20) /* for the bytes of rewritten packets; a power of two, many times the longest */

enum ring_kind {
	RING_RUN = 1, /* `count` packets in a row, up to an id: the kernel is told once for all of them */
	RING_SINGLE,  /* one packet, whatever its place */
	RING_UNTIL,   /* whatever is still queued up to an id: what a dead worker had in hand. count: how many were decided so */
	RING_END,     /* as RING_UNTIL, and from then on nothing more is to wait in the queue; only without a master */
};

struct ring_entry {
	uint8_t kind;         /* enum ring_kind */
	uint8_t set_mark;     /* 0 or 1 */
	uint16_t unused;      /* 0 */
	uint32_t id;
	uint32_t count;
	uint32_t verdict;     /* as the kernel has it */
	uint32_t mark;        /* with set_mark */
	uint32_t arrived_mark; /* that the packet came with; of a run, the first one's */
	uint32_t payload_len; /* of a RING_SINGLE; 0: none */
	uint32_t area_end;    /* bytes of the area that were given out up to here, gaps included; runs freely */
};

_Static_assert(sizeof(struct ring_entry) == 32, "two entries a cache line");

struct ring {
	/* the writer's */
	_Alignas(64) _Atomic uint32_t head;
	_Atomic uint32_t waits;  /* 1: it waits for room, by futex */
	/* the reader's */
	_Alignas(64) _Atomic uint32_t done;
	_Atomic uint32_t sleeps; /* 1: it waits for entries, by futex */
	_Alignas(64) struct ring_entry entries[RING_ENTRIES];
	uint8_t area[RING_AREA_BYTES];
};

static inline struct ring_entry *ring_entry(struct ring *ring, uint32_t index)
{
	return &ring->entries[index % RING_ENTRIES];
}

/* Everything up to `done` is over, and nothing is behind it. While there is neither a writer nor a reader. */
void ring_reset(struct ring *ring, uint32_t done);

/* ---- The writer ---- */

struct ring_writer {
	struct ring *ring;
	uint32_t head;          /* the next entry; those from ring->head on are not published */
	uint32_t area_end;
	bool started;           /* highest is valid */
	uint32_t highest;       /* the latest id added */
	uint32_t run_count;     /* decisions of the open run, which is in no entry yet; 0: none */
	struct ring_entry run;
};

/* Goes on behind what is published. The ring must have no other writer any more. */
void ring_writer_init(struct ring_writer *writer, struct ring *ring);

/*
 * Takes a decision and copies its payload. 0, -ENOSPC: nothing was taken, publish, and wait for room when there is nothing
 * to publish; -EINVAL: a payload without bytes or too long.
 */
int ring_add(struct ring_writer *writer, const struct coalesce_decision *decision);

/* A RING_UNTIL; a RING_END. 0 or -ENOSPC. */
int ring_add_until(struct ring_writer *writer, uint32_t id, uint32_t verdict, uint32_t count);
int ring_add_end(struct ring_writer *writer, uint32_t id, uint32_t verdict);

/* True when there is something that ring_publish() would let go. */
static inline bool ring_unpublished(const struct ring_writer *writer)
{
	return writer->run_count || writer->head != atomic_load_explicit(&writer->ring->head, memory_order_relaxed);
}

/* Lets the reader have all that was added, and wakes it if it sleeps. Never waits; may be called from a signal handler. */
void ring_publish(struct ring_writer *writer);

/* Waits until the reader has sent more than `done`, at most timeout_ms; a signal ends it too. */
void ring_wait_done(struct ring *ring, uint32_t done, unsigned timeout_ms);

/* The newest id that was published; false: none ever was, or it is not known. */
bool ring_last_id(struct ring *ring, uint32_t *id);

/* ---- The reader's side of waiting ---- */

/* Waits until something is published behind `head`, at most timeout_ms; a signal and ring_wake() end it too. */
void ring_wait_head(struct ring *ring, uint32_t head, unsigned timeout_ms);

/* Says that all below `done` was sent, and wakes a writer that waits for it. */
void ring_set_done(struct ring *ring, uint32_t done);

/* Wakes the reader: there is something else than entries to look for. */
void ring_wake(struct ring *ring);

#endif
