/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The master makes place for another executable. Workers decide all the time: they are children of the same process before
 * and after.
 */
#include "config.h"

#include "daemon/process/bypass-leave.h"
#include "daemon/process/commands.h"
#include "daemon/process/log.h"
#include "daemon/process/master-private.h"
#include "daemon/process/plan-adopt.h"
#include "daemon/process/plan-kept.h"
#include "daemon/process/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK_NS    60000000000u /* for the new executable to check the configuration */
#define SETTLE_NS   5000000000u  /* for workers that have left to close their handlers */
#define SETTLE_LOOK_MS 10
#define LOG_MS      200

/* ---- What is left to the next one ---- */

static int collect_queues(const struct master *master, struct state *state)
{
	int err = 0;

	state->queues = calloc(master->count + 1, sizeof(*state->queues));
	if (!state->queues)
		return -ENOMEM;
	for (size_t i = 0; !err && i < master->count; i++) {
		err = served_leave(&master->served[i], &state->queues[i]);
		state->queue_count++;
	}
	return err;
}

static int collect(const struct master *master, struct state *state)
{
	const struct keeper_counters *counters = master->keeper.counters;

	state_init(state);
	snprintf(state->program, sizeof(state->program), "%s", UPGRADE_PROGRAM);
	snprintf(state->path, sizeof(state->path), "%s", upgrade_path());
	snprintf(state->folder, sizeof(state->folder), "%s", upgrade_folder());
	state->executable = upgrade_executable();
	state->pid = getpid();
	state->started_ns = master->started_ns;
	state->upgrades = master->upgrades + 1;
	state->background = master->background;
	state->steered = master->steered;
	state->repeats = !master->never_repeats;
	state->flushes = counters ? counters->flushes : 0;
	state->repairs = counters ? counters->repairs : 0;
	state->repair_failures = counters ? counters->failures : 0;
	state->bypass = bypass_leave(&master->bypass);
	state->plan = plan_leave(master->plan, PLAN_ALL);
	if (!state->plan || plan_keep(master->plan, state))
		return -ENOMEM;
	return collect_queues(master, state);
}

/* ---- Asking the new executable ---- */

static void end_check(struct master *master)
{
	struct master_upgrade *upgrade = &master->upgrade;

	if (upgrade->pipe >= 0) {
		events_unwatch(&master->events, upgrade->pipe);
		close(upgrade->pipe);
	}
	if (upgrade->timer >= 0)
		events_timer_cancel(&master->events, upgrade->timer);
	upgrade->pipe = upgrade->timer = -1;
}

static void end_upgrade(struct master *master)
{
	struct master_upgrade *upgrade = &master->upgrade;

	end_check(master);
	if (upgrade->executable >= 0)
		close(upgrade->executable);
	*upgrade = (struct master_upgrade)MASTER_UPGRADE_NONE;
}

static void refuse(struct master *master, const char *why)
{
	master_upgrade_fn *done = master->upgrade.done;
	void *context = master->upgrade.context;

	if (master->upgrade.restarts)
		log_error("restart: %s: %s; an ordinary stop", master->upgrade.path, why);
	else
		log_error("upgrade: %s: %s; nothing was changed", master->upgrade.path, why);
	end_upgrade(master);
	if (done)
		done(context, why);
}

static void __attribute__((noreturn)) run_check(const struct master *master, int out)
{
	struct state state;
	sigset_t none;
	int fd, err;

	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	err = collect(master, &state);
	fd = err ? err : upgrade_write(&state);
	if (fd < 0) {
		dprintf(STDOUT_FILENO, "what it is to take over cannot be written down: %s\n", strerror(-fd));
	} else {
		if (chdir(upgrade_folder()) == 0)
			upgrade_execute_check(fd, master->upgrade.executable);
		dprintf(STDOUT_FILENO, "it cannot be executed: %s\n", strerror(errno));
	}
	_exit(127);
}

/* Lines that the new executable wrote, without the one that we want to see. */
static bool take_over_was_said(char *text)
{
	char *line = strstr(text, UPGRADE_GOOD);

	if (line)
		*line = '\0';
	return line != NULL;
}

static void judge(struct master *master)
{
	struct master_upgrade *upgrade = &master->upgrade;
	bool said = take_over_was_said(upgrade->text);
	char why[sizeof(upgrade->text) + 64];

	end_check(master);
	while (upgrade->len > 0 && strchr("\n", upgrade->text[upgrade->len - 1]))
		upgrade->text[--upgrade->len] = '\0';
	if (said && WIFEXITED(upgrade->status) && WEXITSTATUS(upgrade->status) == 0) {
		upgrade->checked = true;
		return;
	}
	if (upgrade->text[0])
		snprintf(why, sizeof(why), "%s", upgrade->text);
	else if (WIFSIGNALED(upgrade->status))
		snprintf(why, sizeof(why), "checking the configuration it was killed by signal %d",
			 WTERMSIG(upgrade->status));
	else if (WEXITSTATUS(upgrade->status) == 0)
		snprintf(why, sizeof(why), "it is no nfverdictd that can take this one's place");
	else
		snprintf(why, sizeof(why), "checking the configuration it ended with status %d",
			 WEXITSTATUS(upgrade->status));
	refuse(master, why);
}

static void on_text(void *argument, int fd, uint32_t events)
{
	struct master *master = argument;
	struct master_upgrade *upgrade = &master->upgrade;
	char piece[1024];
	ssize_t got = read(fd, piece, sizeof(piece));
	size_t room = sizeof(upgrade->text) - 1 - upgrade->len;

	(void)events;
	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (got <= 0) {
		upgrade->told = true;
		events_unwatch(&master->events, fd);
		if (upgrade->ended)
			judge(master);
		return;
	}
	if ((size_t)got > room)
		got = (ssize_t)room;
	memcpy(upgrade->text + upgrade->len, piece, (size_t)got);
	upgrade->len += (size_t)got;
}

