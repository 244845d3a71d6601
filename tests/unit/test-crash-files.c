/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/crash-files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char top[] = "/tmp/nfv-crash-files.XXXXXX";

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(top) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *place)
{
	(void)st;
	(void)type;
	(void)place;
	return remove(path);
}

static int tear_down(void **state)
{
	(void)state;
	return nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static unsigned count(int folder)
{
	int again = openat(folder, ".", O_RDONLY | O_DIRECTORY);
	DIR *dir = fdopendir(again);
	struct dirent *entry;
	unsigned found = 0;

	while ((entry = readdir(dir)))
		found += entry->d_name[0] != '.';
	closedir(dir);
	return found;
}

static void keeps_to_its_limit(void **state)
{
	char folder[64], name[96], first[96] = "";
	struct stat st;
	int fd;

	(void)state;
	snprintf(folder, sizeof(folder), "%s/crashes", top);
	fd = crash_files_open(folder);
	assert_true(fd >= 0);
	assert_int_equal(stat(folder, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0750 & ~(umask(0)));
	close(openat(fd, "notes.txt", O_WRONLY | O_CREAT, 0600));
	close(openat(fd, "crash-notes", O_WRONLY | O_CREAT, 0600));
	for (uint32_t i = 0; i < 7; i++) {
		int file = crash_files_create(fd, 3, 5, i, name, sizeof(name));

		assert_true(file >= 0);
		close(file);
		if (i == 0)
			strcpy(first, name);
		assert_int_equal(count(fd), 2 + (i < 3 ? i + 1 : 3));
	}
	assert_true(strstr(name, "-5-6.pcapng"));
	assert_int_equal(fstatat(fd, name, &st, 0), 0);
	assert_int_equal(fstatat(fd, first, &st, 0), -1);
	assert_int_equal(fstatat(fd, "notes.txt", &st, 0), 0);
	close(fd);
}

static void moves_cores(void **state)
{
	char folder[64], name[96] = "";
	struct stat st;
	int fd, cores;

	(void)state;
	snprintf(folder, sizeof(folder), "%s/cored", top);
	fd = crash_files_open(folder);
	cores = crash_files_open_cores(fd);
	assert_true(cores >= 0);
	assert_int_equal(fstat(cores, &st), 0);
	assert_int_equal(st.st_mode & 07777, 01733);
	assert_int_equal(crash_files_take_core(fd, 2, 5, 77, name, sizeof(name)), -ENOENT);
	assert_int_equal(mkdirat(cores, "core", 0700), 0); /* nothing that a kernel makes */
	assert_int_equal(crash_files_take_core(fd, 2, 5, 77, name, sizeof(name)), -ENOENT);
	close(crash_files_create(fd, 2, 5, 1, name, sizeof(name)));
	for (uint32_t i = 0; i < 4; i++) {
		close(openat(cores, "core.77", O_WRONLY | O_CREAT, 0600));
		assert_int_equal(crash_files_take_core(fd, 2, 5, 77, name, sizeof(name)), 0);
		assert_int_equal(fstatat(fd, name, &st, 0), 0);
		assert_int_equal(fstatat(cores, "core.77", &st, 0), -1);
	}
	assert_true(strstr(name, "-5-77.core"));
	assert_int_equal(count(fd), 4); /* the folder, a packet, two cores */
	close(cores);
	cores = crash_files_open_cores(fd);
	assert_true(cores >= 0);
	close(cores);
	close(fd);
}

static void no_folder(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/file", top);
	close(open(path, O_WRONLY | O_CREAT, 0600));
	assert_int_equal(crash_files_open(path), -ENOTDIR);
	snprintf(path, sizeof(path), "%s/no/folder", top);
	assert_int_equal(crash_files_open(path), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_to_its_limit),
		cmocka_unit_test(moves_cores),
		cmocka_unit_test(no_folder),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
