/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of ICMP and ICMPv6 messages. */
#ifndef PRINT_ICMP_H
#define PRINT_ICMP_H

#include "line.h"

/* ": ICMP echo request, id 1, seq 2, length 64"; message_len is header and payload. */
void icmp_describe(struct line *line, const struct nfv_packet *p, const struct nfv_ip *ip, uint32_t message_len);

#endif
