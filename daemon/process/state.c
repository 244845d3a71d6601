/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/state.h"

#include "daemon/process/sender.h"
#include "daemon/process/state-fields.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HANDLERS_MAX 64 /* a bit each in struct served */

static int __attribute__((format(printf, 3, 4))) refuse(char *why, size_t why_size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, why_size, format, args);
	va_end(args);
	return -EINVAL;
}

static int get_text(const struct field *field, const json_t *json, unsigned char *at, char *why, size_t why_size)
{
	const char *text = json_string_value(json);
	size_t len = json_string_length(json);

	if (!text || strlen(text) != len)
		return refuse(why, why_size, "%s: wanted a text", field->name);
	if (field->type == FIELD_OWNED_TEXT) {
		char *copy = strdup(text);

		memcpy(at, &copy, sizeof(copy));
		return copy ? 0 : -ENOMEM;
	}
	if (len >= field->size)
		return refuse(why, why_size, "%s: longer than %zu bytes", field->name, field->size - 1);
	memcpy(at, text, len + 1);
	return 0;
}

static int get_number(const struct field *field, const json_t *json, int64_t least, uint64_t most, int64_t *value, char *why,
		      size_t why_size)
{
	*value = json_integer_value(json);
	if (!json_is_integer(json))
		return refuse(why, why_size, "%s: wanted a number", field->name);
	if (*value < least || (*value > 0 && (uint64_t)*value > most))
		return refuse(why, why_size, "%s: %lld is not between %lld and %llu", field->name, (long long)*value,
			      (long long)least, (unsigned long long)most);
	return 0;
}

static int get_field(const struct field *field, const json_t *json, unsigned char *at, char *why, size_t why_size)
{
	int64_t value = 0;
	int err = 0;

	switch (field->type) {
	case FIELD_TEXT:
	case FIELD_OWNED_TEXT:
		return get_text(field, json, at, why, why_size);
	case FIELD_BOOL:
		if (!json_is_boolean(json))
			return refuse(why, why_size, "%s: wanted true or false", field->name);
		*(bool *)at = json_is_true(json);
		return 0;
	case FIELD_U8:
		err = get_number(field, json, 0, field->most, &value, why, why_size);
		*at = (unsigned char)value;
		return err;
	case FIELD_U16:
		err = get_number(field, json, 0, field->most, &value, why, why_size);
		*(uint16_t *)(void *)at = (uint16_t)value;
		return err;
	case FIELD_U32:
		err = get_number(field, json, 0, field->most, &value, why, why_size);
		*(uint32_t *)(void *)at = (uint32_t)value;
		return err;
	case FIELD_U64:
		err = get_number(field, json, 0, field->most, &value, why, why_size);
		*(uint64_t *)(void *)at = (uint64_t)value;
		return err;
	case FIELD_DESCRIPTOR:
		err = get_number(field, json, -1, STATE_DESCRIPTOR_MAX, &value, why, why_size);
		*(int *)(void *)at = err ? -1 : (int)value;
		return err;
	case FIELD_PID:
		err = get_number(field, json, 0, STATE_PID_MAX, &value, why, why_size);
		*(int *)(void *)at = err ? 0 : (int)value;
		return err;
	}
	return err;
}

static int get_fields(const struct field *fields, const json_t *json, void *to, char *why, size_t why_size)
{
	for (const struct field *field = fields; field->name; field++) {
		const json_t *item = json_object_get(json, field->name);
		int err = 0;

		if (item)
			err = get_field(field, item, (unsigned char *)to + field->offset, why, why_size);
		else if (field->required)
			err = refuse(why, why_size, "%s: is missing", field->name);
		if (err)
			return err;
	}
	return 0;
}

