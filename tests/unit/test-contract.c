/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Handlers that break their contract: each packet still gets one decision, the one that on-error names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain-bench.h"

/* The second of three handlers breaks its contract; the first has marked and rewritten by then. */
static nfv_verdict behave(struct bench *bench, int handler, struct nfv_packet *packet)
{
	uint8_t *b = nfv_edit(packet, 30, 1);

	(void)bench;
	(void)handler;
	if (b)
		*b = '!';
	nfv_set_mark(packet, 1, 1);
	return NFV_CONTINUE;
}

static void expect_breach(bench_fn fn, nfv_verdict verdict, uint32_t may, enum breach kind, const char *words)
{
	static const nfv_verdict policies[] = { NFV_ACCEPT, NFV_DROP };

	for (int i = 0; i < 4; i++) {
		struct bench *bench = bench_new(3);

		bench->chain.on_error = policies[i & 1];
		if (i & 2)
			bench->ops[1].batch = bench_batch;
		bench->chain.mark_mask = 0xffff;
		bench->scripts[0].fn = behave;
		bench->ops[0].decided = bench_observe;
		bench->scripts[1].fn = fn;
		bench->scripts[1].verdict = verdict;
		bench->ops[1].may = may;
		bench_run(bench, 1);

		assert_int_equal(bench->decided, 1);
		assert_int_equal(bench->decisions[0].verdict, policies[i & 1]);
		assert_int_equal(bench->decisions[0].handler, -1);
		assert_true(bench->decisions[0].failed);
		assert_false(bench->decisions[0].set_mark || bench->decisions[0].rewritten);
		assert_int_equal(bench->packets[0].mark, 0x100);
		assert_ptr_equal(bench->packets[0].data, bench->bytes[0]);
		assert_int_equal(bench->packets[0].captured_len, BENCH_LEN);
		assert_int_equal(bench->packets[0].original_len, BENCH_LEN);
		for (int k = 0; k < BREACH_KINDS; k++) {
			assert_int_equal(bench->counters[1].breaches[k], k == (int)kind);
			assert_int_equal(bench->counters[0].breaches[k], 0);
		}
		assert_int_equal(bench->counters[1].accepted + bench->counters[1].dropped + bench->counters[1].repeated +
					 bench->counters[1].queued,
				 0);
		assert_int_equal(bench->lines, 1);
		if (strncmp(bench->line, "second: broke its contract", 26) || !strstr(bench->line, words))
			fail_msg("the log says: %s", bench->line);
		assert_int_equal(bench->told_count, 1);
		assert_true(bench->told[0].decision.failed);
		assert_null(bench->told[0].decision.handler);
		free(bench);
	}
}

static void no_verdicts(void **state)
{
	static const nfv_verdict values[] = {
		8, 9, 0x10000, NFV_ACCEPT | 1 << 16, NFV_DROP | 5 << 16, 0xfffffffe, UINT32_MAX
	};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		expect_breach(NULL, values[i], 0xff, BREACH_VERDICT, "no verdict");
}

static void reserved_verdicts(void **state)
{
	(void)state;
	expect_breach(NULL, NFV_HOLD, UINT32_MAX, BREACH_RESERVED, "NFV_HOLD");
	expect_breach(NULL, NFV_ACCEPT_FLOW, UINT32_MAX, BREACH_RESERVED, "NFV_ACCEPT_FLOW");
	expect_breach(NULL, NFV_DROP_FLOW, UINT32_MAX, BREACH_RESERVED, "NFV_DROP_FLOW");
}

static nfv_verdict mark_low(struct bench *bench, int handler, struct nfv_packet *packet)
{
	nfv_set_mark(packet, 2, 2);
	return bench->scripts[handler].verdict;
}

static nfv_verdict mark_high(struct bench *bench, int handler, struct nfv_packet *packet)
{
	nfv_set_mark(packet, 0, 0x10000); /* a bit that is 0 already: asking is enough */
	return bench->scripts[handler].verdict;
}

