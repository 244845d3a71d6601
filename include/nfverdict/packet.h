/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A packet as a handler sees it: metadata, bounds-checked reads, parsed views, changes.
 *
 * Everything here runs in a worker process, inside a handler's packet() or batch(), and is valid until that
 * call returns: a handler that wants to keep bytes copies them. Nothing here allocates. Multi-byte values are
 * given in host byte order; addresses and raw bytes are as on the wire. A packet begins at its IP header.
 *
 * Two lengths, never one: captured_len bytes were copied from the kernel and can be read; original_len is what the
 * packet has. captured_len < original_len means that it is truncated.
 */
#ifndef NFVERDICT_PACKET_H
#define NFVERDICT_PACKET_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bits of nfv_packet.metadata: the fields that hold something. A field whose bit is clear is zero or NULL. */
enum nfv_metadata {
	NFV_META_IN = 1 << 0,        /* in_ifindex */
	NFV_META_OUT = 1 << 1,       /* out_ifindex */
	NFV_META_PHYS_IN = 1 << 2,   /* phys_in_ifindex: the port of a bridge */
	NFV_META_PHYS_OUT = 1 << 3,  /* phys_out_ifindex */
	NFV_META_HW_ADDR = 1 << 4,   /* hw_addr, hw_addr_len: the sender's link address */
	NFV_META_TIMESTAMP = 1 << 5, /* timestamp_ns: only when the kernel stamped the packet on receipt */
	NFV_META_UID = 1 << 6,       /* uid: owner of the local socket, on output only. Asked for with needs */
	NFV_META_GID = 1 << 7,       /* gid: likewise */
	NFV_META_SECCTX = 1 << 8,    /* secctx, secctx_len. Asked for with needs */
	NFV_META_VLAN = 1 << 9,      /* vlan_protocol, vlan_tci */
	NFV_META_CONNTRACK = 1 << 10, /* conntrack, conntrack_len, conntrack_info. Asked for with needs */
	NFV_META_NAMES = 1 << 11,    /* in needs only: keep the table behind nfv_interface_name() */
};

/* Bits of nfv_packet.flags, from NFQA_SKB_INFO in linux/netfilter/nfnetlink_queue.h. */
enum nfv_packet_flags {
	NFV_CHECKSUM_NOT_READY = 1 << 0,    /* the transport checksum is still to be filled in by a device */
	NFV_GSO = 1 << 1,                   /* a super-packet: many segments that share one header */
	NFV_CHECKSUM_NOT_VERIFIED = 1 << 2, /* nobody looked at the checksums yet */
};

struct nfv_packet;

/* What the daemon does for a packet. Handlers use the inline functions below instead. */
struct nfv_packet_ops {
	int (*splice)(struct nfv_packet *packet, uint32_t offset, uint32_t removed, const void *bytes, uint32_t added);
	const char *(*interface_name)(const struct nfv_packet *packet, uint32_t ifindex);
};

