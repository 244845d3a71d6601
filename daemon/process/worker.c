/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A worker's start and end. Everything that needs a file, a socket or a right happens before the sandbox closes. */
#include "daemon/process/worker.h"

#include "daemon/packet/rewrite.h"
#include "daemon/process/limits.h"
#include "daemon/process/log.h"
#include "daemon/process/notify.h"
#include "daemon/process/sandbox.h"
#include "daemon/process/runner.h"
#include "daemon/process/worker-private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#define TICK_NS        1000000000u
#define OWN_WATCHES    8 /* at most: channel, queue, door, interface names */

/* The table behind nfv_interface_name(): a packet's operations get no context, and a process is one worker. */
static struct names *interface_names;

static const char *interface_name(const struct nfv_packet *packet, uint32_t ifindex)
{
	(void)packet;
	return interface_names ? names_find(interface_names, ifindex) : NULL;
}

static const struct nfv_packet_ops packet_ops = {
	.splice = rewrite_splice,
	.interface_name = interface_name,
};

/* The signal only ends a wait, which without SA_RESTART it does. */
static void on_wake(int signal_number)
{
	(void)signal_number;
}

/* The master decides when a worker ends; a Ctrl-C in the terminal reaches the whole group. */
static void set_signals(void)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGUSR2 };
	const struct sigaction wake = { .sa_handler = on_wake };
	sigset_t none;

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigaction(RUNNER_WAKE_SIGNAL, &wake, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int set_cpu(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return 0;
	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) < 0 ? -errno : 0;
}

static void on_go(struct worker *worker, const struct channel_message *message)
{
	worker->go = (struct worker_go){
		.successor = message->value & CHANNEL_GO_SUCCESSOR,
		.repeats = message->value & CHANNEL_GO_REPEATS,
		.careful = message->value & CHANNEL_GO_CAREFUL,
		.settles = message->value & CHANNEL_GO_SETTLES,
		.tells = message->value & CHANNEL_GO_TELLS,
		.poisoned = message->value & CHANNEL_GO_POISONED,
		.predecessor_last_id = message->extra,
		.poison_id = message->more,
	};
	worker->going = true;
}

void worker_on_channel(void *argument, int fd, uint32_t events)
{
	struct worker *worker = argument;
	struct channel_message message;
	int got;

	(void)events;
	while ((got = channel_receive(fd, &message)) == 1) {
		if (message.type == CHANNEL_GO)
			on_go(worker, &message);
		else if (message.type == CHANNEL_LEAVE)
			worker->stop = worker->leaving = true;
		else if (message.type == CHANNEL_STOP)
			worker->stop = true;
		else if (message.type == CHANNEL_TELL_STATS)
			worker_send_stats(worker);
	}
	/* Another error is the kernel's, for a moment. */
	if (got == 0)
		worker_orphan_begin(worker);
	else if (got == -EBADMSG)
		worker->stop = true;
}

static void on_links(void *argument, int fd, uint32_t events)
{
	(void)fd;
	(void)events;
	names_update(argument);
}

static void on_tick(void *argument, uint64_t now_ns)
{
	const struct worker *worker = argument;

	for (size_t i = 0; i < worker->instances.count; i++) {
		const struct handler *handler = &worker->instances.handlers[i];

		if (!handler->ops->tick)
			continue;
		worker_calls(worker, i, CHAIN_CALL_TICK);
		handler->ops->tick(handler->state, now_ns);
		worker_called(worker);
	}
}

static void on_step(void *context, const struct config_handler *handler, enum instances_doing doing)
{
	const struct worker *worker = context;
	const char *const *names = worker->config->handlers.items;

	for (size_t i = 0; i < worker->config->handlers.count; i++)
		if (strcmp(names[i], handler->name) == 0)
			worker_calls(worker, i, doing == INSTANCES_CLOSING ? CHAIN_CALL_CLOSE : CHAIN_CALL_OPEN);
}

