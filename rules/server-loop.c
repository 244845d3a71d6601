/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/server.h"

#include "rules/error.h"
#include "rules/tool-run.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPT_PAUSE_MS 200 /* after accept() failed for want of descriptors or memory */

/* ---- clients come and go ---- */

static bool may_connect(const struct server *server, uid_t uid)
{
	if (uid == 0 || uid == geteuid())
		return true;
	for (size_t i = 0; i < server->options->user_count; i++)
		if (server->options->users[i] == uid)
			return true;
	return false;
}

static int judge_peer(struct server *server, struct server_client *client, struct nfv_rules_error *error)
{
	int err = server_peer(client->fd, &client->pid, &client->uid);

	if (err)
		return error_set(error, err, "who connects is not known: %s", strerror(-err));
	if (!may_connect(server, client->uid))
		return error_set(error, -EACCES, "user %u may not connect to this server", (unsigned)client->uid);
	if (server->count > server->limits.clients)
		return error_set(error, -EBUSY, "the server has %zu clients already", server->limits.clients);
	return 0;
}

static void greet(struct server *server, struct server_client *client)
{
	const char *backend = nfv_live_backend(server->live) == NFV_BACKEND_LEGACY ? "legacy" : "nft";

	server->accepted++;
	server_client_answer(
		server, client,
		json_pack("{s:i, s:i, s:s}", "version", SERVER_VERSION, "pid", (int)getpid(), "backend", backend), NULL);
}

static void welcome(struct server *server, int fd)
{
	struct server_client *client = server_client_new(server, fd);
	struct nfv_rules_error error;

	if (!client || grow((void **)&server->clients, server->count, &server->size, sizeof(struct server_client *))) {
		close(fd);
		free(client);
		return;
	}
	server->clients[server->count++] = client;
	if (!judge_peer(server, client, &error)) {
		greet(server, client);
		return;
	}
	server->refused++;
	live_log(server->live, NFV_RULES_WARNING, "server: process %d (uid %u) is refused: %s", (int)client->pid,
		 (unsigned)client->uid, error.text);
	client->last = true;
	server_client_refuse(server, client, &error);
}

static void accept_clients(struct server *server, int64_t now)
{
	for (int i = 0; i < 64; i++) {
		int fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			welcome(server, fd);
		} else if (errno != EINTR && errno != ECONNABORTED) {
			/* The connection that could not be taken makes the socket readable again at once. */
			if (errno != EAGAIN)
				server->accept_after_ms = now + ACCEPT_PAUSE_MS;
			return;
		}
	}
}

static void bury(struct server *server)
{
	for (size_t i = 0; i < server->count;) {
		struct server_client *client = server->clients[i];

		if (!client->gone) {
			i++;
			continue;
		}
		server->count--;
		memmove(&server->clients[i], &server->clients[i + 1], (server->count - i) * sizeof(struct server_client *));
		if (server->lock_holder == client->number)
			server_unlock(server);
		server_drop_leases(server, client);
		server_client_free(client);
	}
}

/* ---- time ---- */

static void sooner(int64_t *next, int64_t at)
{
	if (at && (*next < 0 || at < *next))
		*next = at;
}

static bool is_idle(const struct server *server)
{
	return server->count == 0 && server->leases.count == 0;
}

/* When something is due, in ms from now; -1: nothing is. */
static int time_left(const struct server *server, int64_t now)
{
	int64_t next = -1;

	for (size_t i = 0; i < server->count; i++) {
		sooner(&next, server->clients[i]->deadline_ms);
		if (server->clients[i]->turn)
			sooner(&next, server->clients[i]->wait_until_ms);
	}
	if (server->lock_holder)
		sooner(&next, server->lock_until_ms);
	sooner(&next, server->removal_ms);
	sooner(&next, server->accept_after_ms);
	if (is_idle(server) && server->options->idle_exit_s)
		sooner(&next, server->idle_since_ms + (int64_t)server->options->idle_exit_s * 1000);
	if (next < 0)
		return -1;
	return next <= now ? 0 : next - now > INT32_MAX ? INT32_MAX : (int)(next - now);
}

