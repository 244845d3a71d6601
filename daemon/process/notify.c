/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#define PATIENCE_MS 500 /* with a manager that reads nothing: packets and workers must not wait for it */

/* A path, or a name in the abstract namespace written with '@' for its first, zero byte. */
static int parse_address(const char *name, struct sockaddr_un *address, socklen_t *address_len)
{
	size_t len = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || len < 2)
		return -EAFNOSUPPORT;
	if (len >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(address->sun_path, name, len);
	*address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	if (name[0] == '@')
		address->sun_path[0] = '\0'; /* the length ends such a name, not a zero byte */
	else
		*address_len += 1;
	return 0;
}

bool notify_wanted(void)
{
	const char *name = getenv("NOTIFY_SOCKET");

	return name && *name;
}

/* fd: goes along; -1: none. */
static int send_to_manager(const char *assignments, int passed)
{
	const char *name = getenv("NOTIFY_SOCKET");
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .bytes = { 0 } };
	struct iovec part = { .iov_base = (void *)(uintptr_t)assignments, .iov_len = strlen(assignments) };
	struct sockaddr_un address;
	struct msghdr message = { .msg_name = &address, .msg_iov = &part, .msg_iovlen = 1 };
	const struct timeval limit = { .tv_usec = PATIENCE_MS * 1000 };
	ssize_t sent;
	int fd, err;

	if (!name || name[0] == '\0')
		return 0;
	err = parse_address(name, &address, &message.msg_namelen);
	if (err)
		return err;
	if (passed >= 0) {
		control.head = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
						 .cmsg_len = CMSG_LEN(sizeof(int)) };
		memcpy(CMSG_DATA(&control.head), &passed, sizeof(passed));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	sent = setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (sent == 0) {
		do
			sent = sendmsg(fd, &message, MSG_NOSIGNAL);
		while (sent < 0 && errno == EINTR);
	}
	err = sent < 0 ? -errno : 0;
	close(fd);
	return err;
}

int notify_send(const char *assignments)
{
	return send_to_manager(assignments, -1);
}

int notify_send_fd(const char *assignments, int fd)
{
	return send_to_manager(assignments, fd);
}

void notify_forget(void)
{
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
}
