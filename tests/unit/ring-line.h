/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A ring with a writer and a reader, whose messages go to a model of the kernel's queue. Include cmocka.h first. */
#ifndef TESTS_UNIT_RING_LINE_H
#define TESTS_UNIT_RING_LINE_H

#include "daemon/queue/ring-reader.h"
#include "tests/unit/kernel-queue.h"

#include <string.h>
#include <sys/mman.h>

#define QUEUE     40
#define MAX_BYTES (256 * 1024)

static uint8_t payload[MESSAGE_PAYLOAD_MAX];

/* Bytes that tell where they are. */
static inline void fill_payload(void)
{
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 31 + i / 256);
}

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

static inline struct ring *new_ring(void)
{
	struct ring *ring = mmap(NULL, sizeof(*ring), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(ring, MAP_FAILED);
	return ring;
}

static inline void read_from(struct line *line, const struct ring_totals *sent)
{
	assert_int_equal(ring_reader_init(&line->reader, line->ring, QUEUE, MAX_BYTES, sent), 0);
	line->reader.policy = everything;
}

static inline void begin(struct line *line, uint32_t index)
{
	const struct ring_totals nothing = { .taken = index };

	*line = (struct line){ .ring = new_ring(), .queue.number = QUEUE };
	ring_reset(line->ring, index);
	ring_writer_init(&line->writer, line->ring);
	read_from(line, &nothing);
}

static inline void end(struct line *line)
{
	ring_reader_free(&line->reader);
	kernel_free(&line->queue);
	munmap(line->ring, sizeof(*line->ring));
}

static inline void deliver(struct line *line, const struct iovec *iov, int count, int messages)
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
static inline int send_some(struct line *line)
{
	struct iovec *iov;
	int count, messages = ring_reader_take(&line->reader, RING_ENTRIES, &iov, &count);

	if (messages > 0)
		deliver(line, iov, count, messages);
	return messages;
}

static inline void send_all(struct line *line)
{
	int messages;

	while ((messages = send_some(line)) > 0) {
		ring_reader_sent(&line->reader);
		ring_set_done(line->ring, line->reader.sent.taken);
	}
	assert_int_equal(messages, 0);
}

static inline void decide(struct line *line, uint32_t id, const struct coalesce_decision *decision)
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

static inline void finish(struct line *line)
{
	ring_publish(&line->writer);
	send_all(line);
	for (size_t i = 0; i < line->queue.count; i++)
		assert_false(line->queue.entries[i].queued);
}

static inline struct coalesce_decision some(unsigned kind)
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

#endif
