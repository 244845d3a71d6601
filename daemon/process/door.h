/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The door of a queue number: an abstract socket of the network namespace, at which a master that finds the number taken
 * knocks. A master that lives says so; a worker whose master is dead opens: it hands over all that it has, and leaves when
 * the new master tells it to. Who knocks must be root.
 */
#ifndef PROCESS_DOOR_H
#define PROCESS_DOOR_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DOOR_TEXT_MAX 65536 /* of a state that is handed over */
#define DOOR_FDS_MAX  8

/* The descriptor of the number's door, which never blocks, or -errno: -EADDRINUSE somebody has it. */
int door_open(uint16_t number);

/*
 * Knocks. 0 with the end of a channel, on which the answer comes and which then is the worker's; or -errno: -ECONNREFUSED
 * nobody is at the door.
 */
int door_knock(uint16_t number, int *channel);

/* What came through a channel from behind the door. */
struct door_answer {
	pid_t taken; /* by a master that lives; 0: the queue is handed over: */
	pid_t worker; /* by this process, as the kernel tells */
	char *text;  /* a state; to be freed */
	int fds[DOOR_FDS_MAX];
	size_t fd_count;
};

/* Waits for it. 0 or -errno: -ETIMEDOUT, -ECONNRESET nobody opened; -EBADMSG no answer that makes sense. */
int door_wait(int channel, int timeout_ms, struct door_answer *answer);

/* Closes what was not taken out (-1) and frees. */
void door_answer_free(struct door_answer *answer);

/*
 * Who knocked: the channel to answer on, or -errno, -EAGAIN nobody. `owner` may as well as root. What others send is thrown
 * away. Does nothing but system calls, so a signal handler may.
 */
int door_next(int door, uid_t owner);

/* Answers: the number is served by a master that lives. */
int door_say_taken(int channel, pid_t master);

/* Answers: hands over. 0 or -errno. Does nothing but system calls. */
int door_hand_over(int channel, const char *text, size_t len, const int *fds, size_t fd_count);

#endif
