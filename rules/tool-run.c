/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/tool-run.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- the child ---- */

/*
 * Keeps the two capabilities that the tools need through execve() when the caller is not root. Best effort: root needs
 * nothing.
 */
static void keep_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data))
		return;
	data[0].inheritable |= data[0].permitted & (1u << CAP_NET_ADMIN | 1u << CAP_NET_RAW);
	if (syscall(SYS_capset, &header, data))
		return;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0);
}

struct program {
	const char *const *argv;
	char *const *environment;
	int in, out, err;
	int keep; /* 0: none */
	bool scratch;
};

/* Close-on-exec is not copied by dup2(); the kept one goes to 3, so that all above can be closed. */
static bool place_descriptors(const struct program *program)
{
	/* The caller's descriptors may be 0 to 3 themselves: lift them above before they are put in place. */
	int in = fcntl(program->in, F_DUPFD, 4), out = fcntl(program->out, F_DUPFD, 4), err = fcntl(program->err, F_DUPFD, 4);
	int keep = program->keep > 0 ? fcntl(program->keep, F_DUPFD, 4) : -1;

	if (in < 0 || out < 0 || err < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		return false;
	if (program->keep > 0 && (keep < 0 || dup2(keep, 3) < 0))
		return false;
	close_range(keep >= 0 ? 4 : 3, ~0u, 0);
	return true;
}

/*
 * Runs between vfork() and execve(): only calls that are safe there, and that leave the caller's memory alone, but for
 * its stack.
 */
static void __attribute__((noreturn)) child(const struct program *program)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Ctrl-C at a terminal is for the caller, who may just be taking rules away. */
	setsid();
	/*
	 * What came for the caller's whole process group before that is thrown away: it would end the tool once it is
	 * let through.
	 */
	for (int s = 1; s < NSIG; s++) {
		signal(s, SIG_IGN);
		signal(s, SIG_DFL);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (!place_descriptors(program))
		_exit(127);
	if (chdir("/"))
		_exit(127);
	if (program->scratch && unshare(CLONE_NEWNET)) {
		dprintf(2, "no network namespace: errno %d\n", errno);
		_exit(TOOL_RUN_NO_SCRATCH);
	}
	keep_capabilities();
	execve(program->argv[0], (char *const *)program->argv, program->environment);
	dprintf(2, "cannot be run: errno %d\n", errno);
	_exit(127);
}

/*
 * The child shares the caller's memory until it has begun the program: to copy the page tables of a process that holds a large
 * ruleset would take longer than the tool itself. Its signal actions and descriptors are its own.
 */
static pid_t __attribute__((noinline)) spawn(const struct program *program)
{
#ifdef NFV_SANITIZERS
	pid_t pid = fork(); /* the sanitizers' records of the stack would be mixed up */
#else
	pid_t pid = vfork();
#endif

	if (pid == 0)
		child(program);
	return pid < 0 ? -errno : pid;
}

static pid_t start(struct program *program, const struct tool_limits *limits)
{
	const char *lock = limits->lock_file ? limits->lock_file : getenv("XTABLES_LOCKFILE");
	char lock_variable[4096];
	char *environment[4] = { (char[]){ "PATH=/usr/sbin:/usr/bin:/sbin:/bin" }, (char[]){ "LC_ALL=C" }, NULL, NULL };
	sigset_t all, before;
	pid_t pid;

	if (lock) {
		int len = snprintf(lock_variable, sizeof(lock_variable), "XTABLES_LOCKFILE=%s", lock);

		if (len < 0 || (size_t)len >= sizeof(lock_variable))
			return -ENAMETOOLONG;
		environment[2] = lock_variable;
	}
	program->environment = environment;
	/* Until the child has left the caller's process group nothing may reach it, the caller's own handlers neither. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	pid = spawn(program);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return pid;
}

/* ---- the caller's side ---- */

/*
 * The text for standard input as a file in memory: a pipe would have to be fed while both outputs are read, and its
 * closed end would send SIGPIPE.
 */
static int input(const char *text)
{
	size_t len = text ? strlen(text) : 0, done = 0;
	int fd = memfd_create("rules", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	while (done < len) {
		ssize_t n = write(fd, text + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int err = n < 0 ? -errno : -EIO;

			close(fd);
			return err;
		}
		done += (size_t)n;
	}
	if (lseek(fd, 0, SEEK_SET) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

int64_t tool_run_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Reads what is there, as far as a pipe holds. True while more may come. */
static bool take(int fd, struct text *text)
{
	char bytes[65536];

	/* Not for ever: one who writes without end must not get past the time limit. */
	for (int i = 0; i < 64; i++) {
		ssize_t n = read(fd, bytes, sizeof(bytes));

		if (n > 0 && text->len < TOOL_RUN_OUT_MAX)
			text_add(text, bytes, (size_t)n);
		else if (n == 0)
			return false;
		else if (n < 0 && errno != EINTR)
			return errno == EAGAIN;
	}
	return true;
}

/* A look from time to time is for where a child cannot be polled for: a kernel before 5.3, valgrind. */
#define LOOK_MS 5

/* True when the child has ended. It is left to be reaped. */
static bool has_ended(pid_t pid)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ? errno != EINTR : info.si_pid == pid;
}

/* Reads both outputs until the child has ended; child_fd -1: by looking for it. 0, -ETIMEDOUT or -EINTR. */
static int follow(pid_t pid, int child_fd, const int fds[2], struct text texts[2], const struct tool_limits *limits)
{
	int64_t deadline = tool_run_now_ms() + limits->timeout_ms;
	struct pollfd polls[4] = {
		{ .fd = fds[0], .events = POLLIN },
		{ .fd = fds[1], .events = POLLIN },
		{ .fd = child_fd, .events = POLLIN },
		{ .fd = limits->interrupt_fd, .events = POLLIN },
	};

	for (;;) {
		int64_t left = deadline - tool_run_now_ms();
		bool ended = child_fd < 0 && has_ended(pid);
		int n;

		if (left <= 0)
			return -ETIMEDOUT;
		n = poll(polls, 4, ended ? 0 : child_fd < 0 && left > LOOK_MS ? LOOK_MS : (int)left);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n <= 0 && !ended)
			continue;
		for (int i = 0; i < 2; i++)
			if (n > 0 && polls[i].revents && !take(fds[i], &texts[i]))
				polls[i].fd = -1;
		if (ended || polls[2].revents) {
			/* What it wrote before its end is in the pipes by now. */
			take(fds[0], &texts[0]);
			take(fds[1], &texts[1]);
			return 0;
		}
		if (polls[3].revents)
			return -EINTR;
	}
}

/*
 * A tool may be a script that runs the real one: what it started must not go on, nor hold the lock that was left with it.
 * Before the child is reaped, as long as its session is surely its own.
 */
static void end_session(pid_t pid, bool at_once)
{
	siginfo_t info = { 0 };
	int got;

	if (at_once)
		kill(pid, SIGKILL);
	do
		got = waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	while (got && errno == EINTR);
	if (!got && info.si_code != CLD_EXITED)
		kill(-pid, SIGKILL);
}

/* Reaps, after a kill if it did not end by itself. The status as struct tool_result has it. */
static int reap(pid_t pid, int err)
{
	int status;
	pid_t got;

	end_session(pid, err != 0);
	do
		got = waitpid(pid, &status, 0);
	while (got < 0 && errno == EINTR);
	if (err)
		return err;
	if (got < 0)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void close_pair(int fds[2])
{
	if (fds[0] >= 0)
		close(fds[0]);
	if (fds[1] >= 0)
		close(fds[1]);
	fds[0] = fds[1] = -1;
}

int tool_run(const char *const *argv, const char *text, const struct tool_limits *limits, struct text texts[2])
{
	int out[2] = { -1, -1 }, err[2] = { -1, -1 };
	struct program program;
	int in, child_fd, status;
	pid_t pid;

	in = input(text);
	if (in < 0)
		return in;
	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC) || fcntl(out[0], F_SETFL, O_NONBLOCK) ||
	    fcntl(err[0], F_SETFL, O_NONBLOCK)) {
		status = -errno;
		goto close_pipes;
	}
	program = (struct program){ .argv = argv, .in = in, .out = out[1], .err = err[1], .keep = limits->keep_fd,
				    .scratch = limits->scratch };
	pid = start(&program, limits);
	if (pid < 0) {
		status = pid;
		goto close_pipes;
	}
	close(out[1]);
	close(err[1]);
	out[1] = err[1] = -1;
	child_fd = pidfd_open(pid, 0);
	if (child_fd < 0 && errno != ENOSYS) {
		status = reap(pid, -errno);
		goto close_pipes;
	}
	status = reap(pid, follow(pid, child_fd, (const int[2]){ out[0], err[0] }, texts, limits));
	if (child_fd >= 0)
		close(child_fd);
close_pipes:
	close_pair(err);
	close_pair(out);
	close(in);
	return status;
}
