/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What handlers get from their worker: log, print, timers, descriptors, statistics. */
#include "daemon/process/log.h"
#include "daemon/process/worker-private.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* poll() promises room for this much, so that a write of it does not wait (PIPE_BUF). */
#define PRINT_PIECE_BYTES 4096

/* All lines of this process go to the master, which knows where they belong. */
void worker_log_line(void *context, enum nfv_log_level level, const char *text)
{
	struct worker *worker = context;

	if (channel_send_text(worker->setup->channel, CHANNEL_LOG, level, text) < 0)
		worker->log_lost++;
}

static void host_log(void *context, const char *handler, enum nfv_log_level level, const char *text)
{
	const struct worker *worker = context;

	log_write(level, "queue %u: handler %s: %s", worker->number, handler, text);
}

static void host_print(void *context, const char *line)
{
	struct worker *worker = context;
	size_t len = strlen(line);

	if (!worker->setup->foreground) {
		if (channel_send_text(worker->setup->channel, CHANNEL_PRINT, 0, line) < 0)
			worker->printed_lost++;
		return;
	}
	if (len + 1 > WORKER_PRINT_BYTES - worker->printed_len) {
		worker_flush_prints(worker);
		if (len + 1 > WORKER_PRINT_BYTES - worker->printed_len) {
			worker->printed_lost++;
			return;
		}
	}
	memcpy(worker->printed + worker->printed_len, line, len);
	worker->printed[worker->printed_len + len] = '\n';
	worker->printed_len += len + 1;
}

/* The largest piece of whole lines, so that lines of several workers do not mix. */
static size_t next_piece(const struct worker *worker)
{
	const char *end;

	if (worker->printed_len <= PRINT_PIECE_BYTES)
		return worker->printed_len;
	end = memrchr(worker->printed, '\n', PRINT_PIECE_BYTES);
	return end ? (size_t)(end - worker->printed) + 1 : PRINT_PIECE_BYTES;
}

/* Writes what standard output takes without waiting: a stalled reader must not stall packets. */
void worker_flush_prints(struct worker *worker)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

	while (worker->printed_len > 0 && poll(&out, 1, 0) == 1 && (out.revents & POLLOUT)) {
		ssize_t written = write(STDOUT_FILENO, worker->printed, next_piece(worker));

		if (written <= 0)
			break;
		worker->printed_len -= (size_t)written;
		memmove(worker->printed, worker->printed + written, worker->printed_len);
	}
	if (out.revents & (POLLERR | POLLHUP))
		worker->printed_len = 0; /* nobody will ever read it */
}

static int host_timer(void *context, uint64_t after_ns, uint64_t every_ns, nfv_timer_fn fn, void *argument)
{
	struct worker *worker = context;

	return events_timer(&worker->events, after_ns, every_ns, fn, argument);
}

static void host_timer_cancel(void *context, int timer)
{
	struct worker *worker = context;

	events_timer_cancel(&worker->events, timer);
}

static int host_watch(void *context, int fd, uint32_t events, nfv_watch_fn fn, void *argument)
{
	struct worker *worker = context;

	return events_watch(&worker->events, fd, events, fn, argument);
}

static void host_unwatch(void *context, int fd)
{
	struct worker *worker = context;

	events_unwatch(&worker->events, fd);
}

void worker_host_init(struct worker *worker)
{
	worker->env = (struct handler_env){
		.log = host_log,
		.print = host_print,
		.timer = host_timer,
		.timer_cancel = host_timer_cancel,
		.watch = host_watch,
		.unwatch = host_unwatch,
		.context = worker,
		.queue = worker->number,
		.mark_mask = (uint32_t)worker->config->mark_mask,
	};
}

/* One message a handler that has something to tell, then an empty one. */
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
		handler->ops->stats(handler->state, out);
		fclose(out);
		(void)channel_send_text(worker->setup->channel, CHANNEL_STATS, 0, text);
		free(text);
	}
	(void)channel_send_text(worker->setup->channel, CHANNEL_STATS, 0, "");
}
