/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/packet/rewrite.h"

#include "daemon/packet/checksum.h"

#include <linux/if_ether.h>

static void store16(uint8_t *b, uint32_t value)
{
	b[0] = (uint8_t)(value >> 8);
	b[1] = (uint8_t)value;
}

/* True when a handler changed any of [begin, end). */
static bool edited(const struct nfv_packet *p, uint32_t begin, uint32_t end)
{
	return p->edits && p->edit_begin < end && p->edit_end > begin;
}

/* ---- Splice ---- */

/*
 * The total length that the IP header tells, or what the packet has when that cannot be. *field is where it is told, *bias
 * what the field does not count. 0: no IP header.
 */
static uint32_t told_total_len(const struct nfv_packet *p, uint32_t *field, uint32_t *bias)
{
	uint32_t version = p->captured_len >= 20 ? p->data[0] >> 4 : 0, total_len;

	if (version != 4 && !(version == 6 && p->captured_len >= 40))
		return 0;
	*field = version == 4 ? 2 : 4;
	*bias = version == 4 ? 0 : 40;
	total_len = *bias + nfv_load16(p->data + *field);
	return total_len < 20 || total_len > p->captured_len ? p->captured_len : total_len;
}

/* Of something that began at `begin` and was `len` long: its length after the splice, which may reach beyond its end. */
static uint32_t length_after(uint32_t begin, uint32_t len, uint32_t offset, uint32_t removed, uint32_t added)
{
	uint32_t end = begin + len;

	if (offset > end)
		return len;
	return len - (removed < end - offset ? removed : end - offset) + added;
}

/* A field that a handler had set to what it should be now stays; any other is taken for the length before the splice. */
static bool preset(const struct nfv_packet *before, uint32_t field, uint32_t value, uint32_t wanted)
{
	return edited(before, field, field + 2) && value == wanted;
}

static void follow_udp(struct nfv_packet *p, const struct nfv_packet *before, uint32_t old_total_len, uint32_t offset,
		       uint32_t removed, uint32_t added)
{
	struct nfv_ip ip;
	uint32_t field, len, room, old_room;

	if (!nfv_view_ip(p, &ip) || !ip.has_transport || ip.fragment || ip.protocol != NFV_IP_UDP)
		return;
	field = ip.transport_offset + 4;
	if (offset < field + 2 || !nfv_bytes_at(p, field, 2))
		return;
	len = nfv_load16(p->data + field);
	room = ip.total_len - ip.transport_offset;
	old_room = old_total_len > ip.transport_offset ? old_total_len - ip.transport_offset : 0;
	if (preset(before, field, len, room))
		return;
	if (len >= 8 && len <= old_room)
		len = length_after(ip.transport_offset, len, offset, removed, added);
	else
		len = room;
	store16(p->data + field, len);
}

/* `before` has the edits and lengths from before the splice; its bytes are gone. */
static void follow_splice(struct nfv_packet *p, const struct nfv_packet *before, uint32_t old_total_len, uint32_t field,
			  uint32_t bias, uint32_t offset, uint32_t removed, uint32_t added)
{
	if (!old_total_len || offset < field + 2)
		return;
	if (!preset(before, field, nfv_load16(p->data + field) + bias, p->captured_len))
		store16(p->data + field, length_after(0, old_total_len, offset, removed, added) - bias);
	follow_udp(p, before, old_total_len, offset, removed, added);
}

/* Where earlier edits are now, and this one with them. */
static void move_edits(struct nfv_packet *p, uint32_t offset, uint32_t removed, uint32_t added)
{
	uint32_t begin = p->edit_begin, end = p->edit_end;

	if (!p->edits++) {
		p->edit_begin = offset;
		p->edit_end = offset + added;
		return;
	}
	if (end >= offset + removed)
		end = end - removed + added;
	else
		end = offset + added;
	if (begin > offset)
		begin = offset;
	p->edit_begin = begin;
	p->edit_end = end;
}

