/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain-bench.h"

/* Runs one packet and gives its decision; the chain's own rules are checked on the way. */
static const struct chain_decision *run_one(struct bench *bench)
{
	bench_run(bench, 1);
	assert_int_equal(bench->decided, 1);
	assert_false(bench->progress_wrong);
	assert_int_equal(bench->progress.handler, 0);
	return &bench->decisions[0];
}

/* ---- Verdicts ---- */

static void each_verdict(void **state)
{
	static const nfv_verdict verdicts[] = { NFV_ACCEPT,   NFV_DROP,     NFV_REPEAT,
						NFV_QUEUE(0), NFV_QUEUE(7), NFV_QUEUE(65535) };

	(void)state;
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		struct bench *bench = bench_new(2);
		const struct chain_decision *decision;

		bench->scripts[0].verdict = verdicts[i];
		decision = run_one(bench);
		assert_int_equal(decision->verdict, verdicts[i]);
		assert_int_equal(decision->handler, 0);
		assert_false(decision->failed || decision->set_mark || decision->rewritten);
		assert_int_equal(bench->scripts[1].calls, 0);
		assert_int_equal(bench->counters[0].seen, 1);
		assert_int_equal(bench->counters[0].accepted, verdicts[i] == NFV_ACCEPT);
		assert_int_equal(bench->counters[0].dropped, verdicts[i] == NFV_DROP);
		assert_int_equal(bench->counters[0].repeated, verdicts[i] == NFV_REPEAT);
		assert_int_equal(bench->counters[0].queued, (verdicts[i] & 0xffff) == NFV_TO_QUEUE);
		assert_int_equal(bench->counters[0].continued, 0);
		free(bench);
	}
}

static void continue_goes_on(void **state)
{
	struct bench *bench = bench_new(3);
	const struct chain_decision *decision;

	(void)state;
	bench->scripts[1].verdict = NFV_DROP;
	decision = run_one(bench);
	assert_int_equal(decision->verdict, NFV_DROP);
	assert_int_equal(decision->handler, 1);
	assert_int_equal(bench->counters[0].continued, 1);
	assert_int_equal(bench->counters[2].seen, 0);
	free(bench);
}

static void default_ends(void **state)
{
	static const nfv_verdict defaults[] = { NFV_ACCEPT, NFV_DROP };

	(void)state;
	for (int i = 0; i < 2; i++) {
		for (size_t count = 0; count <= 2; count++) {
			struct bench *bench = bench_new(count);
			const struct chain_decision *decision;

			bench->chain.default_verdict = defaults[i];
			decision = run_one(bench);
			assert_int_equal(decision->verdict, defaults[i]);
			assert_int_equal(decision->handler, -1);
			assert_false(decision->failed);
			free(bench);
		}
	}
}

/* ---- Marks ---- */

static nfv_verdict mark_nibble(struct bench *bench, int handler, struct nfv_packet *packet)
{
	uint32_t shift = 4 * (uint32_t)handler;

	nfv_set_mark(packet, ((uint32_t)handler + 5) << shift, 0xfu << shift);
	return bench->scripts[handler].verdict;
}

static void marks_merge(void **state)
{
	struct bench *bench = bench_new(3);
	const struct chain_decision *decision;

	(void)state;
	for (int i = 0; i < 3; i++)
		bench->scripts[i].fn = mark_nibble;
	bench->packets[0].mark = 0xabcd0000;
	decision = run_one(bench);
	assert_true(decision->set_mark);
	assert_int_equal(bench->packets[0].mark, 0xabcd0765);
	for (int i = 0; i < 3; i++)
		assert_int_equal(bench->counters[i].marked, 1);
	free(bench);
}

/* Asking for the mark that the packet has is asking: the next hook's rules may depend on it. */
static void an_equal_mark_counts(void **state)
{
	struct bench *bench = bench_new(1);

	(void)state;
	bench->scripts[0].fn = mark_nibble;
	bench->packets[0].mark = 5;
	assert_true(run_one(bench)->set_mark);
	assert_int_equal(bench->packets[0].mark, 5);
	free(bench);
}