/* Owned by the daemon. Handlers read the fields and change a packet only through the functions of this file. */
struct nfv_packet {
	uint32_t size;              /* sizeof(struct nfv_packet) of the running daemon; grows at its end only */
	uint32_t metadata;          /* enum nfv_metadata */
	uint8_t *data;              /* the IP header; NULL when nothing was captured (copy: meta) */
	uint32_t captured_len;      /* bytes at data */
	uint32_t original_len;      /* bytes that the packet has; with copy: meta 0, the kernel does not tell */
	uint32_t id;                /* packet id: counts up by one in each queue, wraps */
	uint16_t queue;             /* queue number */
	uint16_t protocol;          /* ethertype (ETH_P_IP, ETH_P_IPV6, …) */
	uint8_t hook;               /* enum nf_inet_hooks: 0 PREROUTING … 4 POSTROUTING */
	uint8_t flags;              /* enum nfv_packet_flags */
	uint8_t hw_addr_len;        /* 0 to 8 */
	uint8_t conntrack_info;     /* enum ip_conntrack_info */
	uint32_t in_ifindex;
	uint32_t out_ifindex;
	uint32_t phys_in_ifindex;
	uint32_t phys_out_ifindex;
	uint32_t mark;              /* as it would leave now: changes of earlier handlers included */
	uint32_t mark_changed;      /* bits changed in the call under way; written by nfv_set_mark() */
	uint32_t uid;
	uint32_t gid;
	uint16_t vlan_protocol;     /* ethertype of the tag (ETH_P_8021Q, …) */
	uint16_t vlan_tci;          /* priority (3 bits), drop eligible (1), tag (12) */
	uint8_t hw_addr[8];
	uint64_t timestamp_ns;      /* since the epoch (CLOCK_REALTIME) */
	const char *secctx;         /* not terminated: see secctx_len */
	const uint8_t *conntrack;   /* nested CTA_* attributes, as the kernel wrote them */
	uint32_t secctx_len;
	uint32_t conntrack_len;
	uint32_t capacity;          /* bytes at data that a longer packet may use */
	uint32_t edits;             /* number of changes so far; written by nfv_edit() and nfv_splice() */
	uint32_t edit_begin;        /* the changed bytes are in [edit_begin, edit_end) */
	uint32_t edit_end;
	const struct nfv_packet_ops *ops;
};

/* True when the kernel copied less than the packet has. Such a packet can be judged but not changed. */
static inline bool nfv_truncated(const struct nfv_packet *p)
{
	return p->captured_len < p->original_len;
}

/* The bytes [offset, offset + len), or NULL when any of them was not captured. */
static inline const uint8_t *nfv_bytes_at(const struct nfv_packet *p, uint32_t offset, uint32_t len)
{
	if (offset > p->captured_len || len > p->captured_len - offset || !p->data)
		return NULL;
	return p->data + offset;
}

