/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/tool.h"

#include "rules/text.h"
#include "rules/tool-message.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
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

#define TIMEOUT_MS 30000
#define LOCK_WAIT "5" /* seconds that a tool waits for the lock of the legacy backend */
#define OUT_MAX ((size_t)1 << 30) /* bytes kept of what a tool prints: no ruleset is as large */

static const char *const backend_infix[] = { [TOOL_AUTO] = "", [TOOL_NFT] = "-nft", [TOOL_LEGACY] = "-legacy" };
static const char *const family_prefix[] = { [TOOL_IPV4] = "ip", [TOOL_IPV6] = "ip6" };

/* ---- finding ---- */

static int find_one(char *path, size_t size, enum tool_backend backend, enum tool_family family, const char *what, char *why,
		    size_t why_size)
{
	int len = snprintf(path, size, "%s/%stables%s-%s", NFV_IPTABLES_DIR, family_prefix[family], backend_infix[backend],
			   what);

	if (len < 0 || (size_t)len >= size) {
		snprintf(why, why_size, "%s: the path is too long", NFV_IPTABLES_DIR);
		return -ENAMETOOLONG;
	}
	if (access(path, X_OK)) {
		snprintf(why, why_size, "%s: %s", path, strerror(errno));
		return -ENOENT;
	}
	return 0;
}

int tool_find(struct tool *tool, enum tool_backend backend, char *why, size_t why_size)
{
	int err = 0;

	*tool = (struct tool){ .backend = backend, .timeout_ms = TIMEOUT_MS };
	for (int f = TOOL_IPV4; f <= TOOL_IPV6 && !err; f++) {
		err = find_one(tool->restore[f], sizeof(tool->restore[f]), backend, f, "restore", why, why_size);
		if (!err)
			err = find_one(tool->save[f], sizeof(tool->save[f]), backend, f, "save", why, why_size);
	}
	return err;
}

int tool_other(const struct tool *tool, struct tool *other)
{
	char *mine = realpath(tool->save[TOOL_IPV4], NULL);
	char why[512];
	int err = -ENOENT;

	for (enum tool_backend b = TOOL_NFT; mine && b <= TOOL_LEGACY && err; b++) {
		char *theirs;

		if (tool_find(other, b, why, sizeof(why)))
			continue;
		/* The names of one backend are links to one program. */
		theirs = realpath(other->save[TOOL_IPV4], NULL);
		if (theirs && strcmp(mine, theirs) != 0)
			err = 0;
		free(theirs);
	}
	other->timeout_ms = tool->timeout_ms;
	other->deadline_ms = tool->deadline_ms;
	other->interrupt_fd = tool->interrupt_fd;
	free(mine);
	return err;
}

/* ---- capabilities ---- */

static int get_capabilities(struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3])
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return syscall(SYS_capget, &header, data) ? -errno : 0;
}

static bool has_net_admin(void)
{
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	return get_capabilities(data) || data[0].effective & 1u << CAP_NET_ADMIN;
}

/* Keeps the two capabilities that the tools need through execve() when the caller is not root. Best effort: root needs nothing. */
static void keep_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (get_capabilities(data))
		return;
	data[0].inheritable |= data[0].permitted & (1u << CAP_NET_ADMIN | 1u << CAP_NET_RAW);
	if (syscall(SYS_capset, &header, data))
		return;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0);
}

/* ---- the child ---- */

/* Runs between fork() and execve(): only calls that are safe there. */
static void __attribute__((noreturn)) child(const char *const *argv, char *const *environment, int in, int out, int err)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Ctrl-C at a terminal is for the caller, who may just be taking rules away. */
	setsid();
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* The caller's descriptors may be 0 to 2 themselves: lift them above before they are put in place. */
	in = fcntl(in, F_DUPFD, 3);
	out = fcntl(out, F_DUPFD, 3);
	err = fcntl(err, F_DUPFD, 3);
	if (in < 0 || out < 0 || err < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(127);
	close_range(3, ~0u, 0);
	if (chdir("/"))
		_exit(127);
	keep_capabilities();
	execve(argv[0], (char *const *)argv, environment);
	dprintf(2, "cannot be run: errno %d\n", errno);
	_exit(127);
}

static pid_t start(const char *const *argv, int in, int out, int err)
{
	const char *lock = getenv("XTABLES_LOCKFILE");
	char lock_variable[4096];
	char *environment[4] = { (char[]){ "PATH=/usr/sbin:/usr/bin:/sbin:/bin" }, (char[]){ "LC_ALL=C" }, NULL, NULL };
	pid_t pid;

	if (lock) {
		int len = snprintf(lock_variable, sizeof(lock_variable), "XTABLES_LOCKFILE=%s", lock);

		if (len < 0 || (size_t)len >= sizeof(lock_variable))
			return -ENAMETOOLONG;
		environment[2] = lock_variable;
	}
	pid = fork();
	if (pid == 0)
		child(argv, environment, in, out, err);
	return pid < 0 ? -errno : pid;
}

