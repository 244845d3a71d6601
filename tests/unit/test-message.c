/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the kernel's messages. The recorded ones are those of tests/fuzz/corpus/message/,
 * written by Linux 6.18 for packets over veth; VLAN tags, security contexts and conntrack entries are put together here,
 * with libmnl.
 */
#include "daemon/queue/message.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <libnetfilter_queue/libnetfilter_queue.h>

#define HW_AND_TIME (NFV_META_HW_ADDR | NFV_META_TIMESTAMP)

struct record {
	const char *name;
	enum message_kind kind;
	struct nfv_packet want; /* what the message says; pointers and capacity are judged apart */
	uint32_t data_offset;   /* 0: no payload */
};

/* What many records have in common: they came in by veth, or left a local socket. */
#define VETH_MAC { 0x2e, 0x5c, 0x22, 0x85, 0xac, 0x79 }
#define VETH(number, ns)                                                                                               \
	.metadata = NFV_META_IN | HW_AND_TIME, .queue = (number), .hook = NF_INET_LOCAL_IN, .in_ifindex = 2,           \
	.hw_addr_len = 6, .hw_addr = VETH_MAC, .timestamp_ns = ns##u
#define LOCAL(number)                                                                                                  \
	.metadata = NFV_META_OUT | NFV_META_UID | NFV_META_GID, .queue = (number), .hook = NF_INET_LOCAL_OUT,          \
	.out_ifindex = 2, .uid = 1001, .gid = 2001
#define IPV4(captured, original) .captured_len = (captured), .original_len = (original), .protocol = 0x0800
#define IPV6(captured, original) .captured_len = (captured), .original_len = (original), .protocol = 0x86dd
#define FIRST                    .id = 1, .flags = NFV_CHECKSUM_NOT_READY
#define SUPER_PACKET             NFV_CHECKSUM_NOT_READY | NFV_GSO

/* clang-format off */
static const struct record records[] = {
	{ "udp4-in", MESSAGE_PACKET, { VETH(1, 1795245451550131000), IPV4(65, 65), FIRST, .mark = 0x1234 }, 96 },
	{ "udp6-in", MESSAGE_PACKET, { VETH(1, 1795245451719032000), IPV6(109, 109), FIRST, .mark = 0x1234 }, 96 },
	{ "udp4-in-range-40", MESSAGE_PACKET,
	  { VETH(1, 1795245451884924000), IPV4(40, 228), FIRST, .mark = 0x1234 }, 104 },
	{ "udp4-in-meta", MESSAGE_PACKET, { VETH(1, 1795245452051235000), IPV4(0, 0), FIRST }, 0 },
	{ "udp4-in-buffer-150", MESSAGE_ODD,
	  { VETH(1, 1795245452166435000), IPV4(62, 328), FIRST }, 88 }, /* MSG_TRUNC */
	{ "udp4-out-uid", MESSAGE_PACKET, { LOCAL(3), IPV4(61, 61), FIRST }, 68 },
	{ "udp6-out-uid", MESSAGE_PACKET, { LOCAL(3), IPV6(82, 82), FIRST }, 68 },
	{ "icmp4-in", MESSAGE_PACKET,
	  { VETH(5, 1795245452579933000), IPV4(84, 84), .id = 1, .flags = NFV_CHECKSUM_NOT_VERIFIED }, 88 },
	{ "tcp4-in-syn", MESSAGE_PACKET, { VETH(2, 1795245453423362000), IPV4(60, 60), FIRST }, 88 },
	{ "tcp4-in-gso", MESSAGE_PACKET,
	  { VETH(2, 1795245453423818000), IPV4(5572, 5572), .id = 5, .flags = SUPER_PACKET }, 88 },
	{ "tcp6-in-gso-range-128", MESSAGE_PACKET,
	  { VETH(2, 1795245453911868000), IPV6(128, 7212), .id = 3, .flags = SUPER_PACKET }, 96 },
	{ "udp4-bridged", MESSAGE_PACKET,
	  { .metadata = NFV_META_IN | NFV_META_PHYS_IN | NFV_META_OUT | NFV_META_PHYS_OUT | HW_AND_TIME, .queue = 7,
	    .hook = NF_INET_FORWARD, .in_ifindex = 2, .phys_in_ifindex = 3, .out_ifindex = 2, .phys_out_ifindex = 4,
	    .hw_addr_len = 6, .hw_addr = { 0xc2, 0xc2, 0xc9, 0xf5, 0x51, 0x7e }, .timestamp_ns = 1795245454552691000u,
	    IPV4(48, 48), FIRST }, 112 },
};
/* clang-format on */

