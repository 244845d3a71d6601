/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/syslog-socket.h"

#include "daemon/process/log.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/un.h>

#define FACILITY_DAEMON 24 /* 3 << 3, RFC 3164 section 4.1.1 */
#define WARNING         4
#define HEAD_BYTES      128
#define WAIT_MS         50
#define STUCK_MS        1000

static int connect_as(const char *path, int kind)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int err = errno;

		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

static bool connected(struct syslog_socket *s)
{
	if (s->fd >= 0)
		return true;
	s->kind = SOCK_DGRAM;
	s->fd = connect_as(s->path, s->kind);
	if (s->fd < 0 && errno == EPROTOTYPE) {
		s->kind = SOCK_STREAM;
		s->fd = connect_as(s->path, s->kind);
	}
	return s->fd >= 0;
}

void syslog_socket_open(struct syslog_socket *s, const char *path)
{
	*s = (struct syslog_socket){ .path = path, .fd = -1 };
	(void)connected(s);
}

void syslog_socket_close(struct syslog_socket *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Gives the server the time to take a burst. False when it does not use it, or did not lately. */
static bool wait_for_room(struct syslog_socket *s)
{
	struct pollfd room = { .fd = s->fd, .events = POLLOUT };

	if (now_ms() < s->stuck_until_ms)
		return false;
	if (poll(&room, 1, WAIT_MS) == 1)
		return true;
	s->stuck_until_ms = now_ms() + STUCK_MS;
	return false;
}

/* 1 sent; 0 no room; -1 the other side is another one now, or gone. */
static int send_once(struct syslog_socket *s, const char *line, size_t len)
{
	ssize_t sent;

	if (!connected(s))
		return -1;
	do
		sent = send(s->fd, line, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && (errno == EINTR || (errno == EAGAIN && wait_for_room(s))));
	if (sent == (ssize_t)len)
		return 1;
	if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS))
		return 0;
	syslog_socket_close(s); /* also when a part of a line has left: another connection begins with a whole one */
	return -1;
}

static bool send_line(struct syslog_socket *s, int priority, const char *ident, const char *text)
{
	char line[HEAD_BYTES + LOG_LINE_MAX], when[32];
	time_t now = time(NULL);
	struct tm tm;
	int len, sent;

	if (!localtime_r(&now, &tm) || strftime(when, sizeof(when), "%b %e %T", &tm) == 0)
		return false;
	len = snprintf(line, sizeof(line), "<%d>%s %.64s[%d]: %s", FACILITY_DAEMON | priority, when, ident, (int)getpid(),
		       text);
	if (len >= (int)sizeof(line))
		len = sizeof(line) - 1;
	/* On a stream a zero byte ends a line. */
	connected(s);
	len += s->kind == SOCK_STREAM;
	sent = send_once(s, line, (size_t)len);
	if (sent < 0)
		sent = send_once(s, line, (size_t)len);
	return sent == 1;
}

void syslog_socket_line(struct syslog_socket *s, int priority, const char *ident, const char *text)
{
	char told[64];

	if (s->lost) {
		snprintf(told, sizeof(told), "%llu log lines lost", (unsigned long long)s->lost);
		if (send_line(s, WARNING, ident, told))
			s->lost = 0;
	}
	if (s->lost || !send_line(s, priority, ident, text))
		s->lost++;
}