static int open_handlers(struct worker *worker)
{
	struct report report = { 0 };
	int err;

	worker->step = (struct instances_step){ .tell = on_step, .context = worker };
	err = instances_open(&worker->instances, worker->setup->plan, worker->config, &worker->env, worker->shared->handlers,
			     &report, &worker->step, worker->setup->quarantined);
	worker_called(worker);
	for (size_t i = 0; i < report.count; i++) {
		const struct report_entry *entry = &report.entries[i];

		log_error("%s:%u:%u: %s", entry->file, entry->line, entry->column, entry->text);
	}
	report_clear(&report);
	return err;
}

static bool sends_itself(const struct worker *worker)
{
	return worker->setup->ring.fd < 0;
}

static bool wants_names(const struct worker *worker)
{
	return chain_needs_metadata(&worker->chain) & NFV_META_NAMES;
}

/* Its socket must not be one that interfaces, addresses and routes can be changed with. */
static int open_names(struct worker *worker)
{
	int err, open_err;

	if (!wants_names(worker))
		return 0;
	err = sends_itself(worker) ? privilege_use_net_admin(false) : 0;
	if (err)
		return err;
	worker->names = names_open();
	open_err = errno ? -errno : -EIO;
	err = sends_itself(worker) ? privilege_use_net_admin(true) : 0;
	if (err)
		return err;
	if (!worker->names)
		return open_err;
	interface_names = worker->names;
	return events_watch(&worker->events, names_fd(worker->names), EPOLLIN, on_links, worker->names);
}

static int start_ticks(struct worker *worker)
{
	int timer = 0;

	for (size_t i = 0; i < worker->instances.count; i++)
		if (worker->instances.handlers[i].ops->tick)
			timer = 1;
	if (!timer)
		return 0;
	timer = events_timer(&worker->events, TICK_NS, TICK_NS, on_tick, worker);
	return timer < 0 ? timer : 0;
}

static struct worker *worker_new(const struct worker_setup *setup)
{
	struct worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return NULL;
	worker->setup = setup;
	worker->master = setup->master;
	worker->config = &setup->plan->config->queues[setup->queue];
	worker->number = setup->socket->number;
	worker->memory = setup->shared;
	worker->events.epoll = -1;
	worker->orphan_timer = -1;
	worker->slots = setup->slots;
	worker->ring = setup->ring;
	for (unsigned i = 0; i < RECEIVE_BATCH_MAX; i++)
		worker->packets[i].ops = &packet_ops;
	output_init(&worker->output, -1, OUTPUT_WRITE, malloc(WORKER_PRINT_BYTES), WORKER_PRINT_BYTES);
	if (!worker->output.buffer || region_map(&worker->memory) < 0) {
		free(worker->output.buffer);
		free(worker);
		return NULL;
	}
	worker->shared = worker->memory.memory;
	worker->counters = &worker->shared->counters;
	return worker;
}

/* Names the step that failed. */
static int failed(const struct worker *worker, const char *step, int err, const char *why)
{
	log_error("queue %u: worker: %s: %s", worker->number, step, why ? why : strerror(-err));
	return err;
}

/* The kernel makes it where the worker is, if it makes a file at all. */
static int allow_core(const struct worker *worker)
{
	if (worker->setup->cores >= 0 && fchdir(worker->setup->cores) < 0)
		return -errno;
	return limits_core();
}

