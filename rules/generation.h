/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The generation id of the kernel's nf_tables ruleset: one more for each table that a commit changed, of all families
 * and whoever it was. Belongs to the network namespace of the thread that opened the socket.
 */
#ifndef RULES_GENERATION_H
#define RULES_GENERATION_H

#include <stdint.h>

struct mnl_socket;

/* A socket to ask with. 0 or -errno. */
int generation_open(struct mnl_socket **socket);
void generation_close(struct mnl_socket *socket); /* also NULL */

/* The generation now; 0: it cannot be told. */
uint64_t generation_get(struct mnl_socket *socket);

/*
 * A socket that becomes readable (mnl_socket_get_fd()) when somebody changed the ruleset. Closed with generation_close(). 0
 * or -errno.
 */
int generation_watch(struct mnl_socket **socket);
/* Takes everything off a watching socket. 1: something came, 0: nothing, or -errno. */
int generation_drain(struct mnl_socket *socket);

#endif
