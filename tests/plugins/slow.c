/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A handler that keeps its processor busy for a while with each packet, and puts a mark on what it looked at. */
#include <nfverdict/plugin.h>

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

struct options {
	uint64_t busy_us;
	struct nfv_mark mark;
};

static const struct nfv_option options[] = {
	{ .name = "busy",
	  .type = NFV_OPT_UINT,
	  .offset = offsetof(struct options, busy_us),
	  .max = 1000000,
	  .help = "Microseconds." },
	{ .name = "mark", .type = NFV_OPT_MARK, .offset = offsetof(struct options, mark), .help = "Of packets that it looked at." },
	{ 0 },
};

static int slow_open(const struct nfv_host *host, const void *values, void **state)
{
	const struct options **kept = malloc(sizeof(*kept));

	(void)host;
	if (!kept)
		return -ENOMEM;
	*kept = values;
	*state = kept;
	return 0;
}

static void slow_close(void *state)
{
	free(state);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static nfv_verdict slow_packet(void *state, struct nfv_packet *packet)
{
	const struct options *own = *(const struct options **)state;
	const uint64_t end = now_ns() + own->busy_us * 1000;

	while (now_ns() < end)
		;
	if (own->mark.mask)
		nfv_set_mark(packet, own->mark.value, own->mark.mask);
	return NFV_CONTINUE;
}

NFV_PLUGIN(.name = "slow", .needs_bytes = NFV_NEEDS_ALL, .may = NFV_MAY_MARK, .options = options, .options_size = sizeof(struct options),
	   .open = slow_open, .packet = slow_packet, .close = slow_close);
