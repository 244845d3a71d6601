/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sink of a worker that holds CAP_NET_ADMIN: one sendmmsg() for all that was decided since the last. */
#include "daemon/queue/sink.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define MESSAGES_MAX  256
#define BYTES_MAX     (256 * 1024)
#define SEND_OVERHEAD 1024 /* what the kernel takes off the send buffer, and more */
#define SEND_TRIES    50 /* a millisecond apart: the kernel may be short of memory for a moment */

struct direct {
	struct sink sink;
	int fd;
	uint16_t number;
	struct coalesce coalesce;
	struct queue_counters *counters;
	struct mmsghdr *receipt;
};

static struct direct *direct_of(struct sink *sink)
{
	return (struct direct *)sink;
}

static int send_pieces(const struct direct *direct, struct mmsghdr *receipt, struct iovec *iov, int count)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	receipt->msg_len = 0;
	receipt->msg_hdr = (struct msghdr){
		.msg_name = &kernel,
		.msg_namelen = sizeof(kernel),
		.msg_iov = iov,
		.msg_iovlen = (size_t)count,
	};
	for (int i = 0; i < SEND_TRIES; i++) {
		if (sendmmsg(direct->fd, receipt, 1, 0) == 1)
			return 0;
		if (errno != EINTR && errno != ENOBUFS && errno != ENOMEM && errno != EAGAIN)
			break;
		nanosleep(&pause, NULL);
	}
	return -errno;
}

static int direct_flush(struct sink *sink)
{
	struct direct *direct = direct_of(sink);
	uint32_t messages = coalesce_messages(&direct->coalesce);
	struct iovec *iov;
	int count, err;

	if (!messages)
		return 0;
	coalesce_take(&direct->coalesce, &iov, &count);
	err = send_pieces(direct, direct->receipt, iov, count);
	coalesce_reset(&direct->coalesce);
	direct->counters->sends++;
	if (err)
		direct->counters->undecided += messages;
	return err;
}

static int direct_decide(struct sink *sink, const struct coalesce_decision *decision)
{
	return coalesce_add(&direct_of(sink)->coalesce, decision);
}

static int direct_decide_until(struct sink *sink, uint32_t id, uint32_t verdict, uint32_t count)
{
	struct direct *direct = direct_of(sink);
	const struct message_verdict all = { .queue = direct->number, .id = id, .verdict = verdict };
	uint8_t buffer[MESSAGE_HEADER_MAX];
	struct iovec iov = { .iov_base = buffer };
	int err = direct_flush(sink);

	(void)count;
	if (err)
		return err;
	iov.iov_len = message_put_batch(buffer, &all);
	return send_pieces(direct, direct->receipt, &iov, 1);
}

static int direct_end(struct sink *sink, uint32_t id, uint32_t verdict)
{
	struct direct *direct = direct_of(sink);
	const struct message_verdict all = { .queue = direct->number, .id = id, .verdict = verdict };
	uint8_t buffer[MESSAGE_SHUT_SIZE + MESSAGE_HEADER_MAX];
	struct iovec iov = { .iov_base = buffer };
	int err = direct_flush(sink);

	if (err)
		return err;
	iov.iov_len = message_put_shut(buffer, direct->number, verdict == NF_ACCEPT);
	iov.iov_len += message_put_batch(buffer + iov.iov_len, &all);
	return send_pieces(direct, direct->receipt, &iov, 1);
}

/*
 * The kernel ends the call that sends also for a worker that is killed in it, and writes the receipt before it lets that one
 * die: so there is one exactly when the decisions were taken.
 */
static bool direct_reached(struct sink *sink, uint32_t id)
{
	(void)id;
	return direct_of(sink)->receipt->msg_len > 0;
}

static int direct_settle(struct sink *sink)
{
	(void)sink;
	return 0;
}

static void direct_free(struct sink *sink)
{
	struct direct *direct = direct_of(sink);

	coalesce_free(&direct->coalesce);
	free(direct);
}

static const struct sink_ops direct_ops = {
	.decide = direct_decide,
	.flush = direct_flush,
	.decide_until = direct_decide_until,
	.end = direct_end,
	.reached = direct_reached,
	.settle = direct_settle,
	.free = direct_free,
};

struct sink *sink_direct_new(int fd, uint16_t number, uint32_t send_buffer, struct queue_counters *counters,
			     struct mmsghdr *receipt)
{
	struct direct *direct = calloc(1, sizeof(*direct));
	struct coalesce_limits limits = { .queue = number, .max_messages = MESSAGES_MAX, .max_bytes = BYTES_MAX };

	if (!direct)
		return NULL;
	if (send_buffer < limits.max_bytes + SEND_OVERHEAD)
		limits.max_bytes = send_buffer > SEND_OVERHEAD ? send_buffer - SEND_OVERHEAD : 0;
	*direct = (struct direct){ .sink.ops = &direct_ops, .fd = fd, .number = number, .counters = counters,
				   .receipt = receipt };
	if (coalesce_init(&direct->coalesce, &limits) < 0) {
		free(direct);
		return NULL;
	}
	return &direct->sink;
}
