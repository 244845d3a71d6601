/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/queues.h"

#include "rules/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <string.h>
#include <unistd.h>

#define QUEUES_FILE "/proc/self/net/netfilter/nfnetlink_queue"

void queues_set(struct queues *queues, uint16_t number, bool on)
{
	uint8_t bit = (uint8_t)(1u << number % 8);

	if (on)
		queues->bits[number / 8] |= bit;
	else
		queues->bits[number / 8] &= (uint8_t)~bit;
}

bool queues_any(const struct queues *queues, uint16_t first, uint16_t last)
{
	for (unsigned n = first; n <= last; n++)
		if (queues->bits[n / 8] & 1u << n % 8)
			return true;
	return false;
}

int queues_parse(struct queues *queues, const char *text, size_t len)
{
	const char *end = text + len;

	memset(queues, 0, sizeof(*queues));
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *line_end = newline ? newline : end;
		unsigned number = 0, digits = 0;

		while (text < line_end && *text == ' ')
			text++;
		for (; text < line_end && *text >= '0' && *text <= '9' && digits < 6; text++, digits++)
			number = number * 10 + (unsigned)(*text - '0');
		if (!digits || number > UINT16_MAX)
			return -EINVAL;
		queues_set(queues, (uint16_t)number, true);
		text = newline ? newline + 1 : end;
	}
	return 0;
}

static int read_file(struct queues *queues)
{
	struct text text = { 0 };
	char bytes[4096];
	ssize_t n;
	int fd, err = 0;

	fd = open(QUEUES_FILE, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	while ((n = read(fd, bytes, sizeof(bytes))) != 0) {
		if (n > 0)
			text_add(&text, bytes, (size_t)n);
		else if (errno != EINTR) {
			err = -errno;
			break;
		}
	}
	if (!err && text.failed)
		err = -ENOMEM;
	if (!err && text.len)
		err = queues_parse(queues, text.data, text.len);
	close(fd);
	text_free(&text);
	return err;
}

/*
 * A configuration message that configures nothing: the kernel answers EPERM when the queue is another socket's, ENODEV
 * when nobody listens. Returns 1, 0 or -errno.
 */
static int ask(struct mnl_socket *socket, uint16_t number)
{
	char bytes[512];
	struct nlmsghdr *header = mnl_nlmsg_put_header(bytes);
	struct nfgenmsg *generic;
	ssize_t n;

	header->nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_CONFIG;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	generic = mnl_nlmsg_put_extra_header(header, sizeof(*generic));
	generic->version = NFNETLINK_V0;
	generic->res_id = htons(number);
	if (mnl_socket_sendto(socket, header, header->nlmsg_len) < 0)
		return -errno;
	n = mnl_socket_recvfrom(socket, bytes, sizeof(bytes));
	if (n < 0)
		return -errno;
	if (mnl_cb_run(bytes, (size_t)n, 0, mnl_socket_get_portid(socket), NULL, NULL) >= 0 || errno == EPERM)
		return 1;
	return errno == ENODEV ? 0 : -errno;
}

static int ask_all(struct queues *queues, const struct queues *asked)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	int err = 0;

	if (!socket)
		return -errno;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
		err = -errno;
	for (unsigned n = 0; n <= UINT16_MAX && err >= 0; n++) {
		if (!queues_any(asked, (uint16_t)n, (uint16_t)n))
			continue;
		err = ask(socket, (uint16_t)n);
		queues_set(queues, (uint16_t)n, err == 1);
	}
	mnl_socket_close(socket);
	return err < 0 ? err : 0;
}

int queues_read(struct queues *queues, const struct queues *asked)
{
	int err;

	memset(queues, 0, sizeof(*queues));
	err = read_file(queues);
	return err == -EACCES ? ask_all(queues, asked) : err;
}
