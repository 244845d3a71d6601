/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What goes through the ring reaches a model of the kernel's queue exactly as it was decided, whoever is replaced in between;
 * what a writer has no business to say reaches nobody.
 */
#include "daemon/queue/sink.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "tests/unit/ring-line.h"

/* Ids, indices and places in the area all wrap on the way. */
static void test_mixes(void **state)
{
	struct line line;
	uint32_t id = UINT32_MAX - 2000;
	unsigned seed = 7;

	(void)state;
	begin(&line, UINT32_MAX - 900);
	for (unsigned i = 0; i < 6000; i++) {
		struct coalesce_decision decision;

		seed = seed * 1103515245 + 12345;
		decision = some(seed >> 16);
		id += 1 + (seed >> 8) % 3;
		decide(&line, id, &decision);
		if (seed % 64 == 0)
			ring_publish(&line.writer);
		if (seed % 96 == 0)
			send_all(&line);
	}
	finish(&line);
	assert_int_equal(line.reader.sent.accepted + line.reader.sent.dropped + line.reader.sent.repeated +
			 line.reader.sent.requeued, 6000);
	end(&line);
}

static void test_limit(void **state)
{
	const struct coalesce_decision accept = { .verdict = NF_ACCEPT }, drop = { .verdict = NF_DROP };
	struct line line;
	struct iovec *iov;
	int count;

	(void)state;
	begin(&line, 0);
	decide(&line, 1, &accept);
	decide(&line, 2, &drop);
	decide(&line, 3, &accept);
	ring_publish(&line.writer);
	assert_int_equal(ring_reader_take(&line.reader, 2, &iov, &count), 2);
	assert_int_equal(ring_reader_take(&line.reader, 0, &iov, &count), 0);
	assert_int_equal(ring_reader_take(&line.reader, 4, &iov, &count), 3);
	end(&line);
}

/* A reader that ended between sending and noting it: all is sent again, and nothing is decided twice or otherwise. */
static void test_new_reader(void **state)
{
	for (unsigned kept = 0; kept < 40; kept++) {
		struct line line;
		struct ring_totals sent;

		begin(&line, UINT32_MAX - 20);
		for (uint32_t i = 0; i < 300; i++) {
			struct coalesce_decision decision = some(i * 5 + i / 7);

			decide(&line, UINT32_MAX - 100 + i, &decision);
			if (i % 5 == 0)
				ring_publish(&line.writer);
			if (i % 40 != kept)
				continue;
			ring_publish(&line.writer);
			sent = line.reader.sent;
			assert_true(send_some(&line) > 0); /* and it dies */
			ring_reader_free(&line.reader);
			read_from(&line, &sent);
			line.again = true;
			send_all(&line);
			line.again = false;
		}
		finish(&line);
		assert_int_equal(line.reader.sent.accepted + line.reader.sent.dropped + line.reader.sent.repeated +
				 line.reader.sent.requeued, 300);
		end(&line);
	}
	(void)state;
}

/* ---- What no writer may say ---- */

struct bad {
	enum ring_refusal why;
	struct ring_entry entry;
	struct ring_policy policy; /* with verdicts 0: everything */
	bool may_end;
};

