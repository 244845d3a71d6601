/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "daemon/process/landlock.h"
#include "daemon/process/sandbox.h"
#include "daemon/process/syscalls.h"

#include <errno.h>
#include <stdio.h>

#include <sys/prctl.h>
#include <sys/stat.h>

#ifdef NFV_SANITIZERS
#include <sanitizer/common_interface_defs.h>

/* The leak check at exit stops the process with ptrace() from a helper of its own, which the sandbox refuses rightly. */
static bool entered;
__attribute__((visibility("default"))) int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return entered;
}
#endif

/* The folder has a subfolder for each thread, its own "." and the parent's entry: no descriptor and no parsing is needed. */
static unsigned thread_count(void)
{
	struct stat st;

	if (stat("/proc/self/task", &st) || st.st_nlink < 3)
		return 1; /* /proc is not there: the seccomp filter is put on all threads in any case */
	return (unsigned)st.st_nlink - 2;
}

int sandbox_enter(const struct sandbox_wants *wants, char *why, size_t why_size)
{
	unsigned threads = thread_count();
	int err;

	if (threads > 1) {
		snprintf(why, why_size, "sandbox: a handler started a thread (%u are running): handlers run in one",
			 threads);
		return -EBUSY;
	}
#ifdef NFV_SANITIZERS
	__sanitizer_sandbox_on_notify(NULL); /* reads /proc/self/maps while it can be opened */
	entered = true;
#endif
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
		snprintf(why, why_size, "sandbox: no_new_privs: %m");
		return -errno;
	}
	err = landlock_restrict(why, why_size);
	if (err)
		return err;
	return syscalls_restrict(wants->sends, why, why_size);
}