/* Those that neither sent nor read in time, though they were looked at just now. */
static void judge_stalled(struct server *server, const struct pollfd *polled, size_t count, int64_t now)
{
	for (size_t i = 0; i < count; i++) {
		struct server_client *client = server->clients[i];

		if (client->gone || !client->deadline_ms || client->deadline_ms > now || polled[i].revents)
			continue;
		live_log(server->live, NFV_RULES_WARNING, "server: client %d (uid %u) stopped in the middle of a message",
			 (int)client->pid, (unsigned)client->uid);
		client->gone = true;
	}
}

static void judge_lock(struct server *server, int64_t now)
{
	if (!server->lock_holder || server->lock_until_ms > now)
		return;
	live_log(server->live, NFV_RULES_WARNING, "server: a client held the lock for too long: it is taken away");
	server_unlock(server);
}

static bool idle_for_long(struct server *server, int64_t now)
{
	if (!is_idle(server) || !server->idle_since_ms)
		server->idle_since_ms = now;
	if (!server->options->idle_exit_s || now - server->idle_since_ms < (int64_t)server->options->idle_exit_s * 1000)
		return false;
	if (server->store->ops->confirm_left(server->store) < 0)
		return true;
	/* A commit waits to be confirmed: somebody will come for that. */
	server->idle_since_ms = now;
	return false;
}

/* ---- one round ---- */

static void serve_client(struct server *server, struct server_client *client, short events)
{
	if (client->output.head) {
		server_client_write(server, client);
	} else if (client->turn) {
		/* It waits; only its end is looked for. */
		client->gone |= (events & (POLLHUP | POLLERR | POLLRDHUP)) != 0;
	} else if (server_client_read(server, client)) {
		server->requests++;
		server_answer(server, client);
	}
}

static short events_of(const struct server_client *client)
{
	if (client->output.head)
		return POLLOUT;
	return client->turn ? POLLRDHUP : POLLIN | POLLRDHUP;
}

/* 1: go on; 0: stop; -errno. polled has room for all. */
static int round_of(struct server *server, struct pollfd *polled)
{
	const size_t count = server->count;
	int64_t now = tool_run_now_ms();
	int stop_fd = server->options->stop_fd > 0 ? server->options->stop_fd : -1;
	int n;

	if (server->accept_after_ms <= now)
		server->accept_after_ms = 0;
	for (size_t i = 0; i < count; i++)
		polled[i] = (struct pollfd){ .fd = server->clients[i]->fd, .events = events_of(server->clients[i]) };
	polled[count] = (struct pollfd){ .fd = server->accept_after_ms ? -1 : server->listen_fd, .events = POLLIN };
	polled[count + 1] = (struct pollfd){ .fd = stop_fd, .events = POLLIN };
	n = poll(polled, count + 2, time_left(server, now));
	if (n < 0)
		return errno == EINTR ? 1 : -errno;
	if (polled[count + 1].revents)
		return 0;
	now = tool_run_now_ms();
	for (size_t i = 0; i < count; i++)
		if (polled[i].revents && !server->clients[i]->gone)
			serve_client(server, server->clients[i], polled[i].revents);
	judge_stalled(server, polled, count, now);
	judge_lock(server, now);
	if (polled[count].revents)
		accept_clients(server, now);
	bury(server);
	server_answer_waiting(server);
	bury(server);
	server_remove_chains(server);
	return idle_for_long(server, tool_run_now_ms()) ? 0 : 1;
}

int server_loop(struct server *server, struct nfv_rules_error *error)
{
	struct pollfd *polled = NULL;
	int err = 1;

	server->idle_since_ms = tool_run_now_ms();
	while (err > 0) {
		/* Two more: the socket that listens, and the one that stops us. */
		struct pollfd *grown = reallocarray(polled, server->count + 2, sizeof(*polled));

		if (!grown) {
			err = -ENOMEM;
			break;
		}
		polled = grown;
		err = round_of(server, polled);
	}
	free(polled);
	return err < 0 ? error_set(error, err, "server: %s", strerror(-err)) : 0;
}
