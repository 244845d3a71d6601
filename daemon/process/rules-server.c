/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/rules-server.h"

#include "daemon/process/events.h"
#include "daemon/process/log.h"

#include <nfverdict/rules.h>

#include <errno.h>
#include <string.h>

#define NAME           "nfv-rules"
#define SOON_NS        10000000000u /* an end this soon after a start is a failure */
#define WAIT_LEAST_NS  1000000000u
#define WAIT_MOST_NS   60000000000u

static void log_line(void *context, enum nfv_rules_level level, const char *text)
{
	static const enum nfv_log_level levels[] = {
		[NFV_RULES_DEBUG] = NFV_LOG_DEBUG,
		[NFV_RULES_INFO] = NFV_LOG_INFO,
		[NFV_RULES_WARNING] = NFV_LOG_WARNING,
		[NFV_RULES_ERROR] = NFV_LOG_ERROR,
	};

	(void)context;
	log_write(levels[level], "rules server: %s", text);
}

static int serve(void *context, int stop_fd)
{
	static const enum nfv_backend backends[] = {
		[BACKEND_AUTO] = NFV_BACKEND_AUTO,
		[BACKEND_NFT] = NFV_BACKEND_NFT,
		[BACKEND_LEGACY] = NFV_BACKEND_LEGACY,
	};
	const struct rules_server *server = context;
	const struct nfv_server_options options = {
		.path = server->config->rules_socket,
		.stop_fd = stop_fd,
		.live = { .backend = backends[server->config->backend], .log = log_line },
	};
	struct nfv_rules_error error;
	int err = nfv_rules_serve(&options, &error);

	if (err)
		log_error("rules server: %s", error.text);
	return err ? 1 : 0;
}

int rules_server_start(struct rules_server *server, const struct config *config)
{
	*server = (struct rules_server){ .config = config, .child.stop_fd = -1, .started_ns = events_now_ns() };
	return config->rules_socket ? child_start(&server->child, NAME, serve, server) : 0;
}

uint64_t rules_server_reap(struct rules_server *server)
{
	const uint64_t now = events_now_ns();
	uint64_t wait;

	if (!child_ended(&server->child))
		return 0;
	server->failures = now - server->started_ns < SOON_NS ? server->failures + 1 : 0;
	wait = WAIT_LEAST_NS << (server->failures < 6 ? server->failures : 6);
	if (wait > WAIT_MOST_NS)
		wait = WAIT_MOST_NS;
	log_warning("rules server: it ended; it is started anew in %llu s", (unsigned long long)(wait / 1000000000u));
	return wait;
}

int rules_server_again(struct rules_server *server)
{
	int err;

	if (server->child.pid > 0 || !server->config->rules_socket)
		return 0;
	server->started_ns = events_now_ns();
	err = child_start(&server->child, NAME, serve, server);
	if (err)
		log_error("rules server: it cannot be started: %s", strerror(-err));
	return err;
}

void rules_server_stop(struct rules_server *server)
{
	child_stop(&server->child);
}
