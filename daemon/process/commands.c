/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/commands.h"

#include "daemon/control/control-server.h"
#include "daemon/process/answer.h"
#include "daemon/process/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define OPEN_AGAIN_NS 1000000000u

/* ---- Answers that are made line by line ---- */

#define STEERED (UINT64_C(1) << 20) /* from here on the cursor counts what rules counted */

/* The cursor of a long answer: 0 the daemon itself, then one more than the last number told. Queues may come and go. */
static const struct served *next_served(const struct master *master, uint64_t *cursor)
{
	const struct served *next = NULL;

	for (size_t i = 0; i < master->count; i++) {
		const struct served *served = &master->served[i];

		if (served->now.plan && served->number + UINT64_C(1) >= *cursor && (!next || served->number < next->number))
			next = served;
	}
	if (next)
		*cursor = next->number + UINT64_C(2);
	return next;
}

static json_t *next_status(void *context, uint64_t *cursor, int *exit)
{
	const struct master *master = context;
	const struct served *served;
	/* Beside the cursor: whether something was wrong until now. */
	const uint64_t wrong = UINT64_C(1) << 32;
	uint64_t at = *cursor & (wrong - 1);
	bool well = !(*cursor & wrong);
	json_t *line = NULL;

	if (at == 0) {
		line = json_pack("{s:o}", "daemon", answer_daemon(master, &well));
		at = 1;
	} else {
		served = next_served(master, &at);
		if (served)
			line = json_pack("{s:o}", "queue", answer_queue(master, served, &well));
	}
	*exit = well ? CONTROL_WELL : CONTROL_WRONG;
	*cursor = at | (well ? 0 : wrong);
	return line;
}

static json_t *next_stats(void *context, uint64_t *cursor, int *exit)
{
	const struct master *master = context;
	const struct served *served;
	json_t *steered;
	bool well = true;

	*exit = CONTROL_WELL;
	if (*cursor == 0) {
		*cursor = 1;
		return json_pack("{s:o}", "daemon", answer_daemon(master, &well));
	}
	served = *cursor < STEERED ? next_served(master, cursor) : NULL;
	if (served)
		return json_pack("{s:o}", "queue", answer_queue_stats(served));
	*cursor = *cursor < STEERED ? STEERED : *cursor + 1;
	steered = answer_steered(master, *cursor - STEERED);
	return steered ? json_pack("{s:o}", "steered", steered) : NULL;
}

static void tell_tables(struct master *master, uint64_t client)
{
	char *text = master_collect_stats(master, false);

	if (text)
		control_server_say(master->commands.server, client, json_pack("{s:o}", "text", control_text(text)));
	control_server_done(master->commands.server, client, text ? CONTROL_WELL : CONTROL_WRONG);
	free(text);
}

static void tell_stats(struct master *master, const struct commands_asker *asker)
{
	if (asker->text)
		tell_tables(master, asker->client);
	else
		control_server_stream(master->commands.server, asker->client, next_stats, master);
}

void commands_counted(struct master *master)
{
	struct commands *commands = &master->commands;
	const size_t count = commands->asker_count;

	commands->asker_count = 0;
	for (size_t i = 0; i < count && commands->server; i++)
		tell_stats(master, &commands->askers[i]);
}

/* ---- Requests ---- */

/* Who is not to wait, for too many do already, gets what was counted last. */
static void ask_stats(struct master *master, const struct commands_asker *asker)
{
	struct commands *commands = &master->commands;

	if (commands->asker_count == CONTROL_CLIENTS) {
		tell_stats(master, asker);
		return;
	}
	commands->askers[commands->asker_count++] = *asker;
	master_count(master);
}

static void stop(struct master *master, uint64_t client)
{
	if (master->commands.stopper) {
		control_server_refuse(master->commands.server, client, CONTROL_WRONG,
				      "somebody else has asked for it already");
		return;
	}
	log_notice("the end was asked for through the control socket");
	master->commands.stopper = client;
	master->asked = true;
	master->stop = true;
}

/* A text line by line. */
static void say_lines(struct control_server *server, uint64_t client, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		char *line = strndup(text, len);

		control_server_say(server, client, json_pack("{s:o}", "text", control_text(line)));
		free(line);
		text += len + (text[len] == '\n');
	}
}

static void on_reloaded(void *context, bool ok, const char *text)
{
	struct commands_waiter *waiter = context;
	struct control_server *server = waiter->master->commands.server;
	const uint64_t client = waiter->client;

	waiter->client = 0;
	say_lines(server, client, text);
	if (ok)
		control_server_done(server, client, CONTROL_WELL);
	else
		control_server_refuse(server, client, CONTROL_WRONG, "nothing was changed");
}

