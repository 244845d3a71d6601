/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files in a folder under /tmp, which is a sticky folder and so a parent that is taken. Giving files to other owners
 * needs root: those tests are skipped without it, and so is refusal itself, since only root refuses.
 */
#include "daemon/config/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char base[] = "/tmp/nfv-trust-XXXXXX";

static void write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(chmod(path, 0644), 0);
}

static int group_setup(void **state)
{
	(void)state;
	if (!mkdtemp(base) || chmod(base, 0755) || chdir(base))
		return -1;
	umask(022);
	return mkdir("sub", 0755) || mkdir("sub/deep", 0755);
}

static int group_teardown(void **state)
{
	char command[64];

	(void)state;
	if (chdir("/"))
		return -1;
	snprintf(command, sizeof(command), "rm -r %s", base);
	return system(command);
}

static int file_setup(void **state)
{
	(void)state;
	write_file("sub/deep/file", "hello");
	return chmod("sub", 0755) || chmod("sub/deep", 0755);
}

/* Root, and not only of a user namespace, where the folders above belong to somebody else and other owners do not exist. */
static bool is_root(void)
{
	unsigned inside = 0, outside = 0, count = 0;
	FILE *map = fopen("/proc/self/uid_map", "r");
	bool whole = map && fscanf(map, "%u %u %u", &inside, &outside, &count) == 3 && count == UINT32_MAX;
	struct stat st;

	if (map)
		fclose(map);
	return geteuid() == 0 && whole && !stat("/", &st) && st.st_uid == 0;
}

static void need_root(void)
{
	if (!is_root()) {
		print_message("only root refuses files, and in a user namespace nothing of the machine belongs to root\n");
		skip();
	}
}

static void assert_opens(const char *path)
{
	struct trust trust = { .allow_unsafe = !is_root() };
	char why[512] = "", text[8] = "";
	int fd = trust_open(&trust, path, why, sizeof(why));

	if (fd < 0)
		fail_msg("%s: %s", path, why);
	assert_int_equal(read(fd, text, sizeof(text)), 5);
	assert_string_equal(text, "hello");
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	close(fd);
}

/* Refused by root, and with allow_unsafe opened with the same words for the log. `what` follows the base folder. */
static void assert_refused(const char *path, const char *what, const char *cause)
{
	struct trust trust = { 0 };
	char why[512] = "", expected[512];
	int fd;

	snprintf(expected, sizeof(expected), "not trusted: %s%s %s", base, what, cause);
	assert_int_equal(trust_open(&trust, path, why, sizeof(why)), -EPERM);
	assert_string_equal(why, expected);
	assert_false(trust.unsafe_seen);

	trust.allow_unsafe = true;
	fd = trust_open(&trust, path, why, sizeof(why));
	assert_true(fd >= 0);
	close(fd);
	assert_true(trust.unsafe_seen);
	assert_string_equal(trust.unsafe_why, expected);
}

static void test_plain(void **state)
{
	char path[128];

	(void)state;
	assert_opens("sub/deep/file");
	assert_opens("./sub/../sub/deep//file");
	snprintf(path, sizeof(path), "%s/sub/deep/file", base);
	assert_opens(path);
}

static void test_links(void **state)
{
	(void)state;
	assert_int_equal(symlink("sub/deep", "link-to-folder"), 0);
	assert_int_equal(symlink("../link-to-folder/file", "sub/link-to-file"), 0);
	assert_int_equal(symlink("turn", "turn"), 0);
	assert_opens("link-to-folder/file");
	assert_opens("sub/link-to-file");
}

static void assert_error(const char *path, int err, const char *words)
{
	struct trust trust = { .allow_unsafe = true };
	char why[512] = "";

	assert_int_equal(trust_open(&trust, path, why, sizeof(why)), err);
	assert_string_equal(why, words);
}

static void test_errors(void **state)
{
	(void)state;
	assert_error("sub/none", -ENOENT, "No such file or directory");
	assert_error("sub/deep/file/x", -ENOTDIR, "Not a directory");
	assert_error("turn", -ELOOP, "Too many levels of symbolic links");
	assert_error("sub", -EISDIR, "is a folder, wanted a regular file");
	assert_error("/", -EISDIR, "is a folder, wanted a regular file");
	assert_error("", -ENOENT, "No such file or directory");
	assert_int_equal(mkfifo("sub/pipe", 0644), 0);
	/* Opening a pipe would wait for a writer. */
	assert_error("sub/pipe", -EINVAL, "is a device, pipe or socket, wanted a regular file");
	assert_error("/dev/null", -EINVAL, "is a device, pipe or socket, wanted a regular file");
}