static void on_late(void *argument, uint64_t now_ns)
{
	struct master *master = argument;

	(void)now_ns;
	master->upgrade.timer = -1;
	if (master->upgrade.check > 0)
		kill(master->upgrade.check, SIGKILL);
}

void master_upgrade_reap(struct master *master)
{
	struct master_upgrade *upgrade = &master->upgrade;

	if (upgrade->check <= 0 || waitpid(upgrade->check, &upgrade->status, WNOHANG) != upgrade->check)
		return;
	upgrade->check = 0;
	upgrade->ended = true;
	if (upgrade->told)
		judge(master);
}

static int start_check(struct master *master)
{
	struct master_upgrade *upgrade = &master->upgrade;
	int ends[2], err;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	fflush(NULL);
	upgrade->check = fork();
	if (upgrade->check == 0)
		run_check(master, ends[1]);
	err = upgrade->check < 0 ? -errno : 0;
	close(ends[1]);
	if (!err)
		err = events_watch(&master->events, ends[0], EPOLLIN, on_text, master);
	if (err) {
		close(ends[0]);
		return err;
	}
	upgrade->pipe = ends[0];
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	upgrade->timer = events_timer(&master->events, CHECK_NS, 0, on_late, master);
	return 0;
}

/* Whoever could change the file would be root with the next upgrade. */
static int open_executable(const struct master *master, const char *path, char *why, size_t why_size)
{
	struct trust trust = { .allow_unsafe = master->options->allow_unsafe_files || geteuid() != 0 };
	struct stat st;
	int checked = trust_open(&trust, path, why, why_size), fd;
	char name[64];

	if (checked < 0)
		return checked;
	/* One that is being executed must not be open for reading only; this one is for nothing but executing. */
	snprintf(name, sizeof(name), "/proc/self/fd/%d", checked);
	fd = open(name, O_PATH | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !(st.st_mode & 0111)) {
		snprintf(why, why_size, "%s", fd < 0 ? strerror(errno) : "it may not be executed");
		if (fd >= 0)
			close(fd);
		fd = -EACCES;
	}
	close(checked);
	return fd;
}

int master_upgrade_start(struct master *master, const char *path, master_upgrade_fn *done, void *context, char *why,
			 size_t why_size)
{
	struct master_upgrade *upgrade = &master->upgrade;
	int err;

	if (upgrade->executable >= 0 || master->stop || !master->started) {
		snprintf(why, why_size, "%s",
			 upgrade->executable >= 0 ? "another one is under way" : "the daemon is not at rest");
		return -EBUSY;
	}
	*upgrade = (struct master_upgrade)MASTER_UPGRADE_NONE;
	snprintf(upgrade->path, sizeof(upgrade->path), "%s", path && *path ? path : upgrade_path());
	upgrade->executable = open_executable(master, upgrade->path, why, why_size);
	if (upgrade->executable < 0)
		return upgrade->executable;
	upgrade->done = done;
	upgrade->context = context;
	err = start_check(master);
	if (err) {
		snprintf(why, why_size, "asking it: %s", strerror(-err));
		end_upgrade(master);
		return err;
	}
	log_info("upgrade: %s checks the configuration", upgrade->path);
	return 0;
}

/* ---- Going ---- */

static bool any_between(const struct master *master)
{
	for (size_t i = 0; i < master->count; i++)
		if (master->served[i].next.pid > 0 || master->served[i].old.pid > 0)
			return true;
	return false;
}

/* Those that have left are of no use to anybody; packets that are being saved are waited for. */
static void settle(struct master *master)
{
	uint64_t limit = events_now_ns() + SETTLE_NS;

	while (any_between(master) && events_now_ns() < limit)
		if (events_wait(&master->events, SETTLE_LOOK_MS) < 0)
			break;
	for (size_t i = 0; i < master->count; i++) {
		master_end_runner(master, &master->served[i].old);
		runner_close(&master->served[i].old);
		served_saved(&master->served[i], true);
	}
}

/* Their sockets and locks are for those of the next one. */
static void stop_others(struct master *master)
{
	if (master->keeper.told >= 0)
		events_unwatch(&master->events, master->keeper.told);
	rules_server_stop(&master->rules_server);
	keeper_stop(&master->keeper);
	commands_close(master, false);
}

static void execute(struct master *master, int executable, int answer)
{
	struct state state;
	int err = collect(master, &state);

	state.answer = answer;
	log_drain(LOG_MS);
	output_drain(&master->output, LOG_MS);
	if (!err)
		err = upgrade_execute(&state, executable);
	state_free(&state);
	errno = -err;
}

void master_upgrade_go(struct master *master)
{
	struct master_upgrade *upgrade = &master->upgrade;
	int answer, err;

	/* A worker that is being replaced belongs to two plans. */
	if (!upgrade->checked || master->stop || reload_runs(&master->reload) || release_runs(&master->release))
		return;
	settle(master);
	/* Of what came meanwhile. */
	if (master->stop || reload_runs(&master->reload) || release_runs(&master->release))
		return;
	if (upgrade->restarts) {
		end_upgrade(master);
		master_restart_go(master);
		return;
	}
	answer = commands_detach(master);
	stop_others(master);
	log_notice("upgrade: %s takes the place of %s", upgrade->path, UPGRADE_PROGRAM);
	execute(master, upgrade->executable, answer);
	err = errno;
	control_finish(answer, strerror(err), "nothing was changed");
	refuse(master, strerror(err));
	master_start_keeper(master);
	master_start_rules_server(master);
	commands_open(master);
}
