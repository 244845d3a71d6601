/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "daemon/process/limits.h"

#include <errno.h>

#include <sys/prctl.h>
#include <sys/resource.h>

int limits_memory(uint64_t bytes)
{
#ifndef NFV_SANITIZERS
	const struct rlimit limit = { .rlim_cur = (rlim_t)bytes, .rlim_max = (rlim_t)bytes };

	if (setrlimit(RLIMIT_DATA, &limit) < 0)
		return -errno;
#else
	(void)bytes;
#endif
	return 0;
}

int limits_core(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_CORE, &limit) < 0)
		return -errno;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_CORE, &limit) < 0 || prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return -errno;
	return 0;
}
