/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/privilege.h"

#include <errno.h>
#include <grp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/prctl.h>

#include <cap-ng.h>

/* Writes the cause, returns the error: the tail of every failure here. */
static int __attribute__((format(printf, 4, 5))) fail(int err, char *why, size_t why_size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, why_size, format, args);
	va_end(args);
	return err;
}

/* Sets are 64 bits here: a capability's bit is its number. */
#define BIT(capability) (UINT64_C(1) << (capability))

static uint64_t held(capng_type_t type)
{
	uint64_t set = 0;

	for (unsigned capability = 0; capability <= CAP_LAST_CAP; capability++) {
		if (capng_have_capability(type, capability))
			set |= BIT(capability);
	}
	return set;
}

/* What the kernel says about this process now. */
struct sets {
	uint64_t effective, permitted, inheritable, bounding, ambient;
};

static int read_sets(struct sets *sets)
{
	errno = 0;
	if (capng_get_caps_process())
		return errno ? -errno : -EIO;
	*sets = (struct sets){
		.effective = held(CAPNG_EFFECTIVE),
		.permitted = held(CAPNG_PERMITTED),
		.inheritable = held(CAPNG_INHERITABLE),
		.bounding = held(CAPNG_BOUNDING_SET),
		.ambient = held(CAPNG_AMBIENT),
	};
	return 0;
}

/*
 * The bounding set is not part of what capng_apply() is used for: kernels may know more capabilities than the library's
 * header.
 */
static int drop_bounding(uint64_t keep)
{
	for (unsigned capability = 0; capability < 64; capability++) {
		if (keep & BIT(capability))
			continue;
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0))
			return errno == EINVAL ? 0 : -errno; /* EINVAL: past the last one */
	}
	return 0;
}

static int set_capabilities(uint64_t keep, uint64_t inherit)
{
	capng_clear(CAPNG_SELECT_CAPS);
	for (unsigned capability = 0; capability <= CAP_LAST_CAP; capability++) {
		if (keep & BIT(capability))
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, capability);
		if (inherit & BIT(capability))
			capng_update(CAPNG_ADD, CAPNG_INHERITABLE, capability);
	}
	errno = 0;
	if (capng_apply(CAPNG_SELECT_CAPS))
		return errno ? -errno : -EPERM;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
		return -errno;
	for (unsigned capability = 0; capability <= CAP_LAST_CAP; capability++) {
		if ((inherit & BIT(capability)) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0))
			return -errno;
	}
	return 0;
}

static int change_ids(const struct account *account, char *why, size_t why_size)
{
	if (!account->change)
		return 0;
	if (setgroups(0, NULL))
		return fail(-errno, why, why_size, "user %s: clearing groups: %m", account->name);
	if (setresgid(account->gid, account->gid, account->gid))
		return fail(-errno, why, why_size, "user %s: group %u: %m", account->name, account->gid);
	if (setresuid(account->uid, account->uid, account->uid))
		return fail(-errno, why, why_size, "user %s: user id %u: %m", account->name, account->uid);
	return 0;
}

/* Trusts nothing that was done: reads it back, and tries the way home. */
static int verify_ids(const struct account *account, char *why, size_t why_size)
{
	uid_t real, effective, saved;
	gid_t real_group, effective_group, saved_group;

	if (!account->change)
		return 0;
	if (getresuid(&real, &effective, &saved) || getresgid(&real_group, &effective_group, &saved_group))
		return fail(-errno, why, why_size, "user %s: reading ids back: %m", account->name);
	if (real != account->uid || effective != account->uid || saved != account->uid || real_group != account->gid ||
	    effective_group != account->gid || saved_group != account->gid || getgroups(0, NULL) != 0)
		return fail(-EPERM, why, why_size, "user %s: the ids are not all changed", account->name);
	if (setresuid(0, 0, 0) == 0 || (account->gid != 0 && setresgid(0, 0, 0) == 0))
		return fail(-EPERM, why, why_size, "user %s: root could be regained", account->name);
	return 0;
}

