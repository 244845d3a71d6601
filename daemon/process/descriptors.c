/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "daemon/process/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef NFV_SANITIZERS
#define LAST_STANDARD STDOUT_FILENO
#else
#define LAST_STANDARD STDERR_FILENO
#endif

#define A_NUMBER 8 /* the socket, its door, a worker's counters, packet buffers and channel; these three again while a reload lasts */
#define A_SENDER 4 /* its ring, its own memory, both ends of a pipe */
#define SPARE    24 /* running a tool, starting a worker, asking for a queue's state */

static int compare(const void *a, const void *b)
{
	int left = *(const int *)a, right = *(const int *)b;

	return (left > right) - (left < right);
}

static void close_between(unsigned first, unsigned last)
{
	if (first <= last)
		(void)close_range(first, last, 0);
}

void descriptors_keep(int *fds, size_t count)
{
	unsigned next = STDERR_FILENO + 1;

	qsort(fds, count, sizeof(*fds), compare);
	for (size_t i = 0; i < count; i++) {
		if (fds[i] < (int)next)
			continue;
		close_between(next, (unsigned)fds[i] - 1);
		next = (unsigned)fds[i] + 1;
	}
	close_between(next, INT_MAX);
}

int descriptors_leave_standard(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return -errno;
	for (int standard = STDIN_FILENO; standard <= LAST_STANDARD; standard++)
		dup2(null, standard);
	close(null);
	return 0;
}

int descriptors_check(size_t numbers, size_t senders, char *why, size_t why_size)
{
	int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct rlimit limit;
	size_t need;

	if (next < 0 && errno != EMFILE)
		return 0; /* what is wrong shows where it matters */
	if (getrlimit(RLIMIT_NOFILE, &limit))
		limit.rlim_cur = RLIM_INFINITY;
	/* Those that are open have the lowest numbers, as good as all of them. */
	need = (next < 0 ? (size_t)limit.rlim_cur : (size_t)next) + numbers * A_NUMBER + senders * A_SENDER + SPARE;
	if (next >= 0)
		close(next);
	if (limit.rlim_cur == RLIM_INFINITY || need <= limit.rlim_cur)
		return 0;
	snprintf(why, why_size, "%zu queue number%s need%s %zu descriptors, the limit is %llu (ulimit -n)", numbers,
		 numbers == 1 ? "" : "s", numbers == 1 ? "s" : "", need, (unsigned long long)limit.rlim_cur);
	return -EMFILE;
}
