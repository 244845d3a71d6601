/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char base[] = "/tmp/nfv-journal.XXXXXX";
static struct lock_folder folder;
static struct lock_namespace space = { .inode = 77, .cookie = 0xfedcba9876543210u };
static const struct journal_place place = { &folder, &space, NFV_BACKEND_NFT };

static int setup(void **state)
{
	(void)state;
	return mkdtemp(base) ? lock_folder_open(&folder, base, NULL) : -1;
}

static int teardown(void **state)
{
	char command[64];

	(void)state;
	lock_folder_close(&folder);
	snprintf(command, sizeof(command), "rm -rf %s", base);
	return system(command);
}

/* One part without chains is enough: the change's own form is tested elsewhere. */
static void make_change(struct change *change)
{
	*change = (struct change){ .parts = calloc(1, sizeof(struct change_part)), .count = 1 };
	assert_non_null(change->parts);
	change->parts[0].family = NFV_FAMILY_IPV6;
	change->parts[0].table = strdup("filter");
	text_printf(&change->parts[0].forward.text, "*filter\n-A INPUT -j ACCEPT\nCOMMIT\n");
	text_printf(&change->parts[0].back.text, "*filter\n-D INPUT -j ACCEPT\nCOMMIT\n");
}

static void put_file(const char *name, const char *text)
{
	int fd = openat(folder.fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void test_round(void **state)
{
	struct journal journal = { .waiting = true, .deadline_ms = 123456789012u }, read;
	struct nfv_rules_error error;
	struct stat status;

	(void)state;
	make_change(&journal.change);
	assert_false(journal_any(&place, JOURNAL_COMMIT));
	assert_int_equal(journal_read(&place, JOURNAL_COMMIT, &read, NULL), -ENOENT);
	assert_int_equal(journal_write(&place, JOURNAL_COMMIT, &journal, &error), 0);
	assert_true(journal_any(&place, JOURNAL_COMMIT));
	assert_false(journal_any(&place, JOURNAL_CONFIRM));
	assert_int_equal(fstatat(folder.fd, "journal-nft-77.json", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(faccessat(folder.fd, "journal-nft-77.json.new", F_OK, 0), -1);
	assert_int_equal(journal_read(&place, JOURNAL_COMMIT, &read, &error), 0);
	assert_true(read.waiting);
	assert_int_equal(read.deadline_ms, 123456789012u);
	assert_int_equal(read.pid, getpid());
	assert_int_not_equal(read.started, 0);
	assert_int_equal(read.change.count, 1);
	assert_int_equal(read.change.parts[0].family, NFV_FAMILY_IPV6);
	assert_string_equal(read.change.parts[0].back.text.data, journal.change.parts[0].back.text.data);
	journal_free(&read);
	assert_int_equal(journal_remove(&place, JOURNAL_COMMIT), 0);
	assert_int_equal(journal_remove(&place, JOURNAL_COMMIT), 0);
	assert_false(journal_any(&place, JOURNAL_COMMIT));
	journal_free(&journal);
}

/* Others' namespaces and other boots are nobody's business any more. */
static void test_stale(void **state)
{
	const struct lock_namespace later = { .inode = 77, .cookie = 1 };
	const struct journal_place theirs = { &folder, &later, NFV_BACKEND_NFT },
				   legacy = { &folder, &space, NFV_BACKEND_LEGACY };
	struct journal journal = { 0 }, read;

	(void)state;
	make_change(&journal.change);
	assert_int_equal(journal_write(&place, JOURNAL_CONFIRM, &journal, NULL), 0);
	assert_false(journal_any(&legacy, JOURNAL_CONFIRM));
	assert_int_equal(journal_read(&theirs, JOURNAL_CONFIRM, &read, NULL), -ENOENT);
	assert_false(journal_any(&place, JOURNAL_CONFIRM));
	journal_free(&journal);
}

static void test_hostile(void **state)
{
	static const char *const texts[] = {
		"", "{", "[]", "{}", "{\"version\": 2}", "null", "\"x\"", "{\"version\": 1, \"boot\": 3}"
	};
	struct nfv_rules_error error;
	struct journal read;
	char name[256];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		put_file("journal-nft-77.json", texts[i]);
		assert_int_equal(journal_read(&place, JOURNAL_COMMIT, &read, &error), -EINVAL);
		assert_int_not_equal(error.text[0], 0);
	}
	assert_int_equal(journal_put_aside(&place, JOURNAL_COMMIT, name, sizeof(name)), 0);
	assert_int_equal(access(name, F_OK), 0);
	assert_false(journal_any(&place, JOURNAL_COMMIT));
	assert_int_equal(symlinkat("/etc/passwd", folder.fd, "journal-nft-77.json"), 0);
	assert_int_equal(journal_read(&place, JOURNAL_COMMIT, &read, &error), -ELOOP);
	assert_int_equal(unlinkat(folder.fd, "journal-nft-77.json", 0), 0);
	assert_int_equal(mkdirat(folder.fd, "journal-nft-77.json", 0700), 0);
	assert_int_equal(journal_read(&place, JOURNAL_COMMIT, &read, &error), -EINVAL);
	assert_int_equal(unlinkat(folder.fd, "journal-nft-77.json", AT_REMOVEDIR), 0);
}

/* What a writer left that died while it wrote is in nobody's way. */
static void test_left(void **state)
{
	struct journal journal = { 0 };

	(void)state;
	make_change(&journal.change);
	put_file("journal-nft-77.json.new", "half");
	assert_int_equal(journal_write(&place, JOURNAL_COMMIT, &journal, NULL), 0);
	assert_int_equal(journal_remove(&place, JOURNAL_COMMIT), 0);
	journal_free(&journal);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_stale),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_left),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