static int worker_start(struct worker *worker)
{
	struct sandbox_wants wants = { .cores = worker->setup->cores, .sends = sends_itself(worker),
				       .channel = worker->setup->channel };
	char why[512];
	int err;

	err = set_cpu(worker->setup->cpu);
	if (err)
		return failed(worker, "cpus", err, NULL);
	err = privilege_become(&worker->setup->plan->account, sends_itself(worker), why, sizeof(why));
	if (err)
		return failed(worker, "privileges", err, why);
	err = worker->config->memory_limit == CONFIG_MEMORY_UNLIMITED ? 0 : limits_memory(worker->config->memory_limit);
	if (err)
		return failed(worker, "memory-limit", err, NULL);
	err = sandbox_no_children(why, sizeof(why));
	if (err)
		return failed(worker, "plugins", err, why);
	err = events_open(&worker->events, WORKER_WATCHES + OWN_WATCHES);
	if (err == 0)
		err = events_watch(&worker->events, worker->setup->channel, EPOLLIN, worker_on_channel, worker);
	if (err)
		return failed(worker, "epoll", err, NULL);
	err = region_map(&worker->slots);
	if (err == 0 && !sends_itself(worker))
		err = region_map(&worker->ring);
	region_close_descriptor(&worker->ring);
	if (err)
		return failed(worker, "packet buffers", err, NULL);
	worker_host_init(worker);
	err = open_handlers(worker);
	if (err)
		return failed(worker, "handlers", err, err == -ENOMEM ? NULL : "cannot be opened");
	err = worker_orphan_init(worker);
	if (err)
		return failed(worker, "being left alone", err, NULL);
	err = worker_loop_init(worker);
	if (err)
		return failed(worker, "queue", err, NULL);
	err = open_names(worker);
	if (err)
		return failed(worker, "interface names", err, NULL);
	err = start_ticks(worker);
	if (err)
		return failed(worker, "timers", err, NULL);
	/* Sleeps are rounded up by the slack, which would double the short pauses of coalesced waiting. */
	prctl(PR_SET_TIMERSLACK, 1ul);
	wants.sends |= wants_names(worker);
	err = worker->setup->plan->config->core_dumps ? allow_core(worker) : 0;
	if (err)
		return failed(worker, "core-dumps", err, NULL);
	err = sandbox_enter(&wants, why, sizeof(why));
	if (worker->setup->cores >= 0)
		close(worker->setup->cores);
	return err ? failed(worker, "sandbox", err, why) : 0;
}

static void worker_free(struct worker *worker)
{
	worker_late_end();
	sink_free(worker->sink);
	instances_close(&worker->instances);
	worker_called(worker);
	names_close(worker->names);
	worker_end_output(worker); /* handlers may print when they close */
	events_close(&worker->events);
	region_close(&worker->slots);
	region_close(&worker->ring);
	region_close(&worker->memory);
	free(worker->output.buffer);
	free(worker->leave_text);
	free(worker);
}

/* There is no worker yet whose log lines go to the master. */
static void tell_no_memory(const struct worker_setup *setup)
{
	char text[96];

	snprintf(text, sizeof(text), "queue %u: worker: memory: %s", setup->socket->number, strerror(ENOMEM));
	(void)channel_send_text(setup->channel, CHANNEL_LOG, NFV_LOG_ERROR, text);
}

int worker_run(const struct worker_setup *setup)
{
	const struct channel_message ready = { .type = CHANNEL_READY };
	const struct channel_message left = { .type = CHANNEL_LEFT };
	struct worker *worker;
	char name[16];
	int err;

	set_signals();
	notify_forget();
	snprintf(name, sizeof(name), "nfv-queue-%u", setup->socket->number);
	prctl(PR_SET_NAME, name);
	worker = worker_new(setup);
	if (!worker) {
		tell_no_memory(setup);
		return 1;
	}
	log_redirect(worker_log_line, worker);
	log_limit((enum nfv_log_level)setup->plan->config->log_level); /* the master may still have that of another plan */
	err = worker_output_init(worker);
	if (err)
		(void)failed(worker, "standard output", err, NULL);
	else
		err = worker_start(worker);
	if (err == 0)
		err = channel_send_wait(setup->channel, &ready);
	if (err == 0)
		err = worker_loop(worker);
	/* What comes in between is lost with the socket. */
	if (err == 0 && worker->letting_go && (err = worker_let_go(worker)) == 0)
		close(setup->socket->fd);
	/* Unheard, it is a death like any other: what is in hand is asked of the socket. */
	if (err == 0 && worker->leaving)
		err = sink_settle(worker->sink); /* whoever comes next may have another way of sending */
	if (err == 0 && worker->leaving)
		(void)channel_send(setup->channel, &left);
	worker_free(worker);
	log_redirect(NULL, NULL);
	return err ? 1 : 0;
}
