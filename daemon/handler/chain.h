/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The chain of a queue's handlers: a batch of packets in, one decision for each out, whatever the handlers do. */
#ifndef HANDLER_CHAIN_H
#define HANDLER_CHAIN_H

#include "daemon/handler/handler.h"

#define CHAIN_HANDLERS 64 /* handlers a queue */

/* What the chain tells the outside about the call under way, for whoever must explain a crash. In shared memory. */
enum chain_call {
	CHAIN_CALL_PACKET,
	CHAIN_CALL_OPEN,
	CHAIN_CALL_TICK,
	CHAIN_CALL_TIMER,
	CHAIN_CALL_WATCH,
	CHAIN_CALL_STATS,
	CHAIN_CALL_CLOSE,
};

struct chain_progress {
	uint32_t packet_id;   /* of the call, or of the last one about a packet */
	uint32_t packets;     /* that the call is about: with batch() several, the first of them packet_id */
	uint32_t handler;     /* index in the chain + 1; 0: none is running */
	uint32_t call;        /* enum chain_call; the chain itself makes those of packets only */
	uint32_t sequence;    /* of calls that are not about a packet, so that two in a row can be told apart */
};

/* A packet's outcome. */
struct chain_decision {
	nfv_verdict verdict;  /* ACCEPT, DROP, REPEAT or QUEUE(n) */
	bool set_mark;        /* packet.mark goes with the verdict */
	bool rewritten;       /* packet.data and captured_len go with the verdict, finished */
	bool failed;          /* on-error applied */
	int handler;          /* index of the one that decided, -1: default or on-error */
	uint32_t arrived_mark; /* with set_mark: that the packet came with */
};

struct chain {
	struct handler *handlers;
	size_t count;
	nfv_verdict default_verdict;  /* ACCEPT or DROP */
	nfv_verdict on_error;         /* ACCEPT or DROP */
	uint32_t mark_mask;
	struct chain_progress *progress;
	/* Called after each packet's decision, in order of the packets; a slow handler must not delay earlier ones. */
	void (*decided)(void *context, size_t index, const struct chain_decision *decision);
	void *context;
	bool batched;                 /* set by chain_prepare(): some handler has batch() */
	bool observed;                /* some handler has decided() */
};

/* After the fields are set. */
void chain_prepare(struct chain *chain);

/* Judges packets[0..count), count <= 256. Each packet gets exactly one call of decided(). */
void chain_run(struct chain *chain, struct nfv_packet *const *packets, size_t count);

/* Union of what the handlers need and may. */
uint32_t chain_needs_bytes(const struct chain *chain);
uint32_t chain_needs_metadata(const struct chain *chain);
uint32_t chain_may(const struct chain *chain);

#endif
