/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The netlink socket of one queue number: opened and bound in the master, used by a worker. */
#ifndef QUEUE_SOCKET_H
#define QUEUE_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue_wants {
	uint16_t number;
	uint8_t copy_mode;        /* NFQNL_COPY_NONE, _META, _PACKET */
	uint32_t range;           /* bytes of each packet, 1 to 65531, with _PACKET */
	uint32_t max_length;      /* packets that wait in the kernel */
	uint32_t flags;           /* NFQA_CFG_F_*: the bind fails without these */
	uint32_t optional_flags;  /* NFQA_CFG_F_*: done without when the kernel refuses */
	uint32_t receive_buffer;  /* bytes */
	uint32_t send_buffer;     /* bytes */
};

struct queue_socket {
	int fd;                   /* -1: closed */
	uint16_t number;
	uint32_t portid;
	uint32_t flags;           /* that took effect */
	uint32_t refused_flags;
	uint32_t receive_buffer;  /* as the kernel tells it, bookkeeping included */
	uint32_t send_buffer;
};

/*
 * Opens a socket and binds the queue in one message, so that no packet meets a half-configured queue; waits for the
 * kernel's answer. Needs CAP_NET_ADMIN. 0, or -errno with the step and cause in why; -EBUSY or -EPERM: somebody else has it.
 */
int queue_open(struct queue_socket *queue, const struct queue_wants *wants, char *why, size_t why_size);

/* What an answer to queue_change() is about: all parameters, or else one NFQA_CFG_F_* flag. */
#define QUEUE_CHANGE_PARAMETERS 0u

/*
 * Changes the parameters of a queue that lives on, whatever waits in it. Sends without waiting for the kernel's answers:
 * whoever receives from the socket gets them, with a sequence number that tells what they are about. 0 or -errno.
 */
int queue_change(struct queue_socket *queue, const struct queue_wants *wants);

/* Such an answer, error a positive errno: takes note of a flag that the kernel refused. True: it took effect. */
bool queue_changed(struct queue_socket *queue, uint32_t answered, int error);

/*
 * Takes over a socket that somebody else bound to the queue, if it is that: a netlink socket of netfilter that the kernel
 * tells as the queue's. What was set stays. 0, or -errno with why; the descriptor is the caller's after a failure.
 */
int queue_adopt(struct queue_socket *queue, int fd, uint16_t number, char *why, size_t why_size);

/* Gives every packet up to last_id that still waits one verdict (NF_ACCEPT, NF_DROP, NF_REPEAT). 0 or -errno. */
int queue_decide_all(const struct queue_socket *queue, uint32_t last_id, uint32_t verdict);

/*
 * Whatever still comes passes or is dropped in the kernel, and does not wait any more, until queue_change() says otherwise. The
 * kernel does not answer. 0 or -errno.
 */
int queue_shut(const struct queue_socket *queue, bool pass);

/* The queue ends when its last descriptor closes; packets still in it are dropped by the kernel. */
void queue_close(struct queue_socket *queue);

/* The name of one NFQA_CFG_F_* flag, for messages. */
const char *queue_flag_name(uint32_t flag);

#endif
