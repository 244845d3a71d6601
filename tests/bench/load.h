/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the loads share: a connected UDP socket with much room, the clock, numbers of the command line. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define SEND_BUFFER (64 << 20)

static inline uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline uint64_t number(const char *text, uint64_t max)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || value > max)
		errx(2, "%s: not a number up to %llu", text, (unsigned long long)max);
	return value;
}

static inline struct sockaddr_in local_port(const char *port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)number(port, 65535)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static inline int udp_to(const char *port)
{
	struct sockaddr_in to = local_port(port);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), bytes = SEND_BUFFER;

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)))
		err(1, "socket to port %s", port);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)))
		err(1, "send buffer");
	return fd;
}

#endif
