/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/queue/message.h"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#define TYPE(message) (NFNL_SUBSYS_QUEUE << 8 | (message))

/* A stretch of attributes under way. Headers are in the machine's byte order, values are big-endian. */
struct walk {
	uint8_t *at;
	uint8_t *end;
	uint8_t *value;
	uint32_t len;    /* bytes at value that are there */
	uint32_t missing; /* bytes that the header promises and that are not there */
	uint16_t type;
};

/* Steps to the next attribute. False at the end, and at bytes that cannot be an attribute: then at < end. */
static inline bool walk_next(struct walk *w)
{
	struct nlattr header;
	size_t left = (size_t)(w->end - w->at);
	size_t padded;

	if (left < sizeof(header))
		return false;
	memcpy(&header, w->at, sizeof(header));
	if (header.nla_len < sizeof(header))
		return false;
	w->type = header.nla_type & NLA_TYPE_MASK;
	w->value = w->at + sizeof(header);
	w->len = header.nla_len - (uint32_t)sizeof(header);
	w->missing = 0;
	padded = NLA_ALIGN(header.nla_len);
	if (padded > left) {
		if (header.nla_len > left) {
			w->missing = (uint32_t)(header.nla_len - left);
			w->len -= w->missing;
		}
		padded = left; /* the last attribute may do without its padding */
	}
	w->at += padded;
	return true;
}

/* Big-endian values of an attribute whose length was checked. */
static inline uint32_t value32(const struct walk *w)
{
	return nfv_load32(w->value);
}

static inline uint64_t value64(const uint8_t *bytes)
{
	return (uint64_t)nfv_load32(bytes) << 32 | nfv_load32(bytes + 4);
}

static bool decode_vlan(struct nfv_packet *p, const struct walk *nest)
{
	struct walk w = { .at = nest->value, .end = nest->value + nest->len };
	bool protocol = false, tci = false;

	while (walk_next(&w)) {
		if (w.missing || w.len < 2)
			return false;
		if (w.type == NFQA_VLAN_PROTO) {
			p->vlan_protocol = nfv_load16(w.value);
			protocol = true;
		} else if (w.type == NFQA_VLAN_TCI) {
			p->vlan_tci = nfv_load16(w.value);
			tci = true;
		}
	}
	if (!protocol && !tci)
		return false;
	p->metadata |= NFV_META_VLAN;
	return w.at == w.end;
}

static bool decode_hw_addr(struct nfv_packet *p, const struct walk *w)
{
	uint16_t len;

	if (w->len < sizeof(struct nfqnl_msg_packet_hw))
		return false;
	len = nfv_load16(w->value);
	if (len > sizeof(p->hw_addr))
		return false;
	p->hw_addr_len = (uint8_t)len;
	memcpy(p->hw_addr, w->value + offsetof(struct nfqnl_msg_packet_hw, hw_addr), sizeof(p->hw_addr));
	p->metadata |= NFV_META_HW_ADDR;
	return true;
}

static bool decode_timestamp(struct nfv_packet *p, const struct walk *w)
{
	if (w->len < sizeof(struct nfqnl_msg_packet_timestamp))
		return false;
	p->timestamp_ns = value64(w->value) * 1000000000u + value64(w->value + 8) * 1000u;
	p->metadata |= NFV_META_TIMESTAMP;
	return true;
}

/* A 32-bit attribute into its field, with its bit of the metadata. */
static inline bool decode32(struct nfv_packet *p, const struct walk *w, uint32_t *field, uint32_t metadata)
{
	if (w->len < 4)
		return false;
	*field = value32(w);
	p->metadata |= metadata;
	return true;
}

/* What the walk finds besides the packet's own fields. */
struct found {
	bool id;
	bool odd;
	uint32_t cap_len;      /* the original length, sent by the kernel for truncated packets only */
	uint32_t payload_len;  /* as the attribute says, which may be more than is there */
	const uint8_t *payload_end;
};

