/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changing packets: other lengths, and making lengths and checksums right afterwards. Pure. */
#ifndef PACKET_REWRITE_H
#define PACKET_REWRITE_H

#include <nfverdict/packet.h>

#define REWRITE_MAX_LEN 65531 /* what an NFQA_PAYLOAD attribute can hold: 65535 less its header */

/*
 * nfv_packet_ops.splice: see nfv_splice(). Moves the tail inside [data, data + capacity). Where the length changes, the
 * length fields of IP and UDP follow at once, so that the next handler sees a packet that agrees with itself; except fields
 * that the splice itself wrote or that the handler had set to the new length already. -EINVAL when bytes is NULL and added
 * is not 0.
 */
int rewrite_splice(struct nfv_packet *packet, uint32_t offset, uint32_t removed, const void *bytes, uint32_t added);

/*
 * After the last handler, for a packet with edits: makes total length, IPv4 header checksum, IPv6 payload length, UDP length
 * and the checksums of TCP, UDP, ICMP, ICMPv6 right. Lengths that agree with the packet are believed, others made from
 * captured_len. A transport checksum is only made anew when what it covers was changed (or is NFV_CHECKSUM_NOT_READY), so
 * that a packet that arrived corrupt does not leave as valid; a UDP/IPv4 checksum of 0 stays 0. Other protocols' payload is
 * left as the handler made it. Returns 0, or -EPROTO with a static text in *why when that cannot be done: not IP any more,
 * header lengths that contradict the packet, a changed transport part of a fragment, a TCP segment of other length than
 * `arrived_len` was. After a failure the packet is not fit to leave.
 */
int rewrite_finish(struct nfv_packet *packet, uint32_t arrived_len, const char **why);

#endif
