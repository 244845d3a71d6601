/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes that are rolled back unless they are confirmed. The journal holds the way back; a process of its own waits for
 * the time to be over. Should that be gone, the next use of the library rolls back instead.
 */
#include "rules/store-tool.h"

#include "rules/error.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS 200 /* how often the process looks if it is still needed */

static int read_waiting(struct store_tool *st, struct journal *journal, struct nfv_rules_error *error)
{
	const struct journal_place place = store_tool_place(st);

	int err = st->folder.fd < 0 ? lock_folder_open(&st->folder, st->wanted_folder, error) : 0;

	if (err)
		return err;
	return journal_any(&place, JOURNAL_CONFIRM) ? journal_read(&place, JOURNAL_CONFIRM, journal, error) : -ENOENT;
}

static long left_of(const struct journal *journal)
{
	uint64_t now = journal_now_ms();

	return journal->deadline_ms > now ? (long)((journal->deadline_ms - now + 999) / 1000) : 0;
}

/* ---- what may be changed meanwhile ---- */

static bool same_table(const struct change *a, const struct change *b)
{
	for (size_t i = 0; i < a->count; i++)
		for (size_t j = 0; j < b->count; j++)
			if (a->parts[i].family == b->parts[j].family && !strcmp(a->parts[i].table, b->parts[j].table))
				return true;
	return false;
}

int confirm_allows(struct store_tool *st, const struct change *change, bool waits, struct nfv_rules_error *error)
{
	struct journal journal;
	int err = read_waiting(st, &journal, error);

	if (err)
		return err == -ENOENT ? 0 : err;
	if (waits || same_table(change, &journal.change))
		err = error_set(error, -EBUSY,
				"a change%s waits to be confirmed (%ld s left): confirm it or roll it back first",
				waits ? "" : " of the same table", left_of(&journal));
	journal_free(&journal);
	return err;
}

/* ---- the process that waits ---- */

static void wait_until(uint64_t deadline_ms)
{
	uint64_t now = journal_now_ms(), until = now + LOOK_MS;
	struct timespec at;

	if (deadline_ms > now && deadline_ms < until)
		until = deadline_ms;
	at = (struct timespec){ .tv_sec = (time_t)(until / 1000), .tv_nsec = (long)(until % 1000) * 1000000 };
	/* Time that the machine sleeps counts: nobody can confirm then either. */
	clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &at, NULL);
}

/* Until it is confirmed, rolled back, or due; then rolls back. */
static void watch(struct store_tool *st)
{
	for (;;) {
		struct journal journal;
		bool due;
		int err = read_waiting(st, &journal, NULL);

		if (err == -ENOENT)
			return;
		due = !err && journal.deadline_ms <= journal_now_ms();
		wait_until(err ? 0 : journal.deadline_ms);
		if (!err)
			journal_free(&journal);
		/* Under the lock everything is looked at again. One that cannot be had now may be had later. */
		if (due && !store_tool_enter(st, NULL)) {
			store_tool_recover(st, NULL);
			store_tool_leave(st);
		}
	}
}

static void leave_the_caller(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;
	int null;

	setsid();
	for (int s = 1; s < NSIG; s++)
		sigaction(s, &action, NULL);
	/* The terminal may go, and with it the login: that is what this process is for. */
	action.sa_handler = SIG_IGN;
	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGQUIT, &action, NULL);
	sigaction(SIGPIPE, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	close_range(0, ~0u, 0);
	null = open("/dev/null", O_RDWR);
	if (null == 0 && dup2(0, 1) == 1)
		dup2(0, 2);
	if (chdir("/"))
		_exit(1);
	prctl(PR_SET_NAME, "nfv-confirm");
}

static void __attribute__((noreturn)) run(const struct nfv_live_options *options)
{
	struct store *store;

	leave_the_caller();
	if (store_open_tool(&store, options, NULL))
		_exit(1);
	watch((struct store_tool *)store);
	_exit(0);
}

int confirm_watch(struct store_tool *st, struct nfv_rules_error *error)
{
	const struct nfv_live_options options = {
		.backend = st->backend,
		.tool_folder = st->tool_folder,
		.state_folder = st->folder.path,
		.timeout_ms = st->tool.timeout_ms,
		.lock_wait_ms = st->lock_wait_ms,
	};
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		/* Twice, so that nobody has to reap it. */
		pid = fork();
		if (pid == 0)
			run(&options);
		_exit(pid < 0);
	}
	if (pid < 0)
		return error_set(error, -errno, "process that rolls back: %s", strerror(errno));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0
		       ? 0
		       : error_set(error, -EAGAIN, "process that rolls back: cannot be started");
}

/* ---- for the user ---- */

static int end_locked(struct store_tool *st, bool keep, struct nfv_rules_error *error)
{
	const struct journal_place place = store_tool_place(st);
	struct journal journal;
	int err = store_tool_recover(st, error);

	if (err)
		return err;
	err = read_waiting(st, &journal, error);
	if (err == -ENOENT)
		return error_set(error, err, "nothing waits to be confirmed");
	if (err)
		return err;
	if (!keep) {
		err = store_tool_roll_back(st, &journal.change, JOURNAL_CONFIRM, error);
	} else {
		err = journal_remove(&place, JOURNAL_CONFIRM);
		if (err)
			error_set(error, err, "journal in %s: %s", st->folder.path, strerror(-err));
	}
	journal_free(&journal);
	return err;
}

int confirm_end(struct store *store, bool keep, struct nfv_rules_error *error)
{
	struct store_tool *st = (struct store_tool *)store;
	int err = store_tool_enter(st, error);

	if (err)
		return err;
	err = end_locked(st, keep, error);
	store_tool_leave(st);
	return err;
}

long confirm_left(struct store *store)
{
	struct journal journal;
	long left;
	int err = read_waiting((struct store_tool *)store, &journal, NULL);

	if (err)
		return err;
	left = left_of(&journal);
	journal_free(&journal);
	return left;
}
