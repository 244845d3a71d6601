/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/keep.h"

#include "rules/generation.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define TABLE "nfverdict-keep"
#define CHAIN "conntrack"

/* ---- is it needed? ---- */

/* Extensions whose rules hold connection tracking, or the defragmentation that comes with it. */
static const char *const users[] = {
	"-m conntrack ", "-m state ",     "-m connlimit ", "-m connmark ",    "-m connbytes ", "-m connlabel ", "-m helper ",
	"-m cluster ",   "-m socket",     "-j CONNMARK ",  "-j CONNSECMARK ", "-j CT ",        "-j NOTRACK",    "-j DNAT ",
	"-j SNAT ",      "-j MASQUERADE", "-j REDIRECT",   "-j NETMAP ",      "-j TPROXY ",    "-j SYNPROXY",
};

/* Lines that delete rules do not put any in. */
static bool puts_in_user(const char *script)
{
	for (const char *line = script; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const size_t len = strcspn(line, "\n");

		if (!strncmp(line, "-D ", 3))
			continue;
		for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++)
			if (memmem(line, len, users[i], strlen(users[i])))
				return true;
	}
	return false;
}

bool keep_queues_bound(void)
{
	FILE *file = fopen("/proc/thread-self/net/netfilter/nfnetlink_queue", "re");
	char byte;
	bool bound = file && fread(&byte, 1, 1, file) == 1;

	if (file)
		fclose(file);
	return bound;
}

bool keep_is_needed(const char *script, const char *opposite)
{
	return script && opposite && puts_in_user(opposite) != puts_in_user(script) && keep_queues_bound();
}

/* ---- the table ---- */

static const uint8_t families[] = { [NFV_FAMILY_IPV4] = AF_INET, [NFV_FAMILY_IPV6] = AF_INET6 };

static struct nlmsghdr *begin(struct mnl_nlmsg_batch *batch, uint16_t type, uint16_t flags, uint8_t family,
			      uint16_t resource)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(mnl_nlmsg_batch_current(batch));
	struct nfgenmsg *message;

	header->nlmsg_type = type;
	header->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	message = mnl_nlmsg_put_extra_header(header, sizeof(*message));
	message->nfgen_family = family;
	message->version = NFNETLINK_V0;
	message->res_id = htons(resource);
	return header;
}

static struct nlmsghdr *begin_nft(struct mnl_nlmsg_batch *batch, uint16_t type, uint16_t flags, uint8_t family)
{
	return begin(batch, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags, family, 0);
}

/* "ct state", loaded and never looked at. */
static void put_expression(struct nlmsghdr *header)
{
	struct nlattr *list = mnl_attr_nest_start(header, NFTA_RULE_EXPRESSIONS);
	struct nlattr *item = mnl_attr_nest_start(header, NFTA_LIST_ELEM), *data;

	mnl_attr_put_strz(header, NFTA_EXPR_NAME, "ct");
	data = mnl_attr_nest_start(header, NFTA_EXPR_DATA);
	mnl_attr_put_u32(header, NFTA_CT_KEY, htonl(NFT_CT_STATE));
	mnl_attr_put_u32(header, NFTA_CT_DREG, htonl(NFT_REG_1));
	mnl_attr_nest_end(header, data);
	mnl_attr_nest_end(header, item);
	mnl_attr_nest_end(header, list);
}

static void put_table(struct mnl_nlmsg_batch *batch, uint8_t family)
{
	/* EXCL on the first alone: if the table is there, the rest is too, and the batch changes nothing. */
	struct nlmsghdr *header = begin_nft(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, family);

	mnl_attr_put_strz(header, NFTA_TABLE_NAME, TABLE);
	mnl_nlmsg_batch_next(batch);
	header = begin_nft(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE, family);
	mnl_attr_put_strz(header, NFTA_CHAIN_TABLE, TABLE);
	mnl_attr_put_strz(header, NFTA_CHAIN_NAME, CHAIN);
	mnl_nlmsg_batch_next(batch);
	header = begin_nft(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, family);
	mnl_attr_put_strz(header, NFTA_RULE_TABLE, TABLE);
	mnl_attr_put_strz(header, NFTA_RULE_CHAIN, CHAIN);
	put_expression(header);
	mnl_nlmsg_batch_next(batch);
}

static void put_removal(struct mnl_nlmsg_batch *batch, uint8_t family)
{
	struct nlmsghdr *header = begin_nft(batch, NFT_MSG_DELTABLE, NLM_F_ACK, family);

	mnl_attr_put_strz(header, NFTA_TABLE_NAME, TABLE);
	mnl_nlmsg_batch_next(batch);
}

typedef void put_fn(struct mnl_nlmsg_batch *batch, uint8_t family);

/* The first answer tells; an error of a later message comes instead of the acknowledgement. */
static int send_batch(put_fn *put, uint8_t family)
{
	char buffer[8192], answer[8192];
	struct mnl_nlmsg_batch *batch = mnl_nlmsg_batch_start(buffer, sizeof(buffer) / 2);
	struct mnl_socket *socket = NULL;
	ssize_t len;
	int err = batch ? generation_open(&socket) : -ENOMEM;

	if (!err) {
		begin(batch, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
		mnl_nlmsg_batch_next(batch);
		put(batch, family);
		begin(batch, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
		mnl_nlmsg_batch_next(batch);
		if (mnl_socket_sendto(socket, mnl_nlmsg_batch_head(batch), mnl_nlmsg_batch_size(batch)) < 0)
			err = -errno;
	}
	if (!err) {
		len = mnl_socket_recvfrom(socket, answer, sizeof(answer));
		err = len < 0 || mnl_cb_run(answer, (size_t)len, 0, 0, NULL, NULL) < 0 ? -errno : 0;
	}
	generation_close(socket);
	if (batch)
		mnl_nlmsg_batch_stop(batch);
	return err;
}

int keep_hold(enum nfv_family family, bool *made)
{
	int err = send_batch(put_table, families[family]);

	*made = !err;
	return err == -EEXIST ? 0 : err;
}

void keep_drop(void)
{
	send_batch(put_removal, families[NFV_FAMILY_IPV4]);
	send_batch(put_removal, families[NFV_FAMILY_IPV6]);
}

bool keep_lacks_chain(enum nfv_family family, const char *table, const char *chain)
{
	char buffer[8192];
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
	struct mnl_socket *socket = NULL;
	struct nfgenmsg *message;
	bool lacks = false;
	ssize_t len;

	header->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN;
	header->nlmsg_flags = NLM_F_REQUEST;
	message = mnl_nlmsg_put_extra_header(header, sizeof(*message));
	message->nfgen_family = families[family];
	message->version = NFNETLINK_V0;
	mnl_attr_put_strz(header, NFTA_CHAIN_TABLE, table);
	mnl_attr_put_strz(header, NFTA_CHAIN_NAME, chain);
	if (generation_open(&socket))
		return false;
	if (mnl_socket_sendto(socket, header, header->nlmsg_len) > 0) {
		len = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
		lacks = len > 0 && mnl_cb_run(buffer, (size_t)len, 0, 0, NULL, NULL) < 0 && errno == ENOENT;
	}
	generation_close(socket);
	return lacks;
}
