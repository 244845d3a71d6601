/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/deadline.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define INTERVAL_LEAST_NS 5000000u
#define INTERVAL_MOST_NS  250000000u

static bool same_call(const struct chain_progress *a, const struct chain_progress *b)
{
	return a->handler == b->handler && a->call == b->call && a->packet_id == b->packet_id && a->sequence == b->sequence;
}

bool deadline_lasts(const struct deadline *deadline, const struct chain_progress *now)
{
	return now->handler && deadline->since_ns && same_call(&deadline->call, now);
}

bool deadline_over(struct deadline *deadline, const struct chain_progress *now, bool stopped, uint64_t now_ns,
		   uint64_t limit_ns)
{
	if (now->handler == 0) {
		deadline->since_ns = 0;
		return false;
	}
	if (stopped || !deadline_lasts(deadline, now)) {
		deadline->call = *now;
		deadline->since_ns = deadline->looked_ns = now_ns;
		return false;
	}
	if (now_ns - deadline->looked_ns > limit_ns / 2)
		deadline->since_ns += now_ns - deadline->looked_ns - limit_ns / 2;
	deadline->looked_ns = now_ns;
	return limit_ns && now_ns - deadline->since_ns >= limit_ns;
}

uint64_t deadline_interval_ns(uint64_t limit_ns)
{
	uint64_t interval = limit_ns / 5;

	if (interval < INTERVAL_LEAST_NS)
		return INTERVAL_LEAST_NS;
	return interval > INTERVAL_MOST_NS ? INTERVAL_MOST_NS : interval;
}

bool deadline_is_stopped(pid_t pid)
{
	char path[64], text[512];
	const char *end;
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return false;
	text[len] = '\0';
	/* The name before the state is in parentheses and may hold any byte. */
	end = strrchr(text, ')');
	return end && end[1] == ' ' && (end[2] == 'T' || end[2] == 't');
}
