/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * paced PORT BYTES RATE MILLISECONDS: UDP packets to this machine, RATE a second, evenly spaced. It spins: a sleep would
 * send them in clumps, which is what this load must not be. Prints the packets sent.
 */
#include "load.h"

int main(int argc, char **argv)
{
	static char bytes[65507];
	uint64_t start, rate, duration_ns, sent = 0;
	size_t len;
	int fd;

	if (argc != 5)
		errx(2, "usage: paced PORT BYTES RATE MILLISECONDS");
	len = (size_t)number(argv[2], sizeof(bytes));
	rate = number(argv[3], 10000000);
	duration_ns = number(argv[4], 600000) * 1000000;
	fd = udp_to(argv[1]);
	start = now_ns();
	for (;;) {
		uint64_t elapsed = now_ns() - start;

		if (elapsed >= duration_ns)
			break;
		/* one at a time also when late: catching up at full speed is still spaced by what a send costs */
		if (sent < elapsed * rate / 1000000000u) {
			if (send(fd, bytes, len, 0) < 0)
				err(1, "send");
			sent++;
		}
	}
	printf("%llu\n", (unsigned long long)sent);
	return 0;
}
