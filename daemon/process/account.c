/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom workers and checker become: account_find() of privilege.h. */
#include "daemon/process/privilege.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* 0, -ENOENT when there is no such user, or -errno. */
static int look_up(const char *name, struct account *account)
{
	char buffer[16384];
	struct passwd entry, *found = NULL;
	int err = getpwnam_r(name, &entry, buffer, sizeof(buffer), &found);

	if (!found)
		return err == 0 || err == ENOENT || err == ESRCH ? -ENOENT : -err;
	*account = (struct account){ .uid = entry.pw_uid, .gid = entry.pw_gid, .change = true };
	snprintf(account->name, sizeof(account->name), "%s", name);
	return 0;
}

static void keep_own(struct account *account)
{
	char buffer[16384];
	struct passwd entry, *found = NULL;

	*account = (struct account){ .uid = geteuid(), .gid = getegid(), .change = false };
	if (getpwuid_r(account->uid, &entry, buffer, sizeof(buffer), &found) == 0 && found)
		snprintf(account->name, sizeof(account->name), "%s", entry.pw_name);
	else
		snprintf(account->name, sizeof(account->name), "%u", account->uid);
}

/*
 * True when the user namespace knows the id. A file that cannot be read means a kernel without user namespaces: all are
 * known.
 */
static bool mapped(const char *file, uint32_t id)
{
	FILE *map = fopen(file, "re");
	uint64_t inside, outside, count;
	bool found = !map;

	while (map && !found && fscanf(map, "%" SCNu64 " %" SCNu64 " %" SCNu64, &inside, &outside, &count) == 3)
		found = id >= inside && id - inside < count;
	if (map)
		fclose(map);
	return found;
}

static bool groups_denied(void)
{
	char word[8] = "";
	FILE *file = fopen("/proc/self/setgroups", "re");
	bool denied = file && fscanf(file, "%7s", word) == 1 && strcmp(word, "deny") == 0;

	if (file)
		fclose(file);
	return denied;
}

int account_find(const char *name, struct account *account, char *why, size_t why_size)
{
	const char *wanted = name ? name : NFV_WORKER_USER;
	int err = look_up(wanted, account);

	if (why_size)
		why[0] = '\0';
	if (err == -ENOENT && !name) {
		snprintf(why, why_size, "user %s does not exist: workers run as nobody", wanted);
		wanted = "nobody";
		err = look_up(wanted, account);
	}
	if (err) {
		snprintf(why, why_size, "user %s: %s", wanted, err == -ENOENT ? "does not exist" : strerror(-err));
		return err;
	}

	if (geteuid() != 0) {
		if (account->uid != geteuid())
			snprintf(why, why_size, "not started as root: workers stay user id %u instead of becoming %s",
				 geteuid(), wanted);
		keep_own(account);
	} else if (groups_denied() || !mapped("/proc/self/uid_map", account->uid) ||
		   !mapped("/proc/self/gid_map", account->gid)) {
		snprintf(why, why_size, "this user namespace does not allow becoming %s: workers stay user id 0 of it",
			 wanted);
		keep_own(account);
	} else if (account->uid == 0) {
		snprintf(why, why_size, "user %s is root: workers must not be", wanted);
		return -EPERM;
	}
	return 0;
}
