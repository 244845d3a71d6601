/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parsers behind the views of packet.h, which includes this file.
 *
 * Packets are hostile: each length is held against what was captured and against what the header before it allows. Bytes
 * behind the IP header's total length are link padding and belong to no view. A header that was only partly captured makes
 * its view fail, never a guess.
 */
#ifndef NFVERDICT_VIEW_H
#define NFVERDICT_VIEW_H

/* Numbers of the IANA registry "Assigned Internet Protocol Numbers", so that a plugin needs no netinet/in.h for them. */
#define NFV_IP_ICMP         1
#define NFV_IP_TCP          6
#define NFV_IP_UDP          17
#define NFV_IP_ESP          50
#define NFV_IP_ICMP6        58
#define NFV_IP6_HOP_BY_HOP  0
#define NFV_IP6_ROUTING     43
#define NFV_IP6_FRAGMENT    44
#define NFV_IP6_AH          51
#define NFV_IP6_NO_NEXT     59
#define NFV_IP6_DESTINATION 60
#define NFV_IP6_HEADERS_MAX 16 /* extension headers that are walked; a packet with more has no transport header for us */

/* Parses the IP header and, for IPv6, the extension headers up to the transport header. */
static inline bool nfv_view_ip(const struct nfv_packet *p, struct nfv_ip *ip);

/* These take the result of nfv_view_ip(); false unless the protocol is theirs and the fixed header was captured. */
static inline bool nfv_view_tcp(const struct nfv_packet *p, const struct nfv_ip *ip, struct nfv_tcp *tcp);
static inline bool nfv_view_udp(const struct nfv_packet *p, const struct nfv_ip *ip, struct nfv_udp *udp);
static inline bool nfv_view_icmp(const struct nfv_packet *p, const struct nfv_ip *ip, struct nfv_icmp *icmp);

/* ---- What follows serves only the four above. ---- */

/* Bytes the packet has, whatever was captured of it. */
static inline uint32_t nfv_view_packet_len(const struct nfv_packet *p)
{
	return nfv_truncated(p) ? p->original_len : p->captured_len;
}

/* A length field of 16 bits cannot tell more than 65535: super-packets and jumbograms carry 0 there. */
static inline bool nfv_view_huge(const struct nfv_packet *p)
{
	return (p->flags & NFV_GSO) != 0 || nfv_view_packet_len(p) > 65535;
}

/* Captured bytes from offset to the end of the IP packet. */
static inline uint32_t nfv_view_captured(const struct nfv_packet *p, const struct nfv_ip *ip, uint32_t offset)
{
	uint32_t end = p->captured_len < ip->total_len ? p->captured_len : ip->total_len;

	return offset < end ? end - offset : 0;
}

static inline bool nfv_view_ip4(const struct nfv_packet *p, struct nfv_ip *ip)
{
	const uint8_t *b = nfv_bytes_at(p, 0, 20);
	uint32_t header_len;
	uint16_t fragment;

	if (!b)
		return false;
	header_len = (uint32_t)(b[0] & 15) * 4;
	ip->total_len = nfv_load16(b + 2);
	if (ip->total_len == 0 && nfv_view_huge(p))
		ip->total_len = nfv_view_packet_len(p);
	if (header_len < 20 || ip->total_len < header_len || ip->total_len > nfv_view_packet_len(p))
		return false;

	fragment = nfv_load16(b + 6);
	ip->version = 4;
	ip->traffic_class = b[1];
	ip->more_fragments = (fragment & 0x2000) != 0;
	ip->fragment_offset = (uint16_t)((fragment & 0x1fff) * 8);
	ip->fragment = ip->more_fragments || ip->fragment_offset != 0;
	ip->hop_limit = b[8];
	ip->protocol = b[9];
	ip->address_len = 4;
	ip->source = b + 12;
	ip->destination = b + 16;
	ip->transport_offset = header_len;
	ip->has_transport = ip->fragment_offset == 0 && header_len < ip->total_len;
	return true;
}

