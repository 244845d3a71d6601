/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/generation.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/time.h>

#define BUFFER_BYTES 8192
#define ANSWER_MS    2000 /* the kernel answers within the call: more would be a fault of its */

static int open_socket(struct mnl_socket **socket, unsigned groups)
{
	struct mnl_socket *made = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);

	if (!made)
		return -errno;
	if (mnl_socket_bind(made, groups, MNL_SOCKET_AUTOPID)) {
		int err = -errno;

		mnl_socket_close(made);
		return err;
	}
	*socket = made;
	return 0;
}

int generation_open(struct mnl_socket **socket)
{
	const struct timeval limit = { .tv_sec = ANSWER_MS / 1000 };
	int err = open_socket(socket, 0);

	if (!err)
		setsockopt(mnl_socket_get_fd(*socket), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return err;
}

void generation_close(struct mnl_socket *socket)
{
	if (socket)
		mnl_socket_close(socket);
}

struct answer {
	uint32_t id;
	bool found;
};

static int take_attribute(const struct nlattr *attribute, void *data)
{
	struct answer *answer = data;

	if (mnl_attr_get_type(attribute) == NFTA_GEN_ID && !mnl_attr_validate(attribute, MNL_TYPE_U32)) {
		answer->id = ntohl(mnl_attr_get_u32(attribute));
		answer->found = true;
	}
	return MNL_CB_OK;
}

static int take_answer(const struct nlmsghdr *header, void *data)
{
	return mnl_attr_parse(header, sizeof(struct nfgenmsg), take_attribute, data);
}

uint64_t generation_get(struct mnl_socket *socket)
{
	static const struct nfgenmsg any = { .nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0 };
	char buffer[BUFFER_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
	unsigned portid = mnl_socket_get_portid(socket);
	struct answer answer = { 0 };
	ssize_t len;
	int more;

	header->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	header->nlmsg_seq = 1;
	*(struct nfgenmsg *)mnl_nlmsg_put_extra_header(header, sizeof(any)) = any;
	if (mnl_socket_sendto(socket, header, header->nlmsg_len) < 0)
		return 0;
	/* The acknowledgement comes behind the answer: nothing is left on the socket. */
	do {
		do
			len = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
		while (len < 0 && errno == EINTR);
		more = len < 0 ? -1 : mnl_cb_run(buffer, (size_t)len, 1, portid, take_answer, &answer);
	} while (more > 0);
	return more == 0 && answer.found ? answer.id : 0;
}

int generation_watch(struct mnl_socket **socket)
{
	return open_socket(socket, 1u << (NFNLGRP_NFTABLES - 1));
}

int generation_drain(struct mnl_socket *socket)
{
	char buffer[BUFFER_BYTES];
	int came = 0;

	for (;;) {
		ssize_t len = recv(mnl_socket_get_fd(socket), buffer, sizeof(buffer), MSG_DONTWAIT | MSG_TRUNC);

		if (len >= 0 || errno == ENOBUFS) /* some were lost, so some came */
			came = 1;
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			return came;
		else if (errno != EINTR)
			return -errno;
	}
}
