/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hold QUEUE: binds a queue and lets its packets wait in the kernel. Says "ready"; at a line on standard input it accepts
 * all that wait, says how many there were, and ends.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void __attribute__((noreturn)) fail(const char *what)
{
	fprintf(stderr, "hold: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct nlmsghdr *begin(char *buffer, uint16_t type, uint16_t flags, uint16_t queue)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *message;

	header->nlmsg_type = (uint16_t)(NFNL_SUBSYS_QUEUE << 8 | type);
	header->nlmsg_flags = NLM_F_REQUEST | flags;
	message = mnl_nlmsg_put_extra_header(header, sizeof(*message));
	message->nfgen_family = AF_UNSPEC;
	message->version = NFNETLINK_V0;
	message->res_id = htons(queue);
	return header;
}

static void bind_queue(struct mnl_socket *socket, uint16_t queue)
{
	const struct nfqnl_msg_config_cmd command = { .command = NFQNL_CFG_CMD_BIND };
	const struct nfqnl_msg_config_params parameters = { .copy_range = htonl(0), .copy_mode = NFQNL_COPY_META };
	char buffer[4096];
	struct nlmsghdr *header = begin(buffer, NFQNL_MSG_CONFIG, NLM_F_ACK, queue);
	ssize_t len;

	mnl_attr_put(header, NFQA_CFG_CMD, sizeof(command), &command);
	mnl_attr_put(header, NFQA_CFG_PARAMS, sizeof(parameters), &parameters);
	mnl_attr_put_u32(header, NFQA_CFG_QUEUE_MAXLEN, htonl(4096));
	if (mnl_socket_sendto(socket, header, header->nlmsg_len) < 0)
		fail("bind");
	len = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
	if (len < 0 || mnl_cb_run(buffer, (size_t)len, 0, mnl_socket_get_portid(socket), NULL, NULL) < 0)
		fail("bind");
}

static int take_id(const struct nlattr *attribute, void *data)
{
	if (mnl_attr_get_type(attribute) == NFQA_PACKET_HDR &&
	    mnl_attr_get_payload_len(attribute) >= sizeof(struct nfqnl_msg_packet_hdr))
		*(uint32_t *)data = ntohl(((struct nfqnl_msg_packet_hdr *)mnl_attr_get_payload(attribute))->packet_id);
	return MNL_CB_OK;
}

static void accept_packet(struct mnl_socket *socket, uint16_t queue, uint32_t id)
{
	const struct nfqnl_msg_verdict_hdr verdict = { .verdict = htonl(NF_ACCEPT), .id = htonl(id) };
	char buffer[256];
	struct nlmsghdr *header = begin(buffer, NFQNL_MSG_VERDICT, 0, queue);

	mnl_attr_put(header, NFQA_VERDICT_HDR, sizeof(verdict), &verdict);
	if (mnl_socket_sendto(socket, header, header->nlmsg_len) < 0)
		fail("verdict");
}

/* All that came until now: what the kernel queued is in the socket's buffer. */
static unsigned release(struct mnl_socket *socket, uint16_t queue)
{
	char buffer[65536];
	unsigned count = 0;

	for (;;) {
		ssize_t len = recv(mnl_socket_get_fd(socket), buffer, sizeof(buffer), MSG_DONTWAIT);
		const struct nlmsghdr *header = (const struct nlmsghdr *)buffer;
		uint32_t id = 0;

		if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return count;
		if (len < 0)
			fail("receive");
		if (!mnl_nlmsg_ok(header, (int)len) || NFNL_MSG_TYPE(header->nlmsg_type) != NFQNL_MSG_PACKET)
			continue;
		mnl_attr_parse(header, sizeof(struct nfgenmsg), take_id, &id);
		accept_packet(socket, queue, id);
		count++;
	}
}

int main(int argc, char **argv)
{
	const int bytes = 4 << 20;
	struct mnl_socket *socket = mnl_socket_open(NETLINK_NETFILTER);
	const uint16_t queue = argc == 2 ? (uint16_t)atoi(argv[1]) : 0;
	char line[64];

	if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID))
		fail("netlink");
	setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	bind_queue(socket, queue);
	printf("ready\n");
	fflush(stdout);
	if (fgets(line, sizeof(line), stdin))
		printf("%u\n", release(socket, queue));
	mnl_socket_close(socket);
	return 0;
}