static void test_file_modes(void **state)
{
	(void)state;
	need_root();
	assert_int_equal(chmod("sub/deep/file", 0664), 0);
	assert_refused("sub/deep/file", "/sub/deep/file", "is writable by group root (mode 0664)");
	assert_int_equal(chmod("sub/deep/file", 0646), 0);
	assert_refused("sub/deep/file", "/sub/deep/file", "is writable by everybody (mode 0646)");
	/* Sticky means nothing on a file. */
	assert_int_equal(chmod("sub/deep/file", 01666), 0);
	assert_refused("sub/deep/file", "/sub/deep/file", "is writable by everybody (mode 1666)");
}

static void test_folder_modes(void **state)
{
	(void)state;
	need_root();
	assert_int_equal(chmod("sub", 0777), 0);
	assert_refused("sub/deep/file", "/sub", "is writable by everybody (mode 0777)");
	assert_int_equal(chmod("sub", 0775), 0);
	assert_refused("sub/deep/file", "/sub", "is writable by group root (mode 0775)");
	/* A link's target is judged, not the link. */
	assert_refused("link-to-folder/file", "/sub", "is writable by group root (mode 0775)");
	assert_int_equal(chmod("sub", 01777), 0);
	assert_opens("sub/deep/file");
}

static void test_owners(void **state)
{
	(void)state;
	need_root();
	assert_int_equal(chown("sub/deep/file", 1000, 0), 0);
	assert_refused("sub/deep/file", "/sub/deep/file", "is owned by uid 1000 (only root may own it)");
	assert_int_equal(chown("sub/deep/file", 0, 0), 0);
	assert_int_equal(chown("sub", 65534, 0), 0);
	assert_refused("sub/deep/file", "/sub",
		       "is owned by uid 65534 (only root may own it; in a user namespace this uid stands for every owner "
		       "from outside)");
	/* Sticky does not help against the owner of the folder. */
	assert_int_equal(chmod("sub", 01755), 0);
	assert_refused("sub/deep/file", "/sub",
		       "is owned by uid 65534 (only root may own it; in a user namespace this uid stands for every owner "
		       "from outside)");
	assert_int_equal(chown("sub", 0, 0), 0);
	/* The group alone gives no right to write. */
	assert_int_equal(chown("sub/deep/file", 0, 1000), 0);
	assert_opens("sub/deep/file");
}

/* The first finding is the one for the log. */
static void test_first_finding(void **state)
{
	struct trust trust = { .allow_unsafe = true };
	char why[512], first[512];
	int fd;

	(void)state;
	need_root();
	assert_int_equal(chmod("sub", 0777), 0);
	assert_int_equal(chmod("sub/deep/file", 0666), 0);
	fd = trust_open(&trust, "sub/deep/file", why, sizeof(why));
	assert_true(fd >= 0);
	close(fd);
	snprintf(first, sizeof(first), "not trusted: %s/sub is writable by everybody (mode 0777)", base);
	assert_string_equal(trust.unsafe_why, first);
}

/* Without root everything that can be read is opened: nobody but the user is harmed. */
static void test_not_root(void **state)
{
	struct trust trust = { 0 };
	char why[512] = "";
	int fd;

	(void)state;
	assert_int_equal(chmod("sub", 0777), 0);
	if (geteuid() == 0) {
		need_root();
		assert_int_equal(setegid(65534), 0);
		assert_int_equal(seteuid(65534), 0);
		fd = trust_open(&trust, "sub/deep/file", why, sizeof(why));
		assert_int_equal(seteuid(0), 0);
		assert_int_equal(setegid(0), 0);
	} else {
		fd = trust_open(&trust, "sub/deep/file", why, sizeof(why));
	}
	assert_true(fd >= 0);
	close(fd);
	assert_true(trust.unsafe_seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_plain, file_setup),         cmocka_unit_test_setup(test_links, file_setup),
		cmocka_unit_test_setup(test_errors, file_setup),        cmocka_unit_test_setup(test_file_modes, file_setup),
		cmocka_unit_test_setup(test_folder_modes, file_setup),  cmocka_unit_test_setup(test_owners, file_setup),
		cmocka_unit_test_setup(test_first_finding, file_setup), cmocka_unit_test_setup(test_not_root, file_setup),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
