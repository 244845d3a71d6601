/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Users and groups: the C library loads libraries for them and keeps their memory, so that what is not given back says nothing.
 */
#include "fail.h"

#include <dlfcn.h>
#include <grp.h>
#include <pwd.h>

#define EXPORT __attribute__((visibility("default")))

int fail_names;

EXPORT int getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size, struct passwd **found)
{
	int (*real)(const char *, struct passwd *, char *, size_t, struct passwd **) = dlsym(RTLD_NEXT, "getpwnam_r");
	int err;

	fail_names++;
	err = real(name, entry, buffer, size, found);
	fail_names--;
	return err;
}

EXPORT int getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size, struct passwd **found)
{
	int (*real)(uid_t, struct passwd *, char *, size_t, struct passwd **) = dlsym(RTLD_NEXT, "getpwuid_r");
	int err;

	fail_names++;
	err = real(uid, entry, buffer, size, found);
	fail_names--;
	return err;
}

EXPORT int getgrnam_r(const char *name, struct group *entry, char *buffer, size_t size, struct group **found)
{
	int (*real)(const char *, struct group *, char *, size_t, struct group **) = dlsym(RTLD_NEXT, "getgrnam_r");
	int err;

	fail_names++;
	err = real(name, entry, buffer, size, found);
	fail_names--;
	return err;
}

EXPORT struct group *getgrgid(gid_t gid)
{
	struct group *(*real)(gid_t) = (struct group * (*)(gid_t)) dlsym(RTLD_NEXT, "getgrgid");
	struct group *found;

	fail_names++;
	found = real(gid);
	fail_names--;
	return found;
}
