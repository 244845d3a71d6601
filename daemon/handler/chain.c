/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/handler/chain.h"

#include "daemon/packet/rewrite.h"

#include <assert.h>
#include <stdarg.h>

#define CHAIN_BATCH     256
#define VERDICT_UNSET   UINT32_MAX /* what a batch() that forgets a packet leaves */
#define LOG_LEN         256

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

static const char *const breach_words[BREACH_KINDS] = {
	[BREACH_VERDICT] = "no verdict",
	[BREACH_RESERVED] = "reserved verdict",
	[BREACH_MAY] = "not allowed",
	[BREACH_MARK_MASK] = "mark-mask",
	[BREACH_REWRITE] = "rewrite",
};

/* A packet's way through the chain: what it was, and what it was after the last call that was found good. */
struct pass {
	uint8_t *data;
	uint32_t arrived_len;  /* captured_len, as it came */
	uint32_t original_len; /* as it came */
	uint32_t arrived_mark;
	uint32_t mark;
	uint32_t captured_len;
	uint32_t edits;
	int editor;            /* the last handler that changed bytes */
	bool marked;
	bool decided;
	struct chain_decision decision;
};

static void pass_begin(struct pass *pass, struct nfv_packet *p)
{
	pass->data = p->data;
	pass->arrived_len = pass->captured_len = p->captured_len;
	pass->original_len = p->original_len;
	pass->arrived_mark = pass->mark = p->mark;
	pass->edits = p->edits = 0;
	pass->editor = -1;
	pass->marked = false;
	pass->decided = false;
	pass->decision = (struct chain_decision){ .verdict = NFV_CONTINUE, .handler = -1 };
	p->mark_changed = 0;
}

static void decide(struct pass *pass, nfv_verdict verdict, int handler)
{
	pass->decision.verdict = verdict;
	pass->decision.handler = handler;
	pass->decided = true;
}

/* ---- Broken contracts ---- */

static bool is_power_of_ten(uint64_t n)
{
	while (n >= 10 && n % 10 == 0)
		n /= 10;
	return n == 1;
}

/* The kernel still has the packet as it came, so that is what on-error lets pass or drops. */
__attribute__((format(printf, 6, 7))) static void breach(const struct chain *chain, int index, struct pass *pass,
							  struct nfv_packet *p, enum breach kind, const char *format, ...)
{
	struct handler *handler = &chain->handlers[index];
	uint64_t count = ++handler->counters->breaches[kind];
	char text[LOG_LEN], line[LOG_LEN + 128];
	va_list args;

	p->data = pass->data;
	p->captured_len = pass->arrived_len;
	p->original_len = pass->original_len;
	p->mark = pass->arrived_mark;
	pass->marked = false;
	pass->editor = -1;
	pass->decision.failed = true;
	decide(pass, chain->on_error, -1);

	if (!is_power_of_ten(count))
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(line, sizeof(line), "broke its contract (%s, %llu so far): packet %u: %s; on-error: %s", breach_words[kind],
		 (unsigned long long)count, p->id, text, chain->on_error == NFV_DROP ? "drop" : "accept");
	handler->env->log(handler->env->context, handler->name, NFV_LOG_ERROR, line);
}

/* ---- What a call left behind ---- */

static bool is_touched(const struct pass *pass, const struct nfv_packet *p)
{
	return ((p->mark ^ pass->mark) | p->mark_changed | (p->edits ^ pass->edits) | (p->captured_len ^ pass->captured_len)) != 0 ||
	       p->data != pass->data;
}

/* False after a breach. */
static bool check_mark(const struct chain *chain, int index, struct pass *pass, struct nfv_packet *p)
{
	struct handler *handler = &chain->handlers[index];
	uint32_t changed = p->mark_changed | (p->mark ^ pass->mark);

	if (!changed)
		return true;
	if (!(handler->ops->may & NFV_MAY_MARK)) {
		breach(chain, index, pass, p, BREACH_MAY, "set mark bits 0x%x without NFV_MAY_MARK", changed);
		return false;
	}
	if (changed & ~chain->mark_mask) {
		breach(chain, index, pass, p, BREACH_MARK_MASK, "set mark bits 0x%x, mark-mask is 0x%x", changed, chain->mark_mask);
		return false;
	}
	p->mark_changed = 0;
	pass->mark = p->mark;
	pass->marked = true;
	handler->counters->marked++;
	return true;
}

