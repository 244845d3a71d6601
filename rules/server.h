/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A server: one loop, one way to the kernel, many clients. It answers one request after the other; while a tool runs, for as
 * long as options->live.timeout_ms allows, all wait. Nothing that a client does or fails to do takes more than its own
 * connection with it.
 */
#ifndef RULES_SERVER_H
#define RULES_SERVER_H

#include "rules/lease.h"
#include "rules/live.h"
#include "rules/wire-request.h"

#include <sys/types.h>

#define SERVER_VERSION 1 /* of what requests and answers hold */
#define SERVER_CACHE   16 /* texts of rulesets that are kept */

struct server_limits {
	int stall_ms; /* a message that was begun, either way, must go on within */
	int lock_ms; /* one that holds the lock must ask for something within */
	size_t clients;
	size_t input_bytes; /* of all messages that are not complete */
};

struct server_output {
	char *head; /* header and JSON; NULL: nothing to send */
	size_t head_len;
	struct wire_bytes *bytes;
	size_t done; /* of both together */
};

struct server_client {
	int fd;
	uint64_t number; /* of the connection, from 1 */
	pid_t pid;
	uid_t uid;
	struct wire_input input;
	struct server_output output;
	int64_t deadline_ms; /* for input or output to go on; 0: none */
	struct wire_message message; /* the request, while it waits for the lock */
	struct wire_request request;
	uint64_t turn; /* above 0: it waits; who has the lowest is next */
	int64_t wait_until_ms;
	bool gone; /* to be closed */
	bool last; /* to be closed once the output is sent */
};

struct server_cached {
	enum nfv_family family;
	char table[WIRE_TABLE_MAX + 1]; /* "": all */
	bool counters;
	int64_t read_ms;
	uint64_t generation;
	struct wire_bytes *text; /* NULL: free */
};

struct server {
	const struct nfv_server_options *options;
	struct server_limits limits;
	struct nfv_live *live;
	struct store *store;
	int listen_fd, lock_fd; /* lock_fd: of PATH.lock, -1: none */
	bool owns_path; /* the socket's file is ours to remove */
	dev_t device; /* of that file */
	ino_t inode;
	struct server_client **clients;
	size_t count, size;
	uint64_t last_number, last_turn;
	uint64_t lock_holder; /* a client's number; 0: nobody */
	int64_t lock_until_ms;
	struct leases leases; /* holder 0: of one that is gone, its chain is to be removed */
	int64_t removal_ms; /* next try to do that */
	unsigned removal_tries;
	struct server_cached cache[SERVER_CACHE];
	size_t next_cached;
	int64_t idle_since_ms, accept_after_ms;
	uint64_t accepted, refused, requests, reads_cached;
};

/* nfv_rules_serve() with limits. */
int server_run(const struct nfv_server_options *options, const struct server_limits *limits, struct nfv_rules_error *error);

/* server-listen.c: the socket. 0 or -errno. -EADDRINUSE: somebody serves there. */
int server_listen(struct server *server, struct nfv_rules_error *error);
void server_unlisten(struct server *server);
/* Who is at the other end. */
int server_peer(int fd, pid_t *pid, uid_t *uid);

/* server-loop.c: until it is stopped, or idle. */
int server_loop(struct server *server, struct nfv_rules_error *error);

/* server-client.c: what one connection sends and gets. */
struct server_client *server_client_new(struct server *server, int fd);
void server_client_free(struct server_client *client);
/* Reads what is there. True: a request is complete in client->message. */
bool server_client_read(struct server *server, struct server_client *client);
void server_client_write(struct server *server, struct server_client *client);
/* Takes answer and bytes (NULL: none) and begins to send them. */
void server_client_answer(struct server *server, struct server_client *client, json_t *answer, struct wire_bytes *bytes);
/* The same with an error alone. */
void server_client_refuse(struct server *server, struct server_client *client, const struct nfv_rules_error *error);

/* server-answer.c: answers client->message, or makes the client wait for its turn. */
void server_answer(struct server *server, struct server_client *client);
/* Those that wait, as far as the lock lets them. */
void server_answer_waiting(struct server *server);
/* Takes the lock from its holder. */
void server_unlock(struct server *server);

/* server-read.c: rulesets' texts. */
void server_answer_read(struct server *server, struct server_client *client);
void server_forget_cache(struct server *server);

/* server-lease.c: chains of clients. */
void server_answer_lease(struct server *server, struct server_client *client);
/* A client is gone: its leases too, and chains that were to go with it. */
void server_drop_leases(struct server *server, const struct server_client *client);
/* Removes chains whose holder is gone, when it is time. */
void server_remove_chains(struct server *server);

#endif
