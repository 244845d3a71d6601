/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What handlers get from their worker: log, print, timers, descriptors, statistics. */
#include "config.h"

#include "daemon/process/descriptors.h"
#include "daemon/process/log.h"
#include "daemon/process/worker-private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TELL_LOST_NS 1000000000u
#define END_MS       200 /* what a slow reader and the master get at the end, each */

/* False when the master still has no room. */
static bool tell_log_lost(struct worker *worker)
{
	char text[96];

	snprintf(text, sizeof(text), "queue %u: %llu log lines lost: too many at once", worker->number,
		 (unsigned long long)worker->log_lost);
	if (channel_send_text(worker->setup->channel, CHANNEL_LOG, NFV_LOG_WARNING, text) < 0)
		return false;
	worker->log_lost = 0;
	worker->log_lost_told_ns = events_now_ns();
	return true;
}

/* Not more often than once a second, for what is told takes room as well. */
static void tell_log_lost_now_and_then(struct worker *worker)
{
	if (worker->log_lost && events_now_ns() - worker->log_lost_told_ns >= TELL_LOST_NS)
		(void)tell_log_lost(worker);
}

/* All lines of this process go to the master, which knows where they belong. */
void worker_log_line(void *context, enum nfv_log_level level, const char *text)
{
	struct worker *worker = context;

	tell_log_lost_now_and_then(worker);
	if (channel_send_text(worker->setup->channel, CHANNEL_LOG, level, text) < 0)
		worker->log_lost++;
}

static void host_log(void *context, const char *handler, enum nfv_log_level level, const char *text)
{
	const struct worker *worker = context;

	log_write(level, "queue %u: handler %s: %s", worker->number, handler, text);
}

/* Also a last one without its end. */
static uint64_t count_lines(const char *text, size_t len)
{
	uint64_t lines = len > 0 && text[len - 1] != '\n';

	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	return lines;
}

/* In messages of whole lines, the last end of line left to the master. Returns how many lines found no room. */
static uint64_t send_lines(const struct worker *worker, enum channel_type type, const char *text, size_t len)
{
	char piece[CHANNEL_TEXT_MAX + 1];
	uint64_t lost = 0;

	do {
		size_t part = len < CHANNEL_TEXT_MAX ? len : CHANNEL_TEXT_MAX;
		const char *end = len > part ? memrchr(text, '\n', part) : NULL;
		bool whole;

		if (end)
			part = (size_t)(end - text) + 1;
		whole = part > 0 && text[part - 1] == '\n';
		memcpy(piece, text, part);
		piece[part - whole] = '\0';
		if (channel_send_text(worker->setup->channel, type, 0, piece) < 0)
			lost += count_lines(text, part);
		text += part;
		len -= part;
	} while (len > 0);
	return lost;
}

/*
 * Standard output and standard error go nowhere in a worker: what a plugin writes there by itself would wait for a
 * reader, and packets with it. What handlers print leaves by a descriptor that does not wait, or through the master when
 * that cannot be had; also for a terminal, which may take a part of a line before the next worker's.
 */
int worker_output_init(struct worker *worker)
{
	enum output_way way = OUTPUT_POLLED;
	int fd = -1;

	if (worker->setup->foreground && !isatty(STDOUT_FILENO))
		way = output_own(STDOUT_FILENO);
	if (way != OUTPUT_POLLED)
		fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	worker->prints_itself = fd >= 0;
	worker->output.fd = fd;
	worker->output.way = way;
	return descriptors_leave_standard();
}

/*
 * A plugin may print what a packet brought: that must not become a second line or drive a terminal. Tabs and bytes from
 * 0x80, which may be UTF-8, pass. What is longer than a message to the master is cut.
 */
static void host_print(void *context, const char *line)
{
	struct worker *worker = context;
	char text[CHANNEL_TEXT_MAX + 1];
	size_t len = strnlen(line, CHANNEL_TEXT_MAX);

	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)line[i];

		text[i] = (byte < 0x20 && byte != '\t') || byte == 0x7f ? '.' : line[i];
	}
	text[len] = '\0';
	if (worker->prints_itself)
		(void)output_line(&worker->output, text);
	else
		worker->output.lost += send_lines(worker, CHANNEL_PRINT, text, len);
}

void worker_say_more(struct worker *worker)
{
	(void)output_flush(&worker->output);
	tell_log_lost_now_and_then(worker);
}

/* Packets do not wait any more, and the master waits much longer for our end. */
void worker_end_output(struct worker *worker)
{
	struct pollfd room = { .fd = worker->setup->channel, .events = POLLOUT };

	if (worker->prints_itself)
		output_drain(&worker->output, END_MS);
	if (worker->output.lost)
		log_warning("queue %u: %llu printed lines lost: the reader is too slow", worker->number,
			    (unsigned long long)worker->output.lost);
	if (worker->log_lost && poll(&room, 1, END_MS) == 1)
		(void)tell_log_lost(worker);
}

void worker_host_init(struct worker *worker)
{
	worker->env = (struct handler_env){
		.log = host_log,
		.print = host_print,
		.timer = worker_timer,
		.timer_cancel = worker_timer_cancel,
		.watch = worker_watch,
		.unwatch = worker_unwatch,
		.context = worker,
		.queue = worker->number,
		.mark_mask = (uint32_t)worker->config->mark_mask,
	};
}

/* Of each handler that has something to tell, then an empty message. */
void worker_send_stats(struct worker *worker)
{
	for (size_t i = 0; i < worker->instances.count; i++) {
		const struct handler *handler = &worker->instances.handlers[i];
		char *text = NULL;
		size_t len = 0;
		FILE *out;

		if (!handler->ops->stats)
			continue;
		out = open_memstream(&text, &len);
		if (!out)
			break;
		fprintf(out, "handler %s:\n", handler->name);
		worker_calls(worker, i, CHAIN_CALL_STATS);
		handler->ops->stats(handler->state, out);
		worker_called(worker);
		fclose(out);
		if (text)
			worker->log_lost += send_lines(worker, CHANNEL_STATS, text, len);
		free(text);
	}
	(void)channel_send_text(worker->setup->channel, CHANNEL_STATS, 0, "");
}
