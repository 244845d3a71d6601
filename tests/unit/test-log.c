/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/stat.h>

#include <cmocka.h>

/* A datagram pair instead of stderr: each write() arrives as one message, so that lines and writes can be compared. */
struct catcher {
	int kept, fd;
	char text[8192];
};

static void catcher_begin(struct catcher *c)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	fflush(stderr);
	c->kept = dup(STDERR_FILENO);
	dup2(pair[1], STDERR_FILENO);
	close(pair[1]);
	c->fd = pair[0];
}

/* The next line, or "" when nothing more was written. */
static const char *catcher_next(struct catcher *c)
{
	ssize_t len = recv(c->fd, c->text, sizeof(c->text) - 1, MSG_DONTWAIT);

	c->text[len > 0 ? len : 0] = '\0';
	return c->text;
}

static void catcher_end(struct catcher *c)
{
	dup2(c->kept, STDERR_FILENO);
	close(c->kept);
	close(c->fd);
}

static int reset(void **state)
{
	(void)state;
	unsetenv("JOURNAL_STREAM");
	log_redirect(NULL, NULL);
	log_open(LOG_STDERR, NFV_LOG_NOTICE, "nfverdictd");
	return 0;
}

static void levels(void **state)
{
	struct catcher c;

	(void)state;
	catcher_begin(&c);
	log_open(LOG_STDERR, NFV_LOG_INFO, "nfverdictd");
	errno = EXDEV;
	log_error("queue %d: %s", 5, "bind");
	log_warning("w");
	log_notice("n");
	log_info("i");
	log_debug("not seen");
	assert_int_equal(errno, EXDEV);
	assert_int_equal(log_level(), NFV_LOG_INFO);
	assert_string_equal(catcher_next(&c), "nfverdictd: error: queue 5: bind\n");
	assert_string_equal(catcher_next(&c), "nfverdictd: warning: w\n");
	assert_string_equal(catcher_next(&c), "nfverdictd: notice: n\n");
	assert_string_equal(catcher_next(&c), "nfverdictd: info: i\n");
	assert_string_equal(catcher_next(&c), "");
	log_write((enum nfv_log_level)77, "a plugin's");
	assert_string_equal(catcher_next(&c), "nfverdictd: error: a plugin's\n");
	catcher_end(&c);
}

static void control_characters(void **state)
{
	struct catcher c;

	(void)state;
	catcher_begin(&c);
	log_error("a\nnfverdictd: error: forged\r\t\x1b[2J\x7f %s", "\xc3\xa9");
	assert_string_equal(catcher_next(&c), "nfverdictd: error: a\\nnfverdictd: error: forged\\r\\t\\x1b[2J\\x7f \xc3\xa9\n");
	assert_string_equal(catcher_next(&c), "");
	catcher_end(&c);
}

/* Lengths around the limit, plain and with characters that grow when made visible: one line, ended, never too long. */
static void long_lines(void **state)
{
	static char text[3 * LOG_LINE_MAX];
	struct catcher c;

	(void)state;
	catcher_begin(&c);
	for (size_t len = LOG_LINE_MAX - 10; len < LOG_LINE_MAX + 10; len++) {
		for (int control = 0; control < 2; control++) {
			const char *line;

			memset(text, control ? '\x01' : 'x', len);
			text[len] = '\0';
			log_error("%s", text);
			line = catcher_next(&c);
			assert_true(strlen(line) <= strlen("nfverdictd: error: ") + LOG_LINE_MAX);
			assert_true(strlen(line) > LOG_LINE_MAX - 10);
			assert_int_equal(line[strlen(line) - 1], '\n');
			assert_int_equal(strcspn(line, "\n"), strlen(line) - 1);
			if (control || len >= LOG_LINE_MAX)
				assert_string_equal(line + strlen(line) - 4, "...\n");
		}
	}
	catcher_end(&c);
}

static void journal(void **state)
{
	char stream[64];
	struct catcher c;
	struct stat st;

	(void)state;
	catcher_begin(&c);
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_open(LOG_STDERR, NFV_LOG_DEBUG, "nfverdictd");
	log_error("e");
	log_debug("d");
	assert_string_equal(catcher_next(&c), "<3>e\n");
	assert_string_equal(catcher_next(&c), "<7>d\n");
	setenv("JOURNAL_STREAM", "1:1", 1); /* stderr went elsewhere since */
	log_open(LOG_STDERR, NFV_LOG_DEBUG, "nfverdictd");
	log_error("e");
	assert_string_equal(catcher_next(&c), "nfverdictd: error: e\n");
	catcher_end(&c);
}

static char redirected[LOG_LINE_MAX];
static enum nfv_log_level redirected_level;

static void on_line(void *context, enum nfv_log_level level, const char *text)
{
	++*(int *)context;
	redirected_level = level;
	snprintf(redirected, sizeof(redirected), "%s", text);
	log_error("from within");
}

static void redirect(void **state)
{
	struct catcher c;
	int calls = 0;

	(void)state;
	catcher_begin(&c);
	log_redirect(on_line, &calls);
	log_warning("a\x02 %s", "b");
	log_debug("not seen");
	assert_int_equal(calls, 1);
	assert_int_equal(redirected_level, NFV_LOG_WARNING);
	assert_string_equal(redirected, "a\\x02 b");
	assert_string_equal(catcher_next(&c), "nfverdictd: error: from within\n");
	assert_string_equal(catcher_next(&c), "");
	log_redirect(NULL, NULL);
	log_warning("back");
	assert_string_equal(catcher_next(&c), "nfverdictd: warning: back\n");
	assert_int_equal(calls, 1);
	catcher_end(&c);
}

/* Nothing can be read back from syslog here; what can be seen is that stderr stays quiet and nothing breaks without a server. */
static void syslog_target(void **state)
{
	struct catcher c;

	(void)state;
	catcher_begin(&c);
	log_open(LOG_SYSLOG, NFV_LOG_ERROR, "nfverdictd-test");
	log_warning("below the level, so that no test's line lands in a machine's log");
	assert_string_equal(catcher_next(&c), "");
	log_open(LOG_STDERR, NFV_LOG_NOTICE, "nfverdictd");
	log_notice("back");
	assert_string_equal(catcher_next(&c), "nfverdictd: notice: back\n");
	catcher_end(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(levels, reset, reset),
		cmocka_unit_test_setup_teardown(control_characters, reset, reset),
		cmocka_unit_test_setup_teardown(long_lines, reset, reset),
		cmocka_unit_test_setup_teardown(journal, reset, reset),
		cmocka_unit_test_setup_teardown(redirect, reset, reset),
		cmocka_unit_test_setup_teardown(syslog_target, reset, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
