/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whatever the mix of decisions, a model of the kernel's queue must end up with exactly what was decided. */
#include "tests/unit/kernel-queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

static const uint8_t payload[MESSAGE_PAYLOAD_MAX] = "changed bytes";

/* What can happen to a packet. */
static const struct coalesce_decision kinds[] = {
	{ .verdict = NF_ACCEPT },
	{ .verdict = NF_DROP },
	{ .verdict = NF_ACCEPT, .set_mark = true, .mark = 1 },
	{ .verdict = NF_ACCEPT, .set_mark = true, .mark = 2 },
	{ .verdict = NF_ACCEPT, .payload = payload, .payload_len = 13 },
	{ .verdict = NF_REPEAT, .set_mark = true, .mark = 0, .payload = payload, .payload_len = 4 },
	{ .verdict = NF_QUEUE_NR(8) },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))
#define HOLD  KINDS

static void begin(struct pair *pair, uint32_t max_messages, uint32_t max_held)
{
	struct coalesce_limits limits = {
		.queue = 40, .max_messages = max_messages, .max_held = max_held, .max_bytes = COALESCE_BYTES_MIN,
	};

	*pair = (struct pair){ .queue = { .number = 40 } };
	assert_int_equal(coalesce_init(&pair->coalesce, &limits), 0);
}

static void ok(const char *wrong)
{
	if (wrong)
		fail_msg("%s", wrong);
}

static void decide(struct pair *pair, size_t i, size_t kind)
{
	ok(pair_decide(pair, &pair->queue.entries[i], &kinds[kind]));
}

/* Packets first, first + 1, … arrive. */
static void arrive(struct pair *pair, uint32_t first, size_t count)
{
	for (size_t i = 0; i < count; i++)
		kernel_enqueue(&pair->queue, first + (uint32_t)i);
}

static void test_limits(void **state)
{
	struct coalesce_limits limits = { .queue = 1, .max_messages = 1, .max_bytes = 1 << 17 };
	struct coalesce c;

	(void)state;
	assert_int_equal(coalesce_init(&c, &limits), -EINVAL);
	limits.max_messages = COALESCE_MESSAGES_MAX + 1;
	assert_int_equal(coalesce_init(&c, &limits), -EINVAL);
	limits.max_messages = COALESCE_MESSAGES_MAX;
	limits.max_bytes = COALESCE_BYTES_MIN - 1;
	assert_int_equal(coalesce_init(&c, &limits), -EINVAL);
	limits.max_bytes++;
	assert_int_equal(coalesce_init(&c, &limits), 0);
	assert_int_equal(coalesce_hold(&c, 5), -ENOSPC);
	assert_int_equal(coalesce_add(&c, &(struct coalesce_decision){ .id = 5, .payload_len = 1 }), -EINVAL);
	assert_int_equal(coalesce_add(&c, &(struct coalesce_decision){ .id = 5, .payload = payload, .payload_len = 65532 }),
			 -EINVAL);
	assert_int_equal(coalesce_messages(&c), 0);
	coalesce_free(&c);
	coalesce_free(&c);
	coalesce_free(NULL);
}

