/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A child of the master that does one thing which may take long, and tells what it found over a channel: the check of a
 * configuration, a change of the rules. The master goes on meanwhile.
 */
#ifndef PROCESS_TASK_H
#define PROCESS_TASK_H

#include "daemon/process/channel.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct task {
	pid_t pid;    /* 0: none */
	int channel;  /* -1: none */
};

#define TASK_NONE ((struct task){ .channel = -1 })

/* What the child does. The channel becomes readable when it is to end, or the master is gone. Returns its exit status. */
typedef int task_fn(void *context, int channel);

/*
 * It has the master's rights, its own name, and of its descriptors those in `keep` (NULL: none). What it logs the master
 * gets as CHANNEL_LOG. 0 or -errno.
 */
int task_start(struct task *task, const char *name, task_fn *fn, void *context, const int *keep, size_t keep_count);

/* True when its process has ended, with a waitpid() status. What it said can still be read then. */
bool task_ended(struct task *task, int *status);

/* Closes the channel: it is to end. */
void task_leave(struct task *task);

/* Ends it, and its checker with it. */
void task_kill(struct task *task);

#endif