static int get_handler(struct state_handler *handler, const json_t *json, char *why, size_t why_size)
{
	const json_t *times = json_object_get(json, "at-ns"), *time;
	struct crashes *crashes = &handler->crashes;
	size_t i, known = json_array_size(times);
	int err = get_fields(state_handler_fields, json, handler, why, why_size);

	if (err)
		return err;
	if (known != (crashes->count > CRASHES_MAX ? CRASHES_MAX : crashes->count))
		return refuse(why, why_size, "at-ns: %zu times of %llu crashes", known, (unsigned long long)crashes->count);
	json_array_foreach(times, i, time)
		crashes->at_ns[(crashes->count - known + i) % CRASHES_MAX] = (uint64_t)json_integer_value(time);
	return 0;
}

static int get_handlers(struct state_queue *queue, const json_t *json, char *why, size_t why_size)
{
	size_t count = json_array_size(json);
	char cause[256] = "no memory";

	if (!json_is_array(json) || count > HANDLERS_MAX)
		return refuse(why, why_size, "handlers: wanted a list of at most %d", HANDLERS_MAX);
	queue->handlers = calloc(count + 1, sizeof(*queue->handlers));
	if (!queue->handlers)
		return -ENOMEM;
	queue->handler_count = count;
	for (size_t i = 0; i < count; i++) {
		if (get_handler(&queue->handlers[i], json_array_get(json, i), cause, sizeof(cause)))
			return refuse(why, why_size, "handlers: %zu: %s", i, cause);
	}
	return 0;
}

static int check_queue(const struct state_queue *queue, char *why, size_t why_size)
{
	if (queue->socket < 0)
		return refuse(why, why_size, "socket: there is none");
	if (queue->shared < 0)
		return refuse(why, why_size, "shared: there is none");
	if ((queue->pid > 0) != (queue->channel >= 0))
		return refuse(why, why_size, "worker and channel: one without the other");
	if (queue->ring < 0 && queue->sender_memory < 0 && queue->sender == 0)
		return 0;
	if (queue->ring < 0 || queue->sender_memory < 0 || queue->life_read < 0 || queue->life_write < 0)
		return refuse(why, why_size, "sender: a part of it is missing");
	if (queue->ring_size != sizeof(struct ring) || queue->sender_size != sizeof(struct sender_state))
		return refuse(why, why_size, "sender: its memory is of another version; with isolation: fast this goes");
	return 0;
}

static int get_queue(struct state_queue *queue, const json_t *json, char *why, size_t why_size)
{
	int err;

	*queue = STATE_QUEUE_NONE;
	err = get_fields(state_queue_fields, json, queue, why, why_size);
	if (!err)
		err = get_handlers(queue, json_object_get(json, "handlers"), why, why_size);
	if (!err)
		err = layout_from_json(&queue->layout, json_object_get(json, "layout"), why, why_size);
	return err ? err : check_queue(queue, why, why_size);
}

static int get_file(struct state_file *file, const json_t *json, size_t *room, char *why, size_t why_size)
{
	const json_t *name = json_object_get(json, "name"), *text = json_object_get(json, "text");
	const size_t bytes = json_string_length(name) + json_string_length(text);

	if (!json_is_string(name) || !json_is_string(text) || json_string_length(name) == 0)
		return refuse(why, why_size, "wanted a name and a text");
	if (strlen(json_string_value(name)) + strlen(json_string_value(text)) != bytes)
		return refuse(why, why_size, "a NUL byte in it");
	if (bytes > *room)
		return refuse(why, why_size, "longer than %u bytes, all together", STATE_FILES_BYTES_MAX);
	*room -= bytes;
	file->name = strdup(json_string_value(name));
	file->text = strdup(json_string_value(text));
	return file->name && file->text ? 0 : -ENOMEM;
}

/* Older versions leave none. */
static int get_files(struct state *state, const json_t *json, char *why, size_t why_size)
{
	const size_t count = json_array_size(json);
	size_t room = STATE_FILES_BYTES_MAX;
	char cause[256] = "no memory";

	if (!json)
		return 0;
	if (!json_is_array(json) || count == 0 || count > STATE_FILES_MAX)
		return refuse(why, why_size, "files: wanted a list of at most %d", STATE_FILES_MAX);
	state->files = calloc(count, sizeof(*state->files));
	if (!state->files)
		return -ENOMEM;
	state->file_count = count;
	for (size_t i = 0; i < count; i++) {
		if (get_file(&state->files[i], json_array_get(json, i), &room, cause, sizeof(cause)))
			return refuse(why, why_size, "files: %zu: %s", i, cause);
	}
	return 0;
}

