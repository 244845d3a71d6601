/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes as a ring, as a worker could leave it: what the reader makes of it must be messages that the policy allows, in
 * pieces that lie where they may.
 *
 *	policy: verdicts, until, flags (1 rewrites, 2 bypass, 16 may end), mark_mask; taken (4), last id (4); head (4); then entries
 */
#include "daemon/queue/ring-reader.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>

#define HEAD_BYTES 16
#define KNOWN      (1u << NF_DROP | 1u << NF_ACCEPT | 1u << NF_QUEUE | 1u << NF_REPEAT)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ring ring;
static uint8_t datagram[256 * 1024];

static void require(bool right, const char *what)
{
	if (right)
		return;
	fprintf(stderr, "fuzz-ring: %s\n", what);
	abort();
}

static size_t gather(const struct ring_reader *reader, const struct iovec *iov, int count)
{
	size_t len = 0;

	require(count > 0 && count <= 1024, "number of pieces");
	for (int i = 0; i < count; i++) {
		const uint8_t *at = iov[i].iov_base;
		bool in_area = at >= ring.area && at + iov[i].iov_len <= ring.area + sizeof(ring.area);
		bool in_headers = at >= reader->headers && at < reader->headers + reader->headers_len;

		require(in_area || in_headers, "a piece lies elsewhere");
		require(iov[i].iov_len > 0 && iov[i].iov_len <= sizeof(datagram) - len, "length of a piece");
		memcpy(datagram + len, at, iov[i].iov_len);
		len += iov[i].iov_len;
	}
	return len;
}

static void check_verdict(const struct ring_policy *policy, uint32_t verdict, bool batch)
{
	uint32_t allowed = policy->verdicts | (batch ? policy->until : 0);

	require(allowed & 1u << (verdict & 0xff) % 32 && (verdict & 0xff) < 5, "a verdict that is not allowed");
	if ((verdict & 0xff) == NF_QUEUE)
		require(!(verdict & 0x7f00) && !(verdict & NF_VERDICT_FLAG_QUEUE_BYPASS) == !policy->bypass, "flags");
	else
		require(verdict < 5, "flags of a verdict");
}

/* The queue is shut with the verdict that follows, which no packet can be spared. Returns the bytes; 0: something else. */
static size_t check_shut(const struct ring_reader *reader, const uint8_t *at, size_t len)
{
	uint8_t shut[MESSAGE_SHUT_SIZE];
	struct nfqnl_msg_verdict_hdr verdict;
	uint16_t type;

	memcpy(&type, at + offsetof(struct nlmsghdr, nlmsg_type), sizeof(type));
	if (type != (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_CONFIG))
		return 0;
	require(reader->may_end, "an end");
	require(len >= sizeof(shut) + 32, "an end without a verdict");
	message_put_shut(shut, 9, reader->policy.bypass);
	require(memcmp(at, shut, sizeof(shut)) == 0, "bytes of an end");
	memcpy(&verdict, at + sizeof(shut) + 24, sizeof(verdict));
	require(ntohl(verdict.verdict) == (reader->policy.bypass ? NF_ACCEPT : NF_DROP), "verdict of an end");
	return sizeof(shut);
}

static void check_message(const struct ring_policy *policy, const uint8_t *at, size_t len)
{
	struct nlmsghdr header;
	struct nfqnl_msg_verdict_hdr verdict;
	struct nlattr attr;
	size_t next = 32;
	bool batch;

	memcpy(&header, at, sizeof(header));
	memcpy(&verdict, at + 24, sizeof(verdict));
	batch = header.nlmsg_type == (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_VERDICT_BATCH);
	require(batch || header.nlmsg_type == (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_VERDICT), "type of a message");
	require(at[18] == 0 && at[19] == 9, "number of the queue");
	check_verdict(policy, ntohl(verdict.verdict), batch);
	for (; next + sizeof(attr) <= len; next += (size_t)NLA_ALIGN(attr.nla_len)) {
		memcpy(&attr, at + next, sizeof(attr));
		require(attr.nla_len > sizeof(attr) && (size_t)NLA_ALIGN(attr.nla_len) <= len - next, "length of an attribute");
		if (attr.nla_type == NFQA_MARK)
			require(policy->mark_mask && attr.nla_len == 8, "a mark");
		else
			require(attr.nla_type == NFQA_PAYLOAD && policy->rewrites && !batch, "an attribute");
	}
	require(next == len, "end of a message");
}

static void check_datagram(const struct ring_reader *reader, size_t len, int messages)
{
	struct nlmsghdr header;

	for (size_t at = 0; at < len; at += header.nlmsg_len, messages--) {
		struct ring_policy policy = reader->policy;
		size_t shut;

		require(len - at >= 32, "a message is cut");
		shut = check_shut(reader, datagram + at, len - at);
		if (shut)
			policy.until |= policy.bypass ? 1u << NF_ACCEPT : 1u << NF_DROP;
		at += shut;
		memcpy(&header, datagram + at, sizeof(header));
		require(header.nlmsg_len >= 32 && header.nlmsg_len % 4 == 0 && header.nlmsg_len <= len - at, "length");
		check_message(&policy, datagram + at, header.nlmsg_len);
	}
	require(messages == 0, "number of messages");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ring_totals sent = { 0 };
	struct ring_reader reader;
	uint32_t head;
	struct iovec *iov;
	int count, messages;

	if (size < HEAD_BYTES || size > HEAD_BYTES + RING_MOST * sizeof(struct ring_entry))
		return 0;
	memcpy(&sent.taken, data + 4, sizeof(sent.taken));
	memcpy(&sent.last_id, data + 8, sizeof(sent.last_id));
	memcpy(&head, data + 12, sizeof(head));
	sent.known = data[2] >> 2 & 1;
	ring_reset(&ring, sent.taken);
	for (size_t at = HEAD_BYTES, i = 0; at < size; at += sizeof(struct ring_entry), i++)
		memcpy(ring_entry(&ring, sent.taken + (uint32_t)i), data + at,
		       size - at < sizeof(struct ring_entry) ? size - at : sizeof(struct ring_entry));
	/* Mostly a number that can be: else there would be little to look at. */
	atomic_store(&ring.head, data[2] & 8 ? head : sent.taken + head % (RING_MOST + 2));
	if (ring_reader_init(&reader, &ring, 9, sizeof(datagram), &sent))
		abort();
	reader.policy = (struct ring_policy){ .verdicts = data[0] & KNOWN, .until = data[1] & KNOWN, .rewrites = data[2] & 1,
					      .bypass = data[2] >> 1 & 1, .mark_mask = data[3] };
	reader.may_end = data[2] & 16;
	while ((messages = ring_reader_take(&reader, RING_ENTRIES, &iov, &count)) > 0) {
		check_datagram(&reader, gather(&reader, iov, count), messages);
		ring_reader_sent(&reader);
		ring_set_done(&ring, reader.sent.taken);
	}
	require(messages == 0 || (messages == -EBADMSG && reader.refusal < RING_REFUSALS), "what is said at the end");
	require(messages == -EBADMSG || reader.sent.taken == atomic_load(&ring.head), "something was left");
	ring_reader_free(&reader);
	return 0;
}
