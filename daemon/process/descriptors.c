/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/descriptors.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

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
