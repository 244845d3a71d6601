/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a worker may take of the machine, and what it leaves behind when it dies. */
#ifndef PROCESS_LIMITS_H
#define PROCESS_LIMITS_H

#include <stdint.h>

/*
 * At most so many bytes of memory of its own from now on (heap, data, private mappings; not the packet buffers): malloc() then
 * gives NULL. 0 or -errno. Nothing with sanitizers, which reserve terabytes.
 */
int limits_memory(uint64_t bytes);

/*
 * Lets the kernel write a core of this process, as large as it may be. After privilege_become(), which forbids it. 0 or -errno.
 */
int limits_core(void);

#endif
