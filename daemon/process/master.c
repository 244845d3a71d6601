/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "daemon/process/master.h"

#include "daemon/process/child.h"
#include "daemon/process/commands.h"
#include "daemon/process/fd-store.h"
#include "daemon/process/log.h"
#include "daemon/process/master-private.h"
#include "daemon/process/notify.h"
#include "daemon/process/upgrade.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define MESSAGES_A_TURN 256 /* of one worker, so that one that talks much does not keep the master from all else */
#define OUTPUT_RETRY_MS 100

/* ---- What workers say ---- */

static struct runner *runner_by_channel(struct master *master, int fd, struct served **served)
{
	for (size_t i = 0; i < master->count; i++) {
		for (size_t j = 0; j < SERVED_RUNNERS; j++) {
			*served = &master->served[i];
			if (served_runner(*served, j)->channel == fd)
				return served_runner(*served, j);
		}
	}
	return NULL;
}

void master_print_line(struct master *master, const char *text)
{
	if (master->options->foreground) {
		(void)output_line(&master->output, text);
		(void)output_flush(&master->output);
	} else {
		log_info("%s", text);
	}
}

void master_print_lines(struct master *master, char *text)
{
	char *line;

	while (text && *text) {
		line = strsep(&text, "\n");
		master_print_line(master, line);
	}
}

static void take(struct master *master, struct served *served, struct runner *runner, struct channel_message *message)
{
	enum nfv_log_level level = message->value <= NFV_LOG_DEBUG ? (enum nfv_log_level)message->value : NFV_LOG_INFO;

	switch ((enum channel_type)message->type) {
	case CHANNEL_READY:
		runner->ready = true;
		log_debug("queue %u: worker %d is ready", served->number, (int)runner->pid);
		if (runner == &served->now)
			served_go(served);
		master_adopt_switch(served);
		break;
	case CHANNEL_LEFT:
		runner->left = true;
		master_adopt_switch(served);
		break;
	case CHANNEL_JUDGES:
		runner->judges = message->extra;
		runner->judges_id = message->value;
		break;
	case CHANNEL_CONFIGURED:
		served_configured(served, message->value, (int)message->extra);
		break;
	case CHANNEL_LOG:
		if (level == NFV_LOG_ERROR)
			reload_hear(master, runner, message->text);
		else
			log_write(level, "%s", message->text);
		break;
	case CHANNEL_PRINT:
		master_print_line(master, message->text);
		break;
	case CHANNEL_STATS:
		master_print_lines(master, message->text);
		break;
	case CHANNEL_MISTAKE:
	case CHANNEL_NEEDS:
	case CHANNEL_STEP:
	case CHANNEL_GO:
	case CHANNEL_LEAVE:
	case CHANNEL_STOP:
	case CHANNEL_TELL_STATS:
		break; /* not a worker's words */
	}
}

static struct runner *runner_of(struct served *served, int channel)
{
	for (size_t i = 0; i < SERVED_RUNNERS; i++)
		if (served_runner(served, i)->channel == channel)
			return served_runner(served, i);
	return NULL;
}

int master_take_words(struct master *master, struct served *served, int channel, size_t limit)
{
	struct channel_message message;
	struct runner *runner;
	int got = 1;

	for (size_t i = 0; i < limit && (got = channel_receive(channel, &message)) == 1; i++) {
		runner = runner_of(served, channel);
		if (runner)
			take(master, served, runner, &message);
	}
	return got;
}

static void on_channel(void *argument, int fd, uint32_t events)
{
	struct master *master = argument;
	struct served *served;
	struct runner *runner = runner_by_channel(master, fd, &served);
	int got = runner ? master_take_words(master, served, fd, MESSAGES_A_TURN) : 0;

	(void)events;
	/* The other end is closed: SIGCHLD tells the rest. Another error is the kernel's, for a moment. */
	if (got != 0 && got != -EBADMSG)
		return;
	events_unwatch(&master->events, fd);
	runner = runner ? runner_of(served, fd) : NULL;
	if (runner)
		(void)master_lost_stranger(master, served, runner);
}