static void drop_takes_nothing_along(void **state)
{
	struct bench *bench = bench_new(2);
	const struct chain_decision *decision;

	(void)state;
	bench->scripts[0].fn = mark_nibble;
	bench->scripts[1].verdict = NFV_DROP;
	decision = run_one(bench);
	assert_int_equal(decision->verdict, NFV_DROP);
	assert_false(decision->set_mark || decision->rewritten);
	free(bench);
}

/* ---- Bytes ---- */

static nfv_verdict edit_payload(struct bench *bench, int handler, struct nfv_packet *packet)
{
	uint8_t *b = nfv_edit(packet, 28 + (uint32_t)handler, 1);

	if (b)
		*b = (uint8_t)('A' + handler);
	return bench->scripts[handler].verdict;
}

static nfv_verdict append_four(struct bench *bench, int handler, struct nfv_packet *packet)
{
	assert_int_equal(nfv_splice(packet, packet->captured_len, 0, "tail", 4), 0);
	return bench->scripts[handler].verdict;
}

static bool is_right(const struct nfv_packet *p)
{
	const uint8_t *b = p->data;

	return nfv_load16(b + 2) == p->captured_len && nfv_load16(b + 24) == p->captured_len - 20 &&
	       checksum_finish(checksum_add(0, b, 20)) == 0 &&
	       checksum_transport(b + 12, b + 16, 4, NFV_IP_UDP, b + 20, p->captured_len - 20) == 0;
}

static void bytes_merge_and_are_made_right(void **state)
{
	static const nfv_verdict verdicts[] = { NFV_CONTINUE, NFV_ACCEPT, NFV_REPEAT, NFV_QUEUE(3) };

	(void)state;
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		struct bench *bench = bench_new(4);
		const struct chain_decision *decision;

		bench->scripts[0].fn = edit_payload;
		bench->scripts[1].fn = append_four;
		bench->scripts[2].fn = mark_nibble;
		bench->scripts[3].fn = edit_payload;
		bench->scripts[3].verdict = verdicts[i];
		decision = run_one(bench);
		assert_int_equal(decision->verdict, verdicts[i] == NFV_CONTINUE ? NFV_ACCEPT : verdicts[i]);
		assert_true(decision->rewritten && decision->set_mark);
		assert_int_equal(bench->packets[0].captured_len, BENCH_LEN + 4);
		assert_memory_equal(bench->bytes[0] + 28, "AacDet 0", 8);
		assert_memory_equal(bench->bytes[0] + BENCH_LEN, "tail", 4);
		assert_true(is_right(&bench->packets[0]));
		assert_int_equal(bench->counters[0].rewritten, 1);
		assert_int_equal(bench->counters[1].rewritten, 1);
		assert_int_equal(bench->counters[2].rewritten, 0);
		free(bench);
	}
}

static void drop_needs_no_right_bytes(void **state)
{
	struct bench *bench = bench_new(2);
	const struct chain_decision *decision;

	(void)state;
	bench->scripts[0].fn = append_four;
	bench->scripts[1].verdict = NFV_DROP;
	decision = run_one(bench);
	assert_int_equal(decision->verdict, NFV_DROP);
	assert_false(decision->rewritten || decision->failed);
	free(bench);
}

/* A truncated packet cannot be changed by the functions; a handler that tries it learns so and goes on. */
static void truncated_stays(void **state)
{
	struct bench *bench = bench_new(1);
	const struct chain_decision *decision;

	(void)state;
	bench->scripts[0].fn = edit_payload;
	bench->packets[0].original_len = 1500;
	decision = run_one(bench);
	assert_false(decision->rewritten || decision->failed);
	free(bench);
}

/* ---- Observers, order, progress ---- */

static nfv_verdict by_id(struct bench *bench, int handler, struct nfv_packet *packet)
{
	static const nfv_verdict verdicts[] = { NFV_CONTINUE, NFV_ACCEPT, NFV_DROP, NFV_QUEUE(4), NFV_CONTINUE, NFV_REPEAT };

	(void)bench;
	return verdicts[(packet->id * 7 + (uint32_t)handler * 3 + packet->id / 11) % 6];
}

