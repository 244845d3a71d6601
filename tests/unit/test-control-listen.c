/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/control/control-listen.h"

#include "tests/unit/control-bench.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

static void open_good(struct control_listen *place, const char *path)
{
	char why[256] = "";

	if (control_listen_open(place, path, why, sizeof(why)))
		fail_msg("%s", why);
}

static void open_bad(const char *path, int err, const char *cause)
{
	struct control_listen place;
	char why[256] = "";

	assert_int_equal(control_listen_open(&place, path, why, sizeof(why)), err);
	if (!strstr(why, cause))
		fail_msg("\"%s\", expected \"%s\"", why, cause);
}

static bool is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

static void test_modes(void **state)
{
	char folder[96], path[128];
	struct control_listen place;
	struct stat status;
	mode_t mask = umask(0);

	(void)state;
	snprintf(folder, sizeof(folder), "%s/run", bench_folder);
	snprintf(path, sizeof(path), "%s/control.sock", folder);
	open_good(&place, path);
	assert_int_equal(stat(folder, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	assert_int_equal(stat(path, &status), 0);
	assert_true(S_ISSOCK(status.st_mode));
	assert_int_equal(status.st_mode & 07777, 0600);
	control_listen_close(&place);
	assert_int_equal(rmdir(folder), 0); /* neither the socket nor its lock is left */
	umask(mask);
}

static void test_living(void **state)
{
	struct control_listen place, again;

	(void)state;
	open_good(&place, bench_socket);
	open_bad(bench_socket, -EADDRINUSE, "another nfverdictd has it");
	assert_true(is_there(bench_socket)); /* the second one has not touched it */
	close(bench_connect());
	control_listen_close(&place);
	open_good(&again, bench_socket);
	control_listen_close(&again);
}

/* One that lives but holds no lock: not a daemon of ours, or its lock was removed. */
static void test_foreign(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	strcpy(address.sun_path, bench_socket);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	open_bad(bench_socket, -EADDRINUSE, "somebody else listens there");
	assert_true(is_there(bench_socket));
	close(fd);
	unlink(bench_socket);
}

static void test_dead(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct control_listen place;
	char lock[128];

	(void)state;
	strcpy(address.sun_path, bench_socket);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	close(fd); /* as one that was killed: the files stay */
	snprintf(lock, sizeof(lock), "%s.lock", bench_socket);
	close(open(lock, O_CREAT | O_RDWR, 0600));
	open_good(&place, bench_socket);
	close(bench_connect());
	control_listen_close(&place);
	assert_false(is_there(bench_socket) || is_there(lock));
}

/* What somebody put in the place of ours is not ours to remove. */
static void test_replaced(void **state)
{
	struct control_listen place;

	(void)state;
	open_good(&place, bench_socket);
	assert_true(control_listen_stands(&place));
	assert_int_equal(unlink(bench_socket), 0);
	assert_false(control_listen_stands(&place));
	close(open(bench_socket, O_CREAT | O_RDWR, 0600));
	assert_false(control_listen_stands(&place));
	control_listen_close(&place);
	assert_int_equal(unlink(bench_socket), 0);
}

/* The same with the lock: another one may listen there by now. */
static void test_lock_replaced(void **state)
{
	struct control_listen place, other;
	char lock[128];

	(void)state;
	snprintf(lock, sizeof(lock), "%s.lock", bench_socket);
	open_good(&place, bench_socket);
	assert_int_equal(unlink(lock) | unlink(bench_socket), 0);
	open_good(&other, bench_socket);
	control_listen_close(&place);
	assert_true(control_listen_stands(&other));
	assert_true(is_there(lock));
	control_listen_close(&other);
}

static void test_refused(void **state)
{
	char path[256];

	(void)state;
	open_bad("control.sock", -EINVAL, "not an absolute path");
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[120] = '\0';
	open_bad(path, -ENAMETOOLONG, "at most 107 bytes");
	snprintf(path, sizeof(path), "%s/a/b/control.sock", bench_folder);
	open_bad(path, -ENOENT, "a/b: No such file");
	close(open(bench_socket, O_CREAT | O_RDWR, 0600));
	open_bad(bench_socket, -EEXIST, "is there and no socket");
	assert_int_equal(unlink(bench_socket), 0);
	assert_int_equal(chmod(bench_folder, 0777), 0);
	open_bad(bench_socket, -EPERM, "others may write to it");
	assert_int_equal(chmod(bench_folder, 0700), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_modes, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(test_living, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(test_foreign, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(test_dead, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(test_replaced, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(test_lock_replaced, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(test_refused, bench_begin, bench_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
