/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "daemon/process/syscalls.h"

#include "daemon/process/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <asm/termbits.h>
#include <asm/ioctls.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

/*
 * Allowed whatever the arguments. Calls of one line belong together; variants with time64 and 64 are those of 32-bit
 * machines.
 */
static const int allowed[] = {
	/* Packets, verdicts, the channel to the master, descriptors that handlers watch. None makes or names a new one. */
	SCMP_SYS(recvmmsg), SCMP_SYS(recvmmsg_time64), SCMP_SYS(recvmsg), SCMP_SYS(recvfrom), SCMP_SYS(recv),
	SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(pwrite64),
	SCMP_SYS(lseek), SCMP_SYS(_llseek), SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(fstat), SCMP_SYS(fstat64),
	SCMP_SYS(close),
	/* Waiting. */
	SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_create1),
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(ppoll_time64), SCMP_SYS(select), SCMP_SYS(_newselect), SCMP_SYS(pselect6),
	SCMP_SYS(pselect6_time64),
	SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep), SCMP_SYS(clock_nanosleep_time64), SCMP_SYS(restart_syscall),
	SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime), SCMP_SYS(timerfd_settime64), SCMP_SYS(timerfd_gettime),
	SCMP_SYS(timerfd_gettime64), SCMP_SYS(setitimer), SCMP_SYS(timer_settime), SCMP_SYS(timer_settime64),
	SCMP_SYS(alarm), SCMP_SYS(sched_yield),
	/* Time, for machines and clocks on which the vDSO does not answer. */
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64), SCMP_SYS(clock_getres), SCMP_SYS(clock_getres_time64),
	SCMP_SYS(gettimeofday), SCMP_SYS(time),
	/* Memory: malloc() and stdio. mmap and mprotect are below. */
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(futex_time64),
	SCMP_SYS(getrandom),
	/* Signals, and dying of one: abort(), a handler's fault. Those that send are below. */
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigreturn), SCMP_SYS(sigaltstack),
	SCMP_SYS(rt_sigtimedwait), SCMP_SYS(exit), SCMP_SYS(exit_group),
	/* Questions about itself and the machine's size: qsort() asks for the latter. */
	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getppid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid),
	SCMP_SYS(getegid), SCMP_SYS(getrusage), SCMP_SYS(getcpu), SCMP_SYS(sched_getaffinity), SCMP_SYS(sysinfo),
	SCMP_SYS(uname),
};

/* On open sockets: verdicts to the kernel, requests of interface names. */
static const int sending[] = { SCMP_SYS(sendmsg), SCMP_SYS(sendmmsg), SCMP_SYS(sendto), SCMP_SYS(send) };

/* All of a process that does nothing else: see sandbox_wants.only_sends. */
static const int sender[] = {
	SCMP_SYS(sendmsg), SCMP_SYS(futex), SCMP_SYS(futex_time64), SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep),
	SCMP_SYS(clock_nanosleep_time64), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(ppoll_time64),
	SCMP_SYS(restart_syscall), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigreturn), SCMP_SYS(exit), SCMP_SYS(exit_group),
};

/* Answered with EACCES: how libc looks for its files, which it can do without. */
static const int refused[] = {
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(openat2), SCMP_SYS(stat), SCMP_SYS(stat64), SCMP_SYS(lstat),
	SCMP_SYS(lstat64), SCMP_SYS(statx), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink),
	SCMP_SYS(readlinkat), SCMP_SYS(getcwd), SCMP_SYS(socket), SCMP_SYS(connect),
	/*
	 * Also fstat() of a glibc from 2.33 on. A filter cannot see whether the path is empty, and with one that is not,
	 * every name could be tried: Landlock does not cover stat. stdio does without, and takes its usual buffer size.
	 */
	SCMP_SYS(newfstatat), SCMP_SYS(fstatat64),
};

#ifdef NFV_SANITIZERS
/* Reports ask for limits and try memory through a pipe before they read it. */
static const int reports[] = { SCMP_SYS(getrlimit), SCMP_SYS(ugetrlimit), SCMP_SYS(pipe), SCMP_SYS(pipe2) };
#endif

/*
 * raise() and abort(). Not SIGKILL and SIGTERM, which a worker gets from others, and is not blamed for; nor those that stop it, for
 * while it is stopped no deadline runs.
 */
static const int raised[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS,  SIGHUP,
			      SIGINT,  SIGQUIT, SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ };

/* A call that is allowed when one argument, under a mask, has a value. */
struct condition {
	int call;
	struct scmp_arg_cmp argument;
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int add(struct filter *filter, uint32_t action, int call, const struct scmp_arg_cmp *argument)
{
	return filter_add(filter, action, call, argument != NULL, argument);
}

static int add_all(struct filter *filter, uint32_t action, const int *calls, size_t count)
{
	int err = 0;

	for (size_t i = 0; i < count && !err; i++)
		err = add(filter, action, calls[i], NULL);
	return err;
}

static int add_signals(struct filter *filter)
{
	const uint64_t self = (uint64_t)getpid();
	int err = 0;

	for (size_t i = 0; i < COUNT(raised) && !err; i++) {
		const uint64_t number = (uint64_t)raised[i];
		const struct scmp_arg_cmp to_thread[] = { SCMP_A0_64(SCMP_CMP_EQ, self), SCMP_A2_64(SCMP_CMP_EQ, number) };
		const struct scmp_arg_cmp to_process[] = { SCMP_A0_64(SCMP_CMP_EQ, self), SCMP_A1_64(SCMP_CMP_EQ, number) };

		err = filter_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), COUNT(to_thread), to_thread);
		if (!err)
			err = filter_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(kill), COUNT(to_process), to_process);
	}
	return err;
}

