/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/handler/chain.h"

#include "daemon/handler/contract.h"

#include <assert.h>

#define CHAIN_BATCH 256

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* ---- The outcome ---- */

static void progress_set(const struct chain *chain, const struct nfv_packet *p, size_t index)
{
	chain->progress->packet_id = p->id;
	chain->progress->packets = 1;
	chain->progress->handler = (uint32_t)index + 1;
}

static void progress_clear(const struct chain *chain)
{
	chain->progress->handler = 0;
}

static void tell_observers(const struct chain *chain, const struct nfv_packet *p, const struct chain_decision *decision)
{
	struct nfv_decision told = {
		.verdict = decision->verdict,
		.handler = decision->handler < 0 ? NULL : chain->handlers[decision->handler].name,
		.marked = decision->set_mark,
		.rewritten = decision->rewritten,
		.failed = decision->failed,
	};

	for (size_t i = 0; i < chain->count; i++) {
		const struct handler *handler = &chain->handlers[i];

		if (!handler->ops->decided)
			continue;
		progress_set(chain, p, i);
		handler->ops->decided(handler->state, p, &told);
		progress_clear(chain);
	}
}

static void count_decision(const struct chain *chain, const struct chain_decision *decision)
{
	struct handler_counters *counters;

	if (decision->handler < 0)
		return;
	counters = chain->handlers[decision->handler].counters;
	if (likely(decision->verdict == NFV_ACCEPT))
		counters->accepted++;
	else if (decision->verdict == NFV_DROP)
		counters->dropped++;
	else if (decision->verdict == NFV_REPEAT)
		counters->repeated++;
	else
		counters->queued++;
}

static void finish(const struct chain *chain, size_t index, struct contract_pass *pass, struct nfv_packet *p)
{
	contract_settle(chain, pass, p);
	count_decision(chain, &pass->decision);
	chain->decided(chain->context, index, &pass->decision);
	if (chain->observed)
		tell_observers(chain, p, &pass->decision);
}

/* ---- Depth first: one packet through all handlers, so that its verdict waits for nothing else ---- */

static inline nfv_verdict call(const struct chain *chain, size_t index, struct nfv_packet *p)
{
	const struct handler *handler = &chain->handlers[index];
	nfv_verdict verdict;

	progress_set(chain, p, index);
	verdict = handler->ops->packet(handler->state, p);
	progress_clear(chain);
	return verdict;
}

/*
 * What most packets are: accepted by the first handler, untouched, with nobody who observes. Three times as fast as
 * the way round. False: the call was made and its verdict is to be judged.
 */
static inline bool run_quick(const struct chain *chain, size_t index, struct nfv_packet *p, const struct contract_pass *pass,
			     nfv_verdict *verdict)
{
	static const struct chain_decision accepted = { .verdict = NFV_ACCEPT, .handler = 0 };

	*verdict = call(chain, 0, p);
	if (unlikely(*verdict != NFV_ACCEPT || contract_touched(pass, p) || chain->observed))
		return false;
	chain->handlers[0].counters->seen++;
	chain->handlers[0].counters->accepted++;
	chain->decided(chain->context, index, &accepted);
	return true;
}

static void run_packet(const struct chain *chain, size_t index, struct nfv_packet *p)
{
	struct contract_pass pass;
	nfv_verdict verdict;

	contract_begin(&pass, p);
	if (likely(chain->count)) {
		if (run_quick(chain, index, p, &pass, &verdict))
			return;
		contract_judge(chain, 0, &pass, p, verdict);
	}
	for (size_t i = 1; i < chain->count && !pass.decided; i++) {
		verdict = call(chain, i, p);
		contract_judge(chain, (int)i, &pass, p, verdict);
	}
	finish(chain, index, &pass, p);
}

/* ---- Breadth first: one handler over all packets, when some handler wants many at once ---- */

/* The packets that no handler decided yet, in order. */
struct open_packets {
	size_t count;
	uint16_t index[CHAIN_BATCH];
	struct nfv_packet *packets[CHAIN_BATCH];
	nfv_verdict verdicts[CHAIN_BATCH];
};

static void find_open(struct open_packets *open, const struct contract_pass *passes, struct nfv_packet *const *packets,
		      size_t count)
{
	open->count = 0;
	for (size_t i = 0; i < count; i++) {
		if (passes[i].decided)
			continue;
		open->index[open->count] = (uint16_t)i;
		open->packets[open->count] = packets[i];
		open->verdicts[open->count] = CONTRACT_VERDICT_UNSET;
		open->count++;
	}
}

static void call_handler(const struct chain *chain, size_t index, struct open_packets *open)
{
	const struct handler *handler = &chain->handlers[index];

	if (handler->ops->batch) {
		/* Which of them it works on, only the handler knows. */
		progress_set(chain, open->packets[0], index);
		chain->progress->packets = (uint32_t)open->count;
		handler->ops->batch(handler->state, open->packets, open->verdicts, open->count);
		progress_clear(chain);
		return;
	}
	for (size_t i = 0; i < open->count; i++)
		open->verdicts[i] = call(chain, index, open->packets[i]);
}

static void run_batch(const struct chain *chain, struct nfv_packet *const *packets, size_t count)
{
	struct contract_pass passes[CHAIN_BATCH];
	struct open_packets open;
	size_t finished = 0;

	for (size_t i = 0; i < count; i++)
		contract_begin(&passes[i], packets[i]);
	for (size_t h = 0; h < chain->count; h++) {
		find_open(&open, passes, packets, count);
		if (!open.count)
			break;
		call_handler(chain, h, &open);
		for (size_t i = 0; i < open.count; i++)
			contract_judge(chain, (int)h, &passes[open.index[i]], packets[open.index[i]], open.verdicts[i]);
		/* Those in front need not wait for the next handler. */
		for (; finished < count && passes[finished].decided; finished++)
			finish(chain, finished, &passes[finished], packets[finished]);
	}
	for (; finished < count; finished++)
		finish(chain, finished, &passes[finished], packets[finished]);
}

/* ---- The whole ---- */

void chain_prepare(struct chain *chain)
{
	chain->batched = false;
	chain->observed = false;
	for (size_t i = 0; i < chain->count; i++) {
		chain->batched |= chain->handlers[i].ops->batch != NULL;
		chain->observed |= chain->handlers[i].ops->decided != NULL;
	}
}

void chain_run(struct chain *chain, struct nfv_packet *const *packets, size_t count)
{
	assert(count <= CHAIN_BATCH);
	if (chain->batched) {
		run_batch(chain, packets, count);
		return;
	}
	for (size_t i = 0; i < count; i++)
		run_packet(chain, i, packets[i]);
}

uint32_t chain_needs_bytes(const struct chain *chain)
{
	uint32_t bytes = 0;

	for (size_t i = 0; i < chain->count; i++) {
		if (chain->handlers[i].needs_bytes > bytes)
			bytes = chain->handlers[i].needs_bytes;
	}
	return bytes;
}

uint32_t chain_needs_metadata(const struct chain *chain)
{
	uint32_t metadata = 0;

	for (size_t i = 0; i < chain->count; i++)
		metadata |= chain->handlers[i].needs_metadata;
	return metadata;
}

uint32_t chain_may(const struct chain *chain)
{
	uint32_t may = 0;

	for (size_t i = 0; i < chain->count; i++)
		may |= chain->handlers[i].ops->may;
	return may;
}
