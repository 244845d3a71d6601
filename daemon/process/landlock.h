/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Landlock: the first fence of sandbox.h. */
#ifndef PROCESS_LANDLOCK_H
#define PROCESS_LANDLOCK_H

#include <stddef.h>

/* The kernel's Landlock ABI version, 0 when it has none or it is switched off. */
int landlock_abi(void);

/*
 * Forbids this thread for good to reach any file by path, and, as far as the kernel's ABI goes, to bind or connect TCP
 * (4), to use a device's ioctl (5), to connect to abstract sockets of others and to signal them (6). But in the folder
 * `cores`, a descriptor above 0, files can be made and written: the kernel makes a core with the rights of the process. Needs no_new_privs. 0, also on a kernel without Landlock, or -errno with why.
 */
int landlock_restrict(int cores, char *why, size_t why_size);

#endif
