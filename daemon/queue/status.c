/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/queue/status.h"

#include <stdio.h>
#include <string.h>

#define STATUS_FILE "/proc/self/net/netfilter/nfnetlink_queue"
#define LINE_BYTES  160

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

void queue_status_each(queue_status_fn *fn, void *context)
{
	char line[LINE_BYTES];
	struct queue_status status;
	FILE *file = fopen(STATUS_FILE, "re");

	while (file && fgets(line, sizeof(line), file))
		if (parse_line(line, &status))
			fn(context, &status);
	if (file)
		fclose(file);
}

bool queue_status_read(uint16_t number, struct queue_status *status)
{
	char line[LINE_BYTES];
	bool found = false;
	FILE *file = fopen(STATUS_FILE, "re");

	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file))
		found = queue_status_parse(line, number, status);
	fclose(file);
	return found;
}
