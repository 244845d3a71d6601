/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/door.h"

#include "daemon/process/channel.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define KNOCK_MAGIC 0x6e667664u /* "nfvd" */
#define DOOR_VERSION 1

/* The same in every version. */
struct knock {
	uint32_t magic;
	uint32_t version;
};

struct answer_head {
	uint32_t magic;
	uint32_t version;
	uint32_t taken;
	uint32_t text_len;
};

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(DOOR_FDS_MAX * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
};

static socklen_t address_of(uint16_t number, struct sockaddr_un *address)
{
	int len;

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	len = snprintf(address->sun_path + 1, sizeof(address->sun_path) - 1, "nfverdict-queue-%u", number);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);
}

int door_open(uint16_t number)
{
	struct sockaddr_un address;
	socklen_t len = address_of(number, &address);
	const int on = 1;
	int err, fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0 &&
	    bind(fd, (const struct sockaddr *)&address, len) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* ---- Sending ---- */

/* fds may be none. */
static void put_descriptors(struct msghdr *message, union control *control, const int *fds, size_t count)
{
	struct cmsghdr *head;

	if (count == 0)
		return;
	memset(control, 0, sizeof(*control));
	message->msg_control = control;
	message->msg_controllen = CMSG_SPACE(count * sizeof(int));
	head = CMSG_FIRSTHDR(message);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(head), fds, count * sizeof(int));
}

static int send_it(int fd, const struct msghdr *message)
{
	ssize_t sent;

	do
		sent = sendmsg(fd, message, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

static int send_knock(uint16_t number, int end)
{
	struct knock knock = { .magic = KNOCK_MAGIC, .version = DOOR_VERSION };
	struct iovec part = { .iov_base = &knock, .iov_len = sizeof(knock) };
	struct sockaddr_un address;
	struct msghdr message = { .msg_name = &address, .msg_namelen = address_of(number, &address), .msg_iov = &part,
				  .msg_iovlen = 1 };
	union control control;
	int err, fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	put_descriptors(&message, &control, &end, 1);
	err = send_it(fd, &message);
	close(fd);
	return err;
}

int door_knock(uint16_t number, int *channel)
{
	int pair[2], err = channel_pair(pair);
	const int on = 1;

	if (err)
		return err;
	err = setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ? -errno : send_knock(number, pair[1]);
	close(pair[1]);
	if (err)
		close(pair[0]);
	else
		*channel = pair[0];
	return err;
}

static int answer(int channel, pid_t taken, const char *text, size_t len, const int *fds, size_t fd_count)
{
	struct answer_head head = { .magic = KNOCK_MAGIC, .version = DOOR_VERSION, .taken = (uint32_t)taken,
				    .text_len = (uint32_t)len };
	struct iovec parts[2] = { { .iov_base = &head, .iov_len = sizeof(head) },
				  { .iov_base = (void *)(uintptr_t)text, .iov_len = len } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	union control control;

	if (len > DOOR_TEXT_MAX || fd_count > DOOR_FDS_MAX)
		return -E2BIG;
	put_descriptors(&message, &control, fds, fd_count);
	return send_it(channel, &message);
}

int door_say_taken(int channel, pid_t master)
{
	return answer(channel, master, "", 0, NULL, 0);
}

int door_hand_over(int channel, const char *text, size_t len, const int *fds, size_t fd_count)
{
	return answer(channel, 0, text, len, fds, fd_count);
}

/* ---- Receiving ---- */

/* What came along. The descriptors are closed by the caller. */
struct along {
	int fds[sizeof(union control) / sizeof(int)]; /* as many as the kernel may put there */
	size_t count;
	pid_t pid;
	uid_t uid;
	bool known; /* who */
};

static void close_all(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static void take_along(struct msghdr *message, struct along *along)
{
	for (struct cmsghdr *head = CMSG_FIRSTHDR(message); head; head = CMSG_NXTHDR(message, head)) {
		struct ucred who;

		if (head->cmsg_level != SOL_SOCKET)
			continue;
		if (head->cmsg_type == SCM_RIGHTS) {
			along->count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
			memcpy(along->fds, CMSG_DATA(head), along->count * sizeof(int));
		} else if (head->cmsg_type == SCM_CREDENTIALS && head->cmsg_len == CMSG_LEN(sizeof(who))) {
			memcpy(&who, CMSG_DATA(head), sizeof(who));
			along->pid = who.pid;
			along->uid = who.uid;
			along->known = true;
		}
	}
}

/* The length, or -errno. What does not fit into the buffer or the list is refused whole. */
static ssize_t receive(int fd, struct iovec *part, struct along *along)
{
	union control control;
	struct msghdr message = { .msg_iov = part, .msg_iovlen = 1, .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	ssize_t len;

	*along = (struct along){ .count = 0 };
	do
		len = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (len < 0 && errno == EINTR);
	if (len < 0)
		return -errno;
	take_along(&message, along);
	if (!(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) && along->count <= DOOR_FDS_MAX)
		return len;
	close_all(along->fds, along->count);
	along->count = 0;
	return -EBADMSG;
}

int door_next(int door, uid_t owner)
{
	struct knock knock;
	struct iovec part = { .iov_base = &knock, .iov_len = sizeof(knock) };
	struct along along;
	ssize_t len;

	for (;;) {
		len = receive(door, &part, &along);
		if (len == -EBADMSG)
			continue;
		if (len < 0)
			return (int)len;
		if (len == sizeof(knock) && knock.magic == KNOCK_MAGIC && knock.version == DOOR_VERSION &&
		    along.count == 1 && along.known && (along.uid == 0 || along.uid == owner))
			return along.fds[0];
		close_all(along.fds, along.count);
	}
}

static int parse_answer(struct door_answer *answer, const char *bytes, size_t len)
{
	struct answer_head head;

	if (len < sizeof(head))
		return -EBADMSG;
	memcpy(&head, bytes, sizeof(head));
	if (head.magic != KNOCK_MAGIC || head.version != DOOR_VERSION || head.text_len != len - sizeof(head) ||
	    head.taken > INT32_MAX)
		return -EBADMSG;
	answer->taken = (pid_t)head.taken;
	answer->text = strndup(bytes + sizeof(head), head.text_len);
	return answer->text ? 0 : -ENOMEM;
}

int door_wait(int channel, int timeout_ms, struct door_answer *answer)
{
	struct pollfd ready = { .fd = channel, .events = POLLIN };
	struct iovec part = { .iov_len = sizeof(struct answer_head) + DOOR_TEXT_MAX };
	struct along along;
	ssize_t len;
	int err;

	*answer = (struct door_answer){ .fd_count = 0 };
	do
		err = poll(&ready, 1, timeout_ms);
	while (err < 0 && errno == EINTR);
	if (err <= 0)
		return err < 0 ? -errno : -ETIMEDOUT;
	part.iov_base = malloc(part.iov_len);
	if (!part.iov_base)
		return -ENOMEM;
	len = receive(channel, &part, &along);
	err = len < 0 ? (int)len : len == 0 ? -ECONNRESET : parse_answer(answer, part.iov_base, (size_t)len);
	free(part.iov_base);
	if (err) {
		if (len >= 0)
			close_all(along.fds, along.count);
		return err;
	}
	memcpy(answer->fds, along.fds, along.count * sizeof(int));
	answer->fd_count = along.count;
	answer->worker = along.known ? along.pid : 0;
	return 0;
}

void door_answer_free(struct door_answer *answer)
{
	close_all(answer->fds, answer->fd_count);
	free(answer->text);
	*answer = (struct door_answer){ .fd_count = 0 };
}
