/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child of the master that runs until the master closes a pipe: the keeper and the rule engine's server. */
#ifndef PROCESS_CHILD_H
#define PROCESS_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct child {
	pid_t pid;   /* 0: none */
	int stop_fd; /* the master's end of the pipe; -1: none */
};

/* What the child does until stop_fd becomes readable. Returns its exit status. */
typedef int child_fn(void *context, int stop_fd);

/* It has the master's rights, its own name, none of its descriptors, and ignores signals from a terminal. 0 or -errno. */
int child_start(struct child *child, const char *name, child_fn *fn, void *context);

/* The same; these descriptors of the master stay open in it, too (at most CHILD_KEEP_MAX). */
#define CHILD_KEEP_MAX 3
int child_start_keeping(struct child *child, const char *name, child_fn *fn, void *context, const int *keep, size_t count);

/* waitpid() for as long as it takes, whatever signal comes in between: a child that is not waited for would stay. */
pid_t child_wait(pid_t pid, int *status);

/* True when it ended by itself. */
bool child_ended(struct child *child);

/* Tells it to end, and does not wait: child_gone() tells when it has. True also when there is none. */
void child_leave(struct child *child);
bool child_gone(struct child *child);

void child_kill(struct child *child);

/* Tells it to end and waits; one that does not within a second is killed. */
void child_stop(struct child *child);

#endif
