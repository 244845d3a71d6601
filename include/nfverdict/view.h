/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parsers behind the views of packet.h, which includes this file. */
#ifndef NFVERDICT_VIEW_H
#define NFVERDICT_VIEW_H

/* Parses the IP header and, for IPv6, the extension headers up to the transport header. */
static inline bool nfv_view_ip(const struct nfv_packet *p, struct nfv_ip *ip);

/* These take the result of nfv_view_ip() and return false unless the protocol is theirs and the fixed header was captured. */
static inline bool nfv_view_tcp(const struct nfv_packet *p, const struct nfv_ip *ip, struct nfv_tcp *tcp);
static inline bool nfv_view_udp(const struct nfv_packet *p, const struct nfv_ip *ip, struct nfv_udp *udp);
static inline bool nfv_view_icmp(const struct nfv_packet *p, const struct nfv_ip *ip, struct nfv_icmp *icmp);

#endif
