/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/server.h"

#include "rules/error.h"
#include "rules/tool-run.h"

#include <errno.h>
#include <string.h>

/* ---- answers ---- */

static void answer(struct server *server, struct server_client *client, int err, const struct nfv_rules_error *error)
{
	if (err < 0)
		server_client_refuse(server, client, error);
	else
		server_client_answer(server, client, json_pack("{s:i}", "value", err), NULL);
}

static void answer_generation(struct server *server, struct server_client *client)
{
	uint64_t generation = server->store->ops->generation(server->store);

	server_client_answer(server, client, json_pack("{s:I}", "value", (json_int_t)generation), NULL);
}

static void answer_status(struct server *server, struct server_client *client)
{
	size_t waiting = 0;

	for (size_t i = 0; i < server->count; i++)
		waiting += server->clients[i]->turn != 0;
	server_client_answer(server, client,
			     json_pack("{s:i, s:i, s:i, s:b, s:I, s:I, s:I, s:I}", "clients", (int)server->count, "waiting",
				       (int)waiting, "leases", (int)server->leases.count, "locked", server->lock_holder != 0,
				       "accepted", (json_int_t)server->accepted, "refused", (json_int_t)server->refused,
				       "requests", (json_int_t)server->requests, "cached", (json_int_t)server->reads_cached),
			     NULL);
}

/* What the caller of a submit gets to know, whether it was taken or not. */
static void answer_submit(struct server *server, struct server_client *client, const struct store_submit *submit, int err,
			  const struct nfv_rules_error *error)
{
	json_t *json = json_pack("{s:I, s:I, s:i, s:i}", "generation4", (json_int_t)submit->generation[0], "generation6",
				 (json_int_t)submit->generation[1], "blame_line", (int)submit->blame_line, "blame_part",
				 (int)submit->blame_part);

	if (err < 0)
		json_object_set_new(json, "error", wire_error_to_json(error));
	server_client_answer(server, client, json, NULL);
}

static void answer_change(struct server *server, struct server_client *client)
{
	struct store_submit submit = { .confirm_s = client->request.confirm_s, .dry_run = client->request.dry_run };
	struct nfv_rules_error error = { 0 };
	struct change change = { 0 };
	int err = change_from_json(&change, client->request.change, &error);

	if (!err) {
		err = lease_allows(&server->leases, &change, client->number, &error);
		if (!err)
			err = server->store->ops->submit(server->store, &change, &submit, &error);
		change_free(&change);
	}
	answer_submit(server, client, &submit, err, &error);
}

/* ---- the lock ---- */

static void renew_lock(struct server *server)
{
	server->lock_until_ms = tool_run_now_ms() + server->limits.lock_ms;
}

static void answer_lock(struct server *server, struct server_client *client)
{
	struct nfv_rules_error error = { 0 };
	int err = 0;

	if (!server->lock_holder) {
		err = server->store->ops->lock(server->store, &error);
		if (!err)
			server->lock_holder = client->number;
	}
	renew_lock(server);
	answer(server, client, err, &error);
}

void server_unlock(struct server *server)
{
	server->store->ops->unlock(server->store);
	server->lock_holder = 0;
}

static void answer_unlock(struct server *server, struct server_client *client)
{
	/* Not an error when it was taken away meanwhile: nothing is left to do. */
	if (server->lock_holder == client->number)
		server_unlock(server);
	answer(server, client, 0, NULL);
}

/* ---- turns ---- */

/* Changes come one after the other, and after whoever has the lock. */
static bool needs_turn(enum wire_what what)
{
	return what == WIRE_SUBMIT || what == WIRE_LOCK || what == WIRE_CONFIRM || what == WIRE_ROLLBACK;
}

static bool may_go(const struct server *server, const struct server_client *client)
{
	return !server->lock_holder || server->lock_holder == client->number;
}

static void answer_now(struct server *server, struct server_client *client)
{
	struct nfv_rules_error error = { 0 };
	struct store *store = server->store;
	int err;

	switch (client->request.what) {
	case WIRE_READ:
		server_answer_read(server, client);
		break;
	case WIRE_SUBMIT:
		answer_change(server, client);
		break;
	case WIRE_LOCK:
		answer_lock(server, client);
		break;
	case WIRE_UNLOCK:
		answer_unlock(server, client);
		break;
	case WIRE_LEASE:
	case WIRE_RELEASE:
		server_answer_lease(server, client);
		break;
	case WIRE_CONFIRM:
	case WIRE_ROLLBACK:
		err = store->ops->confirm(store, client->request.what == WIRE_CONFIRM, &error);
		answer(server, client, err, &error);
		break;
	case WIRE_LEFT:
		server_client_answer(server, client,
				     json_pack("{s:I}", "value", (json_int_t)store->ops->confirm_left(store)), NULL);
		break;
	case WIRE_GENERATION:
		answer_generation(server, client);
		break;
	case WIRE_STATUS:
		answer_status(server, client);
		break;
	}
	if (server->lock_holder == client->number)
		renew_lock(server);
}

void server_answer(struct server *server, struct server_client *client)
{
	struct nfv_rules_error error;

	if (wire_request_from_json(&client->request, client->message.json, &error)) {
		server_client_refuse(server, client, &error);
		return;
	}
	/* Also when the lock is free: those that came before are first. */
	if (!needs_turn(client->request.what) || (may_go(server, client) && server->lock_holder)) {
		answer_now(server, client);
		return;
	}
	client->turn = ++server->last_turn;
	client->wait_until_ms = tool_run_now_ms() + client->request.wait_ms;
}

static struct server_client *next_in_turn(const struct server *server)
{
	struct server_client *next = NULL;

	for (size_t i = 0; i < server->count; i++) {
		struct server_client *client = server->clients[i];

		if (client->turn && !client->gone && (!next || client->turn < next->turn))
			next = client;
	}
	return next;
}

static void give_up_waiting(struct server *server, int64_t now)
{
	struct nfv_rules_error error;

	for (size_t i = 0; i < server->count; i++) {
		struct server_client *client = server->clients[i];

		if (!client->turn || client->gone || client->wait_until_ms > now)
			continue;
		error_set(&error, -ETIMEDOUT, "another client of the server holds the lock");
		server_client_refuse(server, client, &error);
	}
}

void server_answer_waiting(struct server *server)
{
	struct server_client *client = next_in_turn(server);

	/* A lock that is granted ends this. */
	while (client && may_go(server, client)) {
		client->turn = 0;
		answer_now(server, client);
		client = next_in_turn(server);
	}
	if (client)
		give_up_waiting(server, tool_run_now_ms());
}
