/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/store-server.h"

#include "rules/error.h"
#include "rules/server.h"
#include "rules/tool-run.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECT_MS 15000 /* for a server to start, or to have room for one more */
#define PAUSE_MS   10
#define PIECE      262144

/* ---- bytes ---- */

/* 0, -ETIMEDOUT, or -errno. */
static int wait_for(int fd, short events, int64_t until_ms)
{
	struct pollfd polled = { .fd = fd, .events = events };
	int64_t left;
	int n;

	do {
		left = until_ms - tool_run_now_ms();
		n = poll(&polled, 1, left > 0 ? (int)left : 0);
	} while (n < 0 && errno == EINTR);
	return n > 0 ? 0 : n < 0 ? -errno : -ETIMEDOUT;
}

static int send_all(int fd, const char *bytes, size_t len, int64_t until_ms)
{
	int err = 0;

	while (len > 0 && !err) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0) {
			bytes += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			err = wait_for(fd, POLLOUT, until_ms);
		} else if (errno != EINTR) {
			err = -errno;
		}
	}
	return err;
}

/* -ENOTCONN: the server is gone. */
static int receive(int fd, struct wire_message *message, int64_t until_ms)
{
	const struct wire_limits limits = { .json_max = WIRE_JSON_MAX, .bytes_max = WIRE_BYTES_MAX };
	struct wire_input input = { 0 };
	char *bytes = malloc(PIECE);
	int err = bytes ? 0 : -ENOMEM;
	size_t used;

	while (!err) {
		size_t wanted = wire_input_wants(&input);
		ssize_t n = recv(fd, bytes, wanted < PIECE ? wanted : PIECE, MSG_DONTWAIT);

		if (n > 0)
			err = wire_input_take(&input, &limits, bytes, (size_t)n, &used);
		else if (n == 0 || errno == ECONNRESET)
			err = -ENOTCONN;
		else if (errno == EAGAIN)
			err = wait_for(fd, POLLIN, until_ms);
		else if (errno != EINTR)
			err = -errno;
	}
	if (err > 0)
		err = wire_input_message(&input, message);
	wire_input_free(&input);
	free(bytes);
	return err;
}

/* ---- the connection ---- */

void store_server_disconnect(struct server_store *server)
{
	if (server->fd >= 0)
		close(server->fd);
	server->fd = -1;
}

int store_server_judge(const struct wire_message *answer, struct nfv_rules_error *error)
{
	const json_t *json = json_object_get(answer->json, "error");

	return json ? wire_error_from_json(json, error) : 0;
}

/* One who made a socket in our place may not tell us what the kernel's rules are. */
static int judge_server(struct server_store *server, struct nfv_rules_error *error)
{
	pid_t pid;
	uid_t uid;
	int err = server_peer(server->fd, &pid, &uid);

	if (err)
		return error_set(error, err, "%s: who serves there is not known: %s", server->path, strerror(-err));
	if (uid != 0 && uid != geteuid())
		return error_set(error, -EPERM, "%s: user %u serves there, and is not trusted", server->path, (unsigned)uid);
	return 0;
}

/* -ENOTCONN: it ended just now. */
static int take_greeting(struct server_store *server, int64_t until_ms, struct nfv_rules_error *error)
{
	struct wire_message greeting = { 0 };
	const char *backend;
	int err = receive(server->fd, &greeting, until_ms);

	if (err)
		return error_set(error, err, "%s: no greeting: %s", server->path, strerror(-err));
	err = store_server_judge(&greeting, error);
	if (!err && json_integer_value(json_object_get(greeting.json, "version")) != SERVER_VERSION)
		err = error_set(error, -EPROTO, "%s: the server is of another version", server->path);
	backend = json_string_value(json_object_get(greeting.json, "backend"));
	server->backend = backend && !strcmp(backend, "legacy") ? NFV_BACKEND_LEGACY : NFV_BACKEND_NFT;
	if (!err && server->options.backend != NFV_BACKEND_AUTO && server->options.backend != server->backend)
		err = error_set(error, -EINVAL, "%s: the server uses the other backend: %s", server->path,
				server->backend == NFV_BACKEND_LEGACY ? "legacy" : "nft");
	wire_message_free(&greeting);
	return err;
}

/* One try. */
static int dial(struct server_store *server, int64_t until_ms, struct nfv_rules_error *error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int err;

	if (strlen(server->path) >= sizeof(address.sun_path))
		return error_set(error, -ENAMETOOLONG, "%s: a socket's path has at most %zu bytes", server->path,
				 sizeof(address.sun_path) - 1);
	strcpy(address.sun_path, server->path);
	server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (server->fd < 0)
		return error_set(error, -errno, "a socket: %s", strerror(errno));
	if (connect(server->fd, (struct sockaddr *)&address, sizeof(address)))
		err = error_set(error, -errno, "%s: %s", server->path, strerror(errno));
	else
		err = judge_server(server, error);
	if (!err)
		err = take_greeting(server, until_ms, error);
	if (err)
		store_server_disconnect(server);
	return err;
}