static nfv_verdict mark_by_hand(struct bench *bench, int handler, struct nfv_packet *packet)
{
	packet->mark ^= 0x80000000;
	return bench->scripts[handler].verdict;
}

static nfv_verdict edit(struct bench *bench, int handler, struct nfv_packet *packet)
{
	uint8_t *b = nfv_edit(packet, 32, 4);

	memcpy(b, "edit", 4);
	return bench->scripts[handler].verdict;
}

static nfv_verdict grow(struct bench *bench, int handler, struct nfv_packet *packet)
{
	assert_int_equal(nfv_splice(packet, 30, 2, "longer", 6), 0);
	return bench->scripts[handler].verdict;
}

static void more_than_it_may(void **state)
{
	const uint32_t all = NFV_MAY_DROP | NFV_MAY_MARK | NFV_MAY_REWRITE | NFV_MAY_REPEAT | NFV_MAY_QUEUE;

	(void)state;
	expect_breach(NULL, NFV_DROP, all & ~NFV_MAY_DROP, BREACH_MAY, "NFV_DROP");
	expect_breach(NULL, NFV_REPEAT, all & ~NFV_MAY_REPEAT, BREACH_MAY, "NFV_REPEAT");
	expect_breach(NULL, NFV_QUEUE(1), all & ~NFV_MAY_QUEUE, BREACH_MAY, "NFV_QUEUE");
	expect_breach(mark_low, NFV_ACCEPT, all & ~NFV_MAY_MARK, BREACH_MAY, "NFV_MAY_MARK");
	expect_breach(edit, NFV_CONTINUE, all & ~NFV_MAY_REWRITE, BREACH_MAY, "NFV_MAY_REWRITE");
	expect_breach(grow, NFV_DROP, all & ~NFV_MAY_REWRITE, BREACH_MAY, "NFV_MAY_REWRITE");
}

static void marks_outside_the_mask(void **state)
{
	(void)state;
	expect_breach(mark_high, NFV_ACCEPT, NFV_MAY_MARK, BREACH_MARK_MASK, "0x10000, mark-mask is 0xffff");
	expect_breach(mark_by_hand, NFV_CONTINUE, NFV_MAY_MARK, BREACH_MARK_MASK, "mark-mask");
}

static nfv_verdict cut_by_hand(struct bench *bench, int handler, struct nfv_packet *packet)
{
	(void)bench;
	(void)handler;
	packet->captured_len = 20;
	return NFV_CONTINUE;
}

static nfv_verdict other_bytes(struct bench *bench, int handler, struct nfv_packet *packet)
{
	(void)handler;
	packet->data = bench->bytes[9];
	return NFV_ACCEPT;
}

/* Another packet would get its verdict, and it would wait for ever. */
static nfv_verdict other_id(struct bench *bench, int handler, struct nfv_packet *packet)
{
	(void)bench;
	(void)handler;
	packet->id += 7;
	return NFV_ACCEPT;
}

static nfv_verdict beyond_capacity(struct bench *bench, int handler, struct nfv_packet *packet)
{
	(void)bench;
	(void)handler;
	packet->edits++;
	packet->captured_len = packet->original_len = BENCH_CAPACITY + 1;
	return NFV_ACCEPT;
}

static nfv_verdict no_ip_left(struct bench *bench, int handler, struct nfv_packet *packet)
{
	(void)bench;
	(void)handler;
	assert_int_equal(nfv_replace(packet, "nothing at all", 14), 0);
	return NFV_ACCEPT;
}

static nfv_verdict all_gone(struct bench *bench, int handler, struct nfv_packet *packet)
{
	(void)bench;
	(void)handler;
	assert_int_equal(nfv_splice(packet, 0, packet->captured_len, NULL, 0), 0);
	return NFV_CONTINUE;
}