/* Length of an IPv6 extension header that begins with b (2 bytes); 0 when the protocol is none that is walked over. */
static inline uint32_t nfv_view_extension_len(uint8_t protocol, const uint8_t *b)
{
	switch (protocol) {
	case NFV_IP6_HOP_BY_HOP:
	case NFV_IP6_ROUTING:
	case NFV_IP6_DESTINATION:
		return ((uint32_t)b[1] + 1) * 8;
	case NFV_IP6_FRAGMENT:
		return 8;
	case NFV_IP6_AH:
		return ((uint32_t)b[1] + 2) * 4;
	}
	return 0;
}

static inline bool nfv_view_is_extension(uint8_t protocol)
{
	return protocol == NFV_IP6_HOP_BY_HOP || protocol == NFV_IP6_ROUTING || protocol == NFV_IP6_DESTINATION ||
	       protocol == NFV_IP6_FRAGMENT || protocol == NFV_IP6_AH;
}

/*
 * From ip->protocol and ip->transport_offset on to the transport header. False when a header reaches beyond the packet.
 * Where the capture ends too early, or after too many headers, ip->protocol stays the header that was not walked over.
 */
static inline bool nfv_view_extensions(const struct nfv_packet *p, struct nfv_ip *ip)
{
	int count = 0;

	while (nfv_view_is_extension(ip->protocol)) {
		const uint8_t *b = nfv_bytes_at(p, ip->transport_offset, 8);
		uint32_t len;

		if (ip->total_len - ip->transport_offset < 8)
			return false;
		if (!b || count++ == NFV_IP6_HEADERS_MAX)
			return true;
		len = nfv_view_extension_len(ip->protocol, b);
		if (len > ip->total_len - ip->transport_offset)
			return false;
		if (len > p->captured_len - ip->transport_offset)
			return true;
		ip->transport_offset += len;
		if (ip->protocol == NFV_IP6_FRAGMENT) {
			ip->more_fragments = (b[3] & 1) != 0;
			ip->fragment_offset = (uint16_t)(nfv_load16(b + 2) & 0xfff8);
			/* A fragment header on a whole packet (RFC 6946) makes no fragment of it. */
			ip->fragment = ip->more_fragments || ip->fragment_offset != 0;
		}
		ip->protocol = b[0];
		if (ip->fragment_offset != 0)
			return true; /* what follows is the middle of something */
	}
	ip->has_transport = ip->protocol != NFV_IP6_NO_NEXT && ip->transport_offset < ip->total_len;
	return true;
}

static inline bool nfv_view_ip6(const struct nfv_packet *p, struct nfv_ip *ip)
{
	const uint8_t *b = nfv_bytes_at(p, 0, 40);
	uint32_t payload_len;

	if (!b)
		return false;
	payload_len = nfv_load16(b + 4);
	ip->total_len = 40 + payload_len;
	if (payload_len == 0 && nfv_view_huge(p))
		ip->total_len = nfv_view_packet_len(p);
	if (ip->total_len > nfv_view_packet_len(p))
		return false;

	ip->version = 6;
	ip->traffic_class = (uint8_t)(nfv_load16(b) >> 4);
	ip->protocol = b[6];
	ip->hop_limit = b[7];
	ip->address_len = 16;
	ip->source = b + 8;
	ip->destination = b + 24;
	ip->transport_offset = 40;
	return nfv_view_extensions(p, ip);
}

static inline bool nfv_view_ip(const struct nfv_packet *p, struct nfv_ip *ip)
{
	const uint8_t *b = nfv_bytes_at(p, 0, 1);

	memset(ip, 0, sizeof(*ip));
	if (!b)
		return false;
	if (b[0] >> 4 == 4)
		return nfv_view_ip4(p, ip);
	if (b[0] >> 4 == 6)
		return nfv_view_ip6(p, ip);
	return false;
}

