/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests of chains share: a chain of scripted handlers, packets for it, and a record of what came out. */
#ifndef CHAIN_BENCH_H
#define CHAIN_BENCH_H

#include "daemon/handler/chain.h"
#include "daemon/packet/checksum.h"
#include "daemon/packet/rewrite.h"

#include <linux/if_ether.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define BENCH_HANDLERS 4
#define BENCH_PACKETS  256
#define BENCH_PAYLOAD  12 /* bytes of each packet's UDP payload */
#define BENCH_LEN      (20 + 8 + BENCH_PAYLOAD)
#define BENCH_CAPACITY 128

struct bench;

/* What a handler does with a packet; NULL: only `verdict`. */
typedef nfv_verdict (*bench_fn)(struct bench *bench, int handler, struct nfv_packet *packet);

struct bench_handler {
	struct bench *bench;
	int index;
	nfv_verdict verdict;
	bench_fn fn;
	unsigned calls, batches;
};

struct bench_told { /* of a call of decided() */
	int handler;
	uint32_t id;
	struct nfv_decision decision;
};

struct bench {
	struct chain chain;
	struct chain_progress progress;
	struct handler handlers[BENCH_HANDLERS];
	struct handler_counters counters[BENCH_HANDLERS];
	struct nfv_plugin ops[BENCH_HANDLERS];
	struct bench_handler scripts[BENCH_HANDLERS];
	struct handler_env env;

	struct nfv_packet packets[BENCH_PACKETS];
	struct nfv_packet *list[BENCH_PACKETS];
	uint8_t bytes[BENCH_PACKETS][BENCH_CAPACITY];

	size_t decided;
	size_t order[BENCH_PACKETS];
	struct chain_decision decisions[BENCH_PACKETS];
	bool progress_wrong;

	size_t told_count;
	struct bench_told told[BENCH_PACKETS * BENCH_HANDLERS];
	unsigned lines;
	char line[512]; /* the last one logged */
};

static const char *const bench_names[BENCH_HANDLERS] = { "first", "second", "third", "fourth" };

static nfv_verdict bench_judge(struct bench_handler *script, struct nfv_packet *packet)
{
	script->calls++;
	return script->fn ? script->fn(script->bench, script->index, packet) : script->verdict;
}

static inline nfv_verdict bench_packet(void *state, struct nfv_packet *packet)
{
	struct bench_handler *script = state;
	struct bench *bench = script->bench;

	if (bench->progress.packet_id != packet->id || bench->progress.handler != (uint32_t)script->index + 1)
		bench->progress_wrong = true;
	return bench_judge(script, packet);
}

static inline void bench_batch(void *state, struct nfv_packet *const *packets, nfv_verdict *verdicts, size_t count)
{
	struct bench_handler *script = state;
	struct bench *bench = script->bench;

	if (bench->progress.packet_id != packets[0]->id || bench->progress.handler != (uint32_t)script->index + 1)
		bench->progress_wrong = true;
	script->batches++;
	for (size_t i = 0; i < count; i++)
		verdicts[i] = bench_judge(script, packets[i]);
}

static inline void bench_observe(void *state, const struct nfv_packet *packet, const struct nfv_decision *decision)
{
	struct bench_handler *script = state;
	struct bench *bench = script->bench;

	if (bench->progress.packet_id != packet->id || bench->progress.handler != (uint32_t)script->index + 1)
		bench->progress_wrong = true;
	bench->told[bench->told_count++] = (struct bench_told){ script->index, packet->id, *decision };
}

static void bench_decided(void *context, size_t index, const struct chain_decision *decision)
{
	struct bench *bench = context;

	if (bench->progress.handler)
		bench->progress_wrong = true;
	bench->order[bench->decided++] = index;
	bench->decisions[index] = *decision;
}

static void bench_log(void *context, const char *handler, enum nfv_log_level level, const char *text)
{
	struct bench *bench = context;

	(void)level;
	bench->lines++;
	snprintf(bench->line, sizeof(bench->line), "%s: %s", handler, text);
}

static const struct nfv_packet_ops bench_packet_ops = { .splice = rewrite_splice };

/* A UDP packet over IPv4 with right checksums; its payload begins with the index. */
static void bench_fill_packet(struct bench *bench, size_t index)
{
	static const uint8_t header[28] = { 0x45, 0, 0, BENCH_LEN, 0, 0, 0, 0,    64,   NFV_IP_UDP, 0,  0, 10,
					    0,    0, 1, 10,        0, 0, 2, 0x11, 0x5c, 0,          53, 0, 8 + BENCH_PAYLOAD,
					    0,    0 };
	struct nfv_packet *p = &bench->packets[index];
	uint8_t *b = bench->bytes[index];
	uint16_t sum;

	memset(b, 0, BENCH_CAPACITY);
	memcpy(b, header, sizeof(header));
	snprintf((char *)b + sizeof(header), BENCH_PAYLOAD, "packet %zu", index);
	sum = checksum_finish(checksum_add(0, b, 20));
	b[10] = (uint8_t)(sum >> 8);
	b[11] = (uint8_t)sum;
	sum = checksum_transport(b + 12, b + 16, 4, NFV_IP_UDP, b + 20, BENCH_LEN - 20);
	b[26] = (uint8_t)(sum >> 8);
	b[27] = (uint8_t)sum;
	*p = (struct nfv_packet){
		.size = sizeof(*p),
		.data = b,
		.captured_len = BENCH_LEN,
		.original_len = BENCH_LEN,
		.capacity = BENCH_CAPACITY,
		.id = 1000 + (uint32_t)index,
		.protocol = ETH_P_IP,
		.mark = 0x100 + (uint32_t)index,
		.ops = &bench_packet_ops,
	};
	bench->list[index] = p;
}

/* A chain of `count` handlers that continue and may do anything; the test changes what it is about, then runs it. */
static struct bench *bench_new(size_t count)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	if (!bench)
		abort();
	bench->env = (struct handler_env){ .log = bench_log, .context = bench, .mark_mask = 0xffffffff };
	bench->chain = (struct chain){ .handlers = bench->handlers,
				       .count = count,
				       .default_verdict = NFV_ACCEPT,
				       .on_error = NFV_ACCEPT,
				       .mark_mask = 0xffffffff,
				       .progress = &bench->progress,
				       .decided = bench_decided,
				       .context = bench };
	for (int i = 0; i < BENCH_HANDLERS; i++) {
		bench->scripts[i] = (struct bench_handler){ .bench = bench, .index = i, .verdict = NFV_CONTINUE };
		bench->ops[i] = (struct nfv_plugin){ .may = NFV_MAY_DROP | NFV_MAY_MARK | NFV_MAY_REWRITE | NFV_MAY_REPEAT |
							    NFV_MAY_QUEUE,
						     .packet = bench_packet };
		bench->handlers[i] = (struct handler){ .ops = &bench->ops[i],
						       .state = &bench->scripts[i],
						       .name = bench_names[i],
						       .env = &bench->env,
						       .counters = &bench->counters[i],
						       .opened = true };
	}
	for (size_t i = 0; i < BENCH_PACKETS; i++)
		bench_fill_packet(bench, i);
	return bench;
}

static void bench_run(struct bench *bench, size_t count)
{
	bench->decided = bench->told_count = 0;
	chain_prepare(&bench->chain);
	chain_run(&bench->chain, bench->list, count);
}

#endif
