/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A whole configuration from any bytes: the tree, the tables, the checks. Without trust no file is included. */
#include "daemon/config/config.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Also the tree of a faulty file can be walked: keys are there, and found; what is unusable was told. */
static void check_tree(const struct node *node, const struct report *report)
{
	if ((node->kind == NODE_UNUSABLE || node->partial) && !report->count)
		abort();
	if ((node->kind == NODE_SCALAR) && !node->text)
		abort();
	if (node->count && node->kind != NODE_LIST && node->kind != NODE_MAP)
		abort();
	for (size_t i = 0; i < node->count; i++) {
		const struct node *child = &node->children[i];

		if (node->kind == NODE_MAP && (!child->key || tree_get(node, child->key) != child))
			abort();
		check_tree(child, report);
	}
}

static void check_text(const char *text, size_t size)
{
	struct report report = { 0 };
	struct node *tree = tree_parse("fuzz", text, size, &report);

	if (tree)
		check_tree(tree, &report);
	else if (!report.count)
		abort();
	tree_free(tree);
	report_clear(&report);
}

/* A configuration and mistakes exclude each other, and a mistake has a place and says something. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct report report = { 0 };
	struct config *config = config_parse("fuzz", (const char *)data, size, NULL, &report);

	check_text((const char *)data, size);
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
