/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loading a plugin: found, trusted, checked before its fields are believed. Only in checker and workers. */
#ifndef HANDLER_PLUGIN_H
#define HANDLER_PLUGIN_H

#include "daemon/config/trust.h"

#include <nfverdict/plugin.h>

/*
 * Opens the file of a plugin, without loading it: `name` with a slash is a path, else lib-less "<name>.so" is looked
 * for in each folder. Runs in the master. The descriptor or -errno with why: "x.so: not found in A, B" or the path
 * and what trust_open() says. The path goes to path, which is set also when it failed.
 */
int plugin_find(const char *name, const char *const *folders, size_t folder_count, struct trust *trust, char *path,
		size_t path_size, char *why, size_t why_size);

struct plugin {
	void *library;                   /* of dlopen() */
	const struct nfv_plugin *ops;    /* inside the library */
	char *path;                      /* a copy, for messages */
};

/*
 * Loads through the descriptor, which the caller keeps and may close, and checks magic, ABI, struct size, name,
 * functions, option table. Nothing of the plugin but its constructors has run. 0, or -errno with one line in why that
 * says what was found and what was wanted: "magic is 0x00000000, wanted 0x6e667664"; the path is the caller's to
 * name. After a failure there is nothing to unload.
 */
int plugin_load(struct plugin *plugin, int fd, const char *path, char *why, size_t why_size);
void plugin_unload(struct plugin *plugin);

#endif