static bool check_bytes(const struct chain *chain, int index, struct pass *pass, struct nfv_packet *p)
{
	struct handler *handler = &chain->handlers[index];

	if (p->data != pass->data || p->captured_len > p->capacity ||
	    (p->edits == pass->edits && p->captured_len != pass->captured_len)) {
		breach(chain, index, pass, p, BREACH_REWRITE, "changed the packet other than by nfv_edit() and nfv_splice()");
		return false;
	}
	if (p->edits == pass->edits)
		return true;
	if (!(handler->ops->may & NFV_MAY_REWRITE)) {
		breach(chain, index, pass, p, BREACH_MAY, "changed bytes without NFV_MAY_REWRITE");
		return false;
	}
	if (pass->arrived_len < pass->original_len) {
		breach(chain, index, pass, p, BREACH_REWRITE, "changed a truncated packet, %u of %u bytes were captured",
		       pass->arrived_len, pass->original_len);
		return false;
	}
	pass->edits = p->edits;
	pass->captured_len = p->captured_len;
	pass->editor = index;
	handler->counters->rewritten++;
	return true;
}

/* A verdict that only some may give. */
static void allow(const struct chain *chain, int index, struct pass *pass, struct nfv_packet *p, nfv_verdict verdict,
		  uint32_t may, const char *word)
{
	if (chain->handlers[index].ops->may & may)
		decide(pass, verdict, index);
	else
		breach(chain, index, pass, p, BREACH_MAY, "returned %s without its bit in `may`", word);
}

static void check_verdict(const struct chain *chain, int index, struct pass *pass, struct nfv_packet *p, nfv_verdict verdict)
{
	if ((verdict & 0xffff) == NFV_TO_QUEUE) {
		allow(chain, index, pass, p, verdict, NFV_MAY_QUEUE, "NFV_QUEUE");
		return;
	}
	switch (verdict) {
	case NFV_CONTINUE:
		chain->handlers[index].counters->continued++;
		return;
	case NFV_ACCEPT:
		decide(pass, verdict, index);
		return;
	case NFV_DROP:
		allow(chain, index, pass, p, verdict, NFV_MAY_DROP, "NFV_DROP");
		return;
	case NFV_REPEAT:
		allow(chain, index, pass, p, verdict, NFV_MAY_REPEAT, "NFV_REPEAT");
		return;
	case NFV_HOLD:
	case NFV_ACCEPT_FLOW:
	case NFV_DROP_FLOW:
		breach(chain, index, pass, p, BREACH_RESERVED, "returned %s, which plugin ABI %d.%d reserves",
		       verdict == NFV_HOLD ? "NFV_HOLD" : verdict == NFV_ACCEPT_FLOW ? "NFV_ACCEPT_FLOW" : "NFV_DROP_FLOW",
		       NFV_ABI_MAJOR, NFV_ABI_MINOR);
		return;
	}
	if (verdict == VERDICT_UNSET)
		breach(chain, index, pass, p, BREACH_VERDICT, "gave no verdict");
	else
		breach(chain, index, pass, p, BREACH_VERDICT, "returned 0x%x, which is no verdict", verdict);
}

/* Holds the packet and the verdict of one call against the handler's contract; pass->decided tells whether the chain ends. */
static inline void judge(const struct chain *chain, int index, struct pass *pass, struct nfv_packet *p, nfv_verdict verdict)
{
	chain->handlers[index].counters->seen++;
	if (unlikely(is_touched(pass, p)) &&
	    (!check_mark(chain, index, pass, p) || !check_bytes(chain, index, pass, p)))
		return;
	if (likely(verdict == NFV_ACCEPT))
		decide(pass, verdict, index);
	else
		check_verdict(chain, index, pass, p, verdict);
}

/* ---- The outcome ---- */

