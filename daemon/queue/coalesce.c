/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/queue/coalesce.h"

#include <stdlib.h>

#define HEADER_ROOM (MESSAGE_HEADER_MAX + 4) /* with the padding of a payload */

/* As nfnetlink_queue compares: wraps. */
static inline bool after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

int coalesce_init(struct coalesce *c, const struct coalesce_limits *limits)
{
	*c = (struct coalesce){ .limits = *limits };
	if (limits->max_messages < 2 || limits->max_messages > COALESCE_MESSAGES_MAX ||
	    limits->max_bytes < COALESCE_BYTES_MIN)
		return -EINVAL;
	c->headers = malloc((size_t)limits->max_messages * HEADER_ROOM);
	c->iov = calloc((size_t)limits->max_messages * 2 + 1, sizeof(*c->iov));
	if (limits->max_held)
		c->held = calloc(limits->max_held, sizeof(*c->held));
	if (!c->headers || !c->iov || (limits->max_held && !c->held)) {
		coalesce_free(c);
		return -ENOMEM;
	}
	return 0;
}

void coalesce_free(struct coalesce *c)
{
	if (!c)
		return;
	free(c->held);
	free(c->iov);
	free(c->headers);
	*c = (struct coalesce){ 0 };
}

/* ---- What is held: a sorted array. Packets come in order and mostly leave in order, so both ends are cheap. ---- */

/* Index of the first held id that is not before `id`, relative to held_first. */
static uint32_t held_position(const struct coalesce *c, uint32_t id)
{
	uint32_t low = c->held_first, high = c->held_first + c->held_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (after(id, c->held[middle]))
			low = middle + 1;
		else
			high = middle;
	}
	return low - c->held_first;
}

int coalesce_hold(struct coalesce *c, uint32_t id)
{
	uint32_t at = held_position(c, id);

	if (at < c->held_count && c->held[c->held_first + at] == id)
		return 0;
	if (c->started && !after(id, c->highest))
		return -EINVAL;
	if (c->held_count == c->limits.max_held)
		return -ENOSPC;
	if (c->held_first + c->held_count == c->limits.max_held) {
		memmove(c->held, c->held + c->held_first, c->held_count * sizeof(*c->held));
		c->held_first = 0;
	}
	c->held[c->held_first + c->held_count++] = id;
	c->highest = id;
	c->started = true;
	return 0;
}

void coalesce_release(struct coalesce *c, uint32_t id)
{
	uint32_t at, *found;

	if (c->held_count == 0)
		return;
	at = held_position(c, id);
	found = c->held + c->held_first + at;
	if (at == c->held_count || *found != id)
		return;
	c->held_count--;
	if (at == 0)
		c->held_first++;
	else
		memmove(found, found + 1, (c->held_count - at) * sizeof(*found));
	if (c->held_count == 0)
		c->held_first = 0;
}

/* ---- Messages ---- */

/* Accounts for bytes just written at the end of headers: they lengthen the last piece, unless that is a payload. */
static inline void wrote(struct coalesce *c, size_t len)
{
	if (c->extend)
		c->iov[c->iov_count - 1].iov_len += len;
	else
		c->iov[c->iov_count++] = (struct iovec){ .iov_base = c->headers + c->headers_len, .iov_len = len };
	c->headers_len += len;
	c->extend = true;
}

static inline void close_run(struct coalesce *c)
{
	uint8_t *at = c->headers + c->headers_len;

	if (c->run_count == 0)
		return;
	wrote(c, c->run_count > 1 ? message_put_batch(at, &c->run) : message_put_verdict(at, &c->run));
	c->messages++;
	c->run_count = 0;
}

static void put_single(struct coalesce *c, const struct message_verdict *verdict, const uint8_t *payload)
{
	size_t padding = message_padding(verdict->payload_len);

	wrote(c, message_put_verdict(c->headers + c->headers_len, verdict));
	c->messages++;
	if (verdict->payload_len == 0)
		return;
	/* sendmsg() only reads, but struct iovec has no const */
	c->iov[c->iov_count++] = (struct iovec){ .iov_base = (void *)(uintptr_t)payload, .iov_len = verdict->payload_len };
	c->payload_len += verdict->payload_len;
	c->extend = false;
	if (padding) {
		memset(c->headers + c->headers_len, 0, padding);
		wrote(c, padding);
	}
}

static inline bool fits(const struct coalesce *c, uint32_t payload_len)
{
	size_t open = c->run_count ? HEADER_ROOM : 0;
	size_t used = c->headers_len + c->payload_len + open;

	return coalesce_messages(c) < c->limits.max_messages &&
	       used + HEADER_ROOM + payload_len <= c->limits.max_bytes;
}

/* Whether a batch may end at this id, next after all that came before. */
static inline bool in_order(const struct coalesce *c, uint32_t id)
{
	return (!c->started || after(id, c->highest)) && (c->held_count == 0 || after(c->held[c->held_first], id));
}

static inline bool continues_run(const struct coalesce *c, const struct coalesce_decision *d)
{
	return c->run_count && c->run.verdict == d->verdict && c->run.set_mark == d->set_mark &&
	       (!d->set_mark || c->run.mark == d->mark);
}

int coalesce_add(struct coalesce *c, const struct coalesce_decision *d)
{
	struct message_verdict verdict = {
		.queue = c->limits.queue,
		.set_mark = d->set_mark,
		.id = d->id,
		.verdict = d->verdict,
		.mark = d->mark,
		.payload_len = d->payload_len,
	};
	bool ordered = in_order(c, d->id);

	if (d->payload_len == 0 && ordered && continues_run(c, d)) {
		c->run.id = d->id;
		c->run_count++;
		c->highest = d->id;
		return 0;
	}
	if (d->payload_len > MESSAGE_PAYLOAD_MAX || (d->payload_len && !d->payload))
		return -EINVAL;
	if (!fits(c, d->payload_len))
		return -ENOSPC;
	if (ordered)
		close_run(c);
	if (ordered && d->payload_len == 0) {
		c->run = verdict;
		c->run_count = 1;
	} else {
		put_single(c, &verdict, d->payload);
		coalesce_release(c, d->id);
	}
	if (!c->started || after(d->id, c->highest))
		c->highest = d->id;
	c->started = true;
	return 0;
}

size_t coalesce_take(struct coalesce *c, struct iovec **iov, int *iov_count)
{
	close_run(c);
	*iov = c->iov;
	*iov_count = c->iov_count;
	return c->headers_len + c->payload_len;
}

void coalesce_reset(struct coalesce *c)
{
	c->headers_len = 0;
	c->payload_len = 0;
	c->messages = 0;
	c->iov_count = 0;
	c->extend = false;
	c->run_count = 0;
}
