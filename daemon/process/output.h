/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines to a descriptor that belongs to somebody else and may not be read: a terminal, a pipe, a file. No call here
 * waits for the reader, except output_drain(), which is told how long. What finds no room is kept up to a limit; lines
 * beyond it are counted.
 */
#ifndef PROCESS_OUTPUT_H
#define PROCESS_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum output_way {
	OUTPUT_WRITE,  /* a write never waits: a file, or a description that does not block and is ours */
	OUTPUT_SEND,   /* a socket, which is told with each message not to wait */
	OUTPUT_POLLED, /* only poll() can tell whether there is room, and others may take it meanwhile */
};

struct output {
	int fd;
	enum output_way way;
	char *buffer;   /* lines on their way: len bytes from start */
	size_t size;
	size_t start;
	size_t len;
	bool gap;       /* the last line was lost */
	uint64_t lost;  /* lines that found no room; whoever tells of them sets it back */
};

/*
 * Makes sure that writes to fd do not wait, if that can be had: a terminal or a FIFO gets a description of its own in
 * place of the one that it shares with others, for O_NONBLOCK is the description's and must not be set for them. Returns
 * how to write to fd.
 */
enum output_way output_own(int fd);

/* buffer stays the caller's. */
void output_init(struct output *output, int fd, enum output_way way, char *buffer, size_t size);

/* Takes a line, to which the end of line is added, for the next output_flush(). False: it is lost, and counted. */
bool output_line(struct output *output, const char *text);

/* Writes what goes. True when nothing is left. */
bool output_flush(struct output *output);

/* The same, waiting up to a limit for a reader. What is left then is lost, and counted. */
void output_drain(struct output *output, int limit_ms);

#endif