#define RECORDS (sizeof(records) / sizeof(records[0]))

/* A recorded message in memory of exactly `room` bytes (0: its own length), so that the sanitizer sees a read behind it. */
static uint8_t *load(const char *name, size_t room, size_t *len)
{
	const char *top = getenv("top_srcdir");
	static uint8_t bytes[8192];
	char path[4096];
	uint8_t *slot;
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/message/%s", top ? top : ".", name);
	f = fopen(path, "rb");
	if (!f)
		fail_msg("%s: cannot open", path);
	*len = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	assert_in_range(*len, NLMSG_HDRLEN, sizeof(bytes) - 1);
	slot = malloc(room ? room : *len);
	assert_non_null(slot);
	memcpy(slot, bytes, *len);
	return slot;
}

/* What holds for every packet, however hostile: all that it points to lies in what was received. */
static void check_bounds(const struct nfv_packet *p, const uint8_t *slot, size_t slot_size, size_t received_len)
{
	const uint8_t *end = slot + received_len;

	assert_int_equal(p->size, sizeof(*p));
	assert_true(p->original_len >= p->captured_len);
	assert_true(p->hw_addr_len <= sizeof(p->hw_addr));
	if (p->data) {
		assert_true(p->data > slot && p->data <= end && p->captured_len <= (size_t)(end - p->data));
		assert_true(p->capacity >= p->captured_len && p->capacity <= (size_t)(slot + slot_size - p->data));
	} else {
		assert_int_equal(p->captured_len, 0);
		assert_int_equal(p->capacity, 0);
	}
	if (p->metadata & NFV_META_SECCTX)
		assert_true((const uint8_t *)p->secctx > slot &&
			    p->secctx_len <= (size_t)(end - (const uint8_t *)p->secctx));
	else
		assert_null(p->secctx);
	if (p->metadata & NFV_META_CONNTRACK)
		assert_true(p->conntrack > slot && p->conntrack_len <= (size_t)(end - p->conntrack));
	else
		assert_null(p->conntrack);
}

static const struct nfv_packet_ops ops;

static void check_equal(const char *name, const struct nfv_packet *got, const struct nfv_packet *want)
{
	struct nfv_packet plain = *got;

	plain.size = 0;
	plain.data = NULL;
	plain.capacity = 0;
	plain.ops = NULL;
	plain.secctx = NULL;
	plain.conntrack = NULL;
	if (memcmp(&plain, want, sizeof(plain)) == 0)
		return;
	print_message("%s:\n", name);
	assert_memory_equal(&plain, want, sizeof(plain));
}

static void test_recorded(void **state)
{
	(void)state;
	for (size_t i = 0; i < RECORDS; i++) {
		const struct record *r = &records[i];
		size_t len, slot_size = 8192;
		uint8_t *slot = load(r->name, slot_size, &len);
		struct nfv_packet p;

		memset(&p, 0xaa, sizeof(p)); /* what the last packet left */
		p.ops = &ops;
		assert_int_equal(message_decode(slot, slot_size, len, &p, NULL), r->kind);
		assert_ptr_equal(p.ops, &ops);
		check_equal(r->name, &p, &r->want);
		check_bounds(&p, slot, slot_size, len);
		if (r->data_offset) {
			assert_ptr_equal(p.data, slot + r->data_offset);
			assert_int_equal(p.capacity, slot_size - r->data_offset);
			assert_int_equal(p.data[0] >> 4, p.protocol == 0x800 ? 4 : 6);
		} else {
			assert_null(p.data);
		}
		free(slot);
	}
}