/* One attribute. False: it is shorter than it must be, or out of bounds. */
static inline bool decode_attribute(struct nfv_packet *p, const struct walk *w, struct found *found)
{
	uint32_t word;

	switch (w->type) {
	case NFQA_PACKET_HDR:
		if (w->len < 4)
			return false;
		p->id = value32(w);
		found->id = true;
		if (w->len < sizeof(struct nfqnl_msg_packet_hdr))
			return false;
		p->protocol = nfv_load16(w->value + offsetof(struct nfqnl_msg_packet_hdr, hw_protocol));
		p->hook = w->value[offsetof(struct nfqnl_msg_packet_hdr, hook)];
		return true;
	case NFQA_PAYLOAD:
		p->data = w->value;
		p->captured_len = w->len;
		found->payload_len = w->len + w->missing;
		found->payload_end = w->at;
		return true;
	case NFQA_MARK:
		return decode32(p, w, &p->mark, 0);
	case NFQA_IFINDEX_INDEV:
		return decode32(p, w, &p->in_ifindex, NFV_META_IN);
	case NFQA_IFINDEX_OUTDEV:
		return decode32(p, w, &p->out_ifindex, NFV_META_OUT);
	case NFQA_IFINDEX_PHYSINDEV:
		return decode32(p, w, &p->phys_in_ifindex, NFV_META_PHYS_IN);
	case NFQA_IFINDEX_PHYSOUTDEV:
		return decode32(p, w, &p->phys_out_ifindex, NFV_META_PHYS_OUT);
	case NFQA_UID:
		return decode32(p, w, &p->uid, NFV_META_UID);
	case NFQA_GID:
		return decode32(p, w, &p->gid, NFV_META_GID);
	case NFQA_CAP_LEN:
		return decode32(p, w, &found->cap_len, 0);
	case NFQA_SKB_INFO:
		if (!decode32(p, w, &word, 0))
			return false;
		p->flags = word & (NFV_CHECKSUM_NOT_READY | NFV_GSO | NFV_CHECKSUM_NOT_VERIFIED);
		return true;
	case NFQA_CT_INFO:
		if (!decode32(p, w, &word, 0) || word > UINT8_MAX)
			return false;
		p->conntrack_info = (uint8_t)word;
		return true;
	case NFQA_CT:
		p->conntrack = w->value;
		p->conntrack_len = w->len;
		p->metadata |= NFV_META_CONNTRACK;
		return true;
	case NFQA_SECCTX:
		p->secctx = (const char *)w->value;
		p->secctx_len = w->len;
		p->metadata |= NFV_META_SECCTX;
		return true;
	case NFQA_HWADDR:
		return decode_hw_addr(p, w);
	case NFQA_TIMESTAMP:
		return decode_timestamp(p, w);
	case NFQA_VLAN:
		return decode_vlan(p, w);
	default: /* of a newer kernel, or of no use to handlers */
		return true;
	}
}

/* All but ops. In pieces, for which the compiler takes vector stores; for the whole it takes `rep stos`, 10 ns slower. */
static inline void clear(struct nfv_packet *p)
{
	uint8_t *bytes = (uint8_t *)p;

	_Static_assert(offsetof(struct nfv_packet, ops) > 64, "two pieces");
	memset(bytes, 0, 64);
	memset(bytes + 64, 0, offsetof(struct nfv_packet, ops) - 64);
	p->size = sizeof(*p);
}

