/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A model of the kernel's queue, which takes the coalescer's bytes as nfnetlink_queue does: a single verdict takes one
 * entry out, a batch verdict all entries up to its id (wrap-safe, stopping at the first later one), each with an answer
 * of ENOENT when it finds none. Around it a coalescer and what its user meant, so that both can be compared. Functions
 * give NULL or what is wrong.
 */
#ifndef KERNEL_QUEUE_H
#define KERNEL_QUEUE_H

#include "daemon/queue/coalesce.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <stdlib.h>

struct entry {
	uint32_t id;
	bool queued;  /* in the kernel, without verdict */
	bool decided; /* by the user */
	bool held;
	struct coalesce_decision want, got; /* payload: address of the bytes; in got of a copy that lives for one compare */
};

struct kernel_queue {
	uint16_t number;
	struct entry *entries; /* in order of their ids */
	size_t count, room;
	size_t oldest;         /* none before it is queued */
	unsigned messages, batches;
};

static inline void kernel_free(struct kernel_queue *q)
{
	free(q->entries);
	*q = (struct kernel_queue){ 0 };
}

/* A packet arrives. */
static inline struct entry *kernel_enqueue(struct kernel_queue *q, uint32_t id)
{
	if (q->count == q->room) {
		q->room = q->room ? q->room * 2 : 64;
		q->entries = realloc(q->entries, q->room * sizeof(*q->entries));
		if (!q->entries)
			abort();
	}
	q->entries[q->count] = (struct entry){ .id = id, .queued = true };
	return &q->entries[q->count++];
}

/* An entry leaves the queue with a verdict: it must be the one that its user gave it. */
static inline const char *kernel_reinject(struct entry *e, const struct coalesce_decision *got)
{
	e->queued = false;
	if (!e->decided)
		return e->held ? "a held packet got a verdict" : "a packet got a verdict before it was decided";
	if (got->verdict != e->want.verdict)
		return "wrong verdict";
	if (got->set_mark != e->want.set_mark || (got->set_mark && got->mark != e->want.mark))
		return "wrong mark";
	if (got->payload_len != e->want.payload_len)
		return "wrong payload length";
	if (got->payload_len && memcmp(got->payload, e->want.payload, got->payload_len) != 0)
		return "wrong payload";
	return NULL;
}

static inline const char *kernel_single(struct kernel_queue *q, const struct coalesce_decision *got)
{
	for (size_t i = q->oldest; i < q->count; i++)
		if (q->entries[i].queued && q->entries[i].id == got->id)
			return kernel_reinject(&q->entries[i], got);
	return "ENOENT: single verdict";
}

static inline const char *kernel_batch(struct kernel_queue *q, const struct coalesce_decision *got)
{
	unsigned found = 0;

	if (got->payload_len)
		return "a batch verdict with payload";
	for (size_t i = q->oldest; i < q->count; i++) {
		const char *wrong;

		if (!q->entries[i].queued)
			continue;
		if ((int32_t)(q->entries[i].id - got->id) > 0)
			break;
		wrong = kernel_reinject(&q->entries[i], got);
		if (wrong)
			return wrong;
		found++;
	}
	return found ? NULL : "ENOENT: batch verdict";
}

/* One message of a datagram. */
static inline const char *kernel_message(struct kernel_queue *q, const struct nlmsghdr *message)
{
	const struct nfgenmsg *nfnetlink = mnl_nlmsg_get_payload(message);
	struct coalesce_decision got = { 0 };
	bool has_verdict = false;
	const struct nlattr *attr;
	const char *wrong;

	if (message->nlmsg_flags != NLM_F_REQUEST || message->nlmsg_pid != 0)
		return "wrong netlink header";
	if (message->nlmsg_len < 20 || nfnetlink->nfgen_family != 0 || nfnetlink->version != 0)
		return "wrong nfnetlink header";
	if (ntohs(nfnetlink->res_id) != q->number)
		return "wrong queue";
	mnl_attr_for_each(attr, message, sizeof(*nfnetlink)) {
		const struct nfqnl_msg_verdict_hdr *header = mnl_attr_get_payload(attr);

		switch (mnl_attr_get_type(attr)) {
		case NFQA_VERDICT_HDR:
			if (mnl_attr_get_payload_len(attr) != sizeof(*header))
				return "wrong length of a verdict";
			got.verdict = ntohl(header->verdict);
			got.id = ntohl(header->id);
			has_verdict = true;
			break;
		case NFQA_MARK:
			if (mnl_attr_get_payload_len(attr) != 4)
				return "wrong length of a mark";
			got.set_mark = true;
			got.mark = ntohl(mnl_attr_get_u32(attr));
			break;
		case NFQA_PAYLOAD:
			got.payload = mnl_attr_get_payload(attr);
			got.payload_len = mnl_attr_get_payload_len(attr);
			break;
		default:
			return "unknown attribute";
		}
	}
	if (!has_verdict || message->nlmsg_seq != got.id)
		return "no verdict, or wrong sequence number";
	q->messages++;
	if (message->nlmsg_type == (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_VERDICT)) {
		wrong = kernel_single(q, &got);
	} else if (message->nlmsg_type == (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_VERDICT_BATCH)) {
		q->batches++;
		wrong = kernel_batch(q, &got);
	} else {
		wrong = "unknown message";
	}
	while (q->oldest < q->count && !q->entries[q->oldest].queued)
		q->oldest++;
	return wrong;
}

