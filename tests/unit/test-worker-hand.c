/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a dead predecessor had in hand is read from its slots, as the kernel wrote them or as anybody left them; what lies
 * among its ids and stands in none of them is lost.
 */
#include "daemon/process/worker-private.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>

#define SLOTS      8
#define SLOT_BYTES 128

static struct worker worker;
static struct shared shared;

/* Slots of exactly their size, so that a sanitizer sees a read behind the last one. */
static int begin(void **state)
{
	struct region slots = { .memory = calloc(SLOTS, SLOT_BYTES) };

	(void)state;
	if (!slots.memory)
		return -1;
	worker = (struct worker){ .shared = &shared, .counters = &shared.counters };
	shared = (struct shared){ .last_id_known = 1 };
	receive_init(&worker.receiver, -1, &slots, SLOTS, SLOT_BYTES);
	return 0;
}

static int end(void **state)
{
	(void)state;
	free(worker.receiver.slots[0].iov_base);
	return 0;
}

/* A packet as the kernel tells it, up to the end of its slot; and its header to be spoilt. */
static struct nlmsghdr *put_packet(unsigned slot, uint32_t id)
{
	static const char payload[SLOT_BYTES - 36]; /* behind all headers */
	const struct nfqnl_msg_packet_hdr packet = { .packet_id = htonl(id), .hw_protocol = htons(0x0800) };
	struct nlmsghdr *message = mnl_nlmsg_put_header(worker.receiver.slots[slot].iov_base);
	struct nfgenmsg *about = mnl_nlmsg_put_extra_header(message, sizeof(*about));

	message->nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET;
	about->nfgen_family = AF_INET;
	mnl_attr_put(message, NFQA_PACKET_HDR, sizeof(packet), &packet);
	mnl_attr_put(message, NFQA_PAYLOAD, sizeof(payload), payload);
	assert_int_equal(message->nlmsg_len, SLOT_BYTES);
	return message;
}

static void put_packets(const uint32_t *ids, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		(void)put_packet(i, ids[i]);
}
#define PUT_PACKETS(...) put_packets((const uint32_t[]){ __VA_ARGS__ }, sizeof((uint32_t[]){ __VA_ARGS__ }) / 4)

static void finds_packets(void **state)
{
	(void)state;
	PUT_PACKETS(11, 12, 14);
	worker_hand_look(&worker);
	assert_true(worker.hand.known);
	assert_int_equal(worker.hand.count, 3);
	assert_int_equal(worker.hand.ids[0], 11);
	assert_int_equal(worker.hand.ids[1], 12);
	assert_int_equal(worker.hand.ids[2], 14);
}

static void fills_with_as_many_as_there_are_slots(void **state)
{
	(void)state;
	PUT_PACKETS(1, 2, 3, 4, 5, 6, 7, 8);
	worker_hand_look(&worker);
	assert_int_equal(worker.hand.count, SLOTS);
	assert_int_equal(worker_hand_between(&worker, 0, 8), SLOTS);
}

/* Slots that nobody has received into say nothing about what was in hand. */
static void knows_nothing_of_new_slots(void **state)
{
	(void)state;
	worker_hand_look(&worker);
	assert_false(worker.hand.known);
	assert_int_equal(worker.hand.count, 0);
}

/* How long a message is stands in memory that a handler could write to. */
static void believes_no_length(void **state)
{
	static const uint32_t beyond[] = { UINT32_MAX, 64 * SLOT_BYTES, SLOT_BYTES + 1, SLOT_BYTES };
	static const uint32_t within[] = { 1, sizeof(struct nlmsghdr) - 1, sizeof(struct nlmsghdr), 20, 27 };

	(void)state;
	for (unsigned i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++)
		put_packet(SLOTS - 1 - i, 20 + i)->nlmsg_len = beyond[i];
	worker_hand_look(&worker);
	/* The id stands in front: it is known whatever is wrong behind it. */
	assert_int_equal(worker_hand_between(&worker, 19, 23), 4);
	for (unsigned i = 0; i < sizeof(within) / sizeof(within[0]); i++)
		put_packet(SLOTS - 1 - i, 20 + i)->nlmsg_len = within[i];
	worker_hand_look(&worker);
	assert_int_equal(worker.hand.count, 0); /* none of them reaches to the end of the id */
}

static void leaves_out_what_is_no_packet(void **state)
{
	struct nlmsghdr *message;
	struct nlmsgerr *error;

	(void)state;
	PUT_PACKETS(31, 32, 33, 34);
	put_packet(1, 32)->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | NFQNL_MSG_PACKET;
	memset(worker.receiver.slots[2].iov_base, 0xff, SLOT_BYTES);
	message = mnl_nlmsg_put_header(worker.receiver.slots[3].iov_base);
	message->nlmsg_type = NLMSG_ERROR;
	error = mnl_nlmsg_put_extra_header(message, sizeof(*error));
	error->error = -ENOENT;
	worker_hand_look(&worker);
	assert_int_equal(worker.hand.count, 1);
	assert_int_equal(worker.hand.ids[0], 31);
}