static void observers_hear_of_each_packet(void **state)
{
	(void)state;
	for (int batched = 0; batched < 2; batched++) {
		struct bench *bench = bench_new(3);

		for (int i = 0; i < 3; i++)
			bench->scripts[i].fn = by_id;
		bench->ops[0].decided = bench->ops[2].decided = bench_observe;
		if (batched)
			bench->ops[1].batch = bench_batch;
		bench_run(bench, 200);
		assert_int_equal(bench->decided, 200);
		assert_int_equal(bench->told_count, 400);
		assert_false(bench->progress_wrong);
		for (size_t i = 0; i < 200; i++) {
			const struct chain_decision *decision = &bench->decisions[i];

			assert_int_equal(bench->order[i], i);
			for (size_t k = 0; k < 2; k++) {
				const struct bench_told *told = &bench->told[2 * i + k];

				assert_int_equal(told->handler, 2 * k);
				assert_int_equal(told->id, 1000 + i);
				assert_int_equal(told->decision.verdict, decision->verdict);
				assert_ptr_equal(told->decision.handler,
						 decision->handler < 0 ? NULL : bench_names[decision->handler]);
			}
		}
		free(bench);
	}
}

static size_t decided_at_call;

static nfv_verdict note_decided(struct bench *bench, int handler, struct nfv_packet *packet)
{
	(void)handler;
	(void)packet;
	decided_at_call = bench->decided;
	return NFV_ACCEPT;
}

static nfv_verdict first_three_accepted(struct bench *bench, int handler, struct nfv_packet *packet)
{
	(void)bench;
	(void)handler;
	return packet->id < 1003 ? NFV_ACCEPT : NFV_CONTINUE;
}

/* Verdicts in front leave before a later handler is asked about those behind. */
static void a_late_handler_delays_none_before(void **state)
{
	struct bench *bench = bench_new(2);

	(void)state;
	bench->scripts[0].fn = first_three_accepted;
	bench->ops[0].batch = bench_batch;
	bench->scripts[1].fn = note_decided;
	bench_run(bench, 10);
	assert_int_equal(decided_at_call, 3);
	assert_int_equal(bench->decided, 10);
	assert_int_equal(bench->scripts[0].batches, 1);
	assert_int_equal(bench->scripts[1].calls, 7);

	bench->ops[0].batch = NULL;
	bench_run(bench, 10);
	assert_int_equal(decided_at_call, 9);
	free(bench);
}

static void unions(void **state)
{
	struct bench *bench = bench_new(3);

	(void)state;
	bench->handlers[0].needs_bytes = 128;
	bench->handlers[1].needs_bytes = 1000;
	bench->handlers[0].needs_metadata = NFV_META_NAMES;
	bench->handlers[2].needs_metadata = NFV_META_UID;
	bench->ops[0].may = NFV_MAY_DROP;
	bench->ops[1].may = 0;
	bench->ops[2].may = NFV_MAY_MARK;
	assert_int_equal(chain_needs_bytes(&bench->chain), 1000);
	assert_int_equal(chain_needs_metadata(&bench->chain), NFV_META_NAMES | NFV_META_UID);
	assert_int_equal(chain_may(&bench->chain), NFV_MAY_DROP | NFV_MAY_MARK);
	free(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_verdict),
		cmocka_unit_test(continue_goes_on),
		cmocka_unit_test(default_ends),
		cmocka_unit_test(marks_merge),
		cmocka_unit_test(an_equal_mark_counts),
		cmocka_unit_test(drop_takes_nothing_along),
		cmocka_unit_test(bytes_merge_and_are_made_right),
		cmocka_unit_test(drop_needs_no_right_bytes),
		cmocka_unit_test(truncated_stays),
		cmocka_unit_test(observers_hear_of_each_packet),
		cmocka_unit_test(a_late_handler_delays_none_before),
		cmocka_unit_test(unions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
