/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define MEMORY_MAJOR 1 /* /dev/null and its like, which never block */
#define TTYAUX_MAJOR 5
#define PTMX_MINOR   2 /* opening it makes a new terminal */

/* Another description of the same file. The symbolic link leads there also when the name is gone or was never one. */
static int reopen(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static bool replace(int fd)
{
	int own = reopen(fd);
	bool done;

	if (own < 0)
		return false;
	done = dup2(own, fd) == fd;
	close(own);
	return done;
}

enum output_way output_own(int fd)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fstat(fd, &st) < 0)
		return OUTPUT_WRITE; /* there is nothing to wait for */
	if (S_ISSOCK(st.st_mode))
		return OUTPUT_SEND;
	if (!S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode))
		return OUTPUT_WRITE;
	if (S_ISCHR(st.st_mode) && major(st.st_rdev) == MEMORY_MAJOR)
		return OUTPUT_WRITE;
	if (S_ISFIFO(st.st_mode) || (isatty(fd) && st.st_rdev != makedev(TTYAUX_MAJOR, PTMX_MINOR)))
		if (replace(fd))
			return OUTPUT_WRITE;
	return flags & O_NONBLOCK ? OUTPUT_WRITE : OUTPUT_POLLED;
}

void output_init(struct output *output, int fd, enum output_way way, char *buffer, size_t size)
{
	*output = (struct output){ .fd = fd, .way = way, .buffer = buffer, .size = size };
}

/* The largest piece of whole lines that a pipe takes as one, so that lines of several processes do not mix. */
static size_t next_piece(const struct output *output)
{
	const char *from = output->buffer + output->start, *end;

	if (output->len <= PIPE_BUF)
		return output->len;
	end = memrchr(from, '\n', PIPE_BUF);
	return end ? (size_t)(end - from) + 1 : PIPE_BUF;
}

static bool has_room(const struct output *output)
{
	struct pollfd ready = { .fd = output->fd, .events = POLLOUT };

	return output->way != OUTPUT_POLLED || poll(&ready, 1, 0) != 0; /* an error shows itself in the write */
}

static ssize_t write_piece(const struct output *output, size_t len)
{
	const char *from = output->buffer + output->start;

	if (output->way == OUTPUT_SEND)
		return send(output->fd, from, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	return write(output->fd, from, len);
}

static void forget(struct output *output)
{
	output->start = 0;
	output->len = 0;
	output->gap = false;
}

/* What is kept when nobody takes it any more. */
static void lose(struct output *output)
{
	const char *from = output->buffer + output->start, *end = from + output->len;

	for (; from < end && (from = memchr(from, '\n', (size_t)(end - from))); from++)
		output->lost++;
	forget(output);
}

bool output_flush(struct output *output)
{
	while (output->len > 0 && has_room(output)) {
		ssize_t written = write_piece(output, next_piece(output));

		if (written > 0) {
			output->start += (size_t)written;
			output->len -= (size_t)written;
		} else if (written < 0 && errno != EINTR) {
			if (errno != EAGAIN && errno != ENOBUFS)
				lose(output); /* the reader is gone, the disk is full: keeping it would not help */
			break;
		}
	}
	if (output->len == 0)
		forget(output);
	return output->len == 0;
}

/* After a loss, lines are taken again once half of the room is free: the gap is one, not one in each pair of lines. */
static bool fits(const struct output *output, size_t len)
{
	size_t room = output->gap ? output->size / 2 : output->size;

	return output->len <= room && len <= room - output->len;
}

bool output_line(struct output *output, const char *text)
{
	size_t len = strlen(text);

	if (!fits(output, len + 1) && (output_flush(output), !fits(output, len + 1))) {
		output->gap = true;
		output->lost++;
		return false;
	}
	output->gap = false;
	if (len + 1 > output->size - output->start - output->len) {
		memmove(output->buffer, output->buffer + output->start, output->len);
		output->start = 0;
	}
	memcpy(output->buffer + output->start + output->len, text, len);
	output->len += len;
	output->buffer[output->start + output->len++] = '\n';
	return true;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void output_drain(struct output *output, int limit_ms)
{
	int64_t end = now_ms() + limit_ms;

	while (!output_flush(output)) {
		struct pollfd ready = { .fd = output->fd, .events = POLLOUT };
		int64_t left = end - now_ms();

		if (left <= 0)
			break;
		(void)poll(&ready, 1, (int)left);
		if (ready.revents & POLLOUT && output->len > 0 && now_ms() < end)
			(void)poll(NULL, 0, 1); /* room for less than a piece: no busy loop */
	}
	lose(output);
}
