/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A state that another nfverdictd left: whatever it holds, what is believed of it lies within bounds, and is written as it
 * was read. The configuration in it is read as any other one, and keeps its texts.
 */
#include "daemon/config/config.h"
#include "daemon/process/state.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static int judge_descriptor(void *context, int fd)
{
	(void)context;
	require(fd >= 0);
	return 0;
}

/* All that the layout tells of is read: the memory is of its exact size, so that a sanitizer sees what lies beyond. */
static void read_memory(const struct state_queue *queue)
{
	size_t size = layout_size(&queue->layout, queue->handler_count);
	void *memory = calloc(1, size ? size : 1);
	struct shared *to = calloc(1, shared_size(queue->handler_count));

	if (memory && to)
		layout_read(&queue->layout, memory, queue->handler_count, to);
	free(memory);
	free(to);
}

static void read_files(const struct state *state)
{
	struct config_text texts[STATE_FILES_MAX], text;
	struct report report = { 0 };
	struct config *config;
	size_t bytes = 0;

	require(state->file_count <= STATE_FILES_MAX && !state->files == !state->file_count);
	for (size_t i = 0; i < state->file_count; i++) {
		const struct state_file *file = &state->files[i];

		texts[i] = (struct config_text){ .name = file->name, .text = file->text, .len = strlen(file->text) };
		require(file->name[0]);
		bytes += strlen(file->name) + texts[i].len;
	}
	require(bytes <= STATE_FILES_BYTES_MAX);
	if (state->file_count == 0)
		return;
	config = config_read_texts(texts, state->file_count, &report);
	require(config || report.count > 0);
	for (size_t i = 0; config && config_text(config, i, &text); i++) {
		require(i < state->file_count && strcmp(text.name, texts[i].name) == 0);
		require(!text.text || (text.len == texts[i].len && memcmp(text.text, texts[i].text, text.len) == 0));
	}
	config_free(config);
	report_clear(&report);
}

static void write_again(const struct state *state)
{
	char *text = state_print(state), *again, why[256];
	struct state copy;

	if (!text)
		return;
	require(state_parse(&copy, text, strlen(text), why, sizeof(why)) == 0);
	again = state_print(&copy);
	require(again && strcmp(again, text) == 0);
	free(again);
	free(text);
	state_free(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct state state;
	char why[256] = "";
	int err = state_parse(&state, (const char *)data, size, why, sizeof(why));

	require(!err || why[0]);
	if (!err) {
		require(state_each_descriptor(&state, judge_descriptor, NULL) == 0);
		for (size_t i = 0; i < state.queue_count && i < 16; i++)
			read_memory(&state.queues[i]);
		read_files(&state);
		write_again(&state);
	}
	state_free(&state);
	return 0;
}
