/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/plan-kept.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Leaving ---- */

/* What JSON can hold, and gives back as it was. */
static bool is_text(const char *text, size_t len)
{
	json_t *json = text && !memchr(text, '\0', len) ? json_stringn(text, len) : NULL;

	json_decref(json);
	return json != NULL;
}

/* How many files there are; 0: they cannot be kept. */
static size_t count_files(const struct config *config)
{
	struct config_text file;
	size_t bytes = 0, count = 0;

	for (; config_text(config, count, &file); count++) {
		bytes += strlen(file.name) + file.len;
		if (bytes > STATE_FILES_BYTES_MAX || count >= STATE_FILES_MAX)
			return 0;
		if (!is_text(file.name, strlen(file.name)) || !is_text(file.text, file.len))
			return 0;
	}
	return count;
}

int plan_keep(const struct plan *plan, struct state *state)
{
	const size_t count = count_files(plan->config);
	struct config_text file;

	if (count == 0)
		return 0;
	state->files = calloc(count, sizeof(*state->files));
	if (!state->files)
		return -ENOMEM;
	for (; state->file_count < count && config_text(plan->config, state->file_count, &file); state->file_count++) {
		struct state_file *to = &state->files[state->file_count];

		to->name = strdup(file.name);
		to->text = strndup(file.text, file.len);
		if (!to->name || !to->text) {
			free(to->name);
			free(to->text);
			return -ENOMEM;
		}
	}
	return 0;
}

/* ---- Taking ---- */

/* The first finding, as it was told. NULL without memory. */
static char *first_of(const struct report *refused)
{
	const struct report one = { .entries = refused->entries, .count = 1 };
	char *text = NULL;
	size_t len = 0;
	FILE *out;

	if (refused->count == 0)
		return strdup("its rules could not be checked"); /* why, is in the log */
	out = open_memstream(&text, &len);
	if (!out)
		return NULL;
	report_print(&one, out);
	fclose(out);
	if (text && len > 0)
		text[len - 1] = '\0'; /* the end of its line */
	return text;
}

struct plan *plan_read_kept(const struct state *state, const struct report *refused, struct trust *trust,
			    struct report *report)
{
	struct config_text *texts = state->file_count > 0 ? calloc(state->file_count, sizeof(*texts)) : NULL;
	struct plan *plan;

	if (!texts)
		return NULL;
	for (size_t i = 0; i < state->file_count; i++)
		texts[i] = (struct config_text){ .name = state->files[i].name, .text = state->files[i].text,
						 .len = strlen(state->files[i].text) };
	plan = plan_read_texts(texts, state->file_count, trust, report);
	free(texts);
	if (!plan)
		return NULL;
	plan->refused = first_of(refused);
	if (!plan->refused)
		report_add(report, (struct place){ 0 }, NULL, "out of memory");
	return plan;
}
