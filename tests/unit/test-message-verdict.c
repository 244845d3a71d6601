/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verdicts, byte for byte those that libnetfilter_queue builds. */
#include "daemon/queue/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <libnetfilter_queue/libnetfilter_queue.h>

static size_t expect(char *buffer, int type, const struct message_verdict *v, const void *payload)
{
	struct nlmsghdr *message = nfq_nlmsg_put(buffer, type, v->queue);

	message->nlmsg_seq = v->id;
	nfq_nlmsg_verdict_put(message, (int)v->id, (int)v->verdict);
	if (v->set_mark)
		nfq_nlmsg_verdict_put_mark(message, v->mark);
	if (v->payload_len)
		nfq_nlmsg_verdict_put_pkt(message, payload, v->payload_len);
	return message->nlmsg_len;
}

static void test_verdicts(void **state)
{
	static const uint32_t verdicts[] = { NF_ACCEPT, NF_DROP, NF_REPEAT, NF_QUEUE_NR(700), NF_QUEUE_NR(65535) };
	static const uint32_t ids[] = { 0, 1, 0x01020304, UINT32_MAX };
	char want[256];
	uint8_t got[256];

	(void)state;
	for (size_t i = 0; i < 5 * 4 * 2; i++) {
		struct message_verdict v = {
			.queue = 515,
			.set_mark = i & 1,
			.id = ids[i / 2 % 4],
			.verdict = verdicts[i / 8],
			.mark = 0xa1b2c3d4,
		};
		size_t len = expect(want, NFQNL_MSG_VERDICT, &v, NULL);

		assert_int_equal(len, MESSAGE_VERDICT_SIZE + (v.set_mark ? MESSAGE_MARK_SIZE : 0));
		assert_int_equal(message_put_verdict(got, &v), len);
		assert_memory_equal(got, want, len);
		len = expect(want, NFQNL_MSG_VERDICT_BATCH, &v, NULL);
		assert_int_equal(message_put_batch(got, &v), len);
		assert_memory_equal(got, want, len);
	}
}

static void test_payload(void **state)
{
	static uint8_t payload[MESSAGE_PAYLOAD_MAX], got[MESSAGE_PAYLOAD_MAX + 64];
	static char want[MESSAGE_PAYLOAD_MAX + 64];
	static const uint32_t lens[] = { 1, 2, 3, 4, 5, 1500, 65528, 65529, 65530, MESSAGE_PAYLOAD_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7 + 1);
	for (size_t i = 0; i < 2 * sizeof(lens) / sizeof(lens[0]); i++) {
		struct message_verdict v = {
			.queue = 3,
			.set_mark = i & 1,
			.id = 12,
			.verdict = NF_ACCEPT,
			.mark = 6,
			.payload_len = lens[i / 2],
		};
		size_t len = message_put_verdict(got, &v);

		assert_in_range(len, MESSAGE_VERDICT_SIZE, MESSAGE_HEADER_MAX);
		memcpy(got + len, payload, v.payload_len);
		len += v.payload_len;
		memset(got + len, 0, message_padding(v.payload_len));
		len += message_padding(v.payload_len);
		memset(want, 0, sizeof(want));
		assert_int_equal(expect(want, NFQNL_MSG_VERDICT, &v, payload), len);
		assert_memory_equal(got, want, len);
	}
}

static void test_shut(void **state)
{
	static const struct {
		bool pass;
		uint32_t flags;
	} cases[] = { { true, NFQA_CFG_F_FAIL_OPEN }, { false, 0 } };
	char want[256];
	uint8_t got[256];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct nlmsghdr *message = nfq_nlmsg_put(want, NFQNL_MSG_CONFIG, 65535);
		size_t first;

		mnl_attr_put_u32(message, NFQA_CFG_MASK, htonl(NFQA_CFG_F_FAIL_OPEN));
		mnl_attr_put_u32(message, NFQA_CFG_FLAGS, htonl(cases[i].flags));
		first = message->nlmsg_len;
		message = nfq_nlmsg_put(want + first, NFQNL_MSG_CONFIG, 65535);
		nfq_nlmsg_cfg_put_qmaxlen(message, 0);
		assert_int_equal(first + message->nlmsg_len, MESSAGE_SHUT_SIZE);
		assert_int_equal(message_put_shut(got, 65535, cases[i].pass), MESSAGE_SHUT_SIZE);
		assert_memory_equal(got, want, MESSAGE_SHUT_SIZE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_payload),
		cmocka_unit_test(test_shut),
	};

	return cmocka_run_group_tests_name("message-verdict", tests, NULL, NULL);
}
