/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Giving up privilege: what the master keeps, what workers and checker become. */
#ifndef PROCESS_PRIVILEGE_H
#define PROCESS_PRIVILEGE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Who workers and checker run as. */
struct account {
	uid_t uid;
	gid_t gid;
	char name[64];
	bool change; /* false: the process stays who it is, uid and gid are its own */
};

/*
 * Finds an account by name, or by NULL the build's default user, else nobody. 0 with why empty; 0 with a warning in why
 * when nobody stands in, or when the process cannot change its user at all (it is not root, or lives in a user namespace
 * that does not map the account); -ENOENT with why when a given name is unknown; -EPERM when the account is root.
 */
int account_find(const char *name, struct account *account, char *why, size_t why_size);

/*
 * Becomes the account for good: no supplementary groups, no capability but CAP_NET_ADMIN if asked for, empty
 * inheritable, ambient and (where CAP_SETPCAP is still held) bounding sets, no_new_privs, not dumpable. Reads everything
 * back and tries to become root again. 0, or -errno with why: the process must then exit. It must have one thread. The
 * kernel forgets PR_SET_PDEATHSIG here: set it afterwards.
 */
int privilege_become(const struct account *account, bool keep_net_admin, char *why, size_t why_size);

/*
 * Takes CAP_NET_ADMIN out of use, or into use again, for a process that holds it. For netlink sockets: the kernel asks
 * for the right of whoever opened one besides that of the sender, so one that was opened without can never change
 * anything. 0 or -errno.
 */
int privilege_use_net_admin(bool use);

/*
 * Leaves the master CAP_NET_ADMIN, CAP_NET_RAW, CAP_SETUID, CAP_SETGID and CAP_KILL, as far as it has them, also in the
 * bounding set: so programs that it executes get no more, and children need no CAP_SETPCAP to be bounded. Without
 * CAP_DAC_OVERRIDE root opens only what owner, group and mode let it: open the configuration and plugins before. Without
 * CAP_SYS_MODULE the legacy iptables cannot load ip_tables.ko: run steer_sweep() once before, which makes the tools load
 * what they need. 0, or -EPERM with why when CAP_NET_ADMIN is missing.
 */
int privilege_limit_master(char *why, size_t why_size);

#endif
