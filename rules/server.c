/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/server.h"

#include "rules/error.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static const struct server_limits default_limits = {
	.stall_ms = 10000,
	.lock_ms = 30000,
	.clients = 256,
	.input_bytes = (size_t)512 << 20,
};

static void free_all(struct server *server)
{
	for (size_t i = 0; i < server->count; i++)
		server_client_free(server->clients[i]);
	free(server->clients);
	leases_free(&server->leases);
	server_forget_cache(server);
}

int server_run(const struct nfv_server_options *options, const struct server_limits *limits, struct nfv_rules_error *error)
{
	struct server server = { .options = options, .limits = *limits, .listen_fd = -1, .lock_fd = -1 };
	int err;

	if (options->live.server)
		return error_set(error, -EINVAL, "a server cannot be the client of another");
	/* First the name, so that of many that start at once all but one end before they do anything. */
	err = server_listen(&server, error);
	if (err)
		return err;
	err = nfv_live_open(&server.live, &options->live, error);
	if (!err) {
		server.store = live_store(server.live);
		err = server_loop(&server, error);
		if (server.lock_holder)
			server_unlock(&server);
	}
	/* New clients are to find nobody before those that are there lose us. */
	server_unlisten(&server);
	free_all(&server);
	nfv_live_close(server.live);
	return err;
}

int nfv_rules_serve(const struct nfv_server_options *options, struct nfv_rules_error *error)
{
	return server_run(options, &default_limits, error);
}
