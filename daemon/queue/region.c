/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/queue/region.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int region_create(struct region *region, const char *name, size_t size)
{
	int err;

	*region = (struct region){ .fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING), .size = size };
	if (region->fd < 0)
		return -errno;
	if (ftruncate(region->fd, (off_t)size) < 0 ||
	    fcntl(region->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
		err = -errno;
		region_close(region);
		return err;
	}
	return 0;
}

int region_map(struct region *region)
{
	void *memory = mmap(NULL, region->size, PROT_READ | PROT_WRITE, MAP_SHARED, region->fd, 0);

	if (memory == MAP_FAILED)
		return -errno;
	region->memory = memory;
	return 0;
}

int region_map_apart(struct region *region)
{
	int err = region_map(region);

	if (!err && madvise(region->memory, region->size, MADV_DONTFORK) < 0) {
		err = -errno;
		munmap(region->memory, region->size);
		region->memory = NULL;
	}
	return err;
}

int region_adopt(struct region *region, int fd, size_t size)
{
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;

	if (seals < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!(seals & F_SEAL_SHRINK) || !(seals & F_SEAL_GROW) || st.st_size < 0 || (uint64_t)st.st_size < size)
		return -EINVAL;
	*region = (struct region){ .fd = fd, .size = (size_t)st.st_size };
	return 0;
}

void region_close_descriptor(struct region *region)
{
	if (region->fd >= 0)
		close(region->fd);
	region->fd = -1;
}

void region_close(struct region *region)
{
	if (region->memory)
		munmap(region->memory, region->size);
	region_close_descriptor(region);
	*region = (struct region){ .fd = -1 };
}
