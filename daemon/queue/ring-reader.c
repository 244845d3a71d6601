/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/queue/ring-reader.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <stdlib.h>

#define MESSAGES_MAX 256
#define HEADER_ROOM  (MESSAGE_HEADER_MAX + 4) /* with the padding of a payload */
#define END_ROOM     (MESSAGE_SHUT_SIZE + MESSAGE_HEADER_MAX)

int ring_reader_init(struct ring_reader *reader, struct ring *ring, uint16_t queue, size_t max_bytes,
		     const struct ring_totals *sent)
{
	*reader = (struct ring_reader){ .ring = ring, .queue = queue, .max_bytes = max_bytes, .sent = *sent };
	if (max_bytes < COALESCE_BYTES_MIN)
		return -EINVAL;
	reader->headers = malloc(MESSAGES_MAX * (size_t)(END_ROOM > HEADER_ROOM ? END_ROOM : HEADER_ROOM));
	reader->iov = calloc(MESSAGES_MAX * 2 + 1, sizeof(*reader->iov));
	if (reader->headers && reader->iov)
		return 0;
	ring_reader_free(reader);
	return -ENOMEM;
}

void ring_reader_free(struct ring_reader *reader)
{
	free(reader->headers);
	free(reader->iov);
	*reader = (struct ring_reader){ 0 };
}

/* ---- Checks. Each gets a copy of the entry, which the writer cannot change any more. ---- */

static inline bool after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

static inline bool is_for_all(const struct ring_entry *e)
{
	return e->kind == RING_UNTIL || e->kind == RING_END;
}

static bool kind_is_right(const struct ring_reader *reader, const struct ring_entry *e)
{
	if (e->unused)
		return false;
	return (e->kind >= RING_RUN && e->kind <= RING_UNTIL) || (e->kind == RING_END && reader->may_end);
}

static bool id_is_right(const struct ring_totals *totals, const struct ring_entry *e)
{
	if (!totals->known || e->kind == RING_SINGLE)
		return true;
	return after(e->id, totals->last_id) || (is_for_all(e) && e->id == totals->last_id);
}

/* No more packets than there are ids since the last. */
static bool count_is_right(const struct ring_totals *totals, const struct ring_entry *e)
{
	uint32_t most = totals->known ? e->id - totals->last_id : INT32_MAX;

	if (e->kind == RING_SINGLE)
		return e->count == 1;
	return e->count <= most && (is_for_all(e) || e->count > 0) && (e->kind != RING_END || e->count == 0);
}

static bool verdict_is_right(const struct ring_policy *policy, const struct ring_entry *e)
{
	uint32_t allowed = e->kind == RING_UNTIL ? policy->until : policy->verdicts;
	uint32_t verdict = e->verdict;

	if (e->kind == RING_END)
		return verdict == (policy->bypass ? NF_ACCEPT : NF_DROP);
	if ((verdict & NF_VERDICT_MASK) == NF_QUEUE) {
		uint32_t flags = policy->bypass ? NF_VERDICT_FLAG_QUEUE_BYPASS : 0;

		return allowed & 1u << NF_QUEUE && (verdict & 0xffff) == (NF_QUEUE | flags);
	}
	return verdict <= NF_MAX_VERDICT && allowed & 1u << verdict;
}

static bool mark_is_right(const struct ring_policy *policy, const struct ring_entry *e)
{
	if (!e->set_mark)
		return true;
	return e->set_mark == 1 && !is_for_all(e) && ((e->mark ^ e->arrived_mark) & ~policy->mark_mask) == 0 &&
	       policy->mark_mask;
}

static bool payload_is_right(const struct ring_policy *policy, const struct ring_entry *e)
{
	if (e->payload_len == 0)
		return true;
	return policy->rewrites && e->kind == RING_SINGLE && e->payload_len <= MESSAGE_PAYLOAD_MAX &&
	       (e->area_end - e->payload_len) % RING_AREA_BYTES + e->payload_len <= RING_AREA_BYTES;
}

static bool check(struct ring_reader *reader, const struct ring_entry *e)
{
	const struct ring_totals *totals = &reader->next;
	const struct ring_policy *policy = &reader->policy;

	if (!kind_is_right(reader, e))
		reader->refusal = RING_BAD_KIND;
	else if (!id_is_right(totals, e))
		reader->refusal = RING_BAD_ID;
	else if (!count_is_right(totals, e))
		reader->refusal = RING_BAD_COUNT;
	else if (!verdict_is_right(policy, e))
		reader->refusal = RING_BAD_VERDICT;
	else if (!mark_is_right(policy, e))
		reader->refusal = RING_BAD_MARK;
	else if (!payload_is_right(policy, e))
		reader->refusal = RING_BAD_PAYLOAD;
	else
		return true;
	return false;
}

/* ---- Messages ---- */

static inline void wrote(struct ring_reader *reader, size_t len)
{
	if (reader->extend)
		reader->iov[reader->iov_count - 1].iov_len += len;
	else
		reader->iov[reader->iov_count++] = (struct iovec){ .iov_base = reader->headers + reader->headers_len,
								   .iov_len = len };
	reader->headers_len += len;
	reader->extend = true;
}