/* Received in part: the id counts from the moment it is there, and each part of the payload is captured. */
static void test_truncated(void **state)
{
	(void)state;
	for (size_t i = 0; i < RECORDS; i++) {
		size_t whole, id_end = NLMSG_HDRLEN + 4 + 4 + 4;
		uint8_t *full = load(records[i].name, 0, &whole);

		for (size_t len = 0; len < whole; len++) {
			uint8_t *slot = malloc(len ? len : 1);
			struct nfv_packet p = { .ops = &ops };
			enum message_kind kind;

			assert_non_null(slot);
			memcpy(slot, full, len);
			kind = message_decode(slot, len, len, &p, NULL);
			assert_int_equal(kind, len < id_end ? MESSAGE_MALFORMED : MESSAGE_ODD);
			if (kind == MESSAGE_ODD) {
				const struct record *r = &records[i];

				check_bounds(&p, slot, len, len);
				assert_int_equal(p.id, r->want.id);
				assert_int_equal(p.queue, r->want.queue);
				if (r->data_offset && len >= r->data_offset) {
					assert_int_equal(p.captured_len, len - r->data_offset);
					assert_int_equal(p.original_len, r->want.original_len);
					assert_true(nfv_truncated(&p));
				}
			}
			free(slot);
		}
		free(full);
	}
}

