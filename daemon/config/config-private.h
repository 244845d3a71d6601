/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands behind a struct config. Inside daemon/config only. */
#ifndef CONFIG_PRIVATE_H
#define CONFIG_PRIVATE_H

#include "daemon/config/config-tables.h"
#include "daemon/config/config.h"
#include "daemon/config/memory.h"
#include "daemon/config/values.h"

#include <sys/types.h>

/* A file that was read. Its name stands in places, its tree in handlers' options: both live as long as the configuration. */
struct config_file {
	struct config_file *next;
	const struct config_file *parent; /* that includes it */
	char *name;
	char *folder;        /* where its relative names start: absolute, for what is used later */
	size_t prefix;       /* bytes of the name that are its folder: for names that are shown */
	const char *text;    /* as it was read, in the arena; NULL: unreadable */
	size_t len;
	struct node *tree;   /* NULL: unreadable */
	struct values *top;  /* of struct config_top */
	dev_t device;        /* with inode 0: not known */
	ino_t inode;
};

/* Beside each element of config.queues and config.handlers. */
struct config_entry {
	struct values *values;
	struct place place; /* of its name */
};

struct config_private {
	struct config config; /* first: the two addresses are one */
	struct arena arena;
	struct config_file *files; /* in the order of reading */
	struct config_file **last_file;
	size_t file_count;
	bool given;                /* all files are given as texts: those that are included come by themselves */
	bool incomplete;           /* a file or a part of it could not be taken: what is not there may be in it */
	struct config_entry *queues;
	struct config_entry *handlers;
	struct trust *trust;
	struct report *report;
};

static inline const struct config_private *config_private(const struct config *config)
{
	return (const struct config_private *)config;
}

/* A relative path from the folder of the file that names it, in the arena. */
const char *config_resolve(struct config_private *c, const struct config_file *file, const char *path);

/* Turns the trees of all files into config.queues, config.handlers and the top-level fields. */
void config_build(struct config_private *c);

/* Judges what spans keys. */
void config_check(struct config_private *c);

/* "queue edge", for a report; in the arena. */
const char *config_queue_object(struct config_private *c, const struct config_queue *queue);

#endif
