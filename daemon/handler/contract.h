/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a handler promised, and what it did: each call is held against `may`, the mark-mask and the rules of
 * rewriting. A packet whose handler broke its contract gets the verdict of on-error, with the mark and the bytes that
 * the kernel has.
 */
#ifndef HANDLER_CONTRACT_H
#define HANDLER_CONTRACT_H

#include "daemon/handler/chain.h"

#define CONTRACT_VERDICT_UNSET UINT32_MAX /* what a batch() that forgets a packet leaves */

/* A packet's way through the chain: what it was, and what it was after the last call that was found good. */
struct contract_pass {
	uint8_t *data;
	uint32_t id;
	uint32_t arrived_len; /* captured_len, as it came */
	uint32_t original_len; /* as it came */
	uint32_t arrived_mark;
	uint32_t mark;
	uint32_t captured_len;
	uint32_t edits;
	int editor; /* the last handler that changed bytes; -1: none did */
	bool marked;
	bool decided;
	struct chain_decision decision;
};

static inline void contract_begin(struct contract_pass *pass, struct nfv_packet *p)
{
	*pass = (struct contract_pass){
		.data = p->data,
		.id = p->id,
		.arrived_len = p->captured_len,
		.original_len = p->original_len,
		.arrived_mark = p->mark,
		.mark = p->mark,
		.captured_len = p->captured_len,
		.editor = -1,
		.decision = { .verdict = NFV_CONTINUE, .handler = -1 },
	};
	p->edits = 0;
	p->mark_changed = 0;
}

/* True when the last call changed anything but its verdict. */
static inline bool contract_touched(const struct contract_pass *pass, const struct nfv_packet *p)
{
	return ((p->id ^ pass->id) | (p->mark ^ pass->mark) | p->mark_changed | (p->edits ^ pass->edits) |
		(p->captured_len ^ pass->captured_len)) != 0 ||
	       p->data != pass->data;
}

/* Judges one call. pass->decided tells whether the chain ends for this packet. */
void contract_judge(const struct chain *chain, int index, struct contract_pass *pass, struct nfv_packet *p,
		    nfv_verdict verdict);

/*
 * After the last call: makes pass->decision whole. Mark and payload go with every verdict but DROP, whichever handler
 * changed them.
 */
void contract_settle(const struct chain *chain, struct contract_pass *pass, struct nfv_packet *p);

#endif
