/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In a network namespace of its own, which nobody else changes; tables are made with netlink alone. */
#include "rules/generation.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void put(struct mnl_nlmsg_batch *batch, uint16_t type, uint16_t flags, uint8_t family, uint16_t resource,
		const char *name)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(mnl_nlmsg_batch_current(batch));
	struct nfgenmsg *message;

	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_REQUEST | flags;
	message = mnl_nlmsg_put_extra_header(header, sizeof(*message));
	message->nfgen_family = family;
	message->version = NFNETLINK_V0;
	message->res_id = htons(resource);
	if (name)
		mnl_attr_put_strz(header, NFTA_TABLE_NAME, name);
	assert_true(mnl_nlmsg_batch_next(batch));
}

static void add_table(const char *name)
{
	char buffer[8192];
	struct mnl_socket *socket = mnl_socket_open(NETLINK_NETFILTER);
	struct mnl_nlmsg_batch *batch = mnl_nlmsg_batch_start(buffer, 4096);

	assert_non_null(socket);
	assert_int_equal(mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID), 0);
	put(batch, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES, NULL);
	put(batch, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_ACK, AF_INET, 0, name);
	put(batch, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES, NULL);
	assert_true(mnl_socket_sendto(socket, mnl_nlmsg_batch_head(batch), mnl_nlmsg_batch_size(batch)) > 0);
	assert_true(mnl_socket_recvfrom(socket, buffer, sizeof(buffer)) > 0);
	assert_int_equal(((struct nlmsgerr *)mnl_nlmsg_get_payload((struct nlmsghdr *)buffer))->error, 0);
	mnl_nlmsg_batch_stop(batch);
	mnl_socket_close(socket);
}

static void test_get(void **state)
{
	struct mnl_socket *socket;
	uint64_t before;

	(void)state;
	assert_int_equal(generation_open(&socket), 0);
	before = generation_get(socket);
	assert_int_not_equal(before, 0);
	assert_int_equal(generation_get(socket), before);
	add_table("one");
	assert_int_equal(generation_get(socket), before + 1);
	add_table("two");
	add_table("three");
	assert_int_equal(generation_get(socket), before + 3);
	generation_close(socket);
	generation_close(NULL);
}

static void test_watch(void **state)
{
	struct mnl_socket *socket;
	struct pollfd poll_fd;

	(void)state;
	assert_int_equal(generation_watch(&socket), 0);
	poll_fd = (struct pollfd){ .fd = mnl_socket_get_fd(socket), .events = POLLIN };
	assert_int_equal(poll(&poll_fd, 1, 0), 0);
	assert_int_equal(generation_drain(socket), 0);
	add_table("four");
	assert_int_equal(poll(&poll_fd, 1, 10000), 1);
	assert_int_equal(generation_drain(socket), 1);
	assert_int_equal(generation_drain(socket), 0);
	assert_int_equal(poll(&poll_fd, 1, 0), 0);
	generation_close(socket);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_watch),
	};

	if (unshare(geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET)) {
		printf("SKIP: no network namespace: %s\n", strerror(errno));
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