/* ---- the caller's side ---- */

/*
 * The text for standard input as a file in memory: a pipe would have to be fed while both outputs are read, and its closed end
 * would send SIGPIPE.
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

static int64_t now_ms(void)
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

		if (n > 0 && text->len < OUT_MAX)
			text_add(text, bytes, (size_t)n);
		else if (n == 0)
			return false;
		else if (n < 0 && errno != EINTR)
			return errno == EAGAIN;
	}
	return true;
}

/* When a run must end, and what ends it before. */
struct limits {
	int timeout_ms;
	int interrupt_fd; /* -1: none */
};

static struct limits limits_of(const struct tool *tool)
{
	struct limits limits = { .timeout_ms = tool->timeout_ms, .interrupt_fd = tool->interrupt_fd > 0 ? tool->interrupt_fd : -1 };
	int64_t left = tool->deadline_ms ? tool->deadline_ms - now_ms() : limits.timeout_ms;

	if (left < limits.timeout_ms)
		limits.timeout_ms = left > 0 ? (int)left : 0;
	return limits;
}

/* Reads both outputs until the child has ended. 0, -ETIMEDOUT or -EINTR. */
static int follow(int child_fd, const int fds[2], struct text texts[2], const struct limits *limits)
{
	int64_t deadline = now_ms() + limits->timeout_ms;
	struct pollfd polls[4] = {
		{ .fd = fds[0], .events = POLLIN },
		{ .fd = fds[1], .events = POLLIN },
		{ .fd = child_fd, .events = POLLIN },
		{ .fd = limits->interrupt_fd, .events = POLLIN },
	};

	for (;;) {
		int64_t left = deadline - now_ms();
		int n;

		if (left <= 0)
			return -ETIMEDOUT;
		n = poll(polls, 4, (int)left);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n <= 0)
			continue;
		for (int i = 0; i < 2; i++)
			if (polls[i].revents && !take(fds[i], &texts[i]))
				polls[i].fd = -1;
		if (polls[2].revents) {
			/* What it wrote before its end is in the pipes by now. */
			take(fds[0], &texts[0]);
			take(fds[1], &texts[1]);
			return 0;
		}
		if (polls[3].revents)
			return -EINTR;
	}
}

/* Reaps, after a kill if it did not end by itself. The status as struct tool_result has it. */
static int reap(pid_t pid, int err)
{
	int status;
	pid_t got;

	if (err)
		kill(pid, SIGKILL);
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

/* Runs a program to its end. Returns the status of struct tool_result. */
static int run(const char *const *argv, const char *text, const struct limits *limits, struct text texts[2])
{
	int out[2] = { -1, -1 }, err[2] = { -1, -1 };
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
	pid = start(argv, in, out[1], err[1]);
	if (pid < 0) {
		status = pid;
		goto close_pipes;
	}
	close(out[1]);
	close(err[1]);
	out[1] = err[1] = -1;
	child_fd = pidfd_open(pid, 0);
	if (child_fd < 0) {
		status = reap(pid, -errno);
		goto close_pipes;
	}
	status = reap(pid, follow(child_fd, (const int[2]){ out[0], err[0] }, texts, limits));
	close(child_fd);
close_pipes:
	close_pair(err);
	close_pair(out);
	close(in);
	return status;
}

/* Runs, and turns the outcome into result and return value. */
static int run_tool(const struct tool *tool, const char *const *argv, const char *text, struct tool_result *result)
{
	const struct limits limits = limits_of(tool);
	struct text texts[2] = { { 0 } };

	result->limit_ms = limits.timeout_ms;
	result->status = limits.timeout_ms > 0 ? run(argv, text, &limits, texts) : -ETIMEDOUT;
	/* An empty text still owns its terminating NUL. */
	text_add(&texts[0], "", 0);
	text_add(&texts[1], "", 0);
	result->out = texts[0].data;
	result->out_len = texts[0].len;
	result->err = texts[1].data;
	if (texts[0].failed || texts[1].failed || texts[0].len >= OUT_MAX)
		result->status = -ENOMEM;
	if (result->status == 0)
		return 0;
	if (result->status < 0)
		return result->status;
	return result->err && tool_message_denied(result->err, has_net_admin()) ? -EPERM : -EINVAL;
}

int tool_restore(const struct tool *tool, enum tool_family family, const char *text, int test, struct tool_result *result)
{
	const char *argv[] = { tool->restore[family], "--noflush", "-w", LOCK_WAIT, test ? "--test" : NULL, NULL };

	return run_tool(tool, argv, text, result);
}

int tool_save(const struct tool *tool, enum tool_family family, const char *table, struct tool_result *result)
{
	const char *argv[] = { tool->save[family], table ? "-t" : NULL, table, NULL };

	return run_tool(tool, argv, NULL, result);
}

void tool_result_free(struct tool_result *result)
{
	free(result->out);
	free(result->err);
	*result = (struct tool_result){ 0 };
}
