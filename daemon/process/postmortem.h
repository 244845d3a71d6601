/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Saves the packet that killed a handler. In a short-lived child without any right, for the bytes come from outside and
 * the master never looks at them.
 */
#ifndef PROCESS_POSTMORTEM_H
#define PROCESS_POSTMORTEM_H

#include "daemon/process/privilege.h"
#include "daemon/queue/region.h"

#include <stdint.h>

struct postmortem {
	const struct region *slots;    /* of the dead worker, which nobody writes to any more */
	size_t slot_size;
	uint32_t packet_id;
	uint16_t number;
	const char *comment;           /* queue, handler, signal */
	const struct account *account; /* whom the child becomes */
	int file;                      /* open for writing */
};

/* Starts the child. Its process id, to be waited for, or -errno. Its exit status is 0 when the packet was saved, else errno or that. */
#define POSTMORTEM_NOT_FOUND 255
pid_t postmortem_start(const struct postmortem *what);

#endif
