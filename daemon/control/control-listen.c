/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/control/control-listen.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKLOG    32
#define LOCK_TRIES 16

struct why {
	char *text;
	size_t size;
};

static int __attribute__((format(printf, 3, 4))) tell(const struct why *why, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why->text, why->size, format, args);
	va_end(args);
	return err;
}

/* Whoever may write to the folder could put a socket of his own in the place of ours. */
static int prepare_folder(const char *path, const struct why *why)
{
	char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	const char *slash = strrchr(path, '/');
	struct stat status;

	if (!slash)
		return tell(why, -EINVAL, "%s: it is not an absolute path", path);
	snprintf(folder, sizeof(folder), "%.*s", slash == path ? 1 : (int)(slash - path), path);
	if (mkdir(folder, 0700) && errno != EEXIST)
		return tell(why, -errno, "folder %s: %s", folder, strerror(errno));
	if (stat(folder, &status))
		return tell(why, -errno, "folder %s: %s", folder, strerror(errno));
	if (!S_ISDIR(status.st_mode))
		return tell(why, -ENOTDIR, "folder %s: it is no folder", folder);
	if (status.st_uid != 0 && status.st_uid != geteuid())
		return tell(why, -EPERM, "folder %s: it belongs to user %u", folder, status.st_uid);
	if (status.st_mode & (S_IWGRP | S_IWOTH))
		return tell(why, -EPERM, "folder %s: others may write to it", folder);
	return 0;
}

/* True when the file that was opened is still the one at that name: its last holder removes it. */
static bool is_still_there(int fd, const char *name)
{
	struct stat opened, there;

	return fstat(fd, &opened) == 0 && lstat(name, &there) == 0 && opened.st_dev == there.st_dev &&
	       opened.st_ino == there.st_ino;
}

/* Whoever holds this lock may replace the socket's file. */
static int take_lock(struct control_listen *place, const char *name, const struct why *why)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		int err;

		place->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (place->lock_fd < 0)
			return tell(why, -errno, "%s: %s", name, strerror(errno));
		if (flock(place->lock_fd, LOCK_EX | LOCK_NB)) {
			err = errno == EWOULDBLOCK ? -EADDRINUSE : -errno;
			close(place->lock_fd); /* not ours to remove */
			place->lock_fd = -1;
			return tell(why, err, "%s: %s", place->address.sun_path,
				    err == -EADDRINUSE ? "another nfverdictd has it" : strerror(-err));
		}
		if (is_still_there(place->lock_fd, name))
			return 0;
		close(place->lock_fd);
		place->lock_fd = -1;
	}
	return tell(why, -EBUSY, "%s: it comes and goes", name);
}

/* What a dead process left is removed; what somebody answers at, or is no socket, is not. */
static int clear_path(const struct control_listen *place, const struct why *why)
{
	const char *path = place->address.sun_path;
	struct stat file;
	int fd, err = 0;

	if (lstat(path, &file))
		return errno == ENOENT ? 0 : tell(why, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISSOCK(file.st_mode))
		return tell(why, -EEXIST, "%s: it is there and no socket", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return tell(why, -errno, "a socket: %s", strerror(errno));
	/* Also one whose backlog is full (EAGAIN) is alive. */
	if (!connect(fd, (const struct sockaddr *)&place->address, sizeof(place->address)) || errno != ECONNREFUSED)
		err = tell(why, -EADDRINUSE, "%s: somebody else listens there", path);
	close(fd);
	if (!err && unlink(path))
		err = tell(why, -errno, "%s: %s", path, strerror(errno));
	return err;
}

/* The file gets the mode of the socket, so it is never seen with another. */
static int bind_path(struct control_listen *place, const struct why *why)
{
	const char *path = place->address.sun_path;
	struct stat file;

	place->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (place->fd < 0)
		return tell(why, -errno, "a socket: %s", strerror(errno));
	if (fchmod(place->fd, 0600) || bind(place->fd, (const struct sockaddr *)&place->address, sizeof(place->address)))
		return tell(why, -errno, "%s: %s", path, strerror(errno));
	if (lstat(path, &file))
		return tell(why, -errno, "%s: %s", path, strerror(errno));
	place->bound = true;
	place->device = file.st_dev;
	place->inode = file.st_ino;
	if (file.st_mode & 0777 & ~0600u)
		return tell(why, -EPERM, "%s: its mode is %o, not 600", path, (unsigned)file.st_mode & 0777);
	if (listen(place->fd, BACKLOG))
		return tell(why, -errno, "%s: %s", path, strerror(errno));
	return 0;
}

static void lock_name(const struct control_listen *place, char *name, size_t size)
{
	snprintf(name, size, "%s.lock", place->address.sun_path);
}

int control_listen_open(struct control_listen *place, const char *path, char *why_text, size_t why_size)
{
	const struct why why = { .text = why_text, .size = why_size };
	char name[sizeof(place->address.sun_path) + 8];
	int err;

	*place = (struct control_listen){ .address.sun_family = AF_UNIX, .fd = -1, .lock_fd = -1 };
	if (strlen(path) >= sizeof(place->address.sun_path))
		return tell(&why, -ENAMETOOLONG, "%s: a socket's path has at most %zu bytes", path,
			    sizeof(place->address.sun_path) - 1);
	strcpy(place->address.sun_path, path);
	lock_name(place, name, sizeof(name));
	err = prepare_folder(path, &why);
	if (err == 0)
		err = take_lock(place, name, &why);
	if (err == 0)
		err = clear_path(place, &why);
	if (err == 0)
		err = bind_path(place, &why);
	if (err)
		control_listen_close(place);
	return err;
}

bool control_listen_stands(const struct control_listen *place)
{
	struct stat file;

	return place->bound && lstat(place->address.sun_path, &file) == 0 && file.st_dev == place->device &&
	       file.st_ino == place->inode;
}

void control_listen_close(struct control_listen *place)
{
	char name[sizeof(place->address.sun_path) + 8];

	if (control_listen_stands(place))
		unlink(place->address.sun_path);
	place->bound = false;
	if (place->fd >= 0)
		close(place->fd);
	place->fd = -1;
	lock_name(place, name, sizeof(name));
	/* While it is held: who opened it in the meantime sees that it is gone. Another one in its place is not ours. */
	if (place->lock_fd >= 0 && is_still_there(place->lock_fd, name))
		unlink(name);
	if (place->lock_fd >= 0)
		close(place->lock_fd);
	place->lock_fd = -1;
}
