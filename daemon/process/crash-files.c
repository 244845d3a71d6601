/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/crash-files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PREFIX "crash-"
#define PACKET ".pcapng"
#define CORE   ".core"
#define CORES  "cores"

int crash_files_open(const char *folder)
{
	int fd;

	if (mkdir(folder, 0750) < 0 && errno != EEXIST)
		return -errno;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), end_len = strlen(end);

	return len > strlen(PREFIX) + end_len && !strcmp(name + len - end_len, end);
}

static int is_packet(const struct dirent *entry)
{
	return !strncmp(entry->d_name, PREFIX, strlen(PREFIX)) && ends_with(entry->d_name, PACKET);
}

static int is_core(const struct dirent *entry)
{
	return !strncmp(entry->d_name, PREFIX, strlen(PREFIX)) && ends_with(entry->d_name, CORE);
}

/* Names begin with the time, so the oldest come first. */
static int make_room(int folder, unsigned most, int (*is_ours)(const struct dirent *entry))
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

static void make_name(uint16_t number, uint32_t id, const char *end, char *name, size_t name_size)
{
	struct timespec now;
	struct tm tm;
	char when[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(when, sizeof(when), "%Y%m%dT%H%M%S", &tm);
	snprintf(name, name_size, PREFIX "%s.%06ldZ-%u-%u%s", when, now.tv_nsec / 1000, number, id, end);
}

int crash_files_create(int folder, unsigned most, uint16_t number, uint32_t packet_id, char *name, size_t name_size)
{
	int err = make_room(folder, most, is_packet), fd;

	if (err)
		return err;
	make_name(number, packet_id, PACKET, name, name_size);
	fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

/* ---- Cores ---- */

int crash_files_open_cores(int folder)
{
	int fd, err;

	if (mkdirat(folder, CORES, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(folder, CORES, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fchmod(fd, 01733) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static int is_plain(const struct dirent *entry)
{
	return entry->d_type == DT_REG && entry->d_name[0] != '.';
}

/* Whatever its name is, by kernel.core_pattern: the folder is for nothing else. */
int crash_files_take_core(int folder, unsigned most, uint16_t number, uint32_t pid, char *name, size_t name_size)
{
	struct dirent **entries;
	int count = scandirat(folder, CORES, &entries, is_plain, alphasort), err = -ENOENT;
	char path[sizeof(CORES) + 1 + NAME_MAX];

	if (count < 0)
		return -errno;
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), CORES "/%s", entries[i]->d_name);
		err = make_room(folder, most, is_core);
		make_name(number, pid, CORE, name, name_size);
		if (!err && renameat(folder, path, folder, name) < 0)
			err = -errno;
		free(entries[i]);
	}
	free(entries);
	return err;
}