static void put_payload(struct ring_reader *reader, const struct ring_entry *e)
{
	size_t padding = message_padding(e->payload_len);

	reader->iov[reader->iov_count++] = (struct iovec){
		.iov_base = reader->ring->area + (e->area_end - e->payload_len) % RING_AREA_BYTES,
		.iov_len = e->payload_len,
	};
	reader->payload_len += e->payload_len;
	reader->extend = false;
	if (padding) {
		memset(reader->headers + reader->headers_len, 0, padding);
		wrote(reader, padding);
	}
}

static void put(struct ring_reader *reader, const struct ring_entry *e)
{
	const struct message_verdict message = {
		.queue = reader->queue,
		.set_mark = e->set_mark,
		.id = e->id,
		.verdict = e->verdict,
		.mark = e->mark,
		.payload_len = e->payload_len,
	};
	uint8_t *at = reader->headers + reader->headers_len;

	if (e->kind == RING_END) {
		wrote(reader, message_put_shut(at, reader->queue, e->verdict == NF_ACCEPT));
		at = reader->headers + reader->headers_len;
	}
	/* A run of one is no run: what is still queued before it, such as a packet of a dead worker, is not meant. */
	if (is_for_all(e) || (e->kind == RING_RUN && e->count > 1))
		wrote(reader, message_put_batch(at, &message));
	else
		wrote(reader, message_put_verdict(at, &message));
	if (e->payload_len)
		put_payload(reader, e);
}

/* What the writer has somebody else's packets repeated for is not one of its verdicts. */
static void count(struct ring_totals *totals, const struct ring_entry *e)
{
	uint32_t verdict = e->verdict & NF_VERDICT_MASK;

	totals->accepted += verdict == NF_ACCEPT ? e->count : 0;
	totals->dropped += verdict == NF_DROP ? e->count : 0;
	totals->repeated += verdict == NF_REPEAT ? e->count : 0;
	totals->requeued += verdict == NF_QUEUE ? e->count : 0;
	totals->marked += e->set_mark ? e->count : 0;
	totals->rewritten += e->payload_len ? 1 : 0;
	totals->taken++;
	totals->area_end = e->area_end;
	if (!totals->known || after(e->id, totals->last_id))
		totals->last_id = e->id;
	totals->known = 1;
}

/*
 * How many entries there are; -EBADMSG also when the reader's own words in the ring are not what it wrote: the writer would
 * count on them.
 */
static int published(struct ring_reader *reader)
{
	const struct ring_totals *sent = &reader->sent;
	uint32_t head = atomic_load_explicit(&reader->ring->head, memory_order_acquire);
	uint32_t entries = head - sent->taken;

	if (entries <= RING_MOST && atomic_load_explicit(&reader->ring->done, memory_order_relaxed) == sent->taken &&
	    ring_entry(reader->ring, sent->taken - 1)->area_end == sent->area_end)
		return (int)entries;
	reader->refusal = RING_BAD_INDEX;
	return -EBADMSG;
}

static inline bool fits(const struct ring_reader *reader, const struct ring_entry *e)
{
	const size_t room = e->kind == RING_END ? END_ROOM : HEADER_ROOM + e->payload_len;

	return reader->headers_len + reader->payload_len + room <= reader->max_bytes;
}

int ring_reader_take(struct ring_reader *reader, uint32_t limit, struct iovec **iov, int *iov_count)
{
	int entries = published(reader), messages = 0;

	if (entries > 0 && (uint32_t)entries > limit)
		entries = (int)limit;
	reader->next = reader->sent;
	reader->headers_len = reader->payload_len = 0;
	reader->iov_count = 0;
	reader->extend = false;
	for (; messages < entries && messages < MESSAGES_MAX; messages++) {
		struct ring_entry entry = *ring_entry(reader->ring, reader->next.taken);

		atomic_signal_fence(memory_order_seq_cst); /* the compiler must not read the ring again for a checked value */
		if (!check(reader, &entry)) {
			entries = -EBADMSG;
			break;
		}
		if (!fits(reader, &entry))
			break;
		put(reader, &entry);
		count(&reader->next, &entry);
	}
	*iov = reader->iov;
	*iov_count = reader->iov_count;
	return messages ? messages : entries < 0 ? entries : 0;
}

void ring_reader_sent(struct ring_reader *reader)
{
	reader->sent = reader->next;
}

const char *ring_refusal_word(enum ring_refusal refusal)
{
	static const char *const words[RING_REFUSALS] = {
		[RING_BAD_INDEX] = "index",     [RING_BAD_KIND] = "kind",    [RING_BAD_ID] = "packet id",
		[RING_BAD_COUNT] = "count",     [RING_BAD_VERDICT] = "verdict", [RING_BAD_MARK] = "mark",
		[RING_BAD_PAYLOAD] = "payload",
	};

	return words[refusal];
}
