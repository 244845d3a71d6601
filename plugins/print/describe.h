/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet in words, in tcpdump's manner. */
#ifndef PRINT_DESCRIBE_H
#define PRINT_DESCRIBE_H

#include "line.h"

/* "IP 10.0.0.1.4444 > 10.0.0.2.53: UDP, length 33": what its headers say, as far as they were captured. */
void describe_packet(struct line *line, const struct nfv_packet *p);

/* " {queue 0, id 17, INPUT, in eth0, …}": what came along with it, and what the short form leaves out. */
void describe_metadata(struct line *line, const struct nfv_packet *p);

/* " [drop by no-telnet mark 0x10]" */
void describe_decision(struct line *line, const struct nfv_packet *p, const struct nfv_decision *decision);

#endif
