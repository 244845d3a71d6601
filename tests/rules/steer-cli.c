/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Steering by hand, for tests:
 *   steer-cli check|install|count|unhook|sweep auto|nft|legacy [own N] [queue NAME FIRST LAST [bypass] [fanout] [steer TABLE CHAIN 4|6|46 first|last MATCH]...]...
 *   steer-cli change auto|nft|legacy [own N]... [queue ... then] [queue ...]   from those before "then", if it is there
 *   steer-cli listen N      binds a queue, prints "ready", holds it until standard input ends
 * count, unhook and sweep print what the rules of each queue counted: "counted NAME FAMILY TABLE PACKETS", "others NAME".
 * Findings go to standard output, one a line: "entry K: text", K counted from 1 over all queues, or "-: text".
 */
#include "rules/steer.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QUEUES  16
#define ENTRIES 64

static struct steer_queue queues[QUEUES];
static struct steer_entry entries[ENTRIES];
static size_t queue_count, entry_count;
static uint16_t own[16];
static size_t own_count;
static size_t before_count; /* of the queues, those before "then" */
static bool before_known;

static void __attribute__((noreturn)) usage(const char *why)
{
	fprintf(stderr, "steer-cli: %s\n", why);
	exit(64);
}

static void tell(void *context, const void *origin, const char *text)
{
	(void)context;
	if (origin)
		printf("entry %zu: %s\n", (size_t)((const struct steer_entry *)origin - entries) + 1, text);
	else
		printf("-: %s\n", text);
}

/* Takes one "queue", "steer" or "own" with its words. Returns how many words that were. */
static int take(char **argv)
{
	int n = 0;

	while (argv[n])
		n++;
	if (!strcmp(argv[0], "own") && n >= 2 && own_count < 16) {
		own[own_count++] = (uint16_t)atoi(argv[1]);
		return 2;
	}
	if (!strcmp(argv[0], "then")) {
		before_known = true;
		before_count = queue_count;
		return 1;
	}
	if (!strcmp(argv[0], "queue") && n >= 4 && queue_count < QUEUES) {
		struct steer_queue *queue = &queues[queue_count++];
		int used = 4;

		*queue = (struct steer_queue){ .name = argv[1],
					       .first = (uint16_t)atoi(argv[2]),
					       .last = (uint16_t)atoi(argv[3]),
					       .entries = entries + entry_count };
		for (; used < n && strcmp(argv[used], "queue") != 0 && strcmp(argv[used], "steer") != 0 &&
		       strcmp(argv[used], "then") != 0;
		     used++) {
			queue->bypass |= !strcmp(argv[used], "bypass");
			queue->cpu_fanout |= !strcmp(argv[used], "fanout");
		}
		return used;
	}
	if (!strcmp(argv[0], "steer") && n >= 6 && queue_count && entry_count < ENTRIES) {
		struct steer_entry *entry = &entries[entry_count++];

		*entry = (struct steer_entry){ .table = argv[1],
					       .chain = argv[2],
					       .ipv4 = strchr(argv[3], '4'),
					       .ipv6 = strchr(argv[3], '6'),
					       .last = !strcmp(argv[4], "last"),
					       .match = argv[5],
					       .origin = entry };
		queues[queue_count - 1].entry_count++;
		return 6;
	}
	usage("words that are not understood");
}

static int change(const struct tool *tool)
{
	const struct steer_change change = {
		.before = before_known ? queues : NULL,
		.before_count = before_count,
		.wanted = queues + before_count,
		.wanted_count = queue_count - before_count,
		.own = own,
		.own_count = own_count,
	};
	long changes = steer_change(tool, &change, tell, NULL);

	if (changes >= 0)
		printf("changed %ld%s\n", changes,
		       steer_same(queues, before_count, change.wanted, change.wanted_count) ? ", the same" : "");
	return changes < 0 ? (int)changes : 0;
}