static enum message_kind decode_packet(uint8_t *slot, size_t slot_size, size_t message_len, bool cut, struct nfv_packet *p)
{
	struct walk w = { .at = slot + NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg)), .end = slot + message_len };
	struct found found = { .odd = cut };

	clear(p);
	p->queue = nfv_load16(slot + NLMSG_HDRLEN + offsetof(struct nfgenmsg, res_id));
	while (walk_next(&w)) {
		if (w.missing) {
			found.odd = true;
			if (w.type != NFQA_PAYLOAD && w.type != NFQA_PACKET_HDR)
				continue; /* half a value is none; of a payload and of the id every byte counts */
		}
		if (!decode_attribute(p, &w, &found))
			found.odd = true;
	}
	if (w.at < w.end)
		found.odd = true;
	if (!found.id)
		return MESSAGE_MALFORMED;
	p->original_len = found.cap_len > found.payload_len ? found.cap_len : found.payload_len;
	if (p->data) /* a longer packet may grow over the rest of the slot, but not over other attributes */
		p->capacity =
			found.payload_end == w.end ? (uint32_t)(slot_size - (size_t)(p->data - slot)) : p->captured_len;
	return found.odd ? MESSAGE_ODD : MESSAGE_PACKET;
}

static enum message_kind decode_answer(const uint8_t *slot, size_t message_len, struct message_answer *answer)
{
	struct nlmsgerr body;

	if (message_len < NLMSG_HDRLEN + sizeof(body))
		return MESSAGE_MALFORMED;
	memcpy(&body, slot + NLMSG_HDRLEN, sizeof(body));
	if (body.error > 0 || body.error < -4095) /* MAX_ERRNO of the kernel */
		return MESSAGE_MALFORMED;
	answer->error = -body.error;
	answer->sequence = body.msg.nlmsg_seq;
	answer->type =
		NFNL_SUBSYS_ID(body.msg.nlmsg_type) == NFNL_SUBSYS_QUEUE ? NFNL_MSG_TYPE(body.msg.nlmsg_type) : UINT16_MAX;
	return MESSAGE_ANSWER;
}

enum message_kind message_decode(uint8_t *slot, size_t slot_size, size_t received_len, struct nfv_packet *packet,
				 struct message_answer *answer)
{
	struct nlmsghdr header;
	size_t message_len;

	if (received_len > slot_size)
		received_len = slot_size;
	if (received_len < sizeof(header))
		return MESSAGE_MALFORMED;
	memcpy(&header, slot, sizeof(header));
	if (header.nlmsg_len < sizeof(header))
		return MESSAGE_MALFORMED;
	message_len = header.nlmsg_len < received_len ? header.nlmsg_len : received_len;
	if (header.nlmsg_type == TYPE(NFQNL_MSG_PACKET)) {
		if (message_len < NLMSG_HDRLEN + sizeof(struct nfgenmsg))
			return MESSAGE_MALFORMED;
		return decode_packet(slot, slot_size, message_len, header.nlmsg_len > received_len, packet);
	}
	if (header.nlmsg_type == NLMSG_ERROR)
		return decode_answer(slot, message_len, answer);
	return MESSAGE_OTHER;
}

/* ---- Verdicts ---- */

/* The whole header of a verdict as it lies in memory. The parts are multiples of four bytes: no hole between them. */
struct verdict_header {
	struct nlmsghdr netlink;
	struct nfgenmsg nfnetlink;
	struct nlattr verdict_attr;
	struct nfqnl_msg_verdict_hdr verdict;
	struct nlattr mark_attr;
	uint32_t mark;
};

_Static_assert(offsetof(struct verdict_header, mark_attr) == MESSAGE_VERDICT_SIZE, "size of a verdict");
_Static_assert(sizeof(struct verdict_header) == MESSAGE_VERDICT_SIZE + MESSAGE_MARK_SIZE, "size of a verdict with mark");
_Static_assert(MESSAGE_HEADER_MAX == MESSAGE_VERDICT_SIZE + MESSAGE_MARK_SIZE + MESSAGE_PAYLOAD_HEADER_SIZE, "all parts");