/* The first len bytes of the transport header; NULL unless it is of this protocol, captured, and inside the IP packet. */
static inline const uint8_t *nfv_view_transport(const struct nfv_packet *p, const struct nfv_ip *ip, uint8_t protocol,
						uint32_t len)
{
	if (!ip->has_transport || ip->protocol != protocol || nfv_view_captured(p, ip, ip->transport_offset) < len)
		return NULL;
	return nfv_bytes_at(p, ip->transport_offset, len);
}

static inline bool nfv_view_tcp(const struct nfv_packet *p, const struct nfv_ip *ip, struct nfv_tcp *tcp)
{
	const uint8_t *b = nfv_view_transport(p, ip, NFV_IP_TCP, 20);
	uint32_t header_len, captured;

	memset(tcp, 0, sizeof(*tcp));
	if (!b)
		return false;
	header_len = (uint32_t)(b[12] >> 4) * 4;
	if (header_len < 20 || header_len > ip->total_len - ip->transport_offset)
		return false;

	tcp->source_port = nfv_load16(b);
	tcp->destination_port = nfv_load16(b + 2);
	tcp->sequence = nfv_load32(b + 4);
	tcp->acknowledgment = nfv_load32(b + 8);
	tcp->flags = b[13];
	tcp->window = nfv_load16(b + 14);
	tcp->checksum = nfv_load16(b + 16);
	tcp->urgent = nfv_load16(b + 18);
	captured = nfv_view_captured(p, ip, ip->transport_offset);
	tcp->options = b + 20;
	tcp->options_len = (captured < header_len ? captured : header_len) - 20;
	tcp->payload_offset = ip->transport_offset + header_len;
	tcp->payload_len = nfv_view_captured(p, ip, tcp->payload_offset);
	return true;
}

/* UDP length 0 is a jumbogram's (RFC 2675); the first fragment tells the length of the whole datagram. */
static inline bool nfv_view_udp(const struct nfv_packet *p, const struct nfv_ip *ip, struct nfv_udp *udp)
{
	const uint8_t *b = nfv_view_transport(p, ip, NFV_IP_UDP, 8);
	uint32_t available, length;

	memset(udp, 0, sizeof(*udp));
	if (!b)
		return false;
	available = ip->total_len - ip->transport_offset;
	length = nfv_load16(b + 4);
	if (length == 0 && nfv_view_huge(p))
		length = available;
	if (length < 8 || (length > available && !ip->more_fragments))
		return false;

	udp->source_port = nfv_load16(b);
	udp->destination_port = nfv_load16(b + 2);
	udp->length = nfv_load16(b + 4);
	udp->checksum = nfv_load16(b + 6);
	udp->payload_offset = ip->transport_offset + 8;
	udp->payload_len = nfv_view_captured(p, ip, udp->payload_offset);
	if (udp->payload_len > length - 8)
		udp->payload_len = length - 8;
	return true;
}

static inline bool nfv_view_icmp(const struct nfv_packet *p, const struct nfv_ip *ip, struct nfv_icmp *icmp)
{
	const uint8_t *b = nfv_view_transport(p, ip, ip->version == 4 ? NFV_IP_ICMP : NFV_IP_ICMP6, 8);
	bool echo;

	memset(icmp, 0, sizeof(*icmp));
	if (!b)
		return false;
	icmp->type = b[0];
	icmp->code = b[1];
	icmp->checksum = nfv_load16(b + 2);
	echo = ip->version == 4 ? b[0] == 8 || b[0] == 0 : b[0] == 128 || b[0] == 129;
	if (echo) {
		icmp->id = nfv_load16(b + 4);
		icmp->sequence = nfv_load16(b + 6);
	}
	icmp->payload_offset = ip->transport_offset + 8;
	icmp->payload_len = nfv_view_captured(p, ip, icmp->payload_offset);
	return true;
}

#endif