static void reload(struct master *master, uint64_t client)
{
	struct commands_waiter *waiter = NULL;

	for (size_t i = 0; i < CONTROL_CLIENTS && !waiter; i++)
		if (!master->commands.reloads[i].client)
			waiter = &master->commands.reloads[i];
	if (!waiter || !master->serving || master->stop) {
		control_server_refuse(master->commands.server, client, CONTROL_WRONG,
				      !waiter ? "too many wait for a reload already"
				      : master->stop ? "the daemon is stopping" : "the daemon is starting");
		return;
	}
	log_notice("a reload was asked for through the control socket");
	*waiter = (struct commands_waiter){ .master = master, .client = client };
	if (reload_start(master, on_reloaded, waiter) == 0)
		return;
	waiter->client = 0;
	control_server_refuse(master->commands.server, client, CONTROL_WRONG, "no memory");
}

static void refuse_upgrade(struct master *master, uint64_t client, const char *why)
{
	say_lines(master->commands.server, client, why);
	control_server_refuse(master->commands.server, client, CONTROL_WRONG, "nothing was changed");
}

static void on_upgrade_refused(void *context, const char *why)
{
	struct master *master = context;

	if (master->commands.upgrader)
		refuse_upgrade(master, master->commands.upgrader, why);
	master->commands.upgrader = 0;
}

static void upgrade(struct master *master, uint64_t client, const char *path)
{
	char why[512];

	log_notice("an upgrade was asked for through the control socket");
	if (master_upgrade_start(master, path, on_upgrade_refused, master, why, sizeof(why)) == 0)
		master->commands.upgrader = client;
	else
		refuse_upgrade(master, client, why);
}

int commands_detach(struct master *master)
{
	const uint64_t client = master->commands.upgrader;

	master->commands.upgrader = 0;
	return master->commands.server && client ? control_server_detach(master->commands.server, client) : -1;
}

static void on_request(void *context, uint64_t client, const struct control_request *request)
{
	struct master *master = context;

	switch (request->command) {
	case CONTROL_STATUS:
		control_server_stream(master->commands.server, client, next_status, master);
		break;
	case CONTROL_STATS:
		ask_stats(master, &(struct commands_asker){ .client = client, .text = request->text });
		break;
	case CONTROL_RELEASE:
		release_start(master, client, request);
		break;
	case CONTROL_STOP:
		stop(master, client);
		break;
	case CONTROL_RELOAD:
		reload(master, client);
		break;
	case CONTROL_UPGRADE:
		upgrade(master, client, request->binary);
		break;
	case CONTROL_COMMANDS:
		break; /* does not come */
	}
}

static void on_log(void *context, const char *text)
{
	(void)context;
	log_debug("%s", text);
}

static void on_turn(void *argument, int fd, uint32_t events)
{
	struct master *master = argument;

	(void)fd;
	(void)events;
	control_server_turn(master->commands.server);
}

static void on_again(void *argument, uint64_t now_ns)
{
	struct master *master = argument;

	(void)now_ns;
	if (!master->commands.server && !master->stopping)
		commands_open(master);
}

/* A moment without descriptors or memory passes. */
static bool open_later(struct master *master, int err)
{
	if (err != -EMFILE && err != -ENFILE && err != -ENOMEM && err != -ENOBUFS)
		return false;
	return events_timer(&master->events, OPEN_AGAIN_NS, 0, on_again, master) >= 0;
}

void commands_open(struct master *master)
{
	const struct control_calls calls = {
		.commands = 1u << CONTROL_STATUS | 1u << CONTROL_STATS | 1u << CONTROL_RELOAD | 1u << CONTROL_UPGRADE |
			    1u << CONTROL_RELEASE | 1u << CONTROL_STOP,
		.request = on_request,
		.log = on_log,
		.context = master,
	};
	const char *path = master->plan->config->control_socket;
	char why[512];
	int err;

	if (!path)
		return;
	err = control_server_open(&master->commands.server, path, &calls, why, sizeof(why));
	if (err == 0) {
		err = events_watch(&master->events, control_server_fd(master->commands.server), EPOLLIN, on_turn, master);
		if (err)
			strncpy(why, strerror(-err), sizeof(why) - 1);
	}
	if (err) {
		log_warning("control socket: %s; going on without it%s", why, open_later(master, err) ? " for a while" : "");
		control_server_close(master->commands.server);
		master->commands.server = NULL;
	}
}

void commands_move(struct master *master)
{
	const char *path = master->plan->config->control_socket;
	char why[512];

	if (!master->commands.server)
		commands_open(master);
	else if (control_server_move(master->commands.server, path, why, sizeof(why)) < 0)
		log_warning("control socket: %s; it stays where it was", why);
}

void commands_close(struct master *master, bool clean)
{
	if (!master->commands.server)
		return;
	/* Whoever is told that it is over finds no socket any more. */
	(void)control_server_move(master->commands.server, NULL, NULL, 0);
	if (clean)
		control_server_done(master->commands.server, master->commands.stopper, CONTROL_WELL);
	else
		control_server_refuse(master->commands.server, master->commands.stopper, CONTROL_WRONG,
				      "it has ended, but rules are left; `nfverdictd --cleanup` removes them");
	events_unwatch(&master->events, control_server_fd(master->commands.server));
	control_server_close(master->commands.server);
	master->commands.server = NULL;
}
