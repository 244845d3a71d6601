/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A whole configuration from any bytes: the tree, the tables, the checks. Without trust no file is included. */
#include "daemon/config/config.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A configuration and mistakes exclude each other, and a mistake has a place and says something. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct report report = { 0 };
	struct config *config = config_parse("fuzz", (const char *)data, size, NULL, &report);

	if (!config == !report.count)
		abort();
	for (size_t i = 0; i < report.count; i++) {
		if (!report.entries[i].text[0] || !report.entries[i].file)
			abort();
	}
	for (size_t i = 0; config && i < config->queue_count; i++) {
		struct config_queue *queue = &config->queues[i];

		if (!config_place(config, &queue->numbers).line || queue->numbers.last > 65535)
			abort();
		for (size_t j = 0; j < queue->handlers.count; j++) {
			if (!config_handler(config, ((const char **)queue->handlers.items)[j]))
				abort();
		}
	}
	config_free(config);
	report_clear(&report);
	return 0;
}
