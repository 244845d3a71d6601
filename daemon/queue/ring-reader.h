/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reading end of a ring: entries to messages for one sendmsg(). Nothing that stands in the ring is believed: each entry
 * is copied, then checked, and what a queue's handlers may not do is refused. What cannot be checked is whether the decision is
 * the one that the handlers made, and whether a packet had the mark that the writer says it came with.
 *
 * Pure apart from reading the ring.
 */
#ifndef QUEUE_RING_READER_H
#define QUEUE_RING_READER_H

#include "daemon/queue/ring.h"

/* What the writer may say. */
struct ring_policy {
	uint32_t verdicts;    /* a bit for each of NF_DROP, NF_ACCEPT, NF_QUEUE, NF_REPEAT */
	uint32_t until;       /* the same, for RING_UNTIL */
	uint32_t mark_mask;   /* bits of the mark that may be changed; 0: none */
	bool rewrites;
	bool bypass;          /* a packet for a queue that nobody listens on passes: the flag that NF_QUEUE must have, or not */
};

/* Why an entry was refused. */
enum ring_refusal {
	RING_BAD_INDEX,   /* more entries than there can be, or the reader's own words changed */
	RING_BAD_KIND,
	RING_BAD_ID,      /* a run that ends before the last one */
	RING_BAD_COUNT,
	RING_BAD_VERDICT, /* unknown, or none that the handlers may give */
	RING_BAD_MARK,
	RING_BAD_PAYLOAD,
	RING_REFUSALS
};

/* What was sent so far. */
struct ring_totals {
	uint32_t taken;      /* index of the next entry */
	uint32_t area_end;   /* of the last one */
	uint32_t last_id;    /* the newest id that has its verdict */
	uint32_t known;      /* 1: last_id is one */
	uint64_t accepted, dropped, repeated, requeued; /* packets, as the writer counts them */
	uint64_t marked, rewritten;
};

struct ring_reader {
	struct ring *ring;
	uint16_t queue;
	struct ring_policy policy;
	bool may_end;              /* nobody but the writer is there to end the queue: RING_END is taken */
	struct ring_totals sent;
	enum ring_refusal refusal; /* after -EBADMSG */

	/* under way */
	struct ring_totals next;
	size_t max_bytes;
	size_t headers_len, payload_len;
	int iov_count;
	bool extend;               /* the last piece lies in headers and can grow */
	uint8_t *headers;
	struct iovec *iov;
};

/* max_bytes: of one datagram, at least COALESCE_BYTES_MIN. sent: where an earlier reader was. 0, -EINVAL or -ENOMEM. */
int ring_reader_init(struct ring_reader *reader, struct ring *ring, uint16_t queue, size_t max_bytes,
		     const struct ring_totals *sent);
void ring_reader_free(struct ring_reader *reader);

/*
 * Turns what is published into messages, at most `limit` entries. The number of messages; 0: there is
 * nothing; -EBADMSG: the next entry is refused. Payloads are pieces of the ring. Valid until the next call.
 */
int ring_reader_take(struct ring_reader *reader, uint32_t limit, struct iovec **iov, int *iov_count);

/* They were sent: takes note in reader->sent. Telling the writer is up to the caller. */
void ring_reader_sent(struct ring_reader *reader);

const char *ring_refusal_word(enum ring_refusal refusal);

#endif
