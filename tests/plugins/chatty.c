/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Talks much: prints a line for each packet, by the host and by itself, logs some, and has long statistics. */
#include <nfverdict/plugin.h>

#include <stdlib.h>

#define STATS_LINES 3000

struct chatty_options {
	uint64_t logs;
};

static const struct nfv_option table[] = {
	{ .name = "logs",
	  .type = NFV_OPT_UINT,
	  .offset = offsetof(struct chatty_options, logs),
	  .fallback = "0",
	  .max = 1000,
	  .help = "Log lines for each packet." },
	{ .name = NULL },
};

struct chatty {
	const struct nfv_host *host;
	const struct chatty_options *options;
	unsigned packets;
};

static int chatty_open(const struct nfv_host *host, const void *options, void **state)
{
	struct chatty *chatty = calloc(1, sizeof(*chatty));

	if (!chatty)
		return -1;
	chatty->host = host;
	chatty->options = options;
	*state = chatty;
	return 0;
}

static nfv_verdict chatty_packet(void *state, struct nfv_packet *packet)
{
	struct chatty *chatty = state;
	char line[400];

	chatty->packets++;
	snprintf(line, sizeof(line), "(queue %u packet %u %0300u)", packet->queue, chatty->packets, 0u);
	chatty->host->print(chatty->host, line);
	printf("by itself, to stdout: %0500u\n", chatty->packets);
	fflush(stdout);
	fprintf(stderr, "by itself, to stderr: %0500u\n", chatty->packets);
	for (uint64_t i = 0; i < chatty->options->logs; i++)
		chatty->host->log(chatty->host, NFV_LOG_INFO, "chatty log %0200u", chatty->packets);
	return NFV_CONTINUE;
}

static void chatty_stats(void *state, FILE *out)
{
	(void)state;
	for (unsigned i = 0; i < STATS_LINES; i++)
		fprintf(out, "chatty line %u of its statistics\n", i);
}

NFV_PLUGIN(.name = "chatty", .options = table, .options_size = sizeof(struct chatty_options), .open = chatty_open,
	   .packet = chatty_packet, .stats = chatty_stats, .close = free);
