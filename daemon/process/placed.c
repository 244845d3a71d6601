/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/placed.h"

#include <stdio.h>
#include <string.h>

int placed_send(int channel, struct channel_message *message, struct place place, const char *text)
{
	int len = snprintf(message->text, sizeof(message->text), "%s%c%s", place.file, '\0', text);

	message->text_len = len < CHANNEL_TEXT_MAX ? (uint32_t)len : CHANNEL_TEXT_MAX;
	message->value = place.line;
	message->extra = place.column;
	return channel_send_wait(channel, message);
}

int placed_send_report(int channel, const struct report *report)
{
	int err = 0;

	for (size_t i = 0; i < report->count && !err; i++) {
		const struct report_entry *entry = &report->entries[i];
		const struct place place = { .file = entry->file, .line = entry->line, .column = entry->column };
		struct channel_message message = { .type = CHANNEL_MISTAKE };

		err = placed_send(channel, &message, place, entry->text);
	}
	return err;
}

void placed_take(struct report *report, const struct channel_message *message, const char *cause)
{
	size_t file_len = strnlen(message->text, message->text_len);
	struct place place = { .file = message->text, .line = message->value, .column = message->extra };

	if (file_len < message->text_len)
		report_add(report, place, NULL, "%s%s", message->text + file_len + 1, cause);
}

int placed_send_needs(int channel, uint32_t queue, const struct plan_needs *needs)
{
	const struct channel_message message = {
		.type = CHANNEL_NEEDS,
		.value = queue,
		.extra = needs->bytes,
		.more = needs->metadata,
		.may = needs->may,
	};

	return channel_send_wait(channel, &message);
}

void placed_take_needs(struct plan *plan, const struct channel_message *message)
{
	if (message->value < plan->config->queue_count)
		plan->needs[message->value] = (struct plan_needs){
			.known = true,
			.bytes = message->extra,
			.metadata = message->more,
			.may = message->may,
		};
}
