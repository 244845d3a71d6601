/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/handler/plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64]; /* a temporary one */
static struct trust trust = { .allow_unsafe = true };
static char why[1024];

static const char *built(const char *name)
{
	static char path[4096];
	const char *top = getenv("top_builddir");

	snprintf(path, sizeof(path), "%s/%s", top ? top : ".", name);
	return path;
}

static int load(struct plugin *plugin, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		fail_msg("%s: %s", path, strerror(errno));
	memset(why, 0, sizeof(why));
	err = plugin_load(plugin, fd, path, why, sizeof(why));
	close(fd);
	return err;
}

static void expect_good(void)
{
	struct nfv_packet packet = { .size = sizeof(packet) };
	struct plugin plugin;

	if (load(&plugin, built("plugins/accept/accept.so")))
		fail_msg("%s", why);
	assert_string_equal(plugin.ops->name, "accept");
	assert_int_equal(plugin.ops->packet(NULL, &packet), NFV_ACCEPT);
	assert_string_equal(plugin.path, built("plugins/accept/accept.so"));
	plugin_unload(&plugin);
	assert_null(plugin.library);
}

/* Refused with one line that contains `words`; a good plugin loads afterwards as before. */
static void expect_refused(const char *path, const char *words)
{
	struct plugin plugin;
	int err = load(&plugin, path);

	assert_true(err < 0);
	if (!strstr(why, words))
		fail_msg("%s: wanted \"%s\", got \"%s\"", path, words, why);
	for (const char *c = why; *c; c++)
		assert_true((unsigned char)*c >= ' ');
	assert_null(strstr(why, "/proc/"));
	assert_null(plugin.library);
	assert_null(plugin.ops);
	plugin_unload(&plugin);
	expect_good();
}

static void a_good_one(void **state)
{
	(void)state;
	expect_good();
}

