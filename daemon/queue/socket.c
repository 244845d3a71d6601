/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/queue/socket.h"

#include "daemon/queue/message.h"
#include "daemon/queue/status.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_TIMEOUT_MS    5000
#define CONFIG_MESSAGE_BYTES 512
/* Where a packet that comes in before the kernel's answer is received: its header and first attribute are enough. */
#define ANSWER_BYTES 1024
#define SEND_TRIES    50
#define SEND_PAUSE_NS 1000000

const char *queue_flag_name(uint32_t flag)
{
	switch (flag) {
	case NFQA_CFG_F_FAIL_OPEN:
		return "fail-open";
	case NFQA_CFG_F_CONNTRACK:
		return "conntrack";
	case NFQA_CFG_F_GSO:
		return "gso";
	case NFQA_CFG_F_UID_GID:
		return "uid-gid";
	case NFQA_CFG_F_SECCTX:
		return "secctx";
	default:
		return "unknown flag";
	}
}

static int send_to_kernel(int fd, const void *message, size_t len)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	const struct timespec pause = { .tv_nsec = SEND_PAUSE_NS };

	for (int i = 0; i < SEND_TRIES; i++) {
		if (sendto(fd, message, len, 0, (const struct sockaddr *)&kernel, sizeof(kernel)) >= 0)
			return 0;
		if (errno == ENOBUFS || errno == ENOMEM || errno == EAGAIN)
			nanosleep(&pause, NULL); /* the kernel is short of memory, for a moment mostly */
		else if (errno != EINTR)
			break;
	}
	return -errno;
}

int queue_decide_all(const struct queue_socket *queue, uint32_t last_id, uint32_t verdict)
{
	char buffer[CONFIG_MESSAGE_BYTES];
	struct nlmsghdr *message = nfq_nlmsg_put(buffer, NFQNL_MSG_VERDICT_BATCH, queue->number);

	nfq_nlmsg_verdict_put(message, (int)last_id, (int)verdict);
	return send_to_kernel(queue->fd, message, message->nlmsg_len);
}

int queue_shut(const struct queue_socket *queue, bool pass)
{
	uint8_t buffer[MESSAGE_SHUT_SIZE];

	return send_to_kernel(queue->fd, buffer, message_put_shut(buffer, queue->number, pass));
}

/* The packet id, when the datagram is a packet. Its first attribute is the packet header. */
static bool packet_id_of(const char *bytes, size_t len, uint32_t *id)
{
	const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)bytes;
	struct nfqnl_msg_packet_hdr packet;
	const size_t at = NLMSG_HDRLEN + sizeof(struct nfgenmsg) + NLA_HDRLEN;

	if (len < at + sizeof(packet) || (header->nlmsg_type & 0xff) != NFQNL_MSG_PACKET)
		return false;
	memcpy(&packet, bytes + at, sizeof(packet));
	*id = ntohl(packet.packet_id);
	return true;
}

/*
 * Reads until the answer to message `seq` comes. With a rule in place already, packets can come first; each is sent
 * through its hook again, as its bytes are gone with this read.
 */
