/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tells the service manager about readiness, by the protocol of sd_notify(3), without its library. */
#ifndef PROCESS_NOTIFY_H
#define PROCESS_NOTIFY_H

#include <stdbool.h>

/* True when somebody asked to be told: a service manager, which may keep descriptors of sockets. */
bool notify_wanted(void);

/*
 * Sends assignments, one a line, such as "READY=1\nSTATUS=2 queues", to the socket that NOTIFY_SOCKET names. 0, also
 * when nobody asked to be told, or -errno.
 */
int notify_send(const char *assignments);

/* The same with a descriptor, of which the manager gets one of its own. */
int notify_send_fd(const char *assignments, int fd);

/* In a child: only the master speaks for the service. Forgets the watchdog's variables too. */
void notify_forget(void);

#endif
