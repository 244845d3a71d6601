/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "daemon/process/upgrade.h"

#include "daemon/process/descriptors.h"
#include "daemon/process/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define REFUSED_VARIABLE "NFVERDICTD_REFUSED"
#define AGAIN_MS 1000 /* between tries of the one that was gone back to: nobody looks after workers meanwhile */
#define DELETED " (deleted)"

extern char **environ;

static struct {
	int argc;
	char **argv;
	char path[PATH_MAX];
	char folder[PATH_MAX];
	int executable;
} own = { .executable = -1 };

/* ---- Who we are ---- */

/* A file that was replaced since is found under its old name. */
static void read_path(void)
{
	ssize_t len = readlink("/proc/self/exe", own.path, sizeof(own.path) - 1);
	const size_t tail = strlen(DELETED);

	own.path[len > 0 ? len : 0] = '\0';
	if ((size_t)(len > 0 ? len : 0) > tail && strcmp(own.path + len - tail, DELETED) == 0)
		own.path[(size_t)len - tail] = '\0';
}

void upgrade_remember(int argc, char **argv, const char *folder)
{
	own.argc = argc;
	own.argv = argv;
	read_path();
	if (folder)
		snprintf(own.folder, sizeof(own.folder), "%s", folder);
	else if (!getcwd(own.folder, sizeof(own.folder)))
		snprintf(own.folder, sizeof(own.folder), "/");
	own.executable = open("/proc/self/exe", O_PATH | O_CLOEXEC);
}

const char *upgrade_path(void)
{
	return own.path;
}

const char *upgrade_folder(void)
{
	return own.folder;
}

/* One that could not be opened for want of descriptors is tried again: there would be no way back. */
int upgrade_executable(void)
{
	if (own.executable < 0)
		own.executable = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	return own.executable;
}

/* ---- Inheriting ---- */

static int number_of(const char *variable)
{
	const char *text = getenv(variable);
	char *end = NULL;
	long number = text ? strtol(text, &end, 10) : -1;

	return !text || end == text || *end || number <= STDERR_FILENO || number > INT_MAX ? -1 : (int)number;
}

/* Only such memory has seals: nobody's file is taken for a state. */
static int read_memory(int fd, char **text, size_t *len)
{
	struct stat st;
	ssize_t got = 0;

	if (fcntl(fd, F_GET_SEALS) < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size <= 0 || st.st_size > STATE_BYTES_MAX)
		return -EINVAL;
	*text = malloc((size_t)st.st_size);
	if (!*text)
		return -ENOMEM;
	for (*len = 0;
	     *len < (size_t)st.st_size && (got = pread(fd, *text + *len, (size_t)st.st_size - *len, (off_t)*len)) > 0;)
		*len += (size_t)got;
	return *len == (size_t)st.st_size ? 0 : got < 0 ? -errno : -EIO;
}

int upgrade_inherit(struct state *state, char *why, size_t why_size)
{
	const char *refused = getenv(REFUSED_VARIABLE);
	const bool given = getenv(UPGRADE_VARIABLE) != NULL;
	int fd = number_of(UPGRADE_VARIABLE), err;
	char *text = NULL, cause[512];
	size_t len = 0;

	state_init(state);
	if (!given)
		return 0;
	err = fd < 0 ? -EBADF : read_memory(fd, &text, &len);
	if (err) {
		snprintf(why, why_size, "state: %s", strerror(-err));
		return err;
	}
	err = state_parse(state, text, len, cause, sizeof(cause));
	free(text);
	if (err) {
		snprintf(why, why_size, "state: %s", cause);
		state_free(state);
		return err;
	}
	close(fd);
	if (refused)
		snprintf(state->back, sizeof(state->back), "%s", refused);
	unsetenv(UPGRADE_VARIABLE);
	unsetenv(UPGRADE_BACK);
	unsetenv(REFUSED_VARIABLE);
	return 1;
}

struct list {
	int *fds;
	size_t count;
};

static int count_one(void *context, int fd)
{
	(void)fd;
	((struct list *)context)->count++;
	return 0;
}

static int add_one(void *context, int fd)
{
	struct list *list = context;

	list->fds[list->count++] = fd;
	return 0;
}

static int set_close(void *context, int fd)
{
	const int flags = fcntl(fd, F_GETFD);
	const bool *close_on_exec = context;

	if (flags < 0)
		return -errno;
	return fcntl(fd, F_SETFD, *close_on_exec ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC) < 0 ? -errno : 0;
}

