/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/crash-files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PREFIX "crash-"
#define SUFFIX ".pcapng"

int crash_files_open(const char *folder)
{
	int fd;

	if (mkdir(folder, 0750) < 0 && errno != EEXIST)
		return -errno;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int is_ours(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > strlen(PREFIX SUFFIX) && !strncmp(entry->d_name, PREFIX, strlen(PREFIX)) &&
	       !strcmp(entry->d_name + len - strlen(SUFFIX), SUFFIX);
}

/* Names begin with the time, so the oldest come first. */
static int make_room(int folder, unsigned most)
{
	struct dirent **entries;
	int count = scandirat(folder, ".", &entries, is_ours, alphasort), err = 0;

	if (count < 0)
		return -errno;
	for (int i = 0; i < count; i++) {
		if (count - i >= (int)most && unlinkat(folder, entries[i]->d_name, 0) < 0)
			err = -errno;
		free(entries[i]);
	}
	free(entries);
	return err;
}

int crash_files_create(int folder, unsigned most, uint16_t number, uint32_t packet_id, char *name, size_t name_size)
{
	struct timespec now;
	struct tm tm;
	char when[32];
	int fd, err;

	err = make_room(folder, most);
	if (err)
		return err;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(when, sizeof(when), "%Y%m%dT%H%M%S", &tm);
	snprintf(name, name_size, PREFIX "%s.%06ldZ-%u-%u" SUFFIX, when, now.tv_nsec / 1000, number, packet_id);
	fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}