static int read_answer(const struct queue_socket *queue, uint32_t seq)
{
	char bytes[ANSWER_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct pollfd ready = { .fd = queue->fd, .events = POLLIN };
	const struct nlmsgerr *error;
	const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)bytes;
	ssize_t len;
	uint32_t id;

	for (;;) {
		if (poll(&ready, 1, ANSWER_TIMEOUT_MS) == 0)
			return -ETIMEDOUT;
		len = recv(queue->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (len < 0) {
			if (errno == EINTR || errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM)
				continue; /* the answer is still to come, or to be taken */
			return -errno;
		}
		if (packet_id_of(bytes, (size_t)len, &id)) {
			int err = queue_decide_all(queue, id, NF_REPEAT);

			if (err)
				return err;
			continue;
		}
		if ((size_t)len < NLMSG_LENGTH(sizeof(*error)) || header->nlmsg_type != NLMSG_ERROR ||
		    header->nlmsg_seq != seq)
			continue;
		error = mnl_nlmsg_get_payload(header);
		return error->error;
	}
}

static int ask(const struct queue_socket *queue, struct nlmsghdr *message, uint32_t seq)
{
	int err;

	message->nlmsg_flags |= NLM_F_ACK;
	message->nlmsg_seq = seq;
	err = send_to_kernel(queue->fd, message, message->nlmsg_len);
	return err ? err : read_answer(queue, seq);
}

static void put_flags(struct nlmsghdr *message, uint32_t flags)
{
	mnl_attr_put_u32(message, NFQA_CFG_FLAGS, htonl(flags));
	mnl_attr_put_u32(message, NFQA_CFG_MASK, htonl(flags));
}

static int bind_once(const struct queue_socket *queue, const struct queue_wants *wants, uint32_t flags)
{
	char buffer[CONFIG_MESSAGE_BYTES];
	struct nlmsghdr *message = nfq_nlmsg_put(buffer, NFQNL_MSG_CONFIG, wants->number);

	nfq_nlmsg_cfg_put_cmd(message, AF_UNSPEC, NFQNL_CFG_CMD_BIND);
	nfq_nlmsg_cfg_put_params(message, wants->copy_mode, (int)wants->range);
	nfq_nlmsg_cfg_put_qmaxlen(message, wants->max_length);
	put_flags(message, flags);
	return ask(queue, message, 1);
}

/* Asks for optional flags one by one, as the kernel refuses a message whole. */
static int try_optional_flags(struct queue_socket *queue, const struct queue_wants *wants)
{
	char buffer[CONFIG_MESSAGE_BYTES];
	uint32_t seq = 2;

	for (uint32_t flag = 1; flag && flag <= wants->optional_flags; flag <<= 1, seq++) {
		struct nlmsghdr *message;
		int err;

		if (!(wants->optional_flags & flag))
			continue;
		message = nfq_nlmsg_put(buffer, NFQNL_MSG_CONFIG, wants->number);
		put_flags(message, flag);
		err = ask(queue, message, seq);
		if (err == 0)
			queue->flags |= flag;
		else if (err == -EOPNOTSUPP)
			queue->refused_flags |= flag;
		else
			return err;
	}
	return 0;
}

static int bind_queue(struct queue_socket *queue, const struct queue_wants *wants)
{
	int err = bind_once(queue, wants, wants->flags | wants->optional_flags);

	queue->flags = wants->flags | wants->optional_flags;
	if (err != -EOPNOTSUPP || !wants->optional_flags)
		return err;
	err = bind_once(queue, wants, wants->flags);
	queue->flags = wants->flags;
	return err ? err : try_optional_flags(queue, wants);
}

/*
 * The forced form ignores net.core.*mem_max but needs the capability in the first user namespace. Reads back what came
 * of it.
 */
static uint32_t set_buffer(int fd, int forced, int plain, uint32_t bytes)
{
	int value = bytes > INT32_MAX / 2 ? INT32_MAX / 2 : (int)bytes;
	socklen_t len = sizeof(value);

	if (setsockopt(fd, SOL_SOCKET, forced, &value, sizeof(value)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, plain, &value, sizeof(value));
	if (getsockopt(fd, SOL_SOCKET, plain, &value, &len) < 0)
		return 0;
	return (uint32_t)value;
}

/* ---- Changing ---- */

#define FLAGS_KNOWN (NFQA_CFG_F_FAIL_OPEN | NFQA_CFG_F_CONNTRACK | NFQA_CFG_F_GSO | NFQA_CFG_F_UID_GID | NFQA_CFG_F_SECCTX)

static int request(const struct queue_socket *queue, struct nlmsghdr *message, uint32_t seq)
{
	message->nlmsg_flags |= NLM_F_ACK;
	message->nlmsg_seq = seq;
	return send_to_kernel(queue->fd, message, message->nlmsg_len);
}

/* What the kernel has taken before it takes again; it refuses a message whole, so what is new is asked for by itself. */
static int send_parameters(struct queue_socket *queue, const struct queue_wants *wants)
{
	char buffer[CONFIG_MESSAGE_BYTES];
	struct nlmsghdr *message = nfq_nlmsg_put(buffer, NFQNL_MSG_CONFIG, queue->number);

	queue->flags = wants->flags | (queue->flags & wants->optional_flags);
	nfq_nlmsg_cfg_put_params(message, wants->copy_mode, (int)wants->range);
	nfq_nlmsg_cfg_put_qmaxlen(message, wants->max_length);
	mnl_attr_put_u32(message, NFQA_CFG_FLAGS, htonl(queue->flags));
	mnl_attr_put_u32(message, NFQA_CFG_MASK, htonl(FLAGS_KNOWN & ~queue->refused_flags));
	return request(queue, message, QUEUE_CHANGE_PARAMETERS);
}

static int send_flag(struct queue_socket *queue, uint32_t flag)
{
	char buffer[CONFIG_MESSAGE_BYTES];
	struct nlmsghdr *message = nfq_nlmsg_put(buffer, NFQNL_MSG_CONFIG, queue->number);

	put_flags(message, flag);
	queue->flags |= flag;
	return request(queue, message, flag);
}

int queue_change(struct queue_socket *queue, const struct queue_wants *wants)
{
	const uint32_t wanted = wants->optional_flags & ~queue->refused_flags;
	int err = send_parameters(queue, wants);

	for (uint32_t flag = 1; flag && flag <= wanted && !err; flag <<= 1)
		if (wanted & flag && !(queue->flags & flag))
			err = send_flag(queue, flag);
	queue->receive_buffer = set_buffer(queue->fd, SO_RCVBUFFORCE, SO_RCVBUF, wants->receive_buffer);
	return err;
}

bool queue_changed(struct queue_socket *queue, uint32_t answered, int error)
{
	if (error == 0 || answered == QUEUE_CHANGE_PARAMETERS)
		return error == 0;
	queue->flags &= ~answered;
	queue->refused_flags |= answered;
	return false;
}

static int open_socket(struct queue_socket *queue, const struct queue_wants *wants)
{
	struct sockaddr_nl own = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(own);
	const int on = 1;

	queue->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (queue->fd < 0)
		return -errno;
	if (bind(queue->fd, (struct sockaddr *)&own, sizeof(own)) < 0 ||
	    getsockname(queue->fd, (struct sockaddr *)&own, &len) < 0)
		return -errno;
	queue->portid = own.nl_pid;
	/* Without this one overrun congests the socket, and everything is dropped until it is empty. */
	if (setsockopt(queue->fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &on, sizeof(on)) < 0 ||
	    setsockopt(queue->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)) < 0)
		return -errno;
	queue->receive_buffer = set_buffer(queue->fd, SO_RCVBUFFORCE, SO_RCVBUF, wants->receive_buffer);
	queue->send_buffer = set_buffer(queue->fd, SO_SNDBUFFORCE, SO_SNDBUF, wants->send_buffer);
	return 0;
}

int queue_open(struct queue_socket *queue, const struct queue_wants *wants, char *why, size_t why_size)
{
	int err;

	*queue = (struct queue_socket){ .fd = -1, .number = wants->number };
	err = open_socket(queue, wants);
	if (err) {
		snprintf(why, why_size, "netlink socket: %s", strerror(-err));
		goto close;
	}
	err = bind_queue(queue, wants);
	if (err) {
		if (err == -EBUSY)
			snprintf(why, why_size, "bind: another process has this queue number");
		else if (err == -EPERM)
			snprintf(why, why_size, "bind: another process has this queue number, or CAP_NET_ADMIN is missing");
		else
			snprintf(why, why_size, "bind: %s", strerror(-err));
		goto close;
	}
	return 0;
close:
	queue_close(queue);
	return err;
}

static int get_option(int fd, int level, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, level, option, &value, &len) < 0 ? -errno : value;
}