static bool may_try_again(const struct server_store *server, int err)
{
	/* A full backlog, or one that ended before it greeted. */
	if (err == -EAGAIN || err == -ENOTCONN)
		return true;
	return server->options.start_server && (err == -ENOENT || err == -ECONNREFUSED);
}

/* Leases that another took meanwhile are lost, and that is told. */
static void take_leases_again(struct server_store *server)
{
	for (size_t i = 0; i < server->leases.count;) {
		struct lease *lease = &server->leases.items[i];
		const struct wire_request request = { .what = WIRE_LEASE,
						      .family = lease->family,
						      .table = lease->table,
						      .chain = lease->chain,
						      .flags = lease->flags };
		struct nfv_rules_error error = { 0 };
		struct wire_message answer = { 0 };
		char text[sizeof(error.text) + 64];
		int err = store_server_exchange(server, &request, &answer, &error);

		wire_message_free(&answer);
		if (!err) {
			i++;
			continue;
		}
		snprintf(text, sizeof(text), "the lease of chain %s is lost: %s", lease->chain, error.text);
		if (server->options.log)
			server->options.log(server->options.log_context, NFV_RULES_WARNING, text);
		lease_give_back(&server->leases, lease->family, lease->table, lease->chain, lease->holder, NULL);
	}
}

int store_server_connect(struct server_store *server, struct nfv_rules_error *error)
{
	int64_t until_ms = tool_run_now_ms() + CONNECT_MS;
	struct store_server_start start = { -1, -1 };
	int err, start_err = 0;

	for (;;) {
		err = dial(server, until_ms, error);
		if (!err || !may_try_again(server, err) || tool_run_now_ms() > until_ms)
			break;
		/* The server that we started is gone, and nobody else's is there. */
		if (start_err)
			break;
		if (server->options.start_server && (err == -ENOENT || err == -ECONNREFUSED)) {
			start_err = store_server_start(&start, server, error);
			if (start_err && start_err != -EPIPE) {
				err = start_err;
				break;
			}
		}
		poll(NULL, 0, PAUSE_MS);
	}
	/* -EAGAIN means a conflict to whoever commits. */
	if (err == -EAGAIN)
		err = error_set(error, -ETIMEDOUT, "%s: the server has no room for one more", server->path);
	if (err && start_err == -EPIPE)
		error_set(error, err, "%s: the server that was started there ended at once", server->path);
	store_server_start_end(&start);
	if (!err)
		take_leases_again(server);
	return err;
}

/* ---- requests ---- */

int store_server_wait_ms(const struct server_store *server)
{
	int wait_ms = server->options.lock_wait_ms > 0 ? server->options.lock_wait_ms : 10000;

	return wait_ms < WIRE_WAIT_MAX ? wait_ms : WIRE_WAIT_MAX;
}

/* Others' runs of tools may come first; a server that is silent for longer is stuck. */
static int64_t patience(const struct server_store *server)
{
	int64_t run_ms = server->options.timeout_ms > 0 ? server->options.timeout_ms : 30000;

	return tool_run_now_ms() + 4 * run_ms + 2 * store_server_wait_ms(server);
}

static int lost(struct server_store *server, int err, struct nfv_rules_error *error)
{
	store_server_disconnect(server);
	return error_set(error, err == -ENOTCONN || err == -EPIPE || err == -ECONNRESET ? -ENOTCONN : err,
			 "%s: the connection to the server is lost: %s", server->path,
			 err == -ENOTCONN ? "it was closed" : strerror(-err));
}

int store_server_exchange(struct server_store *server, const struct wire_request *request, struct wire_message *answer,
			  struct nfv_rules_error *error)
{
	int64_t until_ms = patience(server);
	json_t *json = wire_request_to_json(request);
	size_t len = 0;
	char *bytes = json ? wire_print(json, 0, &len) : NULL;
	int err, send_err;

	json_decref(json);
	if (!bytes)
		return error_set(error, -EINVAL, "a request that cannot be sent: no memory, too long, or not UTF-8");
	send_err = send_all(server->fd, bytes, len, until_ms);
	free(bytes);
	/* A server that refuses what we are still sending says why before it closes. */
	err = send_err && send_err != -EPIPE && send_err != -ECONNRESET ? send_err : receive(server->fd, answer, until_ms);
	if (err)
		return lost(server, send_err ? send_err : err, error);
	return store_server_judge(answer, error);
}
