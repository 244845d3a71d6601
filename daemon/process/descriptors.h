/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child of the master inherits every descriptor; it keeps those that it is meant to have. */
#ifndef PROCESS_DESCRIPTORS_H
#define PROCESS_DESCRIPTORS_H

#include <stddef.h>

/* Closes all but 0, 1, 2 and the given ones, which are sorted in place; negative ones are skipped. */
void descriptors_keep(int *fds, size_t count);

#endif