int rewrite_splice(struct nfv_packet *p, uint32_t offset, uint32_t removed, const void *bytes, uint32_t added)
{
	uint32_t limit = p->capacity < REWRITE_MAX_LEN ? p->capacity : REWRITE_MAX_LEN;
	uint32_t kept, old_total_len, field = 0, bias = 0;
	struct nfv_packet before;

	if (!p->data || nfv_truncated(p))
		return -ENODATA;
	if (offset > p->captured_len || removed > p->captured_len - offset)
		return -ERANGE;
	kept = p->captured_len - removed;
	if (kept > limit || added > limit - kept)
		return -EMSGSIZE;
	if (added && !bytes)
		return -EINVAL;

	before = *p;
	old_total_len = told_total_len(p, &field, &bias);
	memmove(p->data + offset + added, p->data + offset + removed, kept - offset);
	if (added)
		memcpy(p->data + offset, bytes, added);
	p->captured_len = kept + added;
	p->original_len = p->captured_len;
	if (added != removed)
		follow_splice(p, &before, old_total_len, field, bias, offset, removed, added);
	move_edits(p, offset, removed, added);
	return 0;
}

/* ---- Finish ---- */

static const char not_ip[] = "it is no IP packet any more";
static const char other_version[] = "its IP version is not the one it arrived with";
static const char bad_lengths[] = "its header lengths contradict the packet";
static const char changed_fragment[] = "a fragment was changed behind its IP header";
static const char changed_tcp_len[] = "a TCP segment's length was changed";
static const char odd_routing[] = "its IPv6 routing header is of a type whose final destination is unknown";

static int refuse(const char **why, const char *text)
{
	*why = text;
	return -EPROTO;
}

/* The length field of the IP header, if it cannot be. Its view is made anew, and fails when the lengths cannot be mended. */
static int finish_ip_length(struct nfv_packet *p, struct nfv_ip *ip, const char **why)
{
	uint8_t *b = p->data;
	uint32_t version = p->captured_len ? b[0] >> 4 : 0, header_len = version == 4 ? (b[0] & 15) * 4 : 40, total_len;

	if (version != 4 && version != 6)
		return refuse(why, not_ip);
	if ((p->protocol == ETH_P_IP && version != 4) || (p->protocol == ETH_P_IPV6 && version != 6))
		return refuse(why, other_version);
	if (p->captured_len < (version == 4 ? 20 : 40))
		return refuse(why, bad_lengths);
	total_len = version == 4 ? nfv_load16(b + 2) : 40u + nfv_load16(b + 4);
	if (version == 6 && total_len == 40 && b[6] != NFV_IP6_NO_NEXT)
		total_len = 0;
	if (total_len < header_len || total_len > p->captured_len) {
		if (version == 4)
			store16(b + 2, p->captured_len);
		else
			store16(b + 4, p->captured_len - 40);
	}
	return nfv_view_ip(p, ip) ? 0 : refuse(why, bad_lengths);
}

/*
 * The address in the pseudo header: behind a routing header with segments left it is not the one in the IP header (RFC 8200,
 * section 8.1). The whole chain lies in the packet, nfv_view_ip() has walked it. NULL: unknown.
 */
static const uint8_t *final_destination(const struct nfv_packet *p, const struct nfv_ip *ip)
{
	uint8_t protocol = p->data[6];
	uint32_t at = 40;

	while (ip->version == 6 && at < ip->transport_offset) {
		const uint8_t *b = p->data + at;
		uint32_t len = nfv_view_extension_len(protocol, b);

		if (protocol == NFV_IP6_ROUTING && b[3] > 0) {
			if (len < 24)
				return NULL;
			if (b[2] == 0 || b[2] == 2) /* source route, mobile IPv6: the last address */
				return b + (len - 8) / 16 * 16 - 8;
			return b[2] == 4 ? b + 8 : NULL; /* segment routing: the list is reversed */
		}
		protocol = b[0];
		at += len;
	}
	return ip->destination;
}

/* True when something that the transport checksum covers may have been changed. */
static bool covered_changed(const struct nfv_packet *p, const struct nfv_ip *ip, uint32_t arrived_len)
{
	/* With another length, bytes outside the range of edits have moved. */
	if (p->captured_len != arrived_len || p->edit_end > ip->transport_offset)
		return true;
	/* There is one range of edits: from DSCP to hop limit it spans the lengths and more, which hardly change alone. */
	if (ip->version == 4)
		return edited(p, 0, 1) || (edited(p, 2, 4) && p->edit_begin >= 2) || edited(p, 9, 10) || edited(p, 12, 20);
	return (edited(p, 4, 7) && p->edit_begin >= 2) || edited(p, 8, ip->transport_offset);
}

