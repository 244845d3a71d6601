/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory shared between master and worker: a memfd whose size is sealed, so that neither can make the other fault. */
#ifndef QUEUE_REGION_H
#define QUEUE_REGION_H

#include <stddef.h>

struct region {
	int fd;       /* -1: none, or closed already */
	void *memory; /* NULL until mapped */
	size_t size;
};

/* Makes and seals the memory; zeroed. 0 or -errno. */
int region_create(struct region *region, const char *name, size_t size);

/* Maps it for reading and writing. 0 or -errno. */
int region_map(struct region *region);

/* The same, for this process alone: children do not inherit the mapping. */
int region_map_apart(struct region *region);

/* The mapping stays. */
void region_close_descriptor(struct region *region);

/*
 * Takes over a descriptor that somebody else made, if it is such memory: of at least `size` bytes, which is sealed. 0 or
 * -errno; the descriptor is the caller's after a failure.
 */
int region_adopt(struct region *region, int fd, size_t size);

void region_close(struct region *region);

#endif
