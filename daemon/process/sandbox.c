/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "daemon/process/filter.h"
#include "daemon/process/landlock.h"
#include "daemon/process/sandbox.h"
#include "daemon/process/syscalls.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sys/prctl.h>
#include <sys/stat.h>

/* Which argument of clone() holds the flags. */
#ifdef __s390__
#define CLONE_FLAGS(...) SCMP_A1_64(__VA_ARGS__)
#else
#define CLONE_FLAGS(...) SCMP_A0_64(__VA_ARGS__)
#endif

#define THREAD_END_MS 50 /* a thread that was joined is still in the kernel's list for a moment */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#ifdef NFV_SANITIZERS
#include <sanitizer/common_interface_defs.h>

/* The leak check at exit stops the process with ptrace() from a child of its own: the sandbox refuses both rightly. */
static bool entered;
__attribute__((visibility("default"))) int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return entered;
}
#endif

/* ---- No children ---- */

static int fill_no_children(struct filter *filter)
{
	static const struct {
		int call;
		int err;
	} refused[] = {
		{ SCMP_SYS(fork), EPERM },
		{ SCMP_SYS(vfork), EPERM },
		{ SCMP_SYS(execve), EPERM },
		{ SCMP_SYS(execveat), EPERM },
		/* Its flags are behind a pointer, out of a filter's sight: libc goes back to clone(). */
		{ SCMP_SYS(clone3), ENOSYS },
	};
	const struct scmp_arg_cmp no_thread = CLONE_FLAGS(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0);
	int err = 0;

	for (size_t i = 0; i < COUNT(refused) && !err; i++)
		err = filter_add(filter, SCMP_ACT_ERRNO((uint32_t)refused[i].err), refused[i].call, 0, NULL);
	return err ? err : filter_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1, &no_thread);
}

int sandbox_no_children(char *why, size_t why_size)
{
	static struct filter filter;
	char cause[256];
	int err = filter_open(&filter, SCMP_ACT_ALLOW);

	if (!err)
		err = fill_no_children(&filter);
	if (err)
		snprintf(cause, sizeof(cause), "building the filter: %s", strerror(-err));
	else
		err = filter_load(&filter, false, cause, sizeof(cause));
	if (err)
		snprintf(why, why_size, "sandbox: forbidding children: %s", cause);
	filter_close(&filter);
#ifdef NFV_SANITIZERS
	entered = true;
#endif
	return err;
}

/* ---- The whole of it ---- */

/* The folder has a subfolder for each thread, its own "." and the parent's entry: no descriptor and no parsing is needed. */
static unsigned thread_count(void)
{
	struct stat st;

	if (stat("/proc/self/task", &st) || st.st_nlink < 3)
		return 1; /* /proc is not there: the seccomp filter is put on all threads in any case */
	return (unsigned)st.st_nlink - 2;
}

unsigned sandbox_threads(void)
{
	const struct timespec brief = { .tv_nsec = 1000000 };
	unsigned threads = thread_count();

	for (int i = 0; i < THREAD_END_MS && threads > 1; i++) {
		nanosleep(&brief, NULL);
		threads = thread_count();
	}
	return threads;
}

int sandbox_enter(const struct sandbox_wants *wants, char *why, size_t why_size)
{
	unsigned threads = sandbox_threads();
	int err;

	if (threads > 1) {
		snprintf(why, why_size, "a handler started a thread (%u are running): handlers run in one", threads);
		return -EBUSY;
	}
#ifdef NFV_SANITIZERS
	__sanitizer_sandbox_on_notify(NULL); /* reads /proc/self/maps while it can be opened */
	entered = true;
#endif
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
		snprintf(why, why_size, "no_new_privs: %m");
		return -errno;
	}
	err = landlock_restrict(wants->cores, why, why_size);
	if (err)
		return err;
	return syscalls_restrict(wants, why, why_size);
}