static int finish_udp(struct nfv_packet *p, const struct nfv_ip *ip, const uint8_t *destination, uint32_t room,
		      const char **why)
{
	uint8_t *b = p->data + ip->transport_offset;
	uint32_t len;
	uint16_t sum;

	if (room < 8)
		return refuse(why, bad_lengths);
	len = nfv_load16(b + 4);
	if (len < 8 || len > room) {
		len = room;
		store16(b + 4, len);
	}
	if (ip->version == 4 && nfv_load16(b + 6) == 0 && !(p->flags & NFV_CHECKSUM_NOT_READY))
		return 0;
	store16(b + 6, 0);
	sum = checksum_transport(ip->source, destination, ip->address_len, NFV_IP_UDP, b, len);
	store16(b + 6, sum ? sum : 0xffff);
	return 0;
}

static int finish_tcp(struct nfv_packet *p, const struct nfv_ip *ip, const uint8_t *destination, uint32_t room,
		      const char **why)
{
	uint8_t *b = p->data + ip->transport_offset;
	uint32_t header_len = room < 20 ? 0 : (uint32_t)(b[12] >> 4) * 4;

	if (header_len < 20 || header_len > room)
		return refuse(why, bad_lengths);
	store16(b + 16, 0);
	store16(b + 16, checksum_transport(ip->source, destination, ip->address_len, NFV_IP_TCP, b, room));
	return 0;
}

static int finish_icmp(struct nfv_packet *p, const struct nfv_ip *ip, const uint8_t *destination, uint32_t room,
		       const char **why)
{
	uint8_t *b = p->data + ip->transport_offset;

	if (room < 4)
		return refuse(why, bad_lengths);
	store16(b + 2, 0);
	if (ip->version == 4)
		store16(b + 2, checksum_finish(checksum_add(0, b, room)));
	else
		store16(b + 2, checksum_transport(ip->source, destination, 16, NFV_IP_ICMP6, b, room));
	return 0;
}

static int finish_transport(struct nfv_packet *p, const struct nfv_ip *ip, uint32_t arrived_len, const char **why)
{
	uint32_t room = ip->total_len - ip->transport_offset;
	const uint8_t *destination = final_destination(p, ip);
	bool changed = covered_changed(p, ip, arrived_len);

	if (ip->fragment)
		return changed ? refuse(why, changed_fragment) : 0;
	if (ip->version == 6 && !ip->has_transport && nfv_view_is_extension(ip->protocol))
		return changed ? refuse(why, bad_lengths) : 0;
	if (ip->protocol == NFV_IP_TCP && p->captured_len != arrived_len)
		return refuse(why, changed_tcp_len);
	if (!changed && !(p->flags & NFV_CHECKSUM_NOT_READY))
		return 0;

	if (ip->protocol == NFV_IP_ICMP && ip->version == 4)
		return finish_icmp(p, ip, NULL, room, why);
	if (ip->protocol != NFV_IP_TCP && ip->protocol != NFV_IP_UDP && !(ip->protocol == NFV_IP_ICMP6 && ip->version == 6))
		return 0;
	if (!destination)
		return refuse(why, odd_routing);
	if (ip->protocol == NFV_IP_TCP)
		return finish_tcp(p, ip, destination, room, why);
	if (ip->protocol == NFV_IP_UDP)
		return finish_udp(p, ip, destination, room, why);
	return finish_icmp(p, ip, destination, room, why);
}

int rewrite_finish(struct nfv_packet *p, uint32_t arrived_len, const char **why)
{
	struct nfv_ip ip;
	int result;

	*why = NULL;
	if (!p->edits)
		return 0;
	result = finish_ip_length(p, &ip, why);
	if (!result)
		result = finish_transport(p, &ip, arrived_len, why);
	if (result)
		return result;
	p->flags &= (uint8_t)~NFV_CHECKSUM_NOT_READY;
	if (ip.version == 4) {
		store16(p->data + 10, 0);
		store16(p->data + 10, checksum_finish(checksum_add(0, p->data, (p->data[0] & 15u) * 4)));
	}
	return 0;
}
