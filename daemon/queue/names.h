/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of interfaces by index, from a table that follows the kernel's link messages; no system call a packet. */
#ifndef QUEUE_NAMES_H
#define QUEUE_NAMES_H

#include <stdint.h>

struct names;

/* Reads all links and listens for changes. NULL with errno set. */
struct names *names_open(void);

/* The descriptor to watch; when readable, names_update(). */
int names_fd(const struct names *names);
void names_update(struct names *names);

/* NULL when there is no such interface. Valid until the next call. */
const char *names_find(struct names *names, uint32_t ifindex);

void names_close(struct names *names);

#endif