/* Unaligned big-endian loads; the caller has checked the bounds. */
static inline uint16_t nfv_load16(const uint8_t *b)
{
	return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t nfv_load32(const uint8_t *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static inline bool nfv_read8(const struct nfv_packet *p, uint32_t offset, uint8_t *out)
{
	const uint8_t *b = nfv_bytes_at(p, offset, 1);

	if (b)
		*out = b[0];
	return b != NULL;
}

static inline bool nfv_read16(const struct nfv_packet *p, uint32_t offset, uint16_t *out)
{
	const uint8_t *b = nfv_bytes_at(p, offset, 2);

	if (b)
		*out = nfv_load16(b);
	return b != NULL;
}

static inline bool nfv_read32(const struct nfv_packet *p, uint32_t offset, uint32_t *out)
{
	const uint8_t *b = nfv_bytes_at(p, offset, 4);

	if (b)
		*out = nfv_load32(b);
	return b != NULL;
}

/*
 * Sets the mark bits in mask to those of value. Leaves with the verdict, whichever handler gives it. Bits outside the
 * queue's mark-mask, or any bit by a handler without NFV_MAY_MARK, break the contract.
 */
static inline void nfv_set_mark(struct nfv_packet *p, uint32_t value, uint32_t mask)
{
	p->mark = (p->mark & ~mask) | (value & mask);
	p->mark_changed |= mask;
}

/*
 * Bytes [offset, offset + len) for writing in place. NULL when the packet is truncated, the range does not fit or is
 * empty. The daemon makes the checksums right once, after the last handler. Needs NFV_MAY_REWRITE.
 */
static inline uint8_t *nfv_edit(struct nfv_packet *p, uint32_t offset, uint32_t len)
{
	if (len == 0 || nfv_truncated(p) || !nfv_bytes_at(p, offset, len))
		return NULL;
	if (!p->edits || offset < p->edit_begin)
		p->edit_begin = offset;
	if (!p->edits || offset + len > p->edit_end)
		p->edit_end = offset + len;
	p->edits++;
	return p->data + offset;
}

/*
 * Replaces `removed` bytes at offset by `added` bytes, which may be a different number: the packet grows or shrinks.
 * The daemon corrects length fields and checksums after the last handler. `bytes` may be NULL when added is 0 and must
 * not point into the packet. Returns 0, or -ENODATA (truncated), -ERANGE (offset or removed beyond the packet),
 * -EMSGSIZE (longer than capacity or 65531, the most the kernel takes). Views made before are stale. Needs NFV_MAY_REWRITE.
 */
static inline int nfv_splice(struct nfv_packet *p, uint32_t offset, uint32_t removed, const void *bytes, uint32_t added)
{
	return p->ops->splice(p, offset, removed, bytes, added);
}

/* Replaces the whole packet, IP header included. Errors as nfv_splice(). */
static inline int nfv_replace(struct nfv_packet *p, const void *bytes, uint32_t len)
{
	return p->ops->splice(p, 0, p->captured_len, bytes, len);
}

/*
 * The name of an interface, or NULL when it is unknown, ifindex is 0, or no handler of the queue asked for
 * NFV_META_NAMES. Owned by the daemon, valid until the call returns.
 */
static inline const char *nfv_interface_name(const struct nfv_packet *p, uint32_t ifindex)
{
	return ifindex ? p->ops->interface_name(p, ifindex) : NULL;
}

/* ---- Views: each parses one layer, returns false when the bytes for it are not there or contradict themselves. ---- */

struct nfv_ip {
	uint8_t version;             /* 4 or 6 */
	uint8_t protocol;            /* transport, after IPv6 extension headers: IPPROTO_* */
	uint8_t hop_limit;           /* TTL in IPv4 */
	uint8_t traffic_class;       /* DSCP (6 bits) and ECN (2 bits) */
	bool fragment;               /* any fragment, the first one included */
	bool more_fragments;
	uint16_t fragment_offset;    /* bytes; 0 in the first fragment */
	uint32_t total_len;          /* header and payload as the IP header says; 0 there (GSO): original_len */
	uint32_t transport_offset;   /* where the transport header is; meaningless when !has_transport */
	bool has_transport;          /* the transport header starts here: not a later fragment, IPv6 headers all captured */
	uint8_t address_len;         /* 4 or 16 */
	const uint8_t *source;       /* address_len bytes inside the packet */
	const uint8_t *destination;
};

struct nfv_tcp {
	uint16_t source_port;
	uint16_t destination_port;
	uint32_t sequence;
	uint32_t acknowledgment;
	uint8_t flags;               /* CWR ECE URG ACK PSH RST SYN FIN, from high to low bit */
	uint16_t window;
	uint16_t checksum;
	uint16_t urgent;
	const uint8_t *options;      /* captured option bytes */
	uint32_t options_len;
	uint32_t payload_offset;
	uint32_t payload_len;        /* captured bytes of payload, padding behind total_len left out */
};

struct nfv_udp {
	uint16_t source_port;
	uint16_t destination_port;
	uint16_t length;             /* header and payload, as the header says */
	uint16_t checksum;           /* 0 in IPv4: the sender made none */
	uint32_t payload_offset;
	uint32_t payload_len;        /* captured bytes of payload */
};

struct nfv_icmp {                    /* ICMP and ICMPv6 */
	uint8_t type;
	uint8_t code;
	uint16_t checksum;
	uint16_t id;                 /* of echo request and reply */
	uint16_t sequence;           /* likewise */
	uint32_t payload_offset;
	uint32_t payload_len;
};

#define NFV_TCP_FIN 0x01
#define NFV_TCP_SYN 0x02
#define NFV_TCP_RST 0x04
#define NFV_TCP_PSH 0x08
#define NFV_TCP_ACK 0x10
#define NFV_TCP_URG 0x20
#define NFV_TCP_ECE 0x40
#define NFV_TCP_CWR 0x80

#include <nfverdict/view.h>

#ifdef __cplusplus
}
#endif
#endif
