/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must survive the end of the process that changes the rulesets: a change of several tables while it is applied, and
 * one that waits for its confirmation. Files of the state folder, whole or not there at all; read and written by who has the
 * lock.
 */
#ifndef RULES_JOURNAL_H
#define RULES_JOURNAL_H

#include "rules/change.h"
#include "rules/lock.h"

/* One file each, in each network namespace and for each backend. */
enum journal_kind {
	JOURNAL_COMMIT, /* a change of several tables, while it is applied */
	JOURNAL_CONFIRM, /* one that is rolled back unless it is confirmed */
};

struct journal {
	struct change change;
	bool waiting; /* applied as a whole; now it waits for its confirmation */
	uint64_t deadline_ms; /* of CLOCK_BOOTTIME: rolled back then; 0: none */
	long pid; /* out: who wrote it, for messages */
	uint64_t started; /* out: its start time, as in /proc/PID/stat */
};

/* Where journals are. */
struct journal_place {
	const struct lock_folder *folder;
	const struct lock_namespace *space;
	enum nfv_backend backend; /* each has its own: who uses one cannot finish what the other began */
};

/* True when there may be one. Needs no lock. */
bool journal_any(const struct journal_place *place, enum journal_kind kind);
/* Writes it, in place of the one that is there. On the disk when it returns 0. */
int journal_write(const struct journal_place *place, enum journal_kind kind, const struct journal *journal,
		  struct nfv_rules_error *error);
/*
 * -ENOENT: there is none, or it was of another boot or of another network namespace with the same inode, and is removed.
 * -EINVAL: cannot be read, with error. journal_free() only after 0.
 */
int journal_read(const struct journal_place *place, enum journal_kind kind, struct journal *journal,
		 struct nfv_rules_error *error);
void journal_free(struct journal *journal);
int journal_remove(const struct journal_place *place, enum journal_kind kind);
/* Keeps it under another name, put into `name`, for a person to look at. */
int journal_put_aside(const struct journal_place *place, enum journal_kind kind, char *name, size_t size);

/* CLOCK_BOOTTIME. */
uint64_t journal_now_ms(void);

#endif
