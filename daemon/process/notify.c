/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/un.h>

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

int notify_send(const char *assignments)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address;
	socklen_t address_len;
	ssize_t sent;
	int fd, err;

	if (!name || name[0] == '\0')
		return 0;
	err = parse_address(name, &address, &address_len);
	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	do {
		sent = sendto(fd, assignments, strlen(assignments), MSG_NOSIGNAL, (const struct sockaddr *)&address,
			      address_len);
	} while (sent < 0 && errno == EINTR);
	err = sent < 0 ? -errno : 0;
	close(fd);
	return err;
}

void notify_forget(void)
{
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
}
