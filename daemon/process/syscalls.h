/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system calls of a worker: the second fence of sandbox.h, which is the one to include. */
#ifndef PROCESS_SYSCALLS_H
#define PROCESS_SYSCALLS_H

#include "daemon/process/sandbox.h"

#include <stddef.h>

/* Puts the filter on all threads. 0, or -errno with why. */
int syscalls_restrict(const struct sandbox_wants *wants, char *why, size_t why_size);

#endif