#define ENTRY(...) .entry = { .kind = RING_RUN, .id = 101, .count = 1, .verdict = NF_ACCEPT, __VA_ARGS__ }
#define POLICY(...) .policy = { __VA_ARGS__ }

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init" /* what is given to ENTRY() overrides */
static const struct bad bad[] = {
	{ .why = RING_BAD_KIND, ENTRY(.kind = 0) },
	{ .why = RING_BAD_KIND, ENTRY(.kind = RING_END + 1), .may_end = true },
	{ .why = RING_BAD_KIND, ENTRY(.kind = RING_END, .verdict = NF_DROP, .count = 0) },
	{ .why = RING_BAD_KIND, ENTRY(.unused = 1) },
	{ .why = RING_BAD_ID, ENTRY(.id = 100) },
	{ .why = RING_BAD_ID, ENTRY(.id = 99) },
	{ .why = RING_BAD_ID, ENTRY(.id = 100 + (1u << 31)) },
	{ .why = RING_BAD_ID, ENTRY(.kind = RING_UNTIL, .id = 99, .verdict = NF_REPEAT, .count = 0) },
	{ .why = RING_BAD_COUNT, ENTRY(.count = 0) },
	{ .why = RING_BAD_COUNT, ENTRY(.count = 2) },
	{ .why = RING_BAD_COUNT, ENTRY(.kind = RING_SINGLE, .count = 2, .id = 200) },
	{ .why = RING_BAD_COUNT, ENTRY(.kind = RING_UNTIL, .count = 2, .verdict = NF_REPEAT) },
	{ .why = RING_BAD_VERDICT, ENTRY(.verdict = 2) },
	{ .why = RING_BAD_VERDICT, ENTRY(.verdict = 5) },
	{ .why = RING_BAD_VERDICT, ENTRY(.verdict = 0x100) },
	{ .why = RING_BAD_VERDICT, ENTRY(.verdict = 1u << 16 | NF_ACCEPT) },
	{ .why = RING_BAD_VERDICT, ENTRY(.verdict = NF_QUEUE_NR(1) | 0x100) },
	{ .why = RING_BAD_VERDICT, ENTRY(.verdict = NF_QUEUE_NR(1) | NF_VERDICT_FLAG_QUEUE_BYPASS) },
	{ .why = RING_BAD_VERDICT, ENTRY(.verdict = NF_QUEUE_NR(1)), POLICY(.verdicts = ~(1u << NF_QUEUE)) },
	{ .why = RING_BAD_VERDICT, ENTRY(.verdict = NF_QUEUE_NR(1)), POLICY(.verdicts = ~0u, .bypass = true) },
	{ .why = RING_BAD_VERDICT, ENTRY(.verdict = NF_DROP), POLICY(.verdicts = 1u << NF_ACCEPT) },
	{ .why = RING_BAD_VERDICT, ENTRY(.verdict = NF_REPEAT), POLICY(.verdicts = 1u << NF_ACCEPT) },
	{ .why = RING_BAD_VERDICT, ENTRY(.kind = RING_UNTIL, .verdict = NF_ACCEPT) },
	{ .why = RING_BAD_MARK, ENTRY(.set_mark = 2) },
	{ .why = RING_BAD_MARK, ENTRY(.set_mark = 1, .mark = 0x100) },
	{ .why = RING_BAD_MARK, ENTRY(.set_mark = 1, .mark = 1, .arrived_mark = 0x101) },
	{ .why = RING_BAD_MARK, ENTRY(.set_mark = 1), POLICY(.verdicts = ~0u) },
	{ .why = RING_BAD_MARK, ENTRY(.kind = RING_UNTIL, .set_mark = 1, .verdict = NF_REPEAT) },
	{ .why = RING_BAD_ID, ENTRY(.kind = RING_END, .id = 99, .verdict = NF_DROP, .count = 0), .may_end = true },
	{ .why = RING_BAD_COUNT, ENTRY(.kind = RING_END, .verdict = NF_DROP), .may_end = true },
	{ .why = RING_BAD_VERDICT, ENTRY(.kind = RING_END, .verdict = NF_ACCEPT, .count = 0), .may_end = true },
	{ .why = RING_BAD_VERDICT, ENTRY(.kind = RING_END, .verdict = NF_DROP, .count = 0),
	  POLICY(.verdicts = ~0u, .until = ~0u, .bypass = true), .may_end = true },
	{ .why = RING_BAD_MARK, ENTRY(.kind = RING_END, .set_mark = 1, .verdict = NF_DROP, .count = 0), .may_end = true },
	{ .why = RING_BAD_PAYLOAD, ENTRY(.kind = RING_END, .payload_len = 1, .verdict = NF_DROP, .count = 0), .may_end = true },
	{ .why = RING_BAD_PAYLOAD, ENTRY(.payload_len = 1) },
	{ .why = RING_BAD_PAYLOAD, ENTRY(.kind = RING_SINGLE, .payload_len = MESSAGE_PAYLOAD_MAX + 1, .area_end = 1 << 17) },
	{ .why = RING_BAD_PAYLOAD, ENTRY(.kind = RING_SINGLE, .payload_len = 20, .area_end = 19) },
	{ .why = RING_BAD_PAYLOAD, ENTRY(.kind = RING_SINGLE, .payload_len = 20, .area_end = RING_AREA_BYTES + 1) },
	{ .why = RING_BAD_PAYLOAD, ENTRY(.kind = RING_SINGLE, .payload_len = 20, .area_end = 20), POLICY(.verdicts = ~0u) },
};
#pragma GCC diagnostic pop

/* What comes before is sent; nothing of the bad one, nor of what is behind it. */
static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct coalesce_decision accept = { .verdict = NF_ACCEPT };
		struct line line;

		begin(&line, 1000);
		decide(&line, 100, &accept);
		ring_publish(&line.writer);
		decide(&line, 101, &accept);
		decide(&line, 102, &accept);
		ring_publish(&line.writer);
		*ring_entry(line.ring, 1001) = bad[i].entry;
		if (bad[i].policy.verdicts)
			line.reader.policy = bad[i].policy;
		line.reader.may_end = bad[i].may_end;
		assert_int_equal(send_some(&line), 1);
		ring_reader_sent(&line.reader);
		ring_set_done(line.ring, line.reader.sent.taken);
		for (int again = 0; again < 2; again++) {
			assert_int_equal(send_some(&line), -EBADMSG);
			if (line.reader.refusal != bad[i].why)
				fail_msg("entry %zu: %s, wanted %s", i, ring_refusal_word(line.reader.refusal),
					 ring_refusal_word(bad[i].why));
		}
		assert_true(line.queue.entries[1].queued && line.queue.entries[2].queued);
		assert_int_equal(line.reader.sent.accepted, 1);
		end(&line);
	}
}