static void bad_rewrites(void **state)
{
	(void)state;
	expect_breach(cut_by_hand, 0, UINT32_MAX, BREACH_REWRITE, "other than by nfv_edit");
	expect_breach(other_bytes, 0, UINT32_MAX, BREACH_REWRITE, "other than by nfv_edit");
	expect_breach(other_id, 0, UINT32_MAX, BREACH_REWRITE, "other than by nfv_edit");
	expect_breach(beyond_capacity, 0, UINT32_MAX, BREACH_REWRITE, "other than by nfv_edit");
	expect_breach(no_ip_left, 0, UINT32_MAX, BREACH_REWRITE, "cannot be made right");
	expect_breach(all_gone, 0, UINT32_MAX, BREACH_REWRITE, "cannot be made right");
}

static nfv_verdict edit_truncated(struct bench *bench, int handler, struct nfv_packet *packet)
{
	(void)bench;
	(void)handler;
	packet->original_len = packet->captured_len; /* and so nfv_edit() is fooled */
	*nfv_edit(packet, 30, 1) = 'x';
	return NFV_ACCEPT;
}

static void edits_of_a_truncated_packet(void **state)
{
	struct bench *bench = bench_new(1);

	(void)state;
	bench->scripts[0].fn = edit_truncated;
	bench->packets[0].original_len = 1500;
	bench_run(bench, 1);
	assert_true(bench->decisions[0].failed);
	assert_false(bench->decisions[0].rewritten);
	assert_int_equal(bench->counters[0].breaches[BREACH_REWRITE], 1);
	assert_int_equal(bench->packets[0].original_len, 1500);
	assert_non_null(strstr(bench->line, "40 of 1500"));
	free(bench);
}

/* The last handler that changed bytes answers for a packet that cannot be made right, whoever decided. */
static void the_editor_answers(void **state)
{
	struct bench *bench = bench_new(3);

	(void)state;
	bench->scripts[0].fn = edit;
	bench->scripts[1].fn = all_gone;
	bench->scripts[2].verdict = NFV_ACCEPT;
	bench_run(bench, 1);
	assert_true(bench->decisions[0].failed);
	assert_int_equal(bench->counters[0].breaches[BREACH_REWRITE], 0);
	assert_int_equal(bench->counters[1].breaches[BREACH_REWRITE], 1);
	assert_int_equal(bench->counters[2].breaches[BREACH_REWRITE], 0);
	free(bench);
}

static void lines_come_at_powers_of_ten(void **state)
{
	struct bench *bench = bench_new(1);
	unsigned expected = 0;
	uint64_t power = 1;

	(void)state;
	bench->scripts[0].verdict = 99;
	for (uint64_t n = 1; n <= 1000; n++) {
		bench_run(bench, 1);
		if (n == power) {
			expected++;
			power *= 10;
		}
		assert_int_equal(bench->lines, expected);
	}
	assert_int_equal(expected, 4);
	assert_non_null(strstr(bench->line, "1000 so far"));
	/* Each kind is counted by itself. */
	bench->scripts[0].verdict = NFV_HOLD;
	bench_run(bench, 1);
	assert_int_equal(bench->lines, 5);
	free(bench);
}

/* A batch() that leaves verdicts unwritten. */
static void half_a_batch(void *state, struct nfv_packet *const *packets, nfv_verdict *verdicts, size_t count)
{
	(void)state;
	(void)packets;
	for (size_t i = 0; i < count; i += 2)
		verdicts[i] = NFV_ACCEPT;
}

static void verdicts_left_out(void **state)
{
	struct bench *bench = bench_new(2);

	(void)state;
	bench->ops[0].batch = half_a_batch;
	bench->chain.on_error = NFV_DROP;
	bench_run(bench, 9);
	assert_int_equal(bench->decided, 9);
	for (size_t i = 0; i < 9; i++) {
		assert_int_equal(bench->order[i], i);
		assert_int_equal(bench->decisions[i].failed, i & 1);
		assert_int_equal(bench->decisions[i].verdict, i & 1 ? NFV_DROP : NFV_ACCEPT);
	}
	assert_int_equal(bench->counters[0].breaches[BREACH_VERDICT], 4);
	assert_non_null(strstr(bench->line, "gave no verdict"));
	free(bench);
}