/* ---- Workers ---- */

int master_watch_runner(struct master *master, const struct runner *runner)
{
	return events_watch(&master->events, runner->channel, EPOLLIN, on_channel, master);
}

int master_start_worker(struct master *master, struct served *served)
{
	int err = served_start(served);

	if (err == 0)
		err = master_watch_runner(master, &served->now);
	if (err)
		master_end_runner(master, &served->now); /* nobody would hear that it is ready */
	if (err)
		log_error("queue %u: worker cannot be started: %s", served->number, strerror(-err));
	return err;
}

void master_end_runner(struct master *master, struct runner *runner)
{
	if (runner->channel >= 0)
		events_unwatch(&master->events, runner->channel);
	if (runner->pid > 0) {
		kill(runner->pid, SIGKILL);
		(void)child_wait(runner->pid, NULL);
	}
	runner_gone(runner);
}

static void on_look(void *argument, uint64_t now_ns)
{
	struct master *master = argument;

	for (size_t i = 0; i < master->count; i++) {
		sender_look(&master->served[i].sender, now_ns);
		for (size_t j = 0; j < SERVED_RUNNERS; j++)
			runner_look(served_runner(&master->served[i], j), now_ns);
	}
}

static uint64_t look_interval(struct served *served)
{
	uint64_t interval = sender_is_open(&served->sender) ? SENDER_LOOK_NS : 0;

	for (size_t j = 0; j < SERVED_RUNNERS; j++) {
		const struct runner *runner = served_runner(served, j);
		uint64_t wanted = runner->plan ? runner_look_ns(runner_config(runner)) : 0;

		if (wanted && (!interval || wanted < interval))
			interval = wanted;
	}
	return interval;
}

int master_watch_deadlines(struct master *master)
{
	uint64_t interval = 0;

	for (size_t i = 0; i < master->count; i++) {
		uint64_t wanted = look_interval(&master->served[i]);

		if (wanted && (!interval || wanted < interval))
			interval = wanted;
	}
	events_timer_cancel(&master->events, master->look_timer);
	master->look_timer = -1;
	if (!interval)
		return 0;
	master->look_timer = events_timer(&master->events, interval, interval, on_look, master);
	if (master->look_timer >= 0)
		return 0;
	log_error("no timer is left for handlers that hang");
	return -ENOSPC;
}

/* ---- Signals ---- */

static void on_signal(void *argument, int fd, uint32_t events)
{
	struct master *master = argument;
	struct signalfd_siginfo info;
	char why[512];

	(void)events;
	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == (uint32_t)SIGRTMIN)
			master_restart_start(master);
		switch (info.ssi_signo) {
		case SIGTERM:
		case SIGINT:
			master->asked = true;
			master->stop = true;
			break;
		case SIGHUP:
			(void)reload_start(master, NULL, NULL);
			break;
		case SIGUSR1:
			master_tell_stats(master);
			break;
		case SIGUSR2:
			if (master_upgrade_start(master, NULL, NULL, NULL, why, sizeof(why)) < 0)
				log_error("upgrade: %s: %s; nothing was changed", upgrade_path(), why);
			break;
		case SIGCHLD:
			master_reap(master);
			break;
		default:
			break;
		}
	}
}

static int open_signals(struct master *master)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	master->interrupt = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGRTMIN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTTOU, SIG_IGN); /* a terminal that stops background processes that write to it must not stop us */
	sigprocmask(SIG_BLOCK, &set, NULL);
	master->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (master->signals < 0 || master->interrupt < 0)
		return -errno;
	return events_watch(&master->events, master->signals, EPOLLIN, on_signal, master);
}

void master_tell_manager(struct master *master)
{
	char text[128];

	for (size_t i = 0; i < master->count; i++) {
		struct served *served = &master->served[i];

		if (!served->stored)
			served->stored = fd_store_put(served->number, served->socket.fd) == 0;
	}

	snprintf(text, sizeof(text), "READY=1\nMAINPID=%d\nSTATUS=%zu queue%s", (int)getpid(), master->count,
		 master->count == 1 ? "" : "s");
	(void)notify_send(text);
}

