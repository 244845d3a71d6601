/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The smallest consumers of a queue, to measure against: they accept everything and look at nothing but the packet id.
 *
 *	loop batch QUEUE RANGE    64 packets a receive, one batch verdict for them: the least that a packet can cost
 *	loop one QUEUE RANGE      a receive and a verdict for each packet, as most programs do
 *
 * Binds as the daemon does, with GSO and fail-open, room for 65536 packets. Ends by SIGTERM.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>

#define BATCH          64
#define MAX_LENGTH     65536
#define RECEIVE_BUFFER (64 << 20)

static struct mnl_socket *socket_;
static uint16_t queue;

static struct nlmsghdr *begin(void *buffer, int type)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *nfnetlink;

	message->nlmsg_type = (uint16_t)(NFNL_SUBSYS_QUEUE << 8 | type);
	message->nlmsg_flags = NLM_F_REQUEST;
	nfnetlink = mnl_nlmsg_put_extra_header(message, sizeof(*nfnetlink));
	nfnetlink->res_id = htons(queue);
	return message;
}

static void bind_queue(uint32_t range)
{
	struct nfqnl_msg_config_cmd command = { .command = NFQNL_CFG_CMD_BIND };
	struct nfqnl_msg_config_params params = { .copy_range = htonl(range), .copy_mode = NFQNL_COPY_PACKET };
	uint32_t flags = htonl(NFQA_CFG_F_GSO | NFQA_CFG_F_FAIL_OPEN);
	int on = 1, bytes = RECEIVE_BUFFER;
	char buffer[MNL_NLMSG_HDRLEN + 256];
	struct nlmsghdr *message;
	ssize_t len;

	socket_ = mnl_socket_open(NETLINK_NETFILTER);
	if (!socket_ || mnl_socket_bind(socket_, 0, MNL_SOCKET_AUTOPID))
		err(1, "netlink socket");
	message = begin(buffer, NFQNL_MSG_CONFIG);
	message->nlmsg_flags |= NLM_F_ACK;
	mnl_attr_put(message, NFQA_CFG_CMD, sizeof(command), &command);
	mnl_attr_put(message, NFQA_CFG_PARAMS, sizeof(params), &params);
	mnl_attr_put_u32(message, NFQA_CFG_QUEUE_MAXLEN, htonl(MAX_LENGTH));
	mnl_attr_put_u32(message, NFQA_CFG_MASK, flags);
	mnl_attr_put_u32(message, NFQA_CFG_FLAGS, flags);
	if (mnl_socket_sendto(socket_, message, message->nlmsg_len) < 0)
		err(1, "bind");
	len = mnl_socket_recvfrom(socket_, buffer, sizeof(buffer));
	if (len < 0 || mnl_cb_run(buffer, (size_t)len, 0, mnl_socket_get_portid(socket_), NULL, NULL) < 0)
		err(1, "bind queue %u", queue);
	mnl_socket_setsockopt(socket_, NETLINK_NO_ENOBUFS, &on, sizeof(on));
	if (setsockopt(mnl_socket_get_fd(socket_), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		err(1, "receive buffer");
}

/* The id of a packet message; false for any other. */
static bool packet_id(const void *bytes, uint32_t *id)
{
	const struct nlmsghdr *message = bytes;
	const struct nlattr *attr;

	if (message->nlmsg_type != (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET))
		return false;
	mnl_attr_for_each(attr, message, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) == NFQA_PACKET_HDR) {
			*id = ntohl(((const struct nfqnl_msg_packet_hdr *)mnl_attr_get_payload(attr))->packet_id);
			return true;
		}
	}
	return false;
}

static void accept_id(int type, uint32_t id)
{
	struct nfqnl_msg_verdict_hdr verdict = { .verdict = htonl(NF_ACCEPT), .id = htonl(id) };
	char buffer[MNL_NLMSG_HDRLEN + 64];
	struct nlmsghdr *message = begin(buffer, type);

	mnl_attr_put(message, NFQA_VERDICT_HDR, sizeof(verdict), &verdict);
	if (mnl_socket_sendto(socket_, message, message->nlmsg_len) < 0)
		err(1, "verdict");
}

static void run_batch(size_t slot_size)
{
	static struct mmsghdr messages[BATCH];
	static struct iovec pieces[BATCH];
	uint8_t *slots = aligned_alloc(4096, BATCH * slot_size);

	if (!slots)
		err(1, "slots");
	for (size_t i = 0; i < BATCH; i++) {
		pieces[i] = (struct iovec){ .iov_base = slots + i * slot_size, .iov_len = slot_size };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &pieces[i], .msg_iovlen = 1 };
	}
	for (;;) {
		int count = recvmmsg(mnl_socket_get_fd(socket_), messages, BATCH, MSG_WAITFORONE, NULL);
		uint32_t id, last = 0;
		bool any = false;

		if (count < 0 && errno != ENOBUFS && errno != EINTR)
			err(1, "receive");
		for (int i = 0; i < count; i++) {
			if (packet_id(pieces[i].iov_base, &id)) {
				last = id;
				any = true;
			}
		}
		if (any)
			accept_id(NFQNL_MSG_VERDICT_BATCH, last);
	}
}

static void run_one(size_t slot_size)
{
	uint8_t *slot = malloc(slot_size);

	if (!slot)
		err(1, "slot");
	for (;;) {
		ssize_t len = mnl_socket_recvfrom(socket_, slot, slot_size);
		uint32_t id;

		if (len < 0 && errno != ENOBUFS && errno != EINTR && errno != ENOSPC)
			err(1, "receive");
		if (len > 0 && packet_id(slot, &id))
			accept_id(NFQNL_MSG_VERDICT, id);
	}
}

int main(int argc, char **argv)
{
	uint32_t range;
	size_t slot_size;

	if (argc != 4)
		errx(2, "usage: loop batch|one QUEUE RANGE");
	queue = (uint16_t)strtoul(argv[2], NULL, 10);
	range = (uint32_t)strtoul(argv[3], NULL, 10);
	slot_size = ((size_t)range + 4096 + 4095) & ~(size_t)4095;
	bind_queue(range);
	if (strcmp(argv[1], "batch") == 0)
		run_batch(slot_size);
	else if (strcmp(argv[1], "one") == 0)
		run_one(slot_size);
	errx(2, "%s: batch or one", argv[1]);
}
