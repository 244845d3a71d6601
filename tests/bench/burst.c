/* SPDX-License-Identifier: GPL-2.0-or-later */
/* burst PORT BYTES COUNT: UDP packets to this machine as fast as one process can send. */
#include "load.h"

int main(int argc, char **argv)
{
	static char bytes[65507];
	uint64_t count;
	size_t len;
	int fd;

	if (argc != 4)
		errx(2, "usage: burst PORT BYTES COUNT");
	len = (size_t)number(argv[2], sizeof(bytes));
	count = number(argv[3], UINT32_MAX);
	fd = udp_to(argv[1]);
	for (uint64_t i = 0; i < count; i++)
		if (send(fd, bytes, len, 0) < 0)
			err(1, "send");
	return 0;
}