/* The messages that each mix costs, so that "right but one by one" does not pass. */
static void test_counts(void **state)
{
	static const struct {
		const char *decisions; /* a digit is a kind, h is held */
		unsigned messages, batches;
		int pieces;
	} mixes[] = {
		{ "0", 1, 0, 1 },        { "00", 1, 1, 1 },       { "0000000000", 1, 1, 1 }, { "0001111", 2, 2, 1 },
		{ "010101", 6, 0, 1 },   { "0022", 2, 2, 1 },     { "2233", 2, 2, 1 },       { "00400", 3, 2, 3 },
		{ "4", 1, 0, 3 },        { "5", 1, 0, 2 },        { "444", 3, 0, 7 },        { "00h00", 3, 1, 1 },
		{ "h", 0, 0, 0 },        { "6600", 2, 2, 1 },     { "55", 2, 0, 4 },
	};

	(void)state;
	for (size_t m = 0; m < sizeof(mixes) / sizeof(mixes[0]); m++) {
		size_t count = strlen(mixes[m].decisions);
		struct iovec *iov;
		struct pair pair;
		int pieces;

		begin(&pair, 64, 8);
		arrive(&pair, 1, count + 3); /* some that nobody has received yet */
		for (size_t i = 0; i < count; i++) {
			if (mixes[m].decisions[i] == 'h')
				ok(pair_hold(&pair, &pair.queue.entries[i]));
			else
				decide(&pair, i, (size_t)(mixes[m].decisions[i] - '0'));
		}
		coalesce_take(&pair.coalesce, &iov, &pieces);
		assert_int_equal(pieces, mixes[m].pieces);
		ok(pair_finish(&pair));
		assert_int_equal(pair.queue.messages, mixes[m].messages);
		assert_int_equal(pair.queue.batches, mixes[m].batches);
		pair_free(&pair);
	}
}

/* After a hold ended, runs are batches again, and one may reach over the ids that were held. */
static void test_release(void **state)
{
	struct pair pair;

	(void)state;
	begin(&pair, 64, 8);
	arrive(&pair, UINT32_MAX - 2, 9);
	decide(&pair, 0, 0);
	ok(pair_hold(&pair, &pair.queue.entries[1]));
	assert_int_equal(coalesce_hold(&pair.coalesce, pair.queue.entries[1].id), 0);
	decide(&pair, 2, 0);
	assert_int_equal(coalesce_hold(&pair.coalesce, pair.queue.entries[1].id - 1), -EINVAL);
	decide(&pair, 3, 0);
	ok(pair_flush(&pair));
	assert_int_equal(pair.queue.messages, 3);
	decide(&pair, 1, 1);
	decide(&pair, 4, 0);
	decide(&pair, 5, 0);
	ok(pair_hold(&pair, &pair.queue.entries[6]));
	pair.queue.entries[6].queued = false; /* the device went down, say */
	pair.queue.entries[6].decided = true;
	coalesce_release(&pair.coalesce, pair.queue.entries[6].id);
	coalesce_release(&pair.coalesce, 12345);
	decide(&pair, 7, 0);
	ok(pair_finish(&pair));
	assert_int_equal(pair.queue.messages, 5);
	assert_int_equal(pair.queue.batches, 1);
	pair_free(&pair);
}

/* A decision that comes after one with a later id, without having been held, still gets its own verdict. */
static void test_late(void **state)
{
	struct pair pair;

	(void)state;
	begin(&pair, 64, 0);
	arrive(&pair, 10, 6);
	decide(&pair, 1, 0);
	decide(&pair, 2, 0);
	decide(&pair, 0, 1);
	decide(&pair, 3, 0);
	ok(pair_finish(&pair));
	assert_int_equal(pair.queue.messages, 2);
	pair_free(&pair);
}

static void test_room(void **state)
{
	const struct coalesce_decision large = { .verdict = NF_ACCEPT,
						 .payload = payload,
						 .payload_len = MESSAGE_PAYLOAD_MAX };
	struct pair pair;

	(void)state;
	begin(&pair, 2, 0);
	arrive(&pair, 1, 40);
	for (size_t i = 0; i < 40; i++) {
		if (i % 7 == 3)
			ok(pair_decide(&pair, &pair.queue.entries[i], &large));
		else
			decide(&pair, i, i % 3);
	}
	ok(pair_finish(&pair));
	pair_free(&pair);
}