/* The last line of a start that did not come to its end; what led to it was told. True when somebody wanted it so. */
static bool tell_unready(const struct master *master, const char *failed)
{
	if (master->asked)
		log_notice("stopped before it was ready");
	else
		log_error("start failed: %s", failed);
	return master->asked;
}

/* From here on nobody who does not read what we write holds packets up. */
static void open_outputs(struct master *master)
{
	enum output_way way = OUTPUT_WRITE;

	log_never_wait();
	if (master->options->foreground)
		way = output_own(STDOUT_FILENO);
	output_init(&master->output, STDOUT_FILENO, way, master->kept, sizeof(master->kept));
}

/* The end: nothing depends on us any more, and a slow reader gets some time. */
static void close_outputs(struct master *master)
{
	output_drain(&master->output, OUTPUT_END_MS);
	if (master->output.lost)
		log_warning("%llu printed lines lost: the reader is too slow", (unsigned long long)master->output.lost);
	log_drain(OUTPUT_END_MS);
}

/* Until something happens; while a reader is slow, also until it is time to try again. */
static int wait_for_events(struct master *master)
{
	bool all_written = output_flush(&master->output);

	all_written &= log_flush();
	return events_wait(&master->events, all_written ? -1 : OUTPUT_RETRY_MS);
}

bool master_open_log(const struct config *config, bool foreground)
{
	bool to_syslog = config->log_to == LOG_TO_SYSLOG || (config->log_to == LOG_TO_AUTO && !foreground);

	log_open(to_syslog ? LOG_SYSLOG : LOG_STDERR, (enum nfv_log_level)config->log_level, "nfverdictd");
	return to_syslog;
}

static int run(struct master *master, struct state *left, void (*ready)(void *context), void *context)
{
	const char *failed = "";
	int err = master_first_start(master, left, &failed);
	bool was_ready = err == 0, clean;

	if (was_ready) {
		master->serving = true;
		master_tell_manager(master);
		ready(context);
		/* After the daemon has left its terminal: they have its outputs and its log. Packets flow also without them. */
		master_start_keeper(master);
		master_start_rules_server(master);
		master_count_from_before(master);
	}
	while (err == 0 && !master->stop) {
		err = wait_for_events(master);
		reload_step(master);
		release_step(master);
		if (!err)
			master_upgrade_go(master);
	}
	clean = master_stop(master, was_ready || master->adopting);
	commands_close(master, clean);
	if (was_ready)
		log_notice("stopped");
	else if (tell_unready(master, failed))
		err = 0;
	return clean ? err : -EIO;
}

int master_run(const struct options *options, struct plan *plan, struct state *left, void (*ready)(void *context), void *context)
{
	struct master master = { .options = options, .plan = plan, .signals = -1, .interrupt = -1,
				 .crash_folder = -1, .look_timer = -1, .reload = RELOAD_IDLE, .keeper = KEEPER_NONE,
				 .rules_server.child.stop_fd = -1, .started_ns = events_now_ns(),
				 .upgrade = MASTER_UPGRADE_NONE, .background = !options->foreground };
	int err = events_open(&master.events, MASTER_WATCHES(plan->steering.number_count + (left ? left->queue_count : 0)));

	if (left)
		master_take_left(&master, left);
	open_outputs(&master);
	if (err == 0)
		err = open_signals(&master);
	if (err && left)
		upgrade_failed(left, "epoll");
	if (err)
		log_error("start failed: epoll: %s", strerror(-err));
	else
		err = run(&master, left, ready, context);
	close_outputs(&master);
	if (master.crash_folder >= 0)
		close(master.crash_folder);
	if (master.interrupt >= 0)
		close(master.interrupt);
	if (master.signals >= 0)
		close(master.signals);
	events_close(&master.events);
	reload_free(&master.reload);
	release_free(&master.release);
	plan_drop(master.left_plan);
	plan_drop(master.plan);
	return err ? 1 : 0;
}
