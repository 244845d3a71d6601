/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/store-server.h"

#include "rules/error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define IDLE_EXIT_S "60"
#define WORDS       16

/* ---- the child: only calls that are safe between fork() and execve() ---- */

static void __attribute__((noreturn)) become_server(char *const *words, int alive_fd)
{
	sigset_t none;
	int null = open("/dev/null", O_RDWR);
	int code;

	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* What the server inherits is one end of a pipe, which closes when the server ends. */
	alive_fd = fcntl(alive_fd, F_DUPFD, 4);
	if (null < 0 || alive_fd < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 || dup2(alive_fd, 3) < 0)
		_exit(127);
	close_range(4, ~0u, 0);
	execv(words[0], words);
	code = errno;
	if (write(3, &code, sizeof(code)) < 0)
		_exit(126);
	_exit(127);
}

/* Twice, so that the server is nobody's child whom the caller would have to bury. */
static int spawn(char *const *words, int alive_fd)
{
	sigset_t all, before;
	pid_t pid;
	int status, err = 0;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	pid = fork();
	if (pid == 0) {
		setsid();
		pid = fork();
		if (pid == 0)
			become_server(words, alive_fd);
		_exit(pid < 0 ? 1 : 0);
	}
	if (pid < 0)
		err = -errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 0; /* the caller has others bury its children */
	return err ? err : WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EAGAIN;
}

/* ---- the caller ---- */

static const char *backend_word(enum nfv_backend backend)
{
	return backend == NFV_BACKEND_NFT ? "nft" : "legacy";
}

static void add(const char **words, size_t *count, const char *option, const char *value)
{
	if (!value)
		return;
	words[(*count)++] = option;
	words[(*count)++] = value;
}

static int start_one(struct store_server_start *state, const struct server_store *server, struct nfv_rules_error *error)
{
	const struct nfv_live_options *options = &server->options;
	const char *program = server->program ? server->program : NFV_TOOL_PATH;
	const char *words[WORDS] = { program, "rules", "serve" };
	size_t count = 3;
	int ends[2], err;

	add(words, &count, "--socket", server->path);
	add(words, &count, "--idle-exit", IDLE_EXIT_S);
	add(words, &count, "--backend", options->backend == NFV_BACKEND_AUTO ? NULL : backend_word(options->backend));
	add(words, &count, "--tools", server->tool_folder);
	add(words, &count, "--state", server->state_folder);
	if (access(program, X_OK))
		return error_set(error, -errno, "%s: %s", program, strerror(errno));
	if (pipe2(ends, O_CLOEXEC))
		return error_set(error, -errno, "a pipe: %s", strerror(errno));
	err = spawn((char *const *)(uintptr_t)words, ends[1]);
	close(ends[1]);
	if (err) {
		close(ends[0]);
		return error_set(error, err, "%s: cannot be started: %s", program, strerror(-err));
	}
	state->alive_fd = ends[0];
	fcntl(state->alive_fd, F_SETFL, O_NONBLOCK);
	return 0;
}

/* The folder too: after a boot /run is empty. */
static int take_lock(struct store_server_start *start, const char *path, struct nfv_rules_error *error)
{
	char name[PATH_MAX], *slash;
	int len = snprintf(name, sizeof(name), "%s.start", path);

	if (len < 0 || (size_t)len >= sizeof(name))
		return error_set(error, -ENAMETOOLONG, "%.64s…: the path is too long", path);
	slash = strrchr(name, '/');
	if (slash && slash != name) {
		*slash = '\0';
		mkdir(name, 0700);
		*slash = '/';
	}
	start->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (start->lock_fd < 0)
		return error_set(error, -errno, "%s: %s", name, strerror(errno));
	if (flock(start->lock_fd, LOCK_EX | LOCK_NB)) {
		close(start->lock_fd);
		start->lock_fd = -1;
	}
	return 0;
}

/* -EPIPE: it ended, for instance because somebody else started one by hand. */
static int look(const struct store_server_start *start, const struct server_store *server, struct nfv_rules_error *error)
{
	int code;
	ssize_t n = read(start->alive_fd, &code, sizeof(code));

	if (n == (ssize_t)sizeof(code))
		return error_set(error, -code, "%s: cannot be run: %s", server->program ? server->program : NFV_TOOL_PATH,
				 strerror(code));
	if (n == 0)
		return error_set(error, -EPIPE, "%s: the server that was started there ended at once", server->path);
	return 0;
}

int store_server_start(struct store_server_start *state, const struct server_store *server, struct nfv_rules_error *error)
{
	/* One that has just got the lock looks for a server once more: who had it before may have started one. */
	if (state->lock_fd < 0)
		return take_lock(state, server->path, error);
	if (state->alive_fd < 0)
		return start_one(state, server, error);
	return look(state, server, error);
}

void store_server_start_end(struct store_server_start *start)
{
	if (start->alive_fd >= 0)
		close(start->alive_fd);
	if (start->lock_fd >= 0)
		close(start->lock_fd);
	*start = (struct store_server_start){ -1, -1 };
}
