/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stands in a folder of tools in place of iptables-restore and kin, and kills the real one, or who started it, at a system
 * call that is told. Everything else it passes on to the tool of the same name in /usr/sbin (or what the file `real` in its
 * folder names).
 *
 * In the folder of the name that it was started by:
 *	plan    "RUN CALL before|after tool|caller": at the CALLth writing system call of the RUNth restore; counted from 1
 *	runs    how many restores there were
 *	missed  is made when the restore had fewer such calls, so nothing was killed
 *	struck  is made when it was
 * Writing calls: write, writev, sendmsg, setsockopt; what only asks the kernel is sent with sendto. A RUN of 0 is never met.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct plan {
	unsigned run, call;
	bool after, caller;
};

static char folder[512], real_path[1024];

static void __attribute__((noreturn)) fail(const char *what)
{
	dprintf(2, "bad-tool: %s: %s\n", what, strerror(errno));
	_exit(99);
}

static FILE *open_here(const char *name, const char *mode)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return fopen(path, mode);
}

static void mark(const char *name)
{
	FILE *file = open_here(name, "w");

	if (!file || fclose(file))
		fail(name);
}

static unsigned next_run(void)
{
	FILE *file = open_here("runs", "r");
	unsigned run = 0;

	if (file && fscanf(file, "%u", &run) != 1)
		run = 0;
	if (file)
		fclose(file);
	file = open_here("runs", "w");
	if (!file || fprintf(file, "%u\n", ++run) < 0 || fclose(file))
		fail("runs");
	return run;
}

static bool read_plan(struct plan *plan)
{
	FILE *file = open_here("plan", "r");
	char when[8], victim[8];
	bool read = file && fscanf(file, "%u %u %7s %7s", &plan->run, &plan->call, when, victim) == 4;

	if (file)
		fclose(file);
	if (read) {
		plan->after = !strcmp(when, "after");
		plan->caller = !strcmp(victim, "caller");
	}
	return read;
}

static bool writes(uint64_t number)
{
	return number == SYS_write || number == SYS_writev || number == SYS_sendmsg || number == SYS_setsockopt;
}

/* As a tool that the kernel ended. */
static void __attribute__((noreturn)) die(void)
{
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

/* Ends the caller first: the lock that it and this process hold must outlast the tool. */
static void strike(const struct plan *plan, pid_t tool)
{
	mark("struck");
	if (plan->caller)
		kill(getppid(), SIGKILL);
	kill(tool, SIGKILL);
	while (waitpid(tool, NULL, __WALL) < 0 && errno == EINTR)
		;
	die();
}

/* Is the tool at the call that is meant? The stop is an entry into the kernel, or the way back. */
static bool is_there(const struct plan *plan, pid_t tool, unsigned *calls, bool *inside)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tool, sizeof(info), &info) < 0)
		fail("system call");
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		*inside = writes(info.entry.nr);
		*calls += *inside;
		return *inside && *calls == plan->call && !plan->after;
	}
	return info.op == PTRACE_SYSCALL_INFO_EXIT && *inside && *calls == plan->call && plan->after;
}

static int follow(const struct plan *plan, pid_t tool)
{
	unsigned calls = 0;
	bool inside = false;
	int status, pass = 0;

	if (waitpid(tool, &status, __WALL) != tool || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, tool, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC) < 0)
		fail("tracing");
	for (;;) {
		if (ptrace(PTRACE_SYSCALL, tool, 0, pass) < 0 || waitpid(tool, &status, __WALL) != tool)
			fail("tracing");
		pass = 0;
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			mark("missed");
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		}
		if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			if (is_there(plan, tool, &calls, &inside))
				strike(plan, tool);
		} else if (WSTOPSIG(status) != SIGTRAP) {
			pass = WSTOPSIG(status);
		}
	}
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');
	struct plan plan;
	FILE *file;
	pid_t tool;

	(void)argc;
	if (!name || name - argv[0] >= (long)sizeof(folder))
		fail(argv[0]);
	snprintf(folder, sizeof(folder), "%.*s", (int)(name - argv[0]), argv[0]);
	snprintf(real_path, sizeof(real_path), "/usr/sbin%s", name);
	file = open_here("real", "r");
	if (file && fscanf(file, "%1000s", real_path) == 1)
		strncat(real_path, name, sizeof(real_path) - strlen(real_path) - 1);
	if (file)
		fclose(file);
	if (!strstr(name, "restore") || !read_plan(&plan) || plan.run != next_run()) {
		execv(real_path, argv);
		fail(real_path);
	}
	tool = fork();
	if (tool == 0) {
		if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
			fail("PTRACE_TRACEME");
		raise(SIGSTOP);
		execv(real_path, argv);
		fail(real_path);
	}
	return tool < 0 ? 99 : follow(&plan, tool);
}
