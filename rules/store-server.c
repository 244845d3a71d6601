/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/store-server.h"

#include "rules/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TRIES 3 /* with servers that are lost one after the other */

static struct server_store *of(struct store *store)
{
	return (struct server_store *)store;
}

/* A request that may be made again: should the server be gone, then of the one that takes its place. */
static int ask(struct server_store *server, const struct wire_request *request, struct wire_message *answer,
	       struct nfv_rules_error *error)
{
	int err = 0;

	for (int i = 0; i < TRIES; i++) {
		wire_message_free(answer);
		if (server->fd < 0)
			err = store_server_connect(server, error);
		if (err)
			return err;
		err = store_server_exchange(server, request, answer, error);
		/* An answer that says so is the server's, and not a lost connection. */
		if (err != -ENOTCONN || server->fd >= 0)
			break;
		err = 0;
	}
	return server->fd < 0 && !err ? -ENOTCONN : err;
}

static json_int_t number_of(const struct wire_message *answer, const char *key)
{
	return json_integer_value(json_object_get(answer->json, key));
}

/* One that is answered with a number: that, or -errno. */
static long long ask_number(struct server_store *server, const struct wire_request *request, struct nfv_rules_error *error)
{
	struct wire_message answer = { 0 };
	int err = ask(server, request, &answer, error);
	json_int_t value = number_of(&answer, "value");

	wire_message_free(&answer);
	return err ? err : value;
}

/* ---- the operations ---- */

int store_server_read(struct store *store, enum nfv_family family, const char *table, bool counters, char **text,
		      size_t *len, uint64_t *generation, struct nfv_rules_error *error)
{
	const struct wire_request request = { .what = WIRE_READ, .family = family, .table = table, .counters = counters };
	struct wire_message answer = { 0 };
	int err = ask(of(store), &request, &answer, error);

	if (!err) {
		*generation = (uint64_t)number_of(&answer, "generation");
		*len = answer.bytes_len;
		*text = answer.bytes ? answer.bytes : strdup("");
		answer.bytes = NULL;
		if (!*text)
			err = error_set(error, -ENOMEM, "no memory for a ruleset");
	}
	wire_message_free(&answer);
	return err;
}

static int op_lock(struct store *store, struct nfv_rules_error *error)
{
	const struct wire_request request = { .what = WIRE_LOCK, .wait_ms = store_server_wait_ms(of(store)) };

	int err = (int)ask_number(of(store), &request, error);

	of(store)->locked = !err;
	return err;
}

static void op_unlock(struct store *store)
{
	const struct wire_request request = { .what = WIRE_UNLOCK };
	struct wire_message answer = { 0 };

	of(store)->locked = false;
	/* A connection that was lost took the lock with it. */
	if (of(store)->fd >= 0)
		store_server_exchange(of(store), &request, &answer, NULL);
	wire_message_free(&answer);
}

static uint64_t op_generation(struct store *store)
{
	const struct wire_request request = { .what = WIRE_GENERATION };
	long long value = ask_number(of(store), &request, NULL);

	return value > 0 ? (uint64_t)value : 0;
}

static int op_confirm(struct store *store, bool keep, struct nfv_rules_error *error)
{
	const struct wire_request request = { .what = keep ? WIRE_CONFIRM : WIRE_ROLLBACK,
					      .wait_ms = store_server_wait_ms(of(store)) };

	return (int)ask_number(of(store), &request, error);
}

static long op_confirm_left(struct store *store)
{
	const struct wire_request request = { .what = WIRE_LEFT };

	return (long)ask_number(of(store), &request, NULL);
}

static int op_lease(struct store *store, enum nfv_family family, const char *table, const char *chain, bool give_back,
		    unsigned flags, struct nfv_rules_error *error)
{
	const struct wire_request request = { .what = give_back ? WIRE_RELEASE : WIRE_LEASE,
					      .family = family,
					      .table = table,
					      .chain = chain,
					      .flags = flags };
	const struct lease lease = { .family = family,
				     .table = (char *)(uintptr_t)table,
				     .chain = (char *)(uintptr_t)chain,
				     .flags = flags,
				     .holder = 1,
				     .pid = getpid() };
	struct server_store *server = of(store);
	int err = (int)ask_number(server, &request, error);

	if (err)
		return err;
	if (give_back)
		lease_give_back(&server->leases, family, table, chain, 1, NULL);
	else
		err = lease_take(&server->leases, &lease, error);
	return err;
}

static enum nfv_backend op_backend(const struct store *store)
{
	return ((const struct server_store *)store)->backend;
}

/* Leases are given back one by one: who just hangs up loses chains that were to go with it. */
static void op_close(struct store *store)
{
	struct server_store *server = of(store);
	struct lease lease;

	while (lease_take_away(&server->leases, 1, &lease)) {
		const struct wire_request request = {
			.what = WIRE_RELEASE, .family = lease.family, .table = lease.table, .chain = lease.chain
		};
		struct wire_message answer = { 0 };

		if (server->fd >= 0)
			store_server_exchange(server, &request, &answer, NULL);
		wire_message_free(&answer);
		lease_free(&lease);
	}
	leases_free(&server->leases);
	store_server_disconnect(server);
	free(server->path);
	free(server->program);
	free(server->tool_folder);
	free(server->state_folder);
	free(server);
}

static const struct store_ops ops = {
	.read = store_server_read,
	.submit = store_server_submit,
	.lock = op_lock,
	.unlock = op_unlock,
	.generation = op_generation,
	.confirm = op_confirm,
	.confirm_left = op_confirm_left,
	.lease = op_lease,
	.backend = op_backend,
	.close = op_close,
};

/* ---- opening ---- */

static bool copy(char **to, const char *text)
{
	*to = text ? strdup(text) : NULL;
	return *to || !text;
}

int store_open_server(struct store **store, const struct nfv_live_options *options, struct nfv_rules_error *error)
{
	struct server_store *server = calloc(1, sizeof(*server));
	int err;

	if (!server)
		return error_set(error, -ENOMEM, "no memory");
	*server = (struct server_store){ .store = { &ops }, .options = *options, .fd = -1 };
	if (!copy(&server->path, options->server) || !copy(&server->program, options->server_program) ||
	    !copy(&server->tool_folder, options->tool_folder) || !copy(&server->state_folder, options->state_folder))
		err = error_set(error, -ENOMEM, "no memory");
	else
		err = store_server_connect(server, error);
	if (err) {
		op_close(&server->store);
		return err;
	}
	*store = &server->store;
	return 0;
}
