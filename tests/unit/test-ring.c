/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What goes through the ring reaches a model of the kernel's queue exactly as it was decided, whoever is replaced in between;
 * what a writer has no business to say reaches nobody.
 */
#include "daemon/queue/ring-reader.h"
#include "daemon/queue/sink.h"
#include "tests/unit/kernel-queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define QUEUE     40
#define MAX_BYTES (256 * 1024)

static uint8_t payload[MESSAGE_PAYLOAD_MAX];

static const struct ring_policy everything = {
	.verdicts = 1u << NF_DROP | 1u << NF_ACCEPT | 1u << NF_QUEUE | 1u << NF_REPEAT,
	.until = 1u << NF_REPEAT,
	.mark_mask = 0xff,
	.rewrites = true,
};

/* A ring with a writer, a reader and the queue that it is about. */
struct line {
	struct ring *ring;
	struct ring_writer writer;
	struct ring_reader reader;
	struct kernel_queue queue;
	bool again; /* messages may be for packets that are gone */
};

static struct ring *new_ring(void)
{
	struct ring *ring = mmap(NULL, sizeof(*ring), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(ring, MAP_FAILED);
	return ring;
}

static void read_from(struct line *line, const struct ring_totals *sent)
{
	assert_int_equal(ring_reader_init(&line->reader, line->ring, QUEUE, MAX_BYTES, sent), 0);
	line->reader.policy = everything;
}

static void begin(struct line *line, uint32_t index)
{
	const struct ring_totals nothing = { .taken = index };

	*line = (struct line){ .ring = new_ring(), .queue.number = QUEUE };
	ring_reset(line->ring, index);
	ring_writer_init(&line->writer, line->ring);
	read_from(line, &nothing);
}

static void end(struct line *line)
{
	ring_reader_free(&line->reader);
	kernel_free(&line->queue);
	munmap(line->ring, sizeof(*line->ring));
}

static void deliver(struct line *line, const struct iovec *iov, int count, int messages)
{
	static uint8_t datagram[MAX_BYTES];
	size_t len = 0;

	assert_in_range(count, 1, 1024);
	for (int i = 0; i < count; i++) {
		assert_true(iov[i].iov_len > 0 && iov[i].iov_len <= sizeof(datagram) - len);
		memcpy(datagram + len, iov[i].iov_base, iov[i].iov_len);
		len += iov[i].iov_len;
	}
	for (size_t at = 0; at < len;) {
		const struct nlmsghdr *message = (const struct nlmsghdr *)(const void *)(datagram + at);
		const char *wrong;

		assert_true(message->nlmsg_len >= sizeof(*message) && message->nlmsg_len <= len - at);
		assert_int_equal(message->nlmsg_len % 4, 0);
		wrong = kernel_message(&line->queue, message);
		if (wrong && !(line->again && strncmp(wrong, "ENOENT", 6) == 0))
			fail_msg("%s", wrong);
		at += message->nlmsg_len;
		messages--;
	}
	assert_int_equal(messages, 0);
}

/* One datagram. What ring_reader_take() said. */
static int send_some(struct line *line)
{
	struct iovec *iov;
	int count, messages = ring_reader_take(&line->reader, RING_ENTRIES, &iov, &count);

	if (messages > 0)
		deliver(line, iov, count, messages);
	return messages;
}

static void send_all(struct line *line)
{
	int messages;

	while ((messages = send_some(line)) > 0) {
		ring_reader_sent(&line->reader);
		ring_set_done(line->ring, line->reader.sent.taken);
	}
	assert_int_equal(messages, 0);
}

static void decide(struct line *line, uint32_t id, const struct coalesce_decision *decision)
{
	struct entry *e = kernel_enqueue(&line->queue, id);
	int err;

	e->want = *decision;
	e->want.id = id;
	e->decided = true;
	err = ring_add(&line->writer, &e->want);
	if (err == -ENOSPC) {
		ring_publish(&line->writer);
		e->decided = false; /* what leaves now must not touch it */
		send_all(line);
		e->decided = true;
		err = ring_add(&line->writer, &e->want);
	}
	assert_int_equal(err, 0);
}

static void finish(struct line *line)
{
	ring_publish(&line->writer);
	send_all(line);
	for (size_t i = 0; i < line->queue.count; i++)
		assert_false(line->queue.entries[i].queued);
}

static struct coalesce_decision some(unsigned kind)
{
	const struct coalesce_decision kinds[] = {
		{ .verdict = NF_ACCEPT },
		{ .verdict = NF_ACCEPT },
		{ .verdict = NF_ACCEPT },
		{ .verdict = NF_DROP },
		{ .verdict = NF_ACCEPT, .set_mark = true, .mark = 0x705, .arrived_mark = 0x700 },
		{ .verdict = NF_REPEAT, .set_mark = true, .mark = 6 },
		{ .verdict = NF_ACCEPT, .payload = payload, .payload_len = 1 + (kind * 7919u) % MESSAGE_PAYLOAD_MAX },
		{ .verdict = NF_QUEUE_NR(8) },
	};

	return kinds[kind % (sizeof(kinds) / sizeof(kinds[0]))];
}

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

/* ---- In order ---- */

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

/* ---- Replaced on the way ---- */

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

/* ---- What no writer may say ---- */

struct bad {
	enum ring_refusal why;
	struct ring_entry entry;
	struct ring_policy policy; /* with verdicts 0: everything */
};

#define ENTRY(...) .entry = { .kind = RING_RUN, .id = 101, .count = 1, .verdict = NF_ACCEPT, __VA_ARGS__ }
#define POLICY(...) .policy = { __VA_ARGS__ }

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init" /* what is given to ENTRY() overrides */
static const struct bad bad[] = {
	{ .why = RING_BAD_KIND, ENTRY(.kind = 0) },
	{ .why = RING_BAD_KIND, ENTRY(.kind = 4) },
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

/* ---- Two processes ---- */

#define PACKETS 200000u

static bool always(void *context, unsigned waited_ms)
{
	(void)context;
	(void)waited_ms;
	return true;
}

static bool never(void *context, unsigned waited_ms)
{
	(void)waited_ms;
	++*(unsigned *)context;
	return false;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),     cmocka_unit_test(test_mixes),      cmocka_unit_test(test_runs),       cmocka_unit_test(test_full),
		cmocka_unit_test(test_new_reader), cmocka_unit_test(test_new_writer), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_bad_index),  cmocka_unit_test(test_limit),      cmocka_unit_test(test_two_processes),
		cmocka_unit_test(test_no_reader),
	};

	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 31 + i / 256);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
