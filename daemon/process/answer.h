/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon and its queues as JSON, for the control socket; nfverdict-json(5) has every key. What is wrong is told in words
 * as well, as "problems". Reads memory that workers write, and trusts none of it.
 */
#ifndef PROCESS_ANSWER_H
#define PROCESS_ANSWER_H

#include "daemon/process/master-private.h"

#include <jansson.h>

/* The daemon itself. *well becomes false when something is wrong. */
json_t *answer_daemon(const struct master *master, bool *well);

/* One queue number as it is now. */
json_t *answer_queue(const struct master *master, const struct served *served, bool *well);

/* All that one queue number counted. */
json_t *answer_queue_stats(const struct served *served);

/* What the rules in front of one queue entry counted, by its index among those that steer. NULL: there are no more. */
json_t *answer_steered(const struct master *master, size_t queue);

/* For answers: key and value, which is given away. */
void answer_set(json_t *object, const char *key, json_t *value);
void answer_number(json_t *object, const char *key, uint64_t number);

/* Times that a worker wrote may be any. */
uint64_t answer_ms_since(uint64_t then_ns, uint64_t now_ns);

/* The packets of a queue number by what became of them. */
json_t *answer_packets(const struct served *served, const struct queue_status *status);

#endif
