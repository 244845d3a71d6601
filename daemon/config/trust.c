/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The path is resolved once, then walked from / by descriptors (O_PATH, no link followed), so what is judged is what is
 * opened: whoever could swap a component between the two would have had to write to a folder that was judged before it.
 *
 * Access control lists are not considered. Inside a user namespace uid 0 is the user who made it, and files of owners
 * that are not mapped, the real root among them, show as uid 65534: they are refused, because that id tells nothing
 * about who it is.
 */
#include "daemon/config/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UID_UNMAPPED 65534 /* kernel.overflowuid, which nobody changes */

struct walk {
	struct trust *trust;
	bool allowed; /* findings are told, not obeyed */
	char *why;
	size_t why_size;
};

static void tell(struct walk *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void tell(struct walk *w, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(w->why, w->why_size, format, args);
	va_end(args);
}

static bool is_trusted_owner(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

static void describe_group(gid_t gid, char *out, size_t size)
{
	const struct group *group = getgrgid(gid);

	if (group)
		snprintf(out, size, "group %s", group->gr_name);
	else
		snprintf(out, size, "gid %u", (unsigned)gid);
}

/* 0, or -EPERM with the finding in w->why. */
static int find_weakness(struct walk *w, const struct stat *st, const char *path)
{
	unsigned mode = st->st_mode & 07777;
	char group[64];

	if (!is_trusted_owner(st->st_uid)) {
		tell(w, "not trusted: %s is owned by uid %u (only root may own it%s)", path, (unsigned)st->st_uid,
		     st->st_uid == UID_UNMAPPED ? "; in a user namespace this uid stands for every owner from outside" : "");
		return -EPERM;
	}
	/* In a sticky folder only a file's owner can rename or remove it, and the owners are judged one by one. */
	if (S_ISDIR(st->st_mode) && (mode & S_ISVTX))
		return 0;
	if (mode & S_IWOTH) {
		tell(w, "not trusted: %s is writable by everybody (mode %04o)", path, mode);
		return -EPERM;
	}
	if (mode & S_IWGRP) {
		describe_group(st->st_gid, group, sizeof(group));
		tell(w, "not trusted: %s is writable by %s (mode %04o)", path, group, mode);
		return -EPERM;
	}
	return 0;
}

static int judge(struct walk *w, const struct stat *st, const char *path)
{
	int err = find_weakness(w, st, path);

	if (!err || !w->allowed)
		return err;
	if (!w->trust->unsafe_seen) {
		w->trust->unsafe_seen = true;
		snprintf(w->trust->unsafe_why, sizeof(w->trust->unsafe_why), "%s", w->why);
	}
	return 0;
}

/* Opens a component under a folder without following a link, judges a folder. Returns a descriptor or -errno. */
static int step(struct walk *w, int folder, const char *name, const char *path, struct stat *st)
{
	int fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	int err;

	if (fd < 0) {
		err = -errno;
		tell(w, "%s: %s", path, strerror(-err));
		return err;
	}
	if (fstat(fd, st))
		err = -errno;
	else if (S_ISLNK(st->st_mode))
		err = -ELOOP; /* it was none when the path was resolved */
	else
		err = S_ISDIR(st->st_mode) ? judge(w, st, path) : 0;
	if (err == -ELOOP)
		tell(w, "%s became a symbolic link while it was opened", path);
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* The file was looked at through O_PATH before it is opened to read: opening a device or a pipe can already do something. */
static int open_judged(struct walk *w, int folder, const char *name, const char *path, const struct stat *seen)
{
	struct stat st;
	int fd, err;

	if (!S_ISREG(seen->st_mode)) {
		tell(w, "is %s, wanted a regular file", S_ISDIR(seen->st_mode) ? "a folder" : "a device, pipe or socket");
		return S_ISDIR(seen->st_mode) ? -EISDIR : -EINVAL;
	}
	fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		err = -errno;
		tell(w, "%s: %s", path, strerror(-err));
	} else if (st.st_dev != seen->st_dev || st.st_ino != seen->st_ino) {
		err = -EAGAIN;
		tell(w, "%s was replaced while it was opened", path);
	} else {
		err = judge(w, &st, path);
	}
	if (!err)
		return fd;
	if (fd >= 0)
		close(fd);
	return err;
}

/* `path` is absolute and holds no link; it is cut and mended on the way, so that each part can be named. */
static int walk_path(struct walk *w, char *path)
{
	struct stat st;
	int folder = step(w, AT_FDCWD, "/", "/", &st);
	char *name = path + 1;

	while (folder >= 0) {
		char *slash = strchr(name, '/');
		int next;

		if (slash)
			*slash = '\0';
		next = step(w, folder, name, path, &st);
		if (!slash && next >= 0) {
			int fd = open_judged(w, folder, name, path, &st);

			close(next);
			next = fd;
		}
		close(folder);
		if (!slash)
			return next;
		*slash = '/';
		name = slash + 1;
		folder = next;
	}
	return folder;
}

int trust_open(struct trust *trust, const char *path, char *why, size_t why_size)
{
	struct walk w = { .trust = trust, .why = why, .why_size = why_size };
	char *resolved;
	int fd;

	w.allowed = trust->allow_unsafe || geteuid() != 0;
	resolved = realpath(path, NULL);
	if (!resolved) {
		fd = -errno;
		tell(&w, "%s", strerror(-fd));
		return fd;
	}
	if (!resolved[1]) {
		tell(&w, "is a folder, wanted a regular file");
		fd = -EISDIR;
	} else {
		fd = walk_path(&w, resolved);
	}
	free(resolved);
	return fd;
}
