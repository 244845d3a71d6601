/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/landlock.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/syscall.h>

/*
 * linux/landlock.h of ABI 7, of which the headers of a distribution know but the beginning. The numbers of the calls are the
 * same on all architectures.
 */
#define CREATE_RULESET         444
#define ADD_RULE               445
#define RESTRICT_SELF          446
#define CREATE_RULESET_VERSION 1u
#define RULE_PATH_BENEATH      1

/* For the kernel to make a core: WRITE_FILE, MAKE_REG, TRUNCATE. */
#define CORE_RIGHTS (UINT64_C(1) << 1 | UINT64_C(1) << 8 | UINT64_C(1) << 14)

struct ruleset {
	uint64_t handled_access_fs;
	uint64_t handled_access_net;
	uint64_t scoped;
};

struct path_beneath {
	uint64_t allowed_access;
	int32_t parent_fd;
} __attribute__((packed));

/* What can be forbidden, by the ABI that brought it. */
static const struct {
	int abi;
	struct ruleset adds;
} rights[] = {
	{ 1, { .handled_access_fs = 0x1fff } },            /* execute, read, write, make, remove: bits 0 to 12 */
	{ 2, { .handled_access_fs = UINT64_C(1) << 13 } }, /* REFER: link or rename across folders */
	{ 3, { .handled_access_fs = UINT64_C(1) << 14 } }, /* TRUNCATE */
	{ 4, { .handled_access_net = 3 } },                /* BIND_TCP, CONNECT_TCP */
	{ 5, { .handled_access_fs = UINT64_C(1) << 15 } }, /* IOCTL_DEV */
	{ 6, { .scoped = 3 } },                            /* ABSTRACT_UNIX_SOCKET, SIGNAL: only to processes inside */
};

int landlock_abi(void)
{
	long abi = syscall(CREATE_RULESET, NULL, (size_t)0, CREATE_RULESET_VERSION);

	return abi > 0 ? (int)abi : 0;
}

static int allow_cores(int fd, const struct ruleset *ruleset, int cores)
{
	const struct path_beneath rule = {
		.allowed_access = CORE_RIGHTS & ruleset->handled_access_fs,
		.parent_fd = cores,
	};

	if (cores <= 0)
		return 0;
	return syscall(ADD_RULE, fd, RULE_PATH_BENEATH, &rule, 0u) ? -errno : 0;
}

int landlock_restrict(int cores, char *why, size_t why_size)
{
	struct ruleset ruleset = { 0 };
	int abi = landlock_abi(), err = 0;
	long fd;

	if (abi == 0)
		return 0;
	for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
		if (abi < rights[i].abi)
			break;
		ruleset.handled_access_fs |= rights[i].adds.handled_access_fs;
		ruleset.handled_access_net |= rights[i].adds.handled_access_net;
		ruleset.scoped |= rights[i].adds.scoped;
	}
	/* An older kernel takes the longer struct as long as what it does not know is zero. */
	fd = syscall(CREATE_RULESET, &ruleset, sizeof(ruleset), 0u);
	if (fd < 0) {
		snprintf(why, why_size, "Landlock ABI %d: ruleset: %m", abi);
		return -errno;
	}
	err = allow_cores((int)fd, &ruleset, cores);
	if (!err && syscall(RESTRICT_SELF, (int)fd, 0u))
		err = -errno;
	if (err)
		snprintf(why, why_size, "Landlock ABI %d: %s", abi, strerror(-err));
	close((int)fd);
	return err;
}