static void progress_set(const struct chain *chain, const struct nfv_packet *p, size_t index)
{
	chain->progress->packet_id = p->id;
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

/* Mark and payload go with every verdict but DROP, whichever handler changed them. */
static void settle(const struct chain *chain, struct pass *pass, struct nfv_packet *p)
{
	const char *why = "";

	if (!pass->decided)
		decide(pass, chain->default_verdict, -1);
	if (pass->decision.verdict == NFV_DROP)
		return;
	if (unlikely(pass->editor >= 0)) {
		if (rewrite_finish(p, pass->arrived_len, &why))
			breach(chain, pass->editor, pass, p, BREACH_REWRITE, "the changed packet cannot be made right: %s", why);
		else
			pass->decision.rewritten = true;
	}
	pass->decision.set_mark = pass->marked && pass->decision.verdict != NFV_DROP;
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

static void finish(const struct chain *chain, size_t index, struct pass *pass, struct nfv_packet *p)
{
	settle(chain, pass, p);
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
 * What most packets are: accepted by the first handler, untouched, with nobody who observes. Three times as fast as the way
 * round. False: the call was made and its verdict is to be judged.
 */
static inline bool run_quick(const struct chain *chain, size_t index, struct nfv_packet *p, const struct pass *pass,
			     nfv_verdict *verdict)
{
	static const struct chain_decision accepted = { .verdict = NFV_ACCEPT, .handler = 0 };

	*verdict = call(chain, 0, p);
	if (unlikely(*verdict != NFV_ACCEPT || is_touched(pass, p) || chain->observed))
		return false;
	chain->handlers[0].counters->seen++;
	chain->handlers[0].counters->accepted++;
	chain->decided(chain->context, index, &accepted);
	return true;
}

static void run_packet(const struct chain *chain, size_t index, struct nfv_packet *p)
{
	struct pass pass;
	nfv_verdict verdict;

	pass_begin(&pass, p);
	if (likely(chain->count)) {
		if (run_quick(chain, index, p, &pass, &verdict))
			return;
		judge(chain, 0, &pass, p, verdict);
	}
	for (size_t i = 1; i < chain->count && !pass.decided; i++) {
		verdict = call(chain, i, p);
		judge(chain, (int)i, &pass, p, verdict);
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

static void find_open(struct open_packets *open, const struct pass *passes, struct nfv_packet *const *packets, size_t count)
{
	open->count = 0;
	for (size_t i = 0; i < count; i++) {
		if (passes[i].decided)
			continue;
		open->index[open->count] = (uint16_t)i;
		open->packets[open->count] = packets[i];
		open->verdicts[open->count] = VERDICT_UNSET;
		open->count++;
	}
}

static void call_handler(const struct chain *chain, size_t index, struct open_packets *open)
{
	const struct handler *handler = &chain->handlers[index];

	if (handler->ops->batch) {
		/* Which of them it works on, only the handler knows. */
		progress_set(chain, open->packets[0], index);
		handler->ops->batch(handler->state, open->packets, open->verdicts, open->count);
		progress_clear(chain);
		return;
	}
	for (size_t i = 0; i < open->count; i++)
		open->verdicts[i] = call(chain, index, open->packets[i]);
}

static void run_batch(const struct chain *chain, struct nfv_packet *const *packets, size_t count)
{
	struct pass passes[CHAIN_BATCH];
	struct open_packets open;
	size_t finished = 0;

	for (size_t i = 0; i < count; i++)
		pass_begin(&passes[i], packets[i]);
	for (size_t h = 0; h < chain->count; h++) {
		find_open(&open, passes, packets, count);
		if (!open.count)
			break;
		call_handler(chain, h, &open);
		for (size_t i = 0; i < open.count; i++)
			judge(chain, (int)h, &passes[open.index[i]], packets[open.index[i]], open.verdicts[i]);
		/* Those in front need not wait for the next handler. */
		for (; finished < count && passes[finished].decided; finished++)
			finish(chain, finished, &passes[finished], packets[finished]);
	}
	for (; finished < count; finished++)
		finish(chain, finished, &passes[finished], packets[finished]);
}

/* ---- ---- */

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