/* One datagram. */
static inline const char *kernel_receive(struct kernel_queue *q, const uint8_t *bytes, size_t len)
{
	while (len) {
		const struct nlmsghdr *message = (const struct nlmsghdr *)bytes;
		const char *wrong;

		if (len < sizeof(*message) || message->nlmsg_len < sizeof(*message) || message->nlmsg_len > len)
			return "a message that does not fit its datagram";
		if (message->nlmsg_len % 4)
			return "a message whose length is not padded";
		wrong = kernel_message(q, message);
		if (wrong)
			return wrong;
		bytes += message->nlmsg_len;
		len -= message->nlmsg_len;
	}
	return NULL;
}

/* ---- A coalescer and the queue that it works for ---- */

struct pair {
	struct coalesce coalesce;
	struct kernel_queue queue;
};

/* Sends what the coalescer has, as sendmsg() would gather it. */
static inline const char *pair_flush(struct pair *pair)
{
	uint32_t announced = coalesce_messages(&pair->coalesce);
	unsigned before = pair->queue.messages;
	struct iovec *iov;
	int count;
	size_t bytes = coalesce_take(&pair->coalesce, &iov, &count), at = 0;
	uint8_t *datagram = malloc(bytes ? bytes : 1);
	const char *wrong = NULL;

	if (!datagram)
		abort();
	for (int i = 0; i < count && !wrong; i++) {
		if (iov[i].iov_len == 0 || iov[i].iov_len > bytes - at)
			wrong = "the pieces are not as long as the sum says";
		else
			memcpy(datagram + at, iov[i].iov_base, iov[i].iov_len);
		at += iov[i].iov_len;
	}
	if (!wrong && (at != bytes || bytes > pair->coalesce.limits.max_bytes))
		wrong = "the pieces are not as long as the sum says";
	if (!wrong && (count > 1024 || announced > pair->coalesce.limits.max_messages))
		wrong = "more pieces or messages than allowed";
	if (!wrong)
		wrong = kernel_receive(&pair->queue, datagram, bytes);
	if (!wrong && pair->queue.messages - before != announced)
		wrong = "another number of messages than announced";
	free(datagram);
	coalesce_reset(&pair->coalesce);
	return wrong;
}

/* The user decides an entry; sends first when there is no room. */
static inline const char *pair_decide(struct pair *pair, struct entry *e, const struct coalesce_decision *decision)
{
	const char *wrong = NULL;
	int error;

	e->want = *decision;
	e->want.id = e->id;
	e->decided = true;
	error = coalesce_add(&pair->coalesce, &e->want);
	if (error == -ENOSPC) {
		e->decided = false; /* it is not taken yet: nothing that leaves now may touch it */
		wrong = pair_flush(pair);
		e->decided = true;
		if (!wrong)
			error = coalesce_add(&pair->coalesce, &e->want);
	}
	return wrong ? wrong : error ? "a decision was refused by an empty coalescer" : NULL;
}

static inline const char *pair_hold(struct pair *pair, struct entry *e)
{
	e->held = true;
	return coalesce_hold(&pair->coalesce, e->id) ? "a hold was refused" : NULL;
}

/* At the end: sends the rest; each decided packet must have left, each other one must still be there. */
static inline const char *pair_finish(struct pair *pair)
{
	const char *wrong = pair_flush(pair);

	for (size_t i = 0; i < pair->queue.count && !wrong; i++)
		if (pair->queue.entries[i].queued == pair->queue.entries[i].decided)
			wrong = "a decided packet got no verdict";
	return wrong;
}

static inline void pair_free(struct pair *pair)
{
	coalesce_free(&pair->coalesce);
	kernel_free(&pair->queue);
}

#endif
