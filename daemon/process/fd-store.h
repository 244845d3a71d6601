/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Queue sockets in the keeping of the service manager: systemd's file descriptor store. A queue lives as long as its socket,
 * so packets wait, and rules may stay, while the daemon is started anew, whatever it died of.
 */
#ifndef PROCESS_FD_STORE_H
#define PROCESS_FD_STORE_H

#include <stdint.h>

/* Takes what the manager gave us (LISTEN_FDS and so on) out of the environment. Before other descriptors are closed. */
void fd_store_inherit(void);

/* How many were given: those from 3 on. */
unsigned fd_store_count(void);

/* The socket that was kept for a number, which is the caller's then; -1: none. */
int fd_store_take(uint16_t number);

/* Hands a number's socket over for keeping; does nothing without a manager. 0 or -errno. */
int fd_store_put(uint16_t number, int fd);

/* It is not to be kept any more. */
void fd_store_remove(uint16_t number);

/* Those that nobody took: what waits in a queue is let go, the manager is told to forget them, and so is the log. */
void fd_store_close_rest(void);

#endif
