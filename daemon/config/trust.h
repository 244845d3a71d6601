/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens a file that steers a privileged process, if nobody but root could have changed it. */
#ifndef CONFIG_TRUST_H
#define CONFIG_TRUST_H

#include <stdbool.h>
#include <stddef.h>

struct trust {
	bool allow_unsafe; /* --allow-unsafe-files, or not running as root: open whatever can be read */
	bool unsafe_seen;  /* set when allow_unsafe let something pass that would have been refused */
	char unsafe_why[512]; /* the first such finding, for the warning in the log */
};

/*
 * Resolves symbolic links, opens the file once (O_RDONLY|O_CLOEXEC), and judges the opened file and every parent folder
 * of the resolved path: owner, group and world write, a sticky folder excepted. Returns the descriptor, or -errno with
 * the finding in why: "not trusted: /etc/nfverdict is writable by group staff (mode 0775)", or "No such file or
 * directory", to be written behind the path. Only regular files; -EPERM when not trusted.
 */
int trust_open(struct trust *trust, const char *path, char *why, size_t why_size);

#endif
