/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locks among those who change rulesets, and the folder that they and the journal live in. A lock is flock() on an open
 * file: it goes with the last process that has it open, however that ends.
 */
#ifndef RULES_LOCK_H
#define RULES_LOCK_H

#include <nfverdict/rules.h>

#include <limits.h>

/* The state folder: ours, and nobody else may write to it. */
struct lock_folder {
	int fd; /* -1: not open */
	char path[PATH_MAX / 4];
};

/*
 * Opens it, made with mode 0700 if it is not there. wanted NULL: /run/nfverdict for root; for others, and where root may not
 * write there, $XDG_RUNTIME_DIR/nfverdict or /tmp/nfverdict-UID. -EPERM when it is not safe: somebody else's, a link, or
 * others may write to it.
 */
int lock_folder_open(struct lock_folder *folder, const char *wanted, struct nfv_rules_error *error);
void lock_folder_close(struct lock_folder *folder);

/* Which network namespace this thread is in. */
struct lock_namespace {
	uint64_t inode; /* of /proc/thread-self/ns/net: in names of files. Used again after the namespace is gone */
	uint64_t cookie; /* of the kernel: never used again until the next boot; 0: the kernel has none */
};
int lock_namespace_get(struct lock_namespace *space, struct nfv_rules_error *error);

/*
 * Takes the lock of users of this library in one network namespace: an open file, close-on-exec, that close() gives back.
 * -ETIMEDOUT after wait_ms, error then names the file and who has it. 0 ms: one look.
 */
int lock_take(int *fd, const struct lock_folder *folder, const struct lock_namespace *space, int wait_ms,
	      struct nfv_rules_error *error);
void lock_drop(int *fd); /* also when it is -1 */

/*
 * Takes the lock of the legacy tools, which is the same for all network namespaces: $XTABLES_LOCKFILE or /run/xtables.lock.
 * Tools that are run meanwhile need another XTABLES_LOCKFILE.
 */
int lock_take_xtables(int *fd, int wait_ms, struct nfv_rules_error *error);

#endif
