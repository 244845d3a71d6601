/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The books of all queue numbers: from shared memory and the kernel to the tables of statistics.h. */
#ifndef PROCESS_STATS_H
#define PROCESS_STATS_H

#include "daemon/process/served.h"

#include <stdio.h>

void stats_print(const struct served *served, size_t count, FILE *out);

/* Packet ids that no worker saw: the socket had no room. */
uint64_t stats_missed(const struct served *served);

/* Packets that passed because the socket had no room: those of these that the kernel did not drop. */
uint64_t stats_let_pass(const struct served *served);

#endif