static inline size_t put(uint8_t *buffer, const struct message_verdict *v, uint16_t type, size_t after)
{
	size_t len = v->set_mark ? MESSAGE_VERDICT_SIZE + MESSAGE_MARK_SIZE : MESSAGE_VERDICT_SIZE;
	struct verdict_header header = {
		.netlink = {
			.nlmsg_len = (uint32_t)(len + after),
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST,
			.nlmsg_seq = v->id,
		},
		.nfnetlink = { .nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(v->queue) },
		.verdict_attr = { .nla_len = NLA_HDRLEN + sizeof(header.verdict), .nla_type = NFQA_VERDICT_HDR },
		.verdict = { .verdict = htonl(v->verdict), .id = htonl(v->id) },
		.mark_attr = { .nla_len = MESSAGE_MARK_SIZE, .nla_type = NFQA_MARK },
		.mark = htonl(v->mark),
	};

	memcpy(buffer, &header, MESSAGE_VERDICT_SIZE);
	if (v->set_mark) /* constant sizes: no call */
		memcpy(buffer + MESSAGE_VERDICT_SIZE, &header.mark_attr, MESSAGE_MARK_SIZE);
	return len;
}

size_t message_put_verdict(uint8_t *buffer, const struct message_verdict *verdict)
{
	struct nlattr payload = { .nla_type = NFQA_PAYLOAD };
	size_t len, after = 0;

	if (verdict->payload_len)
		after = sizeof(payload) + verdict->payload_len + message_padding(verdict->payload_len);
	len = put(buffer, verdict, TYPE(NFQNL_MSG_VERDICT), after);
	if (verdict->payload_len) {
		payload.nla_len = (uint16_t)(sizeof(payload) + verdict->payload_len);
		memcpy(buffer + len, &payload, sizeof(payload));
		len += sizeof(payload);
	}
	return len;
}

size_t message_put_batch(uint8_t *buffer, const struct message_verdict *verdict)
{
	return put(buffer, verdict, TYPE(NFQNL_MSG_VERDICT_BATCH), 0);
}

/* ---- Configuration ---- */

struct shut_header {
	struct config_start {
		struct nlmsghdr netlink;
		struct nfgenmsg nfnetlink;
	} first;
	struct nlattr mask_attr;
	uint32_t mask;
	struct nlattr flags_attr;
	uint32_t flags;
	struct config_start second;
	struct nlattr length_attr;
	uint32_t length;
};

_Static_assert(sizeof(struct shut_header) == MESSAGE_SHUT_SIZE, "no hole");

#define CONFIG(bytes, number)                                                                                             \
	{                                                                                                                 \
		.netlink = { .nlmsg_len = (uint32_t)(bytes), .nlmsg_type = TYPE(NFQNL_MSG_CONFIG),                       \
			     .nlmsg_flags = NLM_F_REQUEST },                                                              \
		.nfnetlink = { .nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(number) },            \
	}

/* Two messages: the kernel sets a length before flags that come with it, and in between packets would get the other verdict. */
size_t message_put_shut(uint8_t *buffer, uint16_t queue, bool pass)
{
	const struct shut_header shut = {
		.first = CONFIG(offsetof(struct shut_header, second), queue),
		.mask_attr = { .nla_len = NLA_HDRLEN + sizeof(uint32_t), .nla_type = NFQA_CFG_MASK },
		.mask = htonl(NFQA_CFG_F_FAIL_OPEN),
		.flags_attr = { .nla_len = NLA_HDRLEN + sizeof(uint32_t), .nla_type = NFQA_CFG_FLAGS },
		.flags = htonl(pass ? NFQA_CFG_F_FAIL_OPEN : 0),
		.second = CONFIG(sizeof(shut) - offsetof(struct shut_header, second), queue),
		.length_attr = { .nla_len = NLA_HDRLEN + sizeof(uint32_t), .nla_type = NFQA_CFG_QUEUE_MAXLEN },
		.length = htonl(0),
	};

	memcpy(buffer, &shut, sizeof(shut));
	return sizeof(shut);
}
