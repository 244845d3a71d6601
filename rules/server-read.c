/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/server.h"

#include "rules/tool-run.h"

#include <string.h>

/*
 * Counters change without a generation. A commit that fills a chain anew sends those that were read, so they must not be
 * old; that they are a little late is no different from a packet that comes between reading and commit.
 */
#define COUNTERS_MS 1000

static struct server_cached *find(struct server *server, const struct wire_request *request, uint64_t generation)
{
	const int64_t now = tool_run_now_ms();

	for (size_t i = 0; i < SERVER_CACHE; i++) {
		struct server_cached *cached = &server->cache[i];

		if (cached->text && cached->generation == generation && cached->family == request->family &&
		    cached->counters == request->counters && (!cached->counters || now - cached->read_ms < COUNTERS_MS) &&
		    !strcmp(cached->table, request->table ? request->table : ""))
			return cached;
	}
	return NULL;
}

static void keep(struct server *server, const struct wire_request *request, uint64_t generation, struct wire_bytes *text)
{
	struct server_cached *cached = &server->cache[server->next_cached++ % SERVER_CACHE];

	wire_bytes_unref(cached->text);
	*cached = (struct server_cached){ .family = request->family,
					  .generation = generation,
					  .counters = request->counters,
					  .read_ms = tool_run_now_ms(),
					  .text = wire_bytes_ref(text) };
	strncpy(cached->table, request->table ? request->table : "", WIRE_TABLE_MAX);
}

/* Texts of an older generation are of no more use. */
static void drop_old(struct server *server, uint64_t generation)
{
	for (size_t i = 0; i < SERVER_CACHE; i++) {
		if (server->cache[i].generation == generation)
			continue;
		wire_bytes_unref(server->cache[i].text);
		server->cache[i] = (struct server_cached){ 0 };
	}
}

void server_forget_cache(struct server *server)
{
	drop_old(server, 0); /* what is kept has a generation */
}

static void send_text(struct server *server, struct server_client *client, uint64_t generation, struct wire_bytes *text)
{
	server_client_answer(server, client, json_pack("{s:I}", "generation", (json_int_t)generation), text);
}

void server_answer_read(struct server *server, struct server_client *client)
{
	const struct wire_request *request = &client->request;
	struct store *store = server->store;
	struct nfv_rules_error error = { 0 };
	struct server_cached *cached;
	struct wire_bytes *bytes;
	uint64_t generation = store->ops->generation(store);
	char *text = NULL;
	size_t len = 0;
	int err;

	drop_old(server, generation);
	cached = generation ? find(server, request, generation) : NULL;
	if (cached) {
		server->reads_cached++;
		send_text(server, client, generation, wire_bytes_ref(cached->text));
		return;
	}
	err = store->ops->read(store, request->family, request->table, request->counters, &text, &len, &generation, &error);
	if (err) {
		server_client_refuse(server, client, &error);
		return;
	}
	bytes = wire_bytes_new(text, len);
	if (!bytes) {
		client->gone = true;
		return;
	}
	if (generation)
		keep(server, request, generation, bytes);
	send_text(server, client, generation, bytes);
}
