/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a writer puts into the ring: runs, a ring that is full, nobody who reads, and a writer after another. */
#include "daemon/queue/sink.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/ring-line.h"

/* tests/plugins/scribble.c counts on it. */
static void test_layout(void **state)
{
	(void)state;
	assert_int_equal(offsetof(struct ring, head), 0);
	assert_int_equal(offsetof(struct ring, done), 64);
	assert_int_equal(offsetof(struct ring, sleeps), 68);
	assert_int_equal(offsetof(struct ring, entries), 128);
	assert_int_equal(RING_ENTRIES, 1024);
	assert_int_equal(offsetof(struct ring_entry, id), 4);
	assert_int_equal(offsetof(struct ring_entry, area_end), 28);
}

/* Equal decisions in a row are one entry as long as they are not published, and one message. */
static void test_runs(void **state)
{
	const struct coalesce_decision accept = { .verdict = NF_ACCEPT }, drop = { .verdict = NF_DROP };
	struct line line;

	(void)state;
	begin(&line, 0);
	for (uint32_t id = 1; id <= 64; id++)
		decide(&line, id, &accept);
	assert_int_equal(atomic_load(&line.ring->head), 0);
	assert_int_equal(send_some(&line), 0);
	ring_publish(&line.writer);
	assert_int_equal(atomic_load(&line.ring->head), 1);
	for (uint32_t id = 65; id <= 128; id++)
		decide(&line, id, id % 2 ? &accept : &drop);
	ring_publish(&line.writer);
	assert_int_equal(atomic_load(&line.ring->head), 65);
	ring_publish(&line.writer);
	assert_int_equal(atomic_load(&line.ring->head), 65);
	finish(&line);
	assert_int_equal(line.queue.messages, 65);
	assert_int_equal(line.queue.batches, 1);
	assert_int_equal(line.reader.sent.accepted, 96);
	assert_int_equal(line.reader.sent.dropped, 32);
	assert_int_equal(line.reader.sent.last_id, 128);
	end(&line);
}

static void test_full(void **state)
{
	struct coalesce_decision long_one = { .id = 1, .verdict = NF_ACCEPT, .payload = payload, .payload_len = 60000 };
	struct line line;
	uint32_t id = 0;

	(void)state;
	begin(&line, 5);
	for (; id < RING_MOST; id++)
		assert_int_equal(ring_add(&line.writer, &(struct coalesce_decision){ .id = id, .verdict = id % 2 }), 0);
	assert_int_equal(ring_add(&line.writer, &(struct coalesce_decision){ .id = id, .verdict = id % 2 }), -ENOSPC);
	assert_int_equal(ring_add_until(&line.writer, id, NF_REPEAT, 0), -ENOSPC);
	assert_true(ring_unpublished(&line.writer));
	ring_publish(&line.writer);
	assert_int_equal(atomic_load(&line.ring->head), 5 + RING_MOST);
	assert_false(ring_unpublished(&line.writer));
	ring_set_done(line.ring, 6); /* one is through */
	assert_int_equal(ring_add(&line.writer, &(struct coalesce_decision){ .id = id, .verdict = 1 }), 0);
	end(&line);

	begin(&line, 0);
	for (id = 1; id <= RING_AREA_BYTES / 60000; id++) {
		long_one.id = id;
		assert_int_equal(ring_add(&line.writer, &long_one), 0);
	}
	long_one.id = id;
	assert_int_equal(ring_add(&line.writer, &long_one), -ENOSPC);
	ring_publish(&line.writer);
	ring_set_done(line.ring, 1); /* at the end there is no room in one piece: at the beginning */
	assert_int_equal(ring_add(&line.writer, &long_one), 0);
	long_one.payload_len = MESSAGE_PAYLOAD_MAX + 1;
	assert_int_equal(ring_add(&line.writer, &long_one), -EINVAL);
	end(&line);
}

static bool never(void *context, unsigned waited_ms)
{
	(void)waited_ms;
	++*(unsigned *)context;
	return false;
}

/* Nobody reads. */
static void test_no_reader(void **state)
{
	struct queue_counters counters = { 0 };
	struct line line;
	struct sink *sink;
	unsigned asked = 0;
	uint32_t id = 1;

	(void)state;
	begin(&line, 0);
	sink = sink_ring_new(line.ring, never, &asked, &counters);
	assert_int_equal(sink_settle(sink), 0);
	while (sink_decide(sink, &(struct coalesce_decision){ .id = id, .verdict = id % 2 }) == 0)
		id++;
	assert_int_equal(id, RING_MOST + 1);
	assert_int_equal(asked, 0);
	assert_int_equal(sink_flush(sink), 0);
	assert_int_equal(counters.sends, 1);
	assert_int_equal(sink_decide(sink, &(struct coalesce_decision){ .id = id, .verdict = id % 2 }), -ETIMEDOUT);
	assert_int_equal(sink_decide_until(sink, id, NF_REPEAT, 0), -ETIMEDOUT);
	assert_int_equal(asked, 2);
	assert_int_equal(sink_settle(sink), -ETIMEDOUT);
	ring_set_done(line.ring, 1);
	assert_int_equal(sink_decide(sink, &(struct coalesce_decision){ .id = id, .verdict = id % 2 }), 0);
	sink_free(sink);
	end(&line);
}

/* A writer that died with decisions that it had not published: they are the next one's to make. */
static void test_new_writer(void **state)
{
	const struct coalesce_decision accept = { .verdict = NF_ACCEPT }, drop = { .verdict = NF_DROP };
	struct sink *sink;
	struct line line;
	uint32_t last;

	(void)state;
	begin(&line, 0);
	assert_false(ring_last_id(line.ring, &last));
	for (uint32_t id = 10; id < 20; id++)
		decide(&line, id, &accept);
	ring_publish(&line.writer);
	assert_true(ring_last_id(line.ring, &last));
	assert_int_equal(last, 19);
	assert_int_equal(ring_add(&line.writer, &(struct coalesce_decision){ .id = 20, .verdict = NF_DROP }), 0);
	sink = sink_ring_new(line.ring, NULL, NULL, &(struct queue_counters){ 0 });
	assert_true(sink_reached(sink, 19));
	assert_false(sink_reached(sink, 20));
	sink_free(sink);
	ring_writer_init(&line.writer, line.ring);
	assert_int_equal(ring_add_until(&line.writer, 19, NF_REPEAT, 0), 0);
	decide(&line, 20, &drop);
	decide(&line, 21, &drop);
	line.again = true; /* nothing was left for the repeat */
	finish(&line);
	assert_int_equal(line.reader.sent.dropped, 2);
	assert_int_equal(line.reader.sent.repeated, 0);
	end(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_no_reader),
		cmocka_unit_test(test_new_writer),
	};

	fill_payload();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