/* A payload of each length before headers: the sum of bytes stays below the limit, which pair_flush() checks. */
static void test_bytes(void **state)
{
	(void)state;
	for (uint32_t len = MESSAGE_PAYLOAD_MAX - 1000; len <= MESSAGE_PAYLOAD_MAX; len++) {
		const struct coalesce_decision large = { .verdict = NF_ACCEPT, .payload = payload, .payload_len = len };
		struct pair pair;

		begin(&pair, 64, 0);
		arrive(&pair, 1, 50);
		ok(pair_decide(&pair, &pair.queue.entries[0], &large));
		for (size_t i = 1; i < 50; i++)
			decide(&pair, i, 2 + i % 2);
		ok(pair_finish(&pair));
		pair_free(&pair);
	}
}

/* Every sequence of six, also at the wrap of ids; what was held leaves in both orders, with a flush at each place. */
static void run_sequence(const size_t *kind, size_t count, uint32_t first, bool forward, size_t flush_after)
{
	struct pair pair;

	begin(&pair, 8, 8);
	arrive(&pair, first, count + 1);
	for (size_t i = 0; i < count; i++) {
		if (kind[i] == HOLD)
			ok(pair_hold(&pair, &pair.queue.entries[i]));
		else
			decide(&pair, i, kind[i]);
		if (i == flush_after)
			ok(pair_flush(&pair));
	}
	for (size_t n = 0; n < count; n++) {
		size_t i = forward ? n : count - 1 - n;

		if (kind[i] == HOLD)
			decide(&pair, i, n % KINDS);
	}
	decide(&pair, count, 0);
	ok(pair_finish(&pair));
	pair_free(&pair);
}

static void test_every_sequence(void **state)
{
	size_t total = 1, kind[6];

	(void)state;
	for (size_t i = 0; i < 6; i++)
		total *= KINDS + 1;
	for (size_t n = 0; n < total; n++) {
		size_t rest = n;

		for (size_t i = 0; i < 6; i++, rest /= KINDS + 1)
			kind[i] = rest % (KINDS + 1);
		run_sequence(kind, 6, n % 2 ? UINT32_MAX - 2 : 100, n / 2 % 2, n % 7);
	}
}

/* ---- Long and pseudo-random ---- */

static uint64_t seed;

static uint32_t below(uint32_t bound)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % bound;
}

static struct entry *held_one(struct pair *pair)
{
	size_t from = pair->queue.oldest;

	for (size_t i = from + below((uint32_t)(pair->queue.count - from) + 1); i < pair->queue.count; i++)
		if (pair->queue.entries[i].held && !pair->queue.entries[i].decided)
			return &pair->queue.entries[i];
	return NULL;
}

static void random_round(uint32_t rounds)
{
	uint32_t first = below(2) ? UINT32_MAX - below(200) : below(UINT32_MAX), id = first, sticky = 0;
	size_t next = 0;
	struct pair pair;

	begin(&pair, 2 + below(COALESCE_MESSAGES_MAX - 1), 16);
	for (uint32_t i = 0; i < rounds; i++) {
		uint32_t what = below(32);
		struct entry *held;

		if (pair.queue.count - next < 4) {
			for (uint32_t n = 1 + below(64); n; n--) {
				id += below(16) ? 1 : 1 + below(9); /* gaps: lost on the way */
				kernel_enqueue(&pair.queue, id);
			}
		}
		if (what == 0) {
			ok(pair_flush(&pair));
		} else if (what < 4 && pair.coalesce.held_count < 16) {
			ok(pair_hold(&pair, &pair.queue.entries[next++]));
		} else if (what < 8 && (held = held_one(&pair))) {
			ok(pair_decide(&pair, held, &kinds[below(KINDS)]));
		} else {
			if (below(4) == 0)
				sticky = below(KINDS);
			decide(&pair, next++, sticky);
		}
	}
	ok(pair_finish(&pair));
	pair_free(&pair);
}

static void test_random(void **state)
{
	(void)state;
	seed = 20;
	for (int i = 0; i < 300; i++)
		random_round(1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_release),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_every_sequence),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests_name("coalesce", tests, NULL, NULL);
}
