/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/server.h"

#include "rules/error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 128

int server_peer(int fd, pid_t *pid, uid_t *uid)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		return -errno;
	*pid = peer.pid;
	*uid = peer.uid;
	return 0;
}

/*
 * One server for a path: whoever holds this lock may replace the socket's file. The lock's file stays, for one that is
 * removed could be held by one and made anew by another.
 */
static int take_path(struct server *server, const char *path, struct nfv_rules_error *error)
{
	char name[PATH_MAX];
	int len = snprintf(name, sizeof(name), "%s.lock", path), err;

	if (len < 0 || (size_t)len >= sizeof(name))
		return error_set(error, -ENAMETOOLONG, "%.64s…: the path is too long", path);
	server->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (server->lock_fd < 0) {
		err = -errno;
		return error_set(error, err, "%s: %s", name, strerror(-err));
	}
	if (flock(server->lock_fd, LOCK_EX | LOCK_NB)) {
		err = errno == EWOULDBLOCK ? -EADDRINUSE : -errno;
		return error_set(error, err, "%s: %s", path,
				 err == -EADDRINUSE ? "another server serves there" : strerror(-err));
	}
	return 0;
}

/* A file that is left from one that died is removed; one that somebody answers at, or that is no socket, is not. */
static int clear_path(const struct sockaddr_un *address, struct nfv_rules_error *error)
{
	int fd, err = 0;
	struct stat file;

	if (lstat(address->sun_path, &file)) {
		err = -errno;
		return err == -ENOENT ? 0 : error_set(error, err, "%s: %s", address->sun_path, strerror(-err));
	}
	if (!S_ISSOCK(file.st_mode))
		return error_set(error, -EEXIST, "%s: is there and no socket", address->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_set(error, -errno, "a socket: %s", strerror(errno));
	/* Also one whose backlog is full (EAGAIN) is alive. */
	if (!connect(fd, (const struct sockaddr *)address, sizeof(*address)) || errno != ECONNREFUSED)
		err = error_set(error, -EADDRINUSE, "%s: another server serves there", address->sun_path);
	close(fd);
	if (!err && unlink(address->sun_path))
		err = error_set(error, -errno, "%s: %s", address->sun_path, strerror(errno));
	return err;
}

/* The file gets the mode of the socket, so it is never seen with another; the umask, all threads', is left alone. */
static int bind_path(struct server *server, const struct sockaddr_un *address, struct nfv_rules_error *error)
{
	struct stat file;

	if (fchmod(server->listen_fd, 0600) || bind(server->listen_fd, (const struct sockaddr *)address, sizeof(*address)))
		return error_set(error, -errno, "%s: %s", address->sun_path, strerror(errno));
	if (lstat(address->sun_path, &file))
		return error_set(error, -errno, "%s: %s", address->sun_path, strerror(errno));
	server->owns_path = true;
	server->device = file.st_dev;
	server->inode = file.st_ino;
	if ((file.st_mode & 0777 & ~0600u) != 0)
		return error_set(error, -EPERM, "%s: mode is %o, not 600", address->sun_path, (unsigned)file.st_mode & 0777);
	if (listen(server->listen_fd, BACKLOG))
		return error_set(error, -errno, "%s: %s", address->sun_path, strerror(errno));
	return 0;
}

int server_listen(struct server *server, struct nfv_rules_error *error)
{
	const char *path = server->options->path;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int err;

	if (server->options->listen_fd > 0) {
		int flags = fcntl(server->options->listen_fd, F_GETFL);

		server->listen_fd = server->options->listen_fd;
		if (flags < 0 || fcntl(server->listen_fd, F_SETFL, flags | O_NONBLOCK))
			return error_set(error, -errno, "the listening socket: %s", strerror(errno));
		return 0;
	}
	if (!path || !*path)
		return error_set(error, -EINVAL, "a server needs the path of a socket");
	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(error, -ENAMETOOLONG, "%s: a socket's path has at most %zu bytes", path,
				 sizeof(address.sun_path) - 1);
	strcpy(address.sun_path, path);
	server->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (server->listen_fd < 0)
		return error_set(error, -errno, "a socket: %s", strerror(errno));
	err = take_path(server, path, error);
	if (!err)
		err = clear_path(&address, error);
	if (!err)
		err = bind_path(server, &address, error);
	if (err)
		server_unlisten(server);
	return err;
}

void server_unlisten(struct server *server)
{
	const char *path = server->options->path;
	struct stat file;

	/* Somebody may have put another file there. */
	if (server->owns_path && !lstat(path, &file) && file.st_dev == server->device && file.st_ino == server->inode)
		unlink(path);
	server->owns_path = false;
	if (server->listen_fd >= 0 && server->listen_fd != server->options->listen_fd)
		close(server->listen_fd);
	server->listen_fd = -1;
	if (server->lock_fd >= 0)
		close(server->lock_fd);
	server->lock_fd = -1;
}