static bool is_netfilter(int fd)
{
	return get_option(fd, SOL_SOCKET, SO_DOMAIN) == AF_NETLINK && get_option(fd, SOL_SOCKET, SO_PROTOCOL) == NETLINK_NETFILTER;
}

int queue_adopt(struct queue_socket *queue, int fd, uint16_t number, char *why, size_t why_size)
{
	struct sockaddr_nl own = { .nl_family = AF_UNSPEC };
	socklen_t len = sizeof(own);
	struct queue_status status;

	*queue = (struct queue_socket){ .fd = -1, .number = number };
	if (!is_netfilter(fd) || getsockname(fd, (struct sockaddr *)&own, &len) < 0 || own.nl_family != AF_NETLINK ||
	    own.nl_pid == 0) {
		snprintf(why, why_size, "descriptor %d is no bound netlink socket of netfilter", fd);
		return -EINVAL;
	}
	/* In a user namespace the kernel may not tell; then the first verdict will. */
	if (queue_status_read(number, &status) ? status.portid != own.nl_pid : queue_status_told()) {
		snprintf(why, why_size, "descriptor %d is not the socket that has queue %u", fd, number);
		return -EINVAL;
	}
	queue->fd = fd;
	queue->portid = own.nl_pid;
	queue->receive_buffer = (uint32_t)get_option(fd, SOL_SOCKET, SO_RCVBUF);
	queue->send_buffer = (uint32_t)get_option(fd, SOL_SOCKET, SO_SNDBUF);
	return 0;
}

void queue_close(struct queue_socket *queue)
{
	if (queue->fd >= 0)
		close(queue->fd);
	queue->fd = -1;
}
