/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system calls of a worker: the second fence of sandbox.h, which is the one to include. */
#ifndef PROCESS_SYSCALLS_H
#define PROCESS_SYSCALLS_H

#include <stdbool.h>
#include <stddef.h>

/* Puts the filter on all threads. 0, or -errno with why. */
int syscalls_restrict(bool sends, char *why, size_t why_size);

#endif