static void wrong_ones(void **state)
{
	static const struct {
		const char *name;
		const char *words;
	} wrong[] = {
		{ "wrong-magic", "magic is 0x12345678, wanted 0x6e667664" },
		{ "wrong-major", "plugin ABI is 2.0, wanted 1.x" },
		{ "newer-minor", "plugin ABI is 1.1, wanted 1.0 or an older minor" },
		{ "wrong-size", "struct nfv_plugin has " },
		{ "no-symbol", "has no symbol nfverdict_plugin" },
		{ "short-symbol", "symbol nfverdict_plugin has 4 bytes of data, wanted " },
		{ "function-symbol", "symbol nfverdict_plugin has 0 bytes of data, wanted " },
		{ "no-name", "has no name" },
		{ "odd-name", "name \"odd name\" is not" },
		{ "no-function", "has neither packet() nor batch()" },
		{ "undefined-symbol", "undefined symbol: nobody_has_this_function" },
		{ "reserved-may", "may has NFV_MAY_HOLD, which plugin ABI 1.0 reserves" },
		{ "unknown-may", "may is 0x100000, wanted bits of 0x1f" },
		{ "unknown-needs", "needs_metadata is 0x80000000" },
		{ "too-many-bytes", "needs_bytes is 65532, wanted at most 65531" },
		{ "bad-table", "option table: " },
		{ "no-size", "options_size is 0" },
		{ "plugin-key", "option table: option plugin: the key of that name is the daemon's" },
		{ "odd-description", "description has the control character 0x1b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char name[128];

		snprintf(name, sizeof(name), "tests/plugins/%s.so", wrong[i].name);
		expect_refused(strdupa(built(name)), wrong[i].words);
	}
}

static const char *make_file(const char *name, const void *bytes, size_t len)
{
	static char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
	return path;
}

static void files_that_are_none(void **state)
{
	static const char text[] = "# Not a plugin, but its documentation\n";
	char program[4096];
	ssize_t len;

	(void)state;
	expect_refused(make_file("text.so", text, sizeof(text) - 1), "is not a shared object");
	expect_refused(make_file("one.so", "\x7f", 1), "is not a shared object");
	expect_refused(make_file("empty.so", "", 0), "is empty, not a shared object");
	expect_refused(folder, "is a folder, wanted a shared object");
	/* An ELF header and nothing behind it. */
	expect_refused(make_file("cut.so",
				 "\x7f"
				 "ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\x3e\0",
				 20),
		       "file too short");
	/* Not position-independent, or a relocatable object: the type says so. */
	expect_refused(make_file("object.so",
				 "\x7f"
				 "ELF\2\1\1\0\0\0\0\0\0\0\0\0\1\0\x3e\0",
				 20),
		       "not a shared object");
	/* A program of the machine: whatever the loader says about it is one line. */
	len = readlink("/proc/self/exe", program, sizeof(program) - 1);
	assert_true(len > 0);
	program[len] = '\0';
	expect_refused(program, "cannot dynamically load");
}

static void a_descriptor_that_cannot_be_read(void **state)
{
	int fd = open(built("plugins/accept/accept.so"), O_PATH | O_CLOEXEC);
	struct plugin plugin;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(plugin_load(&plugin, fd, "x.so", why, sizeof(why)), -EBADF);
	assert_string_equal(why, "cannot be read: Bad file descriptor");
	close(fd);
	assert_int_equal(plugin_load(&plugin, -1, "x.so", why, sizeof(why)), -EBADF);
}

/* The loader goes by names: a number that is used again must not bring the old library back. */
static void one_descriptor_for_many(void **state)
{
	struct plugin plugins[40];
	int first = -1;

	(void)state;
	for (int i = 0; i < 40; i++) {
		const char *path = built(i & 1 ? "tests/plugins/other.so" : "plugins/accept/accept.so");
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		assert_true(fd >= 0);
		if (first < 0)
			first = fd;
		assert_int_equal(fd, first);
		if (plugin_load(&plugins[i], fd, path, why, sizeof(why)))
			fail_msg("%s", why);
		close(fd);
		assert_string_equal(plugins[i].ops->name, i & 1 ? "other" : "accept");
	}
	for (int i = 0; i < 40; i++)
		assert_ptr_equal(plugins[i].ops, plugins[i & 1].ops); /* one library, opened many times */
	for (int i = 0; i < 40; i++)
		plugin_unload(&plugins[i]);
}

static void a_short_line_is_cut(void **state)
{
	struct plugin plugin;
	char small[12];
	int fd = open(built("tests/plugins/wrong-magic.so"), O_RDONLY | O_CLOEXEC);

	(void)state;
	memset(small, 'x', sizeof(small));
	assert_int_equal(plugin_load(&plugin, fd, "a.so", small, 10), -ENOEXEC);
	assert_string_equal(small, "magic is ");
	assert_int_equal(small[10], 'x');
	close(fd);
}

/* ---- Finding ---- */

static int find(const char *name, const char *const *folders, size_t count, char *path, size_t path_size)
{
	memset(why, 0, sizeof(why));
	return plugin_find(name, folders, count, &trust, path, path_size, why, sizeof(why));
}

static void folders_in_order(void **state)
{
	char first[80], second[80], path[256], expected[256];
	const char *folders[] = { "/nonexistent", first, second };
	int fd;

	(void)state;
	snprintf(first, sizeof(first), "%s/first", folder);
	snprintf(second, sizeof(second), "%s/second", folder);
	assert_int_equal(mkdir(first, 0755), 0);
	assert_int_equal(mkdir(second, 0755), 0);
	make_file("second/both.so", "2", 1);

	fd = find("both", folders, 3, path, sizeof(path));
	snprintf(expected, sizeof(expected), "%s/both.so", second);
	assert_true(fd >= 0);
	assert_string_equal(path, expected);
	close(fd);

	make_file("first/both.so", "1", 1);
	fd = find("both", folders, 3, path, sizeof(path));
	snprintf(expected, sizeof(expected), "%s/both.so", first);
	assert_true(fd >= 0);
	assert_string_equal(path, expected);
	close(fd);

	/* A path is a path. */
	fd = find(make_file("direct.so", "d", 1), folders, 3, path, sizeof(path));
	assert_true(fd >= 0);
	snprintf(expected, sizeof(expected), "%s/direct.so", folder);
	assert_string_equal(path, expected);
	close(fd);
}

static void not_found(void **state)
{
	const char *folders[] = { "/nonexistent/a", "/nonexistent/b" };
	char path[256], small[8];

	(void)state;
	assert_int_equal(find("no-such", folders, 2, path, sizeof(path)), -ENOENT);
	assert_string_equal(why, "no-such.so: not found in /nonexistent/a, /nonexistent/b");
	assert_int_equal(find("no-such", NULL, 0, path, sizeof(path)), -ENOENT);
	assert_string_equal(why, "no-such.so: not found: there is no folder to look in");
	assert_int_equal(find("/nonexistent/x.so", folders, 2, path, sizeof(path)), -ENOENT);
	assert_non_null(strstr(why, "/nonexistent/x.so: No such file or directory"));
	assert_int_equal(find("", folders, 2, path, sizeof(path)), -EINVAL);
	assert_int_equal(find("no-such", folders, 2, small, sizeof(small)), -ENAMETOOLONG);
}

/* Root reads everything, so it becomes somebody else for a moment. */
static void a_file_that_cannot_be_read(void **state)
{
	const char *secret = make_file("secret.so", "s", 1);
	bool root = geteuid() == 0;
	char path[256];
	int fd;

	(void)state;
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(chmod(secret, 0), 0);
	if (root && seteuid(65534)) {
		print_message("in this user namespace there is nobody else\n");
		skip();
	}
	fd = find(secret, NULL, 0, path, sizeof(path));
	if (root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(fd, -EACCES);
	assert_int_equal(strncmp(why, secret, strlen(secret)), 0);
	assert_non_null(strstr(why, "Permission denied"));
}

/* One that must not be used is not passed over for another: what is wrong would stay hidden. */
static void a_bad_one_is_not_passed_over(void **state)
{
	char first[80], second[80], path[256];
	const char *folders[] = { first, second };
	struct trust strict = { 0 };

	(void)state;
	snprintf(first, sizeof(first), "%s/bad", folder);
	snprintf(second, sizeof(second), "%s/good", folder);
	assert_int_equal(mkdir(first, 0755), 0);
	assert_int_equal(mkdir(second, 0755), 0);
	make_file("good/which.so", "2", 1);
	snprintf(path, sizeof(path), "%s/which.so", first);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(find("which", folders, 2, path, sizeof(path)), -EISDIR);
	assert_non_null(strstr(why, "is a folder"));

	if (geteuid() != 0)
		return;
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(chmod(make_file("bad/which.so", "1", 1), 0666), 0);
	assert_int_equal(plugin_find("which", folders, 2, &strict, path, sizeof(path), why, sizeof(why)), -EPERM);
	assert_non_null(strstr(why, "not trusted: "));
}

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/nfv-test-plugin-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_one),
		cmocka_unit_test(wrong_ones),
		cmocka_unit_test(files_that_are_none),
		cmocka_unit_test(a_descriptor_that_cannot_be_read),
		cmocka_unit_test(one_descriptor_for_many),
		cmocka_unit_test(a_short_line_is_cut),
		cmocka_unit_test(folders_in_order),
		cmocka_unit_test(not_found),
		cmocka_unit_test(a_file_that_cannot_be_read),
		cmocka_unit_test(a_bad_one_is_not_passed_over),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