static void counts_between(void **state)
{
	(void)state;
	PUT_PACKETS(50, 51, 53, 40, 41); /* the last two of an earlier receive, decided long ago */
	worker_hand_look(&worker);
	assert_int_equal(worker_hand_between(&worker, 49, 53), 3);
	assert_int_equal(worker_hand_between(&worker, 50, 53), 2);
	assert_int_equal(worker_hand_between(&worker, 49, 52), 2);
	assert_int_equal(worker_hand_between(&worker, 51, 52), 0);
	assert_int_equal(worker_hand_between(&worker, 53, 60), 0);
	assert_int_equal(worker_hand_between(&worker, 53, 53), 0);
	assert_int_equal(worker_hand_between(&worker, 53, 49), 0);
}

static void counts_where_ids_begin_anew(void **state)
{
	(void)state;
	PUT_PACKETS(UINT32_MAX - 1, UINT32_MAX, 0, 2);
	worker_hand_look(&worker);
	assert_int_equal(worker_hand_between(&worker, UINT32_MAX - 2, 2), 4);
	assert_int_equal(worker_hand_between(&worker, UINT32_MAX - 1, 1), 2);
	assert_int_equal(worker_hand_between(&worker, UINT32_MAX, 2), 2);
	assert_int_equal(worker_hand_between(&worker, 0, 1), 0);
	assert_int_equal(worker_hand_between(&worker, UINT32_MAX - 5, UINT32_MAX), 2);
}

/* Looked at up to 60, received up to 64: what has ids up to 66 and stands nowhere, the socket had no room for. */
static void counts_what_is_lost(void **state)
{
	(void)state;
	PUT_PACKETS(59, 60, 61, 62, 64);
	shared.last_id = 60;
	worker_hand_look(&worker);
	worker_hand_settle(&worker, 66);
	assert_int_equal(shared.counters.lost, 3); /* 63, 65, 66 */
	assert_int_equal(shared.slots_mixed, 0);
}

static void counts_what_is_lost_where_ids_begin_anew(void **state)
{
	(void)state;
	PUT_PACKETS(UINT32_MAX - 1, UINT32_MAX, 1);
	shared.last_id = UINT32_MAX - 1;
	shared.counters.lost = 10;
	worker_hand_look(&worker);
	worker_hand_settle(&worker, 3);
	assert_int_equal(shared.counters.lost, 13); /* 0, 2, 3 */
}

static void counts_nothing_where_nothing_is_missing(void **state)
{
	(void)state;
	PUT_PACKETS(70, 71, 72, 72); /* one stands there twice */
	shared.last_id = 70;
	worker_hand_look(&worker);
	worker_hand_settle(&worker, 72);
	worker_hand_look(&worker);
	worker_hand_settle(&worker, 70); /* nothing came behind the last one */
	worker_hand_look(&worker);
	worker_hand_settle(&worker, 60); /* nor before it */
	assert_int_equal(shared.counters.lost, 0);
}

/* It had not looked at any: where its packets begin is not known. */
static void counts_nothing_without_a_last_one(void **state)
{
	(void)state;
	PUT_PACKETS(80, 82);
	shared.last_id_known = 0;
	worker_hand_look(&worker);
	assert_true(worker.hand.known);
	worker_hand_settle(&worker, 90);
	assert_int_equal(shared.counters.lost, 0);
}

/* Two have received into the same slots: what the first one had in hand is written over. */
static void counts_nothing_in_mixed_slots(void **state)
{
	(void)state;
	PUT_PACKETS(90, 91, 93);
	shared.last_id = 90;
	worker_hand_look(&worker);
	assert_int_equal(shared.slots_mixed, 1); /* and it dies before it has settled that */
	worker_hand_look(&worker);
	assert_false(worker.hand.known);
	assert_int_equal(worker.hand.count, 3);
	worker_hand_settle(&worker, 95);
	assert_int_equal(shared.counters.lost, 0);
	worker_hand_look(&worker); /* settled: from here on they are one's again */
	assert_true(worker.hand.known);
	worker_hand_settle(&worker, 95);
	assert_int_equal(shared.counters.lost, 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(finds_packets),
		TEST(fills_with_as_many_as_there_are_slots),
		TEST(knows_nothing_of_new_slots),
		TEST(believes_no_length),
		TEST(leaves_out_what_is_no_packet),
		TEST(counts_between),
		TEST(counts_where_ids_begin_anew),
		TEST(counts_what_is_lost),
		TEST(counts_what_is_lost_where_ids_begin_anew),
		TEST(counts_nothing_where_nothing_is_missing),
		TEST(counts_nothing_without_a_last_one),
		TEST(counts_nothing_in_mixed_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
