/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many descriptors the master may have, and which of them a child keeps. */
#ifndef PROCESS_DESCRIPTORS_H
#define PROCESS_DESCRIPTORS_H

#include <stddef.h>

/* Closes all but 0, 1, 2 and the given ones, which are sorted in place; negative ones are skipped. */
void descriptors_keep(int *fds, size_t count);

/*
 * Standard input, output and error become /dev/null, for a child that must not wait for their readers nor keep them waiting; with
 * sanitizers the last one stays, for their reports. 0 or -errno.
 */
int descriptors_leave_standard(void);

/*
 * Whether there is room for the queue numbers of a configuration, each of which takes some, and for what is open now
 * and then. 0, or -EMFILE with why.
 */
int descriptors_check(size_t numbers, size_t senders, char *why, size_t why_size);

#endif