static int verify_sets(const struct sets *wanted, char *why, size_t why_size)
{
	struct sets now;
	int err = read_sets(&now);

	if (err)
		return fail(err, why, why_size, "capabilities: reading them back: %s", strerror(-err));
	if (now.effective != wanted->effective || now.permitted != wanted->permitted ||
	    now.inheritable != wanted->inheritable || now.ambient != wanted->ambient || (now.bounding & ~wanted->bounding))
		return fail(-EPERM, why, why_size,
			    "capabilities: permitted 0x%llx effective 0x%llx inheritable 0x%llx ambient 0x%llx bounding "
			    "0x%llx are left",
			    (unsigned long long)now.permitted, (unsigned long long)now.effective,
			    (unsigned long long)now.inheritable, (unsigned long long)now.ambient,
			    (unsigned long long)now.bounding);
	return 0;
}

int privilege_become(const struct account *account, bool keep_net_admin, char *why, size_t why_size)
{
	uint64_t keep = keep_net_admin ? BIT(CAP_NET_ADMIN) : 0;
	struct sets sets, wanted = { .effective = keep, .permitted = keep };
	int err;

	err = read_sets(&sets);
	if (err)
		return fail(err, why, why_size, "capabilities: reading them: %s", strerror(-err));
	if (keep & ~sets.permitted)
		return fail(-EPERM, why, why_size, "capabilities: CAP_NET_ADMIN is not held");

	/*
	 * Only root with CAP_SETPCAP may; without it the master has bounded its children already, and no_new_privs does
	 * the rest.
	 */
	wanted.bounding = sets.bounding;
	if (sets.effective & BIT(CAP_SETPCAP)) {
		err = drop_bounding(0);
		if (err)
			return fail(err, why, why_size, "bounding set: %s", strerror(-err));
		wanted.bounding = 0;
	}
	if (prctl(PR_SET_KEEPCAPS, keep != 0, 0, 0, 0))
		return fail(-errno, why, why_size, "keeping capabilities: %m");
	err = change_ids(account, why, why_size);
	if (err)
		return err;
	err = set_capabilities(keep, 0);
	if (err)
		return fail(err, why, why_size, "capabilities: %s", strerror(-err));
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0))
		return fail(-errno, why, why_size, "keeping capabilities no longer: %m");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return fail(-EPERM, why, why_size, "no_new_privs cannot be set");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)) /* others of the same user must not trace it: it may hold CAP_NET_ADMIN */
		return fail(-errno, why, why_size, "dumpable: %m");
	err = verify_ids(account, why, why_size);
	if (err)
		return err;
	return verify_sets(&wanted, why, why_size);
}

int privilege_use_net_admin(bool use)
{
	struct sets sets;
	int err = read_sets(&sets);

	if (err)
		return err;
	errno = 0;
	if (capng_update(use ? CAPNG_ADD : CAPNG_DROP, CAPNG_EFFECTIVE, CAP_NET_ADMIN) || capng_apply(CAPNG_SELECT_CAPS))
		return errno ? -errno : -EPERM;
	err = read_sets(&sets);
	if (err)
		return err;
	return !(sets.effective & BIT(CAP_NET_ADMIN)) == !use ? 0 : -EPERM;
}

int privilege_limit_master(char *why, size_t why_size)
{
	const uint64_t tools = BIT(CAP_NET_ADMIN) | BIT(CAP_NET_RAW);
	uint64_t keep = tools | BIT(CAP_SETUID) | BIT(CAP_SETGID) | BIT(CAP_KILL);
	struct sets sets, wanted;
	uint64_t inherit;
	int err;

	err = read_sets(&sets);
	if (err)
		return fail(err, why, why_size, "capabilities: reading them: %s", strerror(-err));
	keep &= sets.permitted;
	if (!(keep & BIT(CAP_NET_ADMIN)))
		return fail(-EPERM, why, why_size, "capabilities: CAP_NET_ADMIN is missing: start as root");

	/* A program that root executes gets the bounding set; one that another user executes only what is ambient. */
	inherit = geteuid() == 0 ? 0 : keep & tools;
	wanted = (struct sets){ .effective = keep, .permitted = keep, .inheritable = inherit, .ambient = inherit };
	wanted.bounding = sets.bounding;
	if (sets.effective & BIT(CAP_SETPCAP)) {
		err = drop_bounding(keep);
		if (err)
			return fail(err, why, why_size, "bounding set: %s", strerror(-err));
		wanted.bounding &= keep;
	}
	err = set_capabilities(keep, inherit);
	if (err)
		return fail(err, why, why_size, "capabilities: %s", strerror(-err));
	return verify_sets(&wanted, why, why_size);
}
