/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client's connection to a server. */
#ifndef RULES_STORE_SERVER_H
#define RULES_STORE_SERVER_H

#include "rules/lease.h"
#include "rules/store.h"
#include "rules/wire-request.h"

struct server_store {
	struct store store;
	struct nfv_live_options options; /* its texts are copies: */
	char *path, *program, *tool_folder, *state_folder;
	int fd; /* -1: not connected */
	enum nfv_backend backend;
	bool locked; /* by store_ops.lock() */
	struct leases leases; /* ours, to be taken again from a server that took another's place */
};

/* store-server-connect.c: connects, with options.start_server to one that it starts. 0 or -errno. */
int store_server_connect(struct server_store *server, struct nfv_rules_error *error);
void store_server_disconnect(struct server_store *server);
/* Sends a request and takes the answer. -ENOTCONN: the connection is lost; whether the request was done is not known. */
int store_server_exchange(struct server_store *server, const struct wire_request *request, struct wire_message *answer,
			  struct nfv_rules_error *error);

/* store-server-start.c: `nfverdict rules serve`, started by us. */
struct store_server_start {
	int lock_fd; /* of PATH.start: only who has it starts one. -1: not taken */
	int alive_fd; /* readable once the server that we started has ended. -1: none */
};
/* Takes the lock if it is free; the next time starts the server. 0, or -errno when it could not be started or ended. */
int store_server_start(struct store_server_start *start, const struct server_store *server, struct nfv_rules_error *error);
void store_server_start_end(struct store_server_start *start);

/* store-server-submit.c: of struct store_ops. */
int store_server_submit(struct store *store, const struct change *change, struct store_submit *submit,
			struct nfv_rules_error *error);
/* store-server.c: likewise. */
int store_server_read(struct store *store, enum nfv_family family, const char *table, bool counters, char **text,
		      size_t *len, uint64_t *generation, struct nfv_rules_error *error);

/* How long the server may wait for others on our behalf. */
int store_server_wait_ms(const struct server_store *server);
/* Whether an answer is an error; fills it. 0 or -errno. */
int store_server_judge(const struct wire_message *answer, struct nfv_rules_error *error);

#endif
