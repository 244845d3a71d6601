/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pingpong PORT BYTES COUNT: UDP round trips on this machine, one after the other: each waits for its answer. Only the
 * way to PORT is expected to be queued. Prints the microseconds of the median, of 99 and of 99.9 in a hundred.
 */
#include "load.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void answer(int fd, size_t len)
{
	static char bytes[65507];

	for (;;) {
		struct sockaddr_in from;
		socklen_t from_len = sizeof(from);

		if (recvfrom(fd, bytes, len, 0, (struct sockaddr *)&from, &from_len) >= 0)
			sendto(fd, bytes, len, 0, (struct sockaddr *)&from, from_len);
	}
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void measure(int fd, size_t len, uint64_t *times, uint64_t count)
{
	static char bytes[65507];

	for (uint64_t i = 0; i < count; i++) {
		uint64_t start = now_ns();

		if (send(fd, bytes, len, 0) < 0 || recv(fd, bytes, sizeof(bytes), 0) < 0)
			err(1, "round trip");
		times[i] = now_ns() - start;
	}
	qsort(times, count, sizeof(*times), compare);
	printf("%.2f %.2f %.2f\n", (double)times[count / 2] / 1e3, (double)times[count * 99 / 100] / 1e3,
	       (double)times[count * 999 / 1000] / 1e3);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct timeval patience = { .tv_sec = 2 };
	struct sockaddr_in at;
	uint64_t count, *times;
	int server, client;
	size_t len;
	pid_t child;

	if (argc != 4)
		errx(2, "usage: pingpong PORT BYTES COUNT");
	at = local_port(argv[1]);
	len = (size_t)number(argv[2], 65507);
	count = number(argv[3], 10000000);
	times = calloc(count ? count : 1, sizeof(*times));
	server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (!count || !times || server < 0 || bind(server, (struct sockaddr *)&at, sizeof(at)))
		err(1, "port %s", argv[1]);
	child = fork();
	if (child < 0)
		err(1, "fork");
	if (child == 0)
		answer(server, len);
	close(server);
	client = udp_to(argv[1]);
	setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	measure(client, len, times, count);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	free(times);
	return 0;
}
