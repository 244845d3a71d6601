/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "daemon/process/answer.h"

#include "daemon/control/control-server.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define SILENT_MS 5000 /* a worker's loop turns once a second at least */

static const char *const copies[] = { [COPY_NONE] = "none", [COPY_META] = "meta", [COPY_PACKET] = "packet" };
static const char *const passes[] = { [PASS_ACCEPT] = "accept", [PASS_DROP] = "drop" };

void answer_set(json_t *object, const char *key, json_t *value)
{
	(void)json_object_set_new(object, key, value);
}

/* JSON as others read it ends at 2^63; so do the counters, in practice. */
void answer_number(json_t *object, const char *key, uint64_t number)
{
	answer_set(object, key, json_integer((json_int_t)(number > INT64_MAX ? INT64_MAX : number)));
}

static void text(json_t *object, const char *key, const char *value)
{
	answer_set(object, key, control_text(value));
}

uint64_t answer_ms_since(uint64_t then_ns, uint64_t now_ns)
{
	return then_ns < now_ns ? (now_ns - then_ns) / 1000000 : 0;
}

static void __attribute__((format(printf, 2, 3))) add_problem(json_t *problems, const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	(void)json_array_append_new(problems, control_text(line));
}

/* ---- The daemon ---- */

static json_t *steering(const struct master *master, json_t *problems)
{
	const struct keeper_counters *counters = master->keeper.counters;
	const struct config *config = master->plan->config;
	json_t *object = json_object();
	uint64_t entries = 0;

	for (size_t i = 0; i < config->queue_count; i++)
		entries += config->queues[i].steer.count;
	answer_number(object, "entries", entries);
	answer_set(object, "in_place",
		   !entries || !counters || config->when_flushed != FLUSHED_REPAIR ? json_null()
										   : json_boolean(!counters->gone));
	answer_number(object, "flushes", counters ? counters->flushes : 0);
	answer_number(object, "repairs", counters ? counters->repairs : 0);
	answer_number(object, "failures", counters ? counters->failures : 0);
	if (counters && counters->gone)
		add_problem(problems, "steering: our rules are gone: packets pass the queues by");
	if (counters && master->keeper.child.pid <= 0)
		add_problem(problems, "steering: the process that keeps our rules in place does not run");
	return object;
}

json_t *answer_daemon(const struct master *master, bool *well)
{
	const struct config *config = master->plan->config;
	json_t *object = json_object(), *problems = json_array();

	text(object, "version", PACKAGE_VERSION);
	answer_number(object, "pid", (uint64_t)getpid());
	answer_number(object, "uptime_ms", answer_ms_since(master->started_ns, events_now_ns()));
	answer_number(object, "upgrades", master->upgrades);
	text(object, "configuration", master->options->config_file);
	text(object, "configuration_refused", master->plan->refused);
	text(object, "recovery", master->repeats ? "repeat" : "on-error");
	answer_set(object, "ready", json_boolean(master->serving));
	text(object, "under_way", reload_runs(&master->reload) ? "reload"
				  : master->upgrade.executable >= 0 ? "upgrade"
				  : release_runs(&master->release) ? "release" : NULL);
	answer_set(object, "stopping", json_boolean(master->stop));
	answer_set(object, "steering", steering(master, problems));
	text(object, "rules_socket", config->rules_socket);
	text(object, "control_socket", config->control_socket);
	if (config->rules_socket && master->serving && master->rules_server.child.pid <= 0)
		add_problem(problems, "rules server: it does not run");
	if (master->plan->refused)
		add_problem(problems, "configuration: the one of before is in force, for the file was refused: %s",
			    master->plan->refused);
	if (!master->serving)
		add_problem(problems, "the daemon is starting");
	if (master->stop)
		add_problem(problems, "the daemon is stopping");
	*well &= json_array_size(problems) == 0;
	answer_set(object, "problems", problems);
	return object;
}

/* ---- A queue number ---- */

static json_t *flag_names(uint32_t flags)
{
	json_t *names = json_array();

	for (uint32_t flag = 1; flag && flag <= flags; flag <<= 1)
		if (flags & flag)
			(void)json_array_append_new(names, control_text(queue_flag_name(flag)));
	return names;
}

static json_t *bound(const struct served *served)
{
	const struct config_queue *config = served_config(served);
	json_t *object = json_object();

	text(object, "copy", copies[config->copy]);
	answer_number(object, "range", served->wants.range);
	answer_number(object, "max_length", config->max_length);
	answer_number(object, "receive_buffer", served->socket.receive_buffer);
	answer_set(object, "flags", flag_names(served->socket.flags));
	answer_set(object, "refused", flag_names(served->socket.refused_flags));
	return object;
}

static const char *state_of(const struct runner *runner)
{
	if (runner->pid <= 0)
		return "restarting";
	if (runner->hung)
		return "hangs";
	if (!runner->ready)
		return "starting";
	if (runner->left)
		return "leaves";
	return runner->going ? "serves" : "stands by";
}

/* Which handler it is in at the moment. */
static json_t *call(const struct runner *runner)
{
	const struct chain_progress progress = runner_shared(runner)->progress;
	const struct config_queue *config = runner_config(runner);
	json_t *object;

	if (progress.handler == 0 || progress.handler > config->handlers.count)
		return json_null();
	object = json_object();
	text(object, "handler", ((const char *const *)config->handlers.items)[progress.handler - 1]);
	answer_number(object, "packet_id", progress.packet_id);
	return object;
}

