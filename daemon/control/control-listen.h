/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Unix socket at a path that one process at a time may have. */
#ifndef CONTROL_CONTROL_LISTEN_H
#define CONTROL_CONTROL_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/un.h>

struct control_listen {
	struct sockaddr_un address;
	int fd;       /* -1: none */
	int lock_fd;  /* of path.lock; -1: none */
	bool bound;   /* the file is ours: */
	dev_t device;
	ino_t inode;
};

/*
 * Listens, mode 0600. The folder is made, 0700, if it is not there; one that others may write to is refused. The file of a
 * process that is dead is replaced. 0, or -errno with why; -EADDRINUSE: a living one has it.
 */
int control_listen_open(struct control_listen *place, const char *path, char *why, size_t why_size);

/* True while the file is there and ours. */
bool control_listen_stands(const struct control_listen *place);

/* Removes the file, unless somebody has put another in its place. Accepts one that failed to open. */
void control_listen_close(struct control_listen *place);

#endif