static int add_conditions(struct filter *filter)
{
	const struct condition conditions[] = {
		/* No new executable memory: what a packet brought must not become code. */
		{ SCMP_SYS(mmap), SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) },
		{ SCMP_SYS(mmap2), SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) },
		{ SCMP_SYS(mprotect), SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) },
		/* isatty(), by which stdio chooses its buffering. Others, such as TIOCSTI, reach beyond the process. */
		{ SCMP_SYS(ioctl), SCMP_A1_64(SCMP_CMP_EQ, TCGETS, 0) },
		/* fdopen() and non-blocking reads. F_SETOWN would send signals, F_DUPFD has no use. */
		{ SCMP_SYS(fcntl), SCMP_A1_64(SCMP_CMP_EQ, F_GETFL, 0) },
		{ SCMP_SYS(fcntl), SCMP_A1_64(SCMP_CMP_EQ, F_SETFL, 0) },
		{ SCMP_SYS(fcntl), SCMP_A1_64(SCMP_CMP_EQ, F_GETFD, 0) },
		{ SCMP_SYS(fcntl64), SCMP_A1_64(SCMP_CMP_EQ, F_GETFL, 0) },
		{ SCMP_SYS(fcntl64), SCMP_A1_64(SCMP_CMP_EQ, F_SETFL, 0) },
		{ SCMP_SYS(fcntl64), SCMP_A1_64(SCMP_CMP_EQ, F_GETFD, 0) },
		/* The precision of coalesced waiting; names of threads and, by newer malloc(), of mappings. */
		{ SCMP_SYS(prctl), SCMP_A0_64(SCMP_CMP_EQ, PR_SET_TIMERSLACK, 0) },
		{ SCMP_SYS(prctl), SCMP_A0_64(SCMP_CMP_EQ, PR_GET_TIMERSLACK, 0) },
		{ SCMP_SYS(prctl), SCMP_A0_64(SCMP_CMP_EQ, PR_SET_NAME, 0) },
		{ SCMP_SYS(prctl), SCMP_A0_64(SCMP_CMP_EQ, PR_GET_NAME, 0) },
		{ SCMP_SYS(prctl), SCMP_A0_64(SCMP_CMP_EQ, PR_SET_VMA, 0) },
#ifdef NFV_SANITIZERS
		{ SCMP_SYS(prlimit64), SCMP_A2_64(SCMP_CMP_EQ, 0) }, /* asks, sets nothing */
#endif
	};
	int err = 0;

	for (size_t i = 0; i < COUNT(conditions) && !err; i++)
		err = add(filter, SCMP_ACT_ALLOW, conditions[i].call, &conditions[i].argument);
	return err ? err : add_signals(filter);
}

/* A new master's channel takes the number of the old one. */
static int add_replacing(struct filter *filter, const struct sandbox_wants *wants)
{
	const struct scmp_arg_cmp by_channel = SCMP_A1_64(SCMP_CMP_MASKED_EQ, UINT32_MAX, (uint64_t)wants->channel);
	int err = wants->channel > 0 ? add(filter, SCMP_ACT_ALLOW, SCMP_SYS(dup3), &by_channel) : 0;

	return err;
}

static int add_sending(struct filter *filter, const struct sandbox_wants *wants)
{
	const struct scmp_arg_cmp on_channel = SCMP_A0_64(SCMP_CMP_MASKED_EQ, UINT32_MAX, (uint64_t)wants->channel);
	int err = 0;

	if (wants->sends)
		return add_all(filter, SCMP_ACT_ALLOW, sending, COUNT(sending));
	for (size_t i = 0; i < COUNT(sending) && !err && wants->channel > 0; i++)
		err = add(filter, SCMP_ACT_ALLOW, sending[i], &on_channel);
	return err;
}

static int fill_for_handlers(struct filter *filter, const struct sandbox_wants *wants)
{
	int err = add_all(filter, SCMP_ACT_ALLOW, allowed, COUNT(allowed));

	if (!err)
		err = add_sending(filter, wants);
	if (!err)
		err = add_replacing(filter, wants);
#ifdef NFV_SANITIZERS
	if (!err)
		err = add_all(filter, SCMP_ACT_ALLOW, reports, COUNT(reports));
#endif
	if (!err)
		err = add_all(filter, SCMP_ACT_ERRNO(EACCES), refused, COUNT(refused));
	if (!err)
		err = add_conditions(filter);
	return err;
}

static int fill(struct filter *filter, const struct sandbox_wants *wants)
{
	int err;

	/* A binary tree: the calls of every packet must not walk a list of all the others. */
	err = seccomp_attr_set(filter->made, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (err)
		return err;
#ifndef NFV_SANITIZERS /* whose reports need more */
	if (wants->only_sends)
		return add_all(filter, SCMP_ACT_ALLOW, sender, COUNT(sender));
#else
	if (wants->only_sends)
		err = add_all(filter, SCMP_ACT_ALLOW, sender, COUNT(sender));
#endif
	return err ? err : fill_for_handlers(filter, wants);
}

int syscalls_restrict(const struct sandbox_wants *wants, char *why, size_t why_size)
{
	static struct filter filter;
	char cause[256];
	int err = filter_open(&filter, SCMP_ACT_KILL_PROCESS);

	if (!err)
		err = fill(&filter, wants);
	if (err)
		snprintf(cause, sizeof(cause), "building it: %s", strerror(-err));
	else
		err = filter_load(&filter, true, cause, sizeof(cause));
	if (err)
		snprintf(why, why_size, "system call filter: %s", cause);
	filter_close(&filter);
	return err;
}
