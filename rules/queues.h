/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which queue numbers have a listener in this network namespace. */
#ifndef RULES_QUEUES_H
#define RULES_QUEUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queues {
	uint8_t bits[65536 / 8];
};

/*
 * Reads /proc/self/net/netfilter/nfnetlink_queue. A kernel without the file has no listener. Where the file cannot be
 * read (in a network namespace that was made together with its user namespace it belongs to nobody) the kernel is asked
 * about each number in `asked`, which needs CAP_NET_ADMIN. 0 or -errno.
 */
int queues_read(struct queues *queues, const struct queues *asked);

/* The text of that file: one listener a line, its number first. 0, or -EINVAL when a line does not begin with a number. */
int queues_parse(struct queues *queues, const char *text, size_t len);

void queues_set(struct queues *queues, uint16_t number, bool on);
bool queues_any(const struct queues *queues, uint16_t first, uint16_t last);

#endif