/* In one order, so that equals meet. */
static int check_numbers(const struct state *state, char *why, size_t why_size)
{
	unsigned char *seen = calloc(1, UINT16_MAX / 8 + 1);
	int err = seen ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < state->queue_count; i++) {
		uint16_t number = state->queues[i].number;

		if (seen[number / 8] & 1u << number % 8)
			err = refuse(why, why_size, "queues: number %u stands there twice", number);
		seen[number / 8] |= (unsigned char)(1u << number % 8);
	}
	free(seen);
	return err;
}

static int get_queues(struct state *state, const json_t *json, char *why, size_t why_size)
{
	size_t count = json_array_size(json);
	char cause[256] = "no memory";

	if (!json_is_array(json) || count > STATE_QUEUES_MAX)
		return refuse(why, why_size, "queues: wanted a list of at most %d", STATE_QUEUES_MAX);
	state->queues = calloc(count + 1, sizeof(*state->queues));
	if (!state->queues)
		return -ENOMEM;
	state->queue_count = count;
	for (size_t i = 0; i < count; i++) {
		if (get_queue(&state->queues[i], json_array_get(json, i), cause, sizeof(cause)))
			return refuse(why, why_size, "queues: %zu: %s", i, cause);
	}
	return check_numbers(state, why, why_size);
}

static int get_state(struct state *state, const json_t *json, char *why, size_t why_size)
{
	const json_t *version = json_object_get(json, "version");
	int err;

	if (!json_is_integer(version))
		return refuse(why, why_size, "version: is missing");
	if (json_integer_value(version) != STATE_VERSION)
		return refuse(why, why_size, "version %lld: this nfverdictd reads version %d",
			      (long long)json_integer_value(version), STATE_VERSION);
	state->bypass = json_incref(json_object_get(json, "bypass"));
	err = get_fields(state_top_fields, json, state, why, why_size);
	if (!err)
		err = get_files(state, json_object_get(json, "files"), why, why_size);
	return err ? err : get_queues(state, json_object_get(json, "queues"), why, why_size);
}

int state_parse(struct state *state, const char *text, size_t len, char *why, size_t why_size)
{
	json_error_t error;
	json_t *json;
	int err;

	state_init(state);
	if (len > STATE_BYTES_MAX)
		return refuse(why, why_size, "longer than %u bytes", STATE_BYTES_MAX);
	json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		return refuse(why, why_size, "byte %d: %s", error.position, error.text);
	snprintf(why, why_size, "%s", strerror(ENOMEM));
	err = get_state(state, json, why, why_size);
	json_decref(json);
	return err;
}

/* ---- Both ---- */

void state_init(struct state *state)
{
	*state = (struct state){ .executable = -1, .answer = -1 };
}

void state_free(struct state *state)
{
	for (size_t i = 0; state->queues && i < state->queue_count; i++)
		free(state->queues[i].handlers);
	free(state->queues);
	for (size_t i = 0; i < state->file_count; i++) {
		free(state->files[i].name);
		free(state->files[i].text);
	}
	free(state->files);
	json_decref(state->bypass);
	free(state->plan);
	state_init(state);
}

static int each_of_queue(const struct state_queue *queue, int (*fn)(void *context, int fd), void *context)
{
	const int fds[] = { queue->socket, queue->door,	     queue->channel,   queue->shared,	 queue->slots,
			    queue->ring,   queue->sender_memory, queue->life_read, queue->life_write };
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			err = fn(context, fds[i]);
	return err;
}

int state_each_descriptor(const struct state *state, int (*fn)(void *context, int fd), void *context)
{
	int err = state->executable >= 0 ? fn(context, state->executable) : 0;

	if (!err && state->answer >= 0)
		err = fn(context, state->answer);
	for (size_t i = 0; !err && i < state->queue_count; i++)
		err = each_of_queue(&state->queues[i], fn, context);
	return err;
}