/* Every bit of the headers wrong once; the packet's own bytes do not matter. */
static void test_bit_flips(void **state)
{
	(void)state;
	for (size_t i = 0; i < RECORDS; i++) {
		size_t len, headers;
		uint8_t *slot = load(records[i].name, 0, &len);

		headers = records[i].data_offset ? records[i].data_offset : len;
		for (size_t bit = 0; bit < headers * 8; bit++) {
			struct message_answer answer = { 0 };
			struct nfv_packet p = { .ops = &ops };
			enum message_kind kind;

			slot[bit / 8] ^= (uint8_t)(1 << bit % 8);
			kind = message_decode(slot, len, len, &p, &answer);
			if (kind == MESSAGE_PACKET || kind == MESSAGE_ODD)
				check_bounds(&p, slot, len, len);
			slot[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		free(slot);
	}
}

/* ---- Messages put together ---- */

static uint64_t built[512];

static struct nlmsghdr *begin(uint32_t id)
{
	struct nfqnl_msg_packet_hdr header = { .packet_id = htonl(id),
					       .hw_protocol = htons(0x800),
					       .hook = NF_INET_FORWARD };
	struct nlmsghdr *message;

	memset(built, 0, sizeof(built));
	message = nfq_nlmsg_put((char *)built, NFQNL_MSG_PACKET, 9);
	mnl_attr_put(message, NFQA_PACKET_HDR, sizeof(header), &header);
	return message;
}

static enum message_kind decode(const struct nlmsghdr *message, struct nfv_packet *p)
{
	enum message_kind kind = message_decode((uint8_t *)built, sizeof(built), message->nlmsg_len, p, NULL);

	if (kind == MESSAGE_PACKET || kind == MESSAGE_ODD) {
		assert_int_equal(p->id, 77);
		assert_int_equal(p->queue, 9);
		check_bounds(p, (uint8_t *)built, sizeof(built), message->nlmsg_len);
	}
	return kind;
}

static void test_rare_attributes(void **state)
{
	struct nlmsghdr *message = begin(77);
	struct nfv_packet p = { .ops = &ops };
	struct nlattr *nest;

	(void)state;
	nest = mnl_attr_nest_start(message, NFQA_VLAN);
	mnl_attr_put_u16(message, NFQA_VLAN_TCI, htons(0x6005));
	mnl_attr_put_u16(message, NFQA_VLAN_PROTO, htons(0x8100));
	mnl_attr_nest_end(message, nest);
	mnl_attr_put(message, NFQA_SECCTX, 9, "user:role");
	nest = mnl_attr_nest_start(message, NFQA_CT);
	mnl_attr_put_u32(message, 3, htonl(8));
	mnl_attr_nest_end(message, nest);
	mnl_attr_put_u32(message, NFQA_CT_INFO, htonl(2));
	mnl_attr_put_u32(message, NFQA_PRIORITY, htonl(7));
	mnl_attr_put(message, NFQA_L2HDR, 14, "0123456789abcd");
	mnl_attr_put(message, 999, 5, "newer");
	mnl_attr_put(message, NFQA_PAYLOAD, 5, "bytes");
	assert_int_equal(decode(message, &p), MESSAGE_PACKET);
	assert_int_equal(p.metadata, NFV_META_VLAN | NFV_META_SECCTX | NFV_META_CONNTRACK);
	assert_int_equal(p.vlan_protocol, 0x8100);
	assert_int_equal(p.vlan_tci, 0x6005);
	assert_int_equal(p.secctx_len, 9);
	assert_memory_equal(p.secctx, "user:role", 9);
	assert_int_equal(p.conntrack_len, 8);
	assert_int_equal(p.conntrack[2], 3);
	assert_int_equal(p.conntrack_info, 2);
	assert_int_equal(p.captured_len, 5);
	assert_memory_equal(p.data, "bytes", 5);
	assert_int_equal(p.capacity, sizeof(built) - (size_t)(p.data - (uint8_t *)built));
}

/* A packet may grow over what follows it only when nothing does. */
static void test_capacity(void **state)
{
	struct nlmsghdr *message = begin(77);
	struct nfv_packet p = { .ops = &ops };

	(void)state;
	mnl_attr_put(message, NFQA_PAYLOAD, 6, "bytes!");
	mnl_attr_put(message, NFQA_SECCTX, 3, "abc");
	assert_int_equal(decode(message, &p), MESSAGE_PACKET);
	assert_int_equal(p.captured_len, 6);
	assert_int_equal(p.capacity, 6);

	message = begin(77);
	mnl_attr_put(message, NFQA_PAYLOAD, 0, NULL);
	assert_int_equal(decode(message, &p), MESSAGE_PACKET);
	assert_non_null(p.data);
	assert_int_equal(p.captured_len, 0);
}

/* An attribute too short for its value makes the packet odd, and only that field is missing. */
static void test_short_attributes(void **state)
{
	static const struct {
		uint16_t type, len;
	} shorts[] = {
		{ NFQA_MARK, 3 },
		{ NFQA_IFINDEX_INDEV, 2 },
		{ NFQA_IFINDEX_OUTDEV, 0 },
		{ NFQA_IFINDEX_PHYSINDEV, 3 },
		{ NFQA_IFINDEX_PHYSOUTDEV, 1 },
		{ NFQA_UID, 3 },
		{ NFQA_GID, 3 },
		{ NFQA_CAP_LEN, 3 },
		{ NFQA_SKB_INFO, 3 },
		{ NFQA_CT_INFO, 3 },
		{ NFQA_HWADDR, 11 },
		{ NFQA_TIMESTAMP, 15 },
		{ NFQA_VLAN, 0 },
		{ NFQA_VLAN, 3 },
		{ NFQA_PACKET_HDR, 3 },
		{ NFQA_PACKET_HDR, 0 },
	};
	static const uint8_t ones[16] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(shorts) / sizeof(shorts[0]); i++) {
		struct nlmsghdr *message = begin(77);
		struct nfv_packet p = { .ops = &ops }, want = {
			.captured_len = 5,
			.original_len = 5,
			.id = 77,
			.queue = 9,
			.protocol = 0x800,
			.hook = NF_INET_FORWARD,
		};

		mnl_attr_put(message, shorts[i].type, shorts[i].len, ones);
		mnl_attr_put(message, NFQA_PAYLOAD, 5, "bytes");
		assert_int_equal(decode(message, &p), MESSAGE_ODD);
		check_equal("short attribute", &p, &want);
	}
}

static void test_hostile(void **state)
{
	static const struct nfqnl_msg_packet_hw long_address = { .hw_addrlen = 0x0900 }; /* 9, big-endian */
	struct nlmsghdr *message = begin(77);
	struct nfv_packet p = { .ops = &ops };
	struct nlattr *attr;
	uint32_t before;

	(void)state;
	mnl_attr_put(message, NFQA_HWADDR, sizeof(long_address), &long_address);
	assert_int_equal(decode(message, &p), MESSAGE_ODD);
	assert_int_equal(p.hw_addr_len, 0);

	message = begin(77); /* captured more than the original: the larger one is believed */
	mnl_attr_put_u32(message, NFQA_CAP_LEN, htonl(2));
	mnl_attr_put(message, NFQA_PAYLOAD, 5, "bytes");
	assert_int_equal(decode(message, &p), MESSAGE_PACKET);
	assert_int_equal(p.original_len, 5);

	for (uint16_t len = 0; len < 4; len++) { /* an attribute that would never end */
		message = begin(77);
		before = message->nlmsg_len;
		mnl_attr_put(message, NFQA_PAYLOAD, 5, "bytes");
		attr = (struct nlattr *)((uint8_t *)built + before);
		attr->nla_len = len;
		assert_int_equal(decode(message, &p), MESSAGE_ODD);
		assert_null(p.data);
	}

	message = begin(77); /* an attribute that says more than there is */
	before = message->nlmsg_len;
	mnl_attr_put_u32(message, NFQA_MARK, htonl(5));
	attr = (struct nlattr *)((uint8_t *)built + before);
	attr->nla_len = UINT16_MAX;
	assert_int_equal(decode(message, &p), MESSAGE_ODD);
	assert_int_equal(p.mark, 0);

	message = nfq_nlmsg_put((char *)built, NFQNL_MSG_PACKET, 9);
	mnl_attr_put(message, NFQA_PAYLOAD, 5, "bytes");
	assert_int_equal(decode(message, &p), MESSAGE_MALFORMED); /* nothing to give a verdict to */
}

/* ---- What is not a packet ---- */

static void test_answers(void **state)
{
	struct message_answer answer = { 0 };
	struct nlmsghdr *message = (struct nlmsghdr *)built;
	struct nlmsgerr *body = mnl_nlmsg_get_payload(message);
	size_t len;
	uint8_t *slot = load("answer-ack", 0, &len);

	(void)state;
	assert_int_equal(message_decode(slot, len, len, NULL, &answer), MESSAGE_ANSWER);
	assert_int_equal(answer.error, 0);
	assert_int_equal(answer.type, NFQNL_MSG_CONFIG);
	for (size_t less = 0; less < 36; less++)
		assert_int_equal(message_decode(slot, len, less, NULL, &answer), MESSAGE_MALFORMED);
	free(slot);

	slot = load("answer-enoent", 0, &len);
	assert_int_equal(message_decode(slot, len, len, NULL, &answer), MESSAGE_ANSWER);
	assert_int_equal(answer.error, ENOENT);
	assert_int_equal(answer.type, NFQNL_MSG_VERDICT);
	assert_int_equal(answer.sequence, 424242);
	free(slot);

	memset(built, 0, sizeof(built));
	message->nlmsg_type = NLMSG_ERROR;
	message->nlmsg_len = NLMSG_HDRLEN + sizeof(*body);
	body->error = -EPERM;
	body->msg.nlmsg_type = 0x0a03; /* another subsystem's */
	assert_int_equal(message_decode((uint8_t *)built, sizeof(built), message->nlmsg_len, NULL, &answer), MESSAGE_ANSWER);
	assert_int_equal(answer.type, UINT16_MAX);
	body->error = 5;
	assert_int_equal(message_decode((uint8_t *)built, sizeof(built), message->nlmsg_len, NULL, &answer),
			 MESSAGE_MALFORMED);
	body->error = INT32_MIN;
	assert_int_equal(message_decode((uint8_t *)built, sizeof(built), message->nlmsg_len, NULL, &answer),
			 MESSAGE_MALFORMED);
}

static void test_others(void **state)
{
	static const uint16_t types[] = { NLMSG_NOOP, NLMSG_DONE, NLMSG_OVERRUN, 0x0301, 0x0302, 0x0400, 0xffff };
	struct nlmsghdr *message = begin(77);

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		message->nlmsg_type = types[i];
		assert_int_equal(message_decode((uint8_t *)built, sizeof(built), message->nlmsg_len, NULL, NULL),
				 MESSAGE_OTHER);
	}
	message->nlmsg_len = 15;
	assert_int_equal(message_decode((uint8_t *)built, sizeof(built), 64, NULL, NULL), MESSAGE_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_bit_flips),
		cmocka_unit_test(test_rare_attributes),
		cmocka_unit_test(test_capacity),
		cmocka_unit_test(test_short_attributes),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
