/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder of its own for each test, and a client that is nothing but a socket. */
#ifndef CONTROL_BENCH_H
#define CONTROL_BENCH_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static char bench_folder[64], bench_socket[100];

static int bench_begin(void **state)
{
	(void)state;
	strcpy(bench_folder, "/tmp/nfv-test-control-XXXXXX");
	if (!mkdtemp(bench_folder))
		return -1;
	snprintf(bench_socket, sizeof(bench_socket), "%s/control.sock", bench_folder);
	return 0;
}

/* A test leaves the folder empty: so nothing that it tests leaves a file. */
static int bench_end(void **state)
{
	(void)state;
	return rmdir(bench_folder);
}

static inline int bench_connect(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	strcpy(address.sun_path, bench_socket);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

#endif
