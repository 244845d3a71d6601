/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of nfnetlink_queue: the kernel's messages to views, verdicts to messages. Pure: no socket, no allocation. */
#ifndef QUEUE_MESSAGE_H
#define QUEUE_MESSAGE_H

#include <nfverdict/packet.h>

/* What a datagram is. */
enum message_kind {
	MESSAGE_PACKET,    /* a packet, whole */
	MESSAGE_ODD,       /* a packet, cut or with a bad attribute: its id is right, the rest as far as it goes */
	MESSAGE_ANSWER,    /* to a message of ours: see struct message_answer */
	MESSAGE_OTHER,     /* well-formed, and nothing that concerns a queue */
	MESSAGE_MALFORMED, /* no message, or a packet without an id */
};

/* An error, or an acknowledgement (error 0). The kernel sends errors also for messages that asked for no answer. */
struct message_answer {
	int error;         /* errno, positive */
	uint16_t type;     /* enum nfqnl_msg_types of the message that is answered; UINT16_MAX: of no queue */
	uint32_t sequence; /* its sequence number; for verdicts the packet id */
};

/*
 * Reads one datagram that lies in [slot, slot + received_len) of a buffer of slot_size bytes. For MESSAGE_PACKET and
 * MESSAGE_ODD `packet` is filled, nothing is copied: data, secctx and conntrack point into the slot. Fields that the
 * kernel did not send are zero, except ops, which is left as it is. A datagram that was longer than the slot
 * (MSG_TRUNC) shows by the length that it names itself. For MESSAGE_ANSWER `answer` is filled.
 */
enum message_kind message_decode(uint8_t *slot, size_t slot_size, size_t received_len, struct nfv_packet *packet,
				 struct message_answer *answer);

/* ---- Verdicts ---- */

#define MESSAGE_VERDICT_SIZE        32    /* netlink and nfnetlink headers, NFQA_VERDICT_HDR */
#define MESSAGE_MARK_SIZE           8     /* NFQA_MARK */
#define MESSAGE_PAYLOAD_HEADER_SIZE 4     /* NFQA_PAYLOAD without the payload */
#define MESSAGE_HEADER_MAX          44    /* all of them */
#define MESSAGE_PAYLOAD_MAX         65531 /* an attribute's length has 16 bits and counts its header */

struct message_verdict {
	uint16_t queue;
	bool set_mark;
	uint32_t id;
	uint32_t verdict;     /* as the kernel has it: NF_ACCEPT, NF_QUEUE | n << 16 … */
	uint32_t mark;        /* with set_mark */
	uint32_t payload_len; /* 1 to MESSAGE_PAYLOAD_MAX; 0: the packet stays as it is */
};

/*
 * Writes a verdict for one packet. Returns the bytes written, at most MESSAGE_HEADER_MAX. With payload_len the payload
 * itself must follow, and after it message_padding() zero bytes; the lengths inside count both. The sequence number is
 * the packet id.
 */
size_t message_put_verdict(uint8_t *buffer, const struct message_verdict *verdict);

/* Writes a verdict for every packet still queued whose id is not after verdict->id. payload_len must be 0. */
size_t message_put_batch(uint8_t *buffer, const struct message_verdict *verdict);

#define MESSAGE_SHUT_SIZE 64

/*
 * Writes messages, MESSAGE_SHUT_SIZE bytes of them, after which nothing waits in the queue any more: what comes passes, or is
 * dropped, in the kernel. (No room is left, and `pass` says what becomes of packets without room: NFQA_CFG_F_FAIL_OPEN.)
 */
size_t message_put_shut(uint8_t *buffer, uint16_t queue, bool pass);

static inline size_t message_padding(size_t payload_len)
{
	return -payload_len & 3;
}

#endif
