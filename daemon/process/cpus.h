/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which CPU a worker runs on. */
#ifndef PROCESS_CPUS_H
#define PROCESS_CPUS_H

#include <nfverdict/plugin.h>

/* The i-th CPU of a list of struct nfv_range, in turn; -1 when the list is empty. */
int cpus_pick(const struct nfv_list *cpus, uint32_t i);

#endif