static json_t *worker(const struct runner *runner)
{
	const uint64_t heartbeat_ns = runner->pid > 0 ? runner_shared(runner)->heartbeat_ns : 0, now_ns = events_now_ns();
	json_t *object;

	if (runner->pid <= 0)
		return json_null();
	object = json_object();
	answer_number(object, "pid", (uint64_t)runner->pid);
	text(object, "state", state_of(runner));
	answer_number(object, "uptime_ms", answer_ms_since(runner->started_ns, now_ns));
	answer_set(object, "heartbeat_age_ms",
		   heartbeat_ns ? json_integer((json_int_t)answer_ms_since(heartbeat_ns, now_ns)) : json_null());
	answer_set(object, "call", call(runner));
	return object;
}

/* Who sends the verdicts of workers that may not. */
static json_t *sender(const struct served *served, json_t *problems)
{
	const struct sender *sender = served_sender(served, &served->now);
	json_t *object;

	if (!sender)
		return json_null();
	if (sender->pid <= 0)
		add_problem(problems, "queue %s, number %u: no process sends its verdicts: one is to be started",
			    served_config(served)->name, served->number);
	object = json_object();
	answer_set(object, "pid", sender->pid > 0 ? json_integer(sender->pid) : json_null());
	answer_number(object, "failures", sender->failures);
	return object;
}

static json_t *handlers(const struct served *served, json_t *problems)
{
	const struct config_queue *config = served_config(served);
	const char *const *names = config->handlers.items;
	json_t *list = json_array();

	for (size_t i = 0; i < config->handlers.count; i++) {
		const bool quarantined = served->quarantined & UINT64_C(1) << i;
		json_t *object = json_object();

		text(object, "name", names[i]);
		answer_set(object, "quarantined", json_boolean(quarantined));
		answer_number(object, "crashes", served->crashes ? served->crashes[i].count : 0);
		(void)json_array_append_new(list, object);
		if (quarantined)
			add_problem(problems,
				    "queue %s, number %u: handler %s is in quarantine: %s until a reload or `nfverdict "
				    "release %u %s`",
				    config->name, served->number, names[i],
				    config->quarantine == QUARANTINE_SKIP ? "packets pass it by"
									  : "every packet gets on-error",
				    served->number, names[i]);
	}
	return list;
}

static void judge_worker(const struct served *served, json_t *problems)
{
	const struct runner *now = &served->now;
	const char *name = served_config(served)->name;
	const uint64_t heartbeat_ns = served_shared(served)->heartbeat_ns;
	/* A new one has not turned yet. */
	const uint64_t heard_ns = heartbeat_ns > now->started_ns ? heartbeat_ns : now->started_ns;
	const uint64_t silent_ms = answer_ms_since(heard_ns, events_now_ns());

	if (now->pid <= 0 || !now->ready)
		add_problem(problems, "queue %s, number %u: no worker serves it: one is %s", name, served->number,
			    now->pid > 0 ? "starting" : "to be started");
	else if (now->hung)
		add_problem(problems, "queue %s, number %u: worker %d hangs", name, served->number, (int)now->pid);
	else if (silent_ms > SILENT_MS)
		add_problem(problems, "queue %s, number %u: worker %d was last heard of %" PRIu64 " s ago", name,
			    served->number, (int)now->pid, silent_ms / 1000);
}

json_t *answer_packets(const struct served *served, const struct queue_status *status)
{
	const struct queue_counters *c = &served_shared(served)->counters;
	json_t *object = json_object();

	answer_number(object, "seen", c->received - c->recovered);
	answer_number(object, "accepted", c->accepted);
	answer_number(object, "dropped", c->dropped);
	answer_number(object, "repeated", c->repeated);
	answer_number(object, "requeued", c->requeued);
	answer_number(object, "marked", c->marked);
	answer_number(object, "rewritten", c->rewritten);
	answer_number(object, "failed", c->failed);
	if (status)
		answer_number(object, "lost", (uint64_t)status->dropped_full + status->dropped_socket);
	else
		answer_set(object, "lost", json_null());
	return object;
}

json_t *answer_queue(const struct master *master, const struct served *served, bool *well)
{
	const struct config_queue *config = served_config(served);
	json_t *object = json_object(), *problems = json_array();
	struct queue_status status;
	const bool known = queue_status_read(served->number, &status);

	(void)master;
	text(object, "name", config->name);
	answer_number(object, "number", served->number);
	text(object, "isolation", config->isolation == ISOLATION_FAST ? "fast" : "strict");
	text(object, "state", state_of(&served->now));
	answer_set(object, "worker", worker(&served->now));
	answer_set(object, "next", worker(&served->next));
	answer_set(object, "sender", sender(served, problems));
	answer_set(object, "bound", bound(served));
	answer_set(object, "waiting", known ? json_integer(status.waiting) : json_null());
	answer_set(object, "packets", answer_packets(served, known ? &status : NULL));
	answer_number(object, "deaths", served->deaths);
	text(object, "default", passes[config->default_verdict]);
	text(object, "on_error", passes[config->on_error]);
	text(object, "when_full", passes[config->when_full]);
	text(object, "when_down", passes[config->when_down]);
	answer_set(object, "handlers", handlers(served, problems));
	judge_worker(served, problems);
	*well &= json_array_size(problems) == 0;
	answer_set(object, "problems", problems);
	return object;
}
