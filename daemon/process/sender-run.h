/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a sender does once it was forked. */
#ifndef PROCESS_SENDER_RUN_H
#define PROCESS_SENDER_RUN_H

#include "daemon/process/sender.h"

/* Runs until master and workers are gone. Returns the exit status. */
int sender_run(const struct sender *sender, const struct queue_socket *socket, const struct account *account, pid_t master);

#endif
