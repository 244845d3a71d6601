/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A handler under development: it dies of a packet to one UDP port, and waits for a word from outside at one to another. */
#include <nfverdict/plugin.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

struct options {
	uint64_t crash;
	uint64_t leave;
	uint64_t wait;
	const char *fifo;
};

struct trial {
	const struct options *options;
	int fifo;
};

static const struct nfv_option options[] = {
	{ .name = "crash", .type = NFV_OPT_UINT, .offset = offsetof(struct options, crash), .help = "Port at which it aborts." },
	{ .name = "leave", .type = NFV_OPT_UINT, .offset = offsetof(struct options, leave), .help = "Port at which it exits." },
	{ .name = "wait", .type = NFV_OPT_UINT, .offset = offsetof(struct options, wait), .help = "Port at which it waits." },
	{ .name = "fifo", .type = NFV_OPT_STRING, .offset = offsetof(struct options, fifo), .help = "What it waits for: a byte." },
	{ 0 },
};

static int trial_open(const struct nfv_host *host, const void *values, void **state)
{
	struct trial *trial = calloc(1, sizeof(*trial));

	if (!trial)
		return -ENOMEM;
	trial->options = values;
	trial->fifo = -1;
	if (trial->options->fifo && !host->checking) {
		trial->fifo = open(trial->options->fifo, O_RDWR | O_CLOEXEC);
		if (trial->fifo < 0) {
			free(trial);
			return host->error(host, &((const struct options *)values)->fifo, "cannot be opened");
		}
	}
	*state = trial;
	return 0;
}

static nfv_verdict trial_packet(void *state, struct nfv_packet *packet)
{
	const struct trial *trial = state;
	struct nfv_ip ip;
	struct nfv_udp udp;
	char byte;

	if (!nfv_view_ip(packet, &ip) || !nfv_view_udp(packet, &ip, &udp))
		return NFV_CONTINUE;
	if (udp.destination_port == trial->options->crash)
		abort();
	if (udp.destination_port == trial->options->leave)
		exit(3);
	if (udp.destination_port == trial->options->wait)
		while (read(trial->fifo, &byte, 1) < 0 && errno == EINTR)
			;
	return NFV_ACCEPT;
}

static void trial_close(void *state)
{
	struct trial *trial = state;

	if (trial->fifo >= 0)
		close(trial->fifo);
	free(trial);
}

NFV_PLUGIN(.name = "trial", .needs_bytes = NFV_NEEDS_HEADERS, .options = options, .options_size = sizeof(struct options),
	   .open = trial_open, .packet = trial_packet, .close = trial_close);
