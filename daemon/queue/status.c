/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/queue/status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STATUS_FILE   "/proc/self/net/netfilter/nfnetlink_queue"
#define TEXT_BYTES    8192
#define OPEN_TRIES    20
#define OPEN_PAUSE_NS 1000000

static bool parse_line(const char *line, struct queue_status *s)
{
	return sscanf(line, "%u %u %u %u %u %u %u %u", &s->number, &s->portid, &s->waiting, &s->copy_mode, &s->range,
		      &s->dropped_full, &s->dropped_socket, &s->last_id) == 8;
}

bool queue_status_parse(const char *text, uint16_t number, struct queue_status *status)
{
	while (text && *text) {
		if (parse_line(text, status) && status->number == number)
			return true;
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return false;
}

/* Without memory of its own, and not put off by a moment without descriptors: recovery and stop depend on what it says. */
static int open_status(void)
{
	const struct timespec pause = { .tv_nsec = OPEN_PAUSE_NS };
	int fd = open(STATUS_FILE, O_RDONLY | O_CLOEXEC);

	for (int i = 1; i < OPEN_TRIES && fd < 0 && errno != ENOENT && errno != EACCES && errno != EPERM; i++) {
		nanosleep(&pause, NULL);
		fd = open(STATUS_FILE, O_RDONLY | O_CLOEXEC);
	}
	return fd;
}

/* Bytes behind those that are kept; 0 at the end. */
static size_t read_more(int fd, char *at, size_t room)
{
	ssize_t got;

	for (int i = 0; i < OPEN_TRIES; i++) {
		got = read(fd, at, room);
		if (got >= 0)
			return (size_t)got;
	}
	return 0;
}

/* Whole lines, as many as fit, until there are no more or fn says that it has what it wants. */
static bool read_lines(bool (*fn)(void *context, const char *lines), void *context)
{
	char text[TEXT_BYTES];
	size_t kept = 0, got;
	bool done = false;
	int fd = open_status();

	if (fd < 0)
		return false;
	while (!done && (got = read_more(fd, text + kept, sizeof(text) - 1 - kept)) > 0) {
		char *end;

		text[kept + got] = '\0';
		end = strrchr(text, '\n');
		if (!end) {
			kept += got;
			continue;
		}
		*end++ = '\0'; /* behind it begins a line that comes next time */
		done = fn(context, text);
		kept = strlen(end);
		memmove(text, end, kept + 1);
	}
	close(fd);
	return done;
}

struct wanted {
	uint16_t number;
	struct queue_status *status;
};

static bool find_wanted(void *context, const char *lines)
{
	const struct wanted *wanted = context;

	return queue_status_parse(lines, wanted->number, wanted->status);
}

bool queue_status_read(uint16_t number, struct queue_status *status)
{
	struct wanted wanted = { .number = number, .status = status };

	return read_lines(find_wanted, &wanted);
}

struct each {
	queue_status_fn *fn;
	void *context;
};

static bool tell_each(void *context, const char *lines)
{
	const struct each *each = context;
	struct queue_status status;

	while (lines) {
		if (parse_line(lines, &status))
			each->fn(each->context, &status);
		lines = strchr(lines, '\n');
		lines = lines ? lines + 1 : NULL;
	}
	return false;
}

void queue_status_each(queue_status_fn *fn, void *context)
{
	struct each each = { .fn = fn, .context = context };

	(void)read_lines(tell_each, &each);
}

bool queue_status_told(void)
{
	return access(STATUS_FILE, R_OK) == 0;
}
