/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define HEAD_BYTES offsetof(struct channel_message, text)
/* Room for a burst of log lines while the other side is busy. */
#define BUFFER_BYTES (1 << 20)
#define SEND_TRIES    10
#define SEND_PAUSE_NS 1000000

int channel_pair(int pair[2])
{
	const int bytes = BUFFER_BYTES;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	for (int i = 0; i < 2; i++)
		(void)setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	return 0;
}

static int send_message(int fd, const struct channel_message *message, int flags)
{
	size_t len = message->text_len > CHANNEL_TEXT_MAX ? CHANNEL_TEXT_MAX : message->text_len;
	const struct timespec pause = { .tv_nsec = SEND_PAUSE_NS };
	ssize_t sent;

	for (int i = 0; i < SEND_TRIES; i++) {
		sent = send(fd, message, HEAD_BYTES + len, MSG_NOSIGNAL | flags);
		if (sent >= 0)
			return 0;
		if (errno == ENOBUFS || errno == ENOMEM)
			nanosleep(&pause, NULL); /* the kernel is short of memory, for a moment mostly */
		else if (errno != EINTR)
			break;
	}
	return -errno;
}

int channel_send(int fd, const struct channel_message *message)
{
	return send_message(fd, message, MSG_DONTWAIT);
}

int channel_send_wait(int fd, const struct channel_message *message)
{
	return send_message(fd, message, 0);
}

int channel_send_text(int fd, enum channel_type type, uint32_t value, const char *text)
{
	struct channel_message message;
	size_t len = strnlen(text, CHANNEL_TEXT_MAX);

	memset(&message, 0, HEAD_BYTES);
	message.type = type;
	message.value = value;
	message.text_len = (uint32_t)len;
	memcpy(message.text, text, len);
	return channel_send(fd, &message);
}

int channel_receive(int fd, struct channel_message *message)
{
	ssize_t len;

	do
		len = recv(fd, message, HEAD_BYTES + CHANNEL_TEXT_MAX, MSG_DONTWAIT);
	while (len < 0 && errno == EINTR);
	if (len == 0 || (len < 0 && errno == ECONNRESET))
		return 0;
	if (len < 0)
		return -errno;
	if ((size_t)len < HEAD_BYTES)
		return -EBADMSG;
	/* The length that arrived is believed, not the one that is told. */
	message->text_len = (uint32_t)((size_t)len - HEAD_BYTES);
	message->text[message->text_len] = '\0';
	return 1;
}
