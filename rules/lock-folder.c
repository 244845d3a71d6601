/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/lock.h"

#include "rules/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT_FOLDER "/run/nfverdict"

/* Looked at through the open descriptor, so that it cannot be changed for another in between. */
static int check(const struct lock_folder *folder, struct nfv_rules_error *error)
{
	struct stat status;

	if (fstat(folder->fd, &status))
		return error_set(error, -errno, "folder %s: %s", folder->path, strerror(errno));
	if (status.st_uid != geteuid())
		return error_set(error, -EPERM, "folder %s: it belongs to user %u", folder->path, status.st_uid);
	if (status.st_mode & (S_IWGRP | S_IWOTH))
		return error_set(error, -EPERM, "folder %s: others may write to it", folder->path);
	return 0;
}

static int open_path(struct lock_folder *folder, struct nfv_rules_error *error)
{
	int err;

	if (mkdir(folder->path, 0700) && errno != EEXIST)
		return error_set(error, -errno, "folder %s: %s", folder->path, strerror(errno));
	folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder->fd < 0)
		return error_set(error, errno == ENOTDIR || errno == ELOOP ? -EPERM : -errno, "folder %s: %s", folder->path,
				 errno == ENOTDIR || errno == ELOOP ? "it is not a folder, or a link" : strerror(errno));
	err = check(folder, error);
	if (err)
		lock_folder_close(folder);
	return err;
}

static int name_path(struct lock_folder *folder, const char *parent, const char *name, struct nfv_rules_error *error)
{
	int len = snprintf(folder->path, sizeof(folder->path), "%s%s", parent, name);

	folder->fd = -1;
	if (len < 0 || (size_t)len >= sizeof(folder->path))
		return error_set(error, -ENAMETOOLONG, "folder %.200s…: the name is too long", parent);
	return 0;
}

/* Without an XDG folder the name in /tmp is known to all: whoever made it first is found out by check(). */
static int open_private(struct lock_folder *folder, struct nfv_rules_error *error)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char name[40];
	int err = -ENOENT;

	if (runtime && *runtime == '/') {
		err = name_path(folder, runtime, "/nfverdict", error);
		if (!err)
			err = open_path(folder, error);
	}
	if (!err)
		return 0;
	snprintf(name, sizeof(name), "/nfverdict-%u", geteuid());
	err = name_path(folder, "/tmp", name, error);
	return err ? err : open_path(folder, error);
}

int lock_folder_open(struct lock_folder *folder, const char *wanted, struct nfv_rules_error *error)
{
	int err = name_path(folder, wanted ? wanted : ROOT_FOLDER, "", error);

	if (err)
		return err;
	if (wanted)
		return open_path(folder, error);
	if (geteuid() != 0)
		return open_private(folder, error);
	err = open_path(folder, error);
	/* Root of a user namespace only. */
	return err == -EACCES || err == -EROFS || err == -ENOENT ? open_private(folder, error) : err;
}

void lock_folder_close(struct lock_folder *folder)
{
	if (folder->fd >= 0)
		close(folder->fd);
	folder->fd = -1;
}