int upgrade_keep_descriptors(const struct state *state)
{
	struct list list = { .count = 0 };
	bool close_on_exec = true;

	(void)state_each_descriptor(state, count_one, &list);
	list.fds = calloc(list.count + 1, sizeof(*list.fds));
	if (!list.fds)
		return -ENOMEM;
	list.count = 0;
	(void)state_each_descriptor(state, add_one, &list);
	descriptors_keep(list.fds, list.count);
	free(list.fds);
	return state_each_descriptor(state, set_close, &close_on_exec);
}

/* ---- Leaving ---- */

static int write_all(int fd, const char *text, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t put = write(fd, text + done, len - done);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put < 0 ? -errno : -EIO;
		done += (size_t)put;
	}
	return 0;
}

int upgrade_write(const struct state *state)
{
	char *text = state_print(state);
	int fd, err;

	if (!text)
		return -ENOMEM;
	fd = memfd_create("nfv-state", MFD_ALLOW_SEALING);
	err = fd < 0 ? -errno : write_all(fd, text, strlen(text));
	free(text);
	if (!err && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		err = -errno;
	if (err && fd >= 0)
		close(fd);
	return err ? err : fd;
}

static int put_number(const char *variable, int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", number);
	return setenv(variable, text, 1) < 0 ? -errno : 0;
}

static void forget_numbers(void)
{
	unsetenv(UPGRADE_VARIABLE);
	unsetenv(UPGRADE_BACK);
}

/* By descriptor: it is the file that was checked, whatever has its name by now. */
static int execute(int executable, char **argv)
{
	execveat(executable, "", argv, environ, AT_EMPTY_PATH);
	return -errno;
}

int upgrade_execute(const struct state *state, int executable)
{
	bool close_on_exec = false;
	int fd = upgrade_write(state), err;

	if (fd < 0)
		return fd;
	err = state_each_descriptor(state, set_close, &close_on_exec);
	if (!err)
		err = put_number(UPGRADE_VARIABLE, fd);
	if (!err)
		err = put_number(UPGRADE_BACK, state->executable);
	if (!err)
		err = execute(executable, own.argv);
	close_on_exec = true;
	(void)state_each_descriptor(state, set_close, &close_on_exec);
	forget_numbers();
	close(fd);
	return err;
}

void upgrade_execute_check(int state_fd, int executable)
{
	char **argv = calloc((size_t)own.argc + 2, sizeof(*argv));
	static char check[] = "--check";
	char name[] = PACKAGE_NAME;

	if (!argv || put_number(UPGRADE_VARIABLE, state_fd) < 0)
		return;
	argv[0] = own.argc > 0 ? own.argv[0] : name;
	argv[1] = check;
	for (int i = 1; i < own.argc; i++)
		argv[i + 1] = own.argv[i];
	errno = -execute(executable, argv);
}

int upgrade_back(struct state *state, const char *why)
{
	if (why != state->back)
		snprintf(state->back, sizeof(state->back), "%s", why);
	return upgrade_execute(state, state->executable);
}

bool upgrade_pause(unsigned milliseconds)
{
	const struct timespec pause = { .tv_sec = milliseconds / 1000, .tv_nsec = (long)(milliseconds % 1000) * 1000000 };
	sigset_t stop;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	return sigtimedwait(&stop, NULL, &pause) < 0;
}

void upgrade_failed(struct state *state, const char *why)
{
	bool again = state->back[0];
	int err;

	log_error("upgrade: %s", why);
	for (bool wait = again; !wait || upgrade_pause(AGAIN_MS); wait = true, again = !again) {
		err = again ? upgrade_execute(state, own.executable) : upgrade_back(state, why);
		log_error("upgrade: going back: %s; it tries again", strerror(-err));
	}
}

int upgrade_back_unread(char **argv, const char *why)
{
	const bool again = getenv(REFUSED_VARIABLE) != NULL;
	int executable = number_of(UPGRADE_BACK);

	if (executable < 0)
		return -EBADF;
	if (setenv(REFUSED_VARIABLE, why, 1) < 0)
		return -errno;
	for (bool wait = again; !wait || upgrade_pause(AGAIN_MS); wait = true)
		log_error("going back: %s", strerror(-execute(executable, argv)));
	return -ECANCELED;
}