/* What is decided, then the end: the queue is shut before all that waits gets its verdict. As many as the writer likes. */
static void test_end(void **state)
{
	const struct message_verdict all = { .queue = QUEUE, .id = 5000, .verdict = NF_ACCEPT };
	const struct coalesce_decision accept = { .id = 1, .verdict = NF_ACCEPT };
	uint8_t want[MESSAGE_SHUT_SIZE + MESSAGE_HEADER_MAX];
	size_t len = message_put_shut(want, QUEUE, true);
	struct line line;
	struct iovec *iov;
	int count;

	(void)state;
	len += message_put_batch(want + len, &all);
	begin(&line, 0);
	line.reader.policy.bypass = true;
	line.reader.may_end = true;
	assert_int_equal(ring_add(&line.writer, &accept), 0);
	for (int i = 0; i < 600; i++)
		assert_int_equal(ring_add_end(&line.writer, 5000, NF_ACCEPT), 0);
	ring_publish(&line.writer);
	assert_int_equal(ring_reader_take(&line.reader, 2, &iov, &count), 2);
	assert_int_equal(count, 1);
	assert_int_equal(iov->iov_len, MESSAGE_VERDICT_SIZE + len);
	assert_memory_equal((uint8_t *)iov->iov_base + MESSAGE_VERDICT_SIZE, want, len);
	for (int i = 1; i < 601; i += 256) {
		assert_in_range(ring_reader_take(&line.reader, RING_ENTRIES, &iov, &count), 1, 256);
		ring_reader_sent(&line.reader);
		ring_set_done(line.ring, line.reader.sent.taken);
	}
	assert_int_equal(line.reader.sent.taken, 601);
	assert_int_equal(line.reader.sent.accepted, 1);
	end(&line);
}

/* The words around the entries. */
static void test_bad_index(void **state)
{
	const struct coalesce_decision accept = { .verdict = NF_ACCEPT };

	(void)state;
	for (int what = 0; what < 4; what++) {
		struct line line;

		begin(&line, 0);
		decide(&line, 1, &accept);
		ring_publish(&line.writer);
		if (what == 0)
			atomic_store(&line.ring->head, RING_ENTRIES);
		else if (what == 1)
			atomic_store(&line.ring->head, UINT32_MAX);
		else if (what == 2)
			atomic_store(&line.ring->done, 1);
		else
			ring_entry(line.ring, UINT32_MAX)->area_end = 4;
		assert_int_equal(send_some(&line), -EBADMSG);
		assert_int_equal(line.reader.refusal, RING_BAD_INDEX);
		ring_reset(line.ring, 0);
		ring_writer_init(&line.writer, line.ring);
		assert_int_equal(send_some(&line), 0);
		end(&line);
	}
}

/* ---- Two processes ---- */

#define PACKETS 200000u

static bool always(void *context, unsigned waited_ms)
{
	(void)context;
	(void)waited_ms;
	return true;
}

static int write_many(struct ring *ring)
{
	struct queue_counters counters = { 0 };
	struct sink *sink = sink_ring_new(ring, always, NULL, &counters);
	int err = 0;

	for (uint32_t id = 1; !err && id <= PACKETS; id++) {
		const struct coalesce_decision decision = {
			.id = id, .verdict = id % 3 ? NF_ACCEPT : NF_DROP, .payload = payload, .payload_len = id % 50 ? 0 : 3000,
		};

		err = sink_decide(sink, &decision);
		if (err == -ENOSPC && (err = sink_flush(sink)) == 0)
			err = sink_decide(sink, &decision);
		if (id % 37 == 0)
			(void)sink_flush(sink);
	}
	(void)sink_flush(sink);
	if (!err)
		err = sink_settle(sink);
	sink_free(sink);
	return err ? 1 : 0;
}

static void test_two_processes(void **state)
{
	const struct ring_totals *sent;
	struct line line;
	struct iovec *iov;
	int count, status, messages;
	pid_t pid;

	(void)state;
	begin(&line, 0);
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		_exit(write_many(line.ring));
	sent = &line.reader.sent;
	while (sent->accepted + sent->dropped < PACKETS) {
		messages = ring_reader_take(&line.reader, RING_ENTRIES, &iov, &count);
		if (messages < 0)
			fail_msg("refused: %s", ring_refusal_word(line.reader.refusal));
		ring_reader_sent(&line.reader);
		if (messages)
			ring_set_done(line.ring, line.reader.sent.taken);
		else
			ring_wait_head(line.ring, line.reader.sent.taken, 10000);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(sent->dropped, PACKETS / 3);
	assert_int_equal(sent->rewritten, PACKETS / 50);
	assert_int_equal(sent->last_id, PACKETS);
	end(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mixes),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_new_reader),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_bad_index),
		cmocka_unit_test(test_two_processes),
	};

	fill_payload();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
