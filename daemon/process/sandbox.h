/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Closes a worker in, after its plugins were opened and before the first packet: from here on a handler that was taken
 * over by a packet can compute, use the descriptors that are open, and die.
 *
 * Two fences. Landlock, without a rule, but for the kernel to make a core: no file can be reached, no TCP port, no abstract
 * socket, no other process. A list of system calls: everything else kills the process with SIGSYS. Calls by which libc looks for files
 * (localtime, qsort, syslog) fail with EACCES instead, for an innocent handler must not die of them.
 */
#ifndef PROCESS_SANDBOX_H
#define PROCESS_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Before the first plugin is loaded, after privilege_become(): from here on fork(), vfork() and execve() fail with
 * EPERM, clone() as well unless it makes a thread. A child of a plugin's would stay outside of the fences, with the
 * queue's socket, and outlive everybody. 0, or -errno with why.
 */
int sandbox_no_children(char *why, size_t why_size);

/* How many threads are running. Those that are just ending are given a moment. */
unsigned sandbox_threads(void);

struct sandbox_wants {
	int cores;  /* folder in which the kernel may make a core of this process, and nobody anything; 0 or -1: none */
	bool sends; /* send on open sockets: verdicts and requests of interface names. Without it only write() is left */
	int channel; /* the one socket that may be sent on without `sends`; 0: none */
	bool only_sends; /* for a process without handlers: sending, waiting, ending, and nothing else */
};

/*
 * After privilege_become(). 0, or -errno with why: the process must then exit. -EBUSY when a plugin started a thread,
 * which would stay outside of Landlock. A kernel without Landlock leaves the second fence alone: see landlock_abi().
 */
int sandbox_enter(const struct sandbox_wants *wants, char *why, size_t why_size);

#endif
