/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines to the system's log, as syslog(3) sends them, but hardly ever waiting: a daemon that supervises must not stop
 * with the log's. The queue of such a socket is short, so a burst of lines waits for the server a little, at most 50 ms
 * a second.
 */
#ifndef PROCESS_SYSLOG_SOCKET_H
#define PROCESS_SYSLOG_SOCKET_H

#include <stdint.h>

#define SYSLOG_SOCKET_PATH "/dev/log"

struct syslog_socket {
	const char *path;
	int fd;        /* -1: not connected; tried again with each line */
	int kind;      /* SOCK_DGRAM or SOCK_STREAM, whichever the other side has */
	uint64_t stuck_until_ms; /* CLOCK_MONOTONIC: until then lines do not wait */
	uint64_t lost; /* lines that found no room; told before the next that does */
};

/* path is kept by reference. Nobody need listen yet. */
void syslog_socket_open(struct syslog_socket *socket, const char *path);

/* priority: severity alone; the facility is that of daemons. */
void syslog_socket_line(struct syslog_socket *socket, int priority, const char *ident, const char *text);

/* Accepts one that is closed. */
void syslog_socket_close(struct syslog_socket *socket);

#endif