static void print_tally(const struct steer_tally *tally)
{
	static const char *const tables[STEER_TABLES] = { "raw", "mangle", "filter", "security" };

	for (size_t q = 0; q < tally->count; q++) {
		for (unsigned i = 0; i < 2 * STEER_TABLES; i++) {
			const struct steer_cell *cell = &tally->counts[q].cells[i / STEER_TABLES][i % STEER_TABLES];

			if (cell->there)
				printf("counted %s %s %s %llu\n", tally->queues[q].name, i < STEER_TABLES ? "ipv4" : "ipv6",
				       tables[i % STEER_TABLES], (unsigned long long)cell->packets);
		}
		if (tally->counts[q].others)
			printf("others %s\n", tally->queues[q].name);
	}
}

static int steer(const char *what, const struct tool *tool)
{
	static struct steer_count counts[QUEUES];
	struct steer_tally tally = { .queues = queues, .count = queue_count, .counts = counts };
	struct steer_sweep sweep = { .own = own, .own_count = own_count, .tally = &tally };
	int err;

	if (!strcmp(what, "check"))
		err = steer_check(tool, queues, queue_count, tell, NULL);
	else if (!strcmp(what, "install"))
		err = steer_install(tool, queues, queue_count, tell, NULL);
	else if (!strcmp(what, "count"))
		err = steer_count(tool, &tally, tell, NULL);
	else if (!strcmp(what, "unhook"))
		err = steer_unhook(tool, &tally, tell, NULL);
	else if (!strcmp(what, "sweep"))
		err = steer_sweep(tool, &sweep, tell, NULL);
	else if (!strcmp(what, "change"))
		err = change(tool);
	else
		usage("check, install, count, unhook, sweep, change or listen");
	print_tally(&tally);
	if (!strcmp(what, "sweep"))
		printf("removed %u kept %u\n", sweep.removed, sweep.kept);
	if (err < 0)
		printf("= %s\n", strerror(-err));
	return err < 0 ? 1 : 0;
}

static int listen_on(uint16_t number)
{
	char bytes[256];
	struct mnl_socket *socket = mnl_socket_open(NETLINK_NETFILTER);
	struct nlmsghdr *header = mnl_nlmsg_put_header(bytes);
	struct nfqnl_msg_config_cmd command = { .command = NFQNL_CFG_CMD_BIND };
	struct nfgenmsg *generic;
	ssize_t n;

	if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return 1;
	header->nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_CONFIG;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	generic = mnl_nlmsg_put_extra_header(header, sizeof(*generic));
	generic->version = NFNETLINK_V0;
	generic->res_id = htons(number);
	mnl_attr_put(header, NFQA_CFG_CMD, sizeof(command), &command);
	if (mnl_socket_sendto(socket, header, header->nlmsg_len) < 0)
		return 1;
	n = mnl_socket_recvfrom(socket, bytes, sizeof(bytes));
	if (n < 0 || mnl_cb_run(bytes, (size_t)n, 0, mnl_socket_get_portid(socket), NULL, NULL) < 0) {
		perror("steer-cli: bind");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	while (read(0, bytes, sizeof(bytes)) > 0)
		;
	mnl_socket_close(socket);
	return 0;
}

int main(int argc, char **argv)
{
	enum tool_backend backend;
	struct tool tool;
	char why[512];

	if (argc == 3 && !strcmp(argv[1], "listen"))
		return listen_on((uint16_t)atoi(argv[2]));
	if (argc < 3)
		usage("too few words");
	if (!strcmp(argv[2], "auto"))
		backend = TOOL_AUTO;
	else
		backend = !strcmp(argv[2], "nft") ? TOOL_NFT : TOOL_LEGACY;
	if (tool_find(&tool, backend, why, sizeof(why)))
		usage(why);
	for (char **word = argv + 3; *word;)
		word += take(word);
	return steer(argv[1], &tool);
}