/* ---- The same handlers, one by one and in batches, end alike ---- */

static uint32_t mix(uint32_t x)
{
	x ^= x >> 16;
	x *= 0x7feb352d;
	x ^= x >> 15;
	x *= 0x846ca68b;
	return x ^ x >> 16;
}

static uint32_t seed;

static nfv_verdict anything(struct bench *bench, int handler, struct nfv_packet *packet)
{
	static const nfv_verdict verdicts[] = { NFV_CONTINUE, NFV_CONTINUE, NFV_CONTINUE, NFV_CONTINUE,
						NFV_ACCEPT,   NFV_DROP,     NFV_REPEAT,   NFV_QUEUE(9),
						NFV_HOLD,     77,           NFV_CONTINUE, NFV_CONTINUE };
	uint32_t dice = mix(packet->id ^ (uint32_t)handler << 24 ^ seed);

	switch (dice >> 4 & 15) {
	case 0:
		return mark_low(bench, handler, packet) + NFV_CONTINUE;
	case 1:
		mark_high(bench, handler, packet);
		break;
	case 2:
		if (packet->captured_len >= 36)
			edit(bench, handler, packet);
		break;
	case 3:
		nfv_splice(packet, packet->captured_len, 0, "grow", 4);
		break;
	case 4:
		return cut_by_hand(bench, handler, packet);
	case 5:
		return all_gone(bench, handler, packet);
	}
	return verdicts[dice % (sizeof(verdicts) / sizeof(verdicts[0]))];
}

static void batches_end_as_single_packets_do(void **state)
{
	(void)state;
	for (seed = 1; seed < 40; seed++) {
		struct bench *one = bench_new(4), *many = bench_new(4);

		for (int i = 0; i < 4; i++) {
			one->scripts[i].fn = many->scripts[i].fn = anything;
			if (mix(seed + 1000 * (uint32_t)i) & 1)
				many->ops[i].batch = bench_batch;
			one->ops[i].may = many->ops[i].may = mix(seed ^ (uint32_t)i * 77) & 31;
		}
		many->ops[seed % 4].batch = bench_batch;
		one->chain.mark_mask = many->chain.mark_mask = 0xffff;
		bench_run(one, BENCH_PACKETS);
		bench_run(many, BENCH_PACKETS);

		assert_int_equal(one->decided, BENCH_PACKETS);
		assert_int_equal(many->decided, BENCH_PACKETS);
		assert_false(one->progress_wrong || many->progress_wrong);
		assert_memory_equal(one->order, many->order, sizeof(one->order));
		assert_memory_equal(one->counters, many->counters, sizeof(one->counters));
		assert_memory_equal(one->bytes, many->bytes, sizeof(one->bytes));
		for (size_t i = 0; i < BENCH_PACKETS; i++) {
			assert_int_equal(one->decisions[i].verdict, many->decisions[i].verdict);
			assert_int_equal(one->decisions[i].handler, many->decisions[i].handler);
			assert_int_equal(one->decisions[i].set_mark, many->decisions[i].set_mark);
			assert_int_equal(one->decisions[i].rewritten, many->decisions[i].rewritten);
			assert_int_equal(one->decisions[i].failed, many->decisions[i].failed);
			assert_int_equal(one->packets[i].mark, many->packets[i].mark);
			assert_int_equal(one->packets[i].captured_len, many->packets[i].captured_len);
		}
		free(one);
		free(many);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_verdicts),        cmocka_unit_test(reserved_verdicts),
		cmocka_unit_test(more_than_it_may),   cmocka_unit_test(marks_outside_the_mask),
		cmocka_unit_test(bad_rewrites),       cmocka_unit_test(edits_of_a_truncated_packet),
		cmocka_unit_test(the_editor_answers), cmocka_unit_test(lines_come_at_powers_of_ten),
		cmocka_unit_test(verdicts_left_out),  cmocka_unit_test(batches_end_as_single_packets_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
