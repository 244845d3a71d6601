/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One TCP stream:
 *
 *	stream receive PORT              takes one connection, prints the gigabits a second that arrived
 *	stream send ADDRESS PORT MS      sends for that many milliseconds
 *
 * The first 300 ms, in which the window grows, do not count.
 */
#include "load.h"

#include <string.h>
#include <unistd.h>

#define WARM_NS 300000000u

static char bytes[131072];

static int receive_stream(const char *port)
{
	struct sockaddr_in at = local_port(port);
	uint64_t start, counted_from = 0, counted = 0, last;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	ssize_t len;

	at.sin_addr.s_addr = htonl(INADDR_ANY);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 1))
		err(1, "port %s", port);
	fd = accept(fd, NULL, NULL);
	if (fd < 0)
		err(1, "accept");
	start = last = now_ns();
	while ((len = recv(fd, bytes, sizeof(bytes), 0)) > 0) {
		last = now_ns();
		if (counted_from)
			counted += (uint64_t)len;
		else if (last - start >= WARM_NS)
			counted_from = last;
	}
	if (!counted_from || last == counted_from)
		errx(1, "the stream was too short");
	printf("%.3f\n", (double)counted * 8 / (double)(last - counted_from));
	return 0;
}

static int send_stream(const char *address, const char *port, const char *milliseconds)
{
	struct sockaddr_in to = local_port(port);
	uint64_t end = now_ns() + number(milliseconds, 600000) * 1000000;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
		errx(2, "%s: not an address", address);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)))
		err(1, "connection to %s", address);
	while (now_ns() < end)
		if (send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL) < 0)
			err(1, "send");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "receive") == 0)
		return receive_stream(argv[2]);
	if (argc == 5 && strcmp(argv[1], "send") == 0)
		return send_stream(argv[2], argv[3], argv[4]);
	errx(2, "usage: stream receive PORT | stream send ADDRESS PORT MILLISECONDS");
}
