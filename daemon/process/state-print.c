/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A state's fields, and how it is written. */
#include "daemon/process/state-fields.h"

#define SLOT_BYTES_MAX (1u << 20)

#define OF(type, name) .offset = offsetof(struct type, name), .size = sizeof(((struct type *)NULL)->name)

const struct field state_top_fields[] = {
	{ "program", FIELD_TEXT, true, OF(state, program) },
	{ "path", FIELD_TEXT, true, OF(state, path) },
	{ "executable", FIELD_DESCRIPTOR, true, OF(state, executable) },
	{ "folder", FIELD_TEXT, true, OF(state, folder) },
	{ "pid", FIELD_PID, true, OF(state, pid) },
	{ "started-ns", FIELD_U64, true, OF(state, started_ns), .most = INT64_MAX },
	{ "upgrades", FIELD_U32, false, OF(state, upgrades), .most = UINT32_MAX },
	{ "background", FIELD_BOOL, true, OF(state, background) },
	{ "steered", FIELD_BOOL, true, OF(state, steered) },
	{ "repeats", FIELD_BOOL, true, OF(state, repeats) },
	{ "back", FIELD_TEXT, false, OF(state, back) },
	{ "answer", FIELD_DESCRIPTOR, false, OF(state, answer) },
	{ "flushes", FIELD_U64, false, OF(state, flushes), .most = INT64_MAX },
	{ "repairs", FIELD_U64, false, OF(state, repairs), .most = INT64_MAX },
	{ "repair-failures", FIELD_U64, false, OF(state, repair_failures), .most = INT64_MAX },
	{ "plan", FIELD_OWNED_TEXT, true, OF(state, plan) },
	{ 0 },
};

const struct field state_queue_fields[] = {
	{ "number", FIELD_U16, true, OF(state_queue, number), .most = UINT16_MAX },
	{ "socket", FIELD_DESCRIPTOR, true, OF(state_queue, socket) },
	{ "portid", FIELD_U32, true, OF(state_queue, portid), .most = UINT32_MAX },
	{ "flags", FIELD_U32, true, OF(state_queue, flags), .most = UINT32_MAX },
	{ "refused-flags", FIELD_U32, true, OF(state_queue, refused_flags), .most = UINT32_MAX },
	{ "copy-mode", FIELD_U8, true, OF(state_queue, wants.copy_mode), .most = UINT8_MAX },
	{ "range", FIELD_U32, true, OF(state_queue, wants.range), .most = UINT16_MAX },
	{ "max-length", FIELD_U32, true, OF(state_queue, wants.max_length), .most = UINT32_MAX },
	{ "wanted-flags", FIELD_U32, true, OF(state_queue, wants.flags), .most = UINT32_MAX },
	{ "optional-flags", FIELD_U32, true, OF(state_queue, wants.optional_flags), .most = UINT32_MAX },
	{ "receive-buffer", FIELD_U32, true, OF(state_queue, wants.receive_buffer), .most = UINT32_MAX },
	{ "send-buffer", FIELD_U32, true, OF(state_queue, wants.send_buffer), .most = UINT32_MAX },
	{ "door", FIELD_DESCRIPTOR, false, OF(state_queue, door) },
	{ "in-hand", FIELD_BOOL, true, OF(state_queue, in_hand) },
	{ "poisoned", FIELD_BOOL, true, OF(state_queue, poisoned) },
	{ "careful", FIELD_BOOL, false, OF(state_queue, careful) },
	{ "suspect", FIELD_U32, false, OF(state_queue, suspect), .most = UINT32_MAX },
	{ "deaths", FIELD_U64, false, OF(state_queue, deaths), .most = INT64_MAX },
	{ "poison-id", FIELD_U32, true, OF(state_queue, poison_id), .most = UINT32_MAX },
	{ "failures", FIELD_U32, false, OF(state_queue, failures), .most = UINT32_MAX },
	{ "worker", FIELD_PID, true, OF(state_queue, pid) },
	{ "channel", FIELD_DESCRIPTOR, true, OF(state_queue, channel) },
	{ "ready", FIELD_BOOL, true, OF(state_queue, ready) },
	{ "going", FIELD_BOOL, true, OF(state_queue, going) },
	{ "shared", FIELD_DESCRIPTOR, true, OF(state_queue, shared) },
	{ "slots", FIELD_DESCRIPTOR, false, OF(state_queue, slots) },
	{ "sender", FIELD_PID, false, OF(state_queue, sender) },
	{ "ring", FIELD_DESCRIPTOR, false, OF(state_queue, ring) },
	{ "sender-memory", FIELD_DESCRIPTOR, false, OF(state_queue, sender_memory) },
	{ "life-read", FIELD_DESCRIPTOR, false, OF(state_queue, life_read) },
	{ "life-write", FIELD_DESCRIPTOR, false, OF(state_queue, life_write) },
	{ "ring-size", FIELD_U64, false, OF(state_queue, ring_size), .most = INT64_MAX },
	{ "sender-size", FIELD_U64, false, OF(state_queue, sender_size), .most = INT64_MAX },
	{ "slot-size", FIELD_U64, true, OF(state_queue, slot_size), .most = SLOT_BYTES_MAX },
	{ 0 },
};

const struct field state_handler_fields[] = {
	{ "name", FIELD_TEXT, true, OF(state_handler, name) },
	{ "quarantined", FIELD_BOOL, false, OF(state_handler, quarantined) },
	{ "crashes", FIELD_U64, false, OF(state_handler, crashes.count), .most = INT64_MAX },
	{ 0 },
};

/* ---- Writing ---- */

static json_t *field_to_json(const struct field *field, const unsigned char *at)
{
	switch (field->type) {
	case FIELD_TEXT:
		return json_string((const char *)at);
	case FIELD_OWNED_TEXT:
		return json_string(*(const char *const *)(const void *)at);
	case FIELD_BOOL:
		return json_boolean(*(const bool *)at);
	case FIELD_U8:
		return json_integer(*at);
	case FIELD_U16:
		return json_integer(*(const uint16_t *)(const void *)at);
	case FIELD_U32:
		return json_integer(*(const uint32_t *)(const void *)at);
	case FIELD_U64:
		return json_integer((json_int_t)*(const uint64_t *)(const void *)at);
	case FIELD_DESCRIPTOR:
	case FIELD_PID:
		return json_integer(*(const int *)(const void *)at);
	}
	return NULL;
}

static json_t *fields_to_json(const struct field *fields, const void *from)
{
	json_t *json = json_object();

	for (const struct field *field = fields; json && field->name; field++) {
		if (json_object_set_new(json, field->name,
					field_to_json(field, (const unsigned char *)from + field->offset))) {
			json_decref(json);
			return NULL;
		}
	}
	return json;
}

/* When the last crashes were: a handler that crashed often before must not get a new count by being handed over. */
static json_t *handler_to_json(const struct state_handler *handler)
{
	json_t *json = fields_to_json(state_handler_fields, handler), *times = json_array();
	const struct crashes *crashes = &handler->crashes;

	for (uint64_t i = crashes->count > CRASHES_MAX ? crashes->count - CRASHES_MAX : 0; i < crashes->count; i++)
		json_array_append_new(times, json_integer((json_int_t)crashes->at_ns[i % CRASHES_MAX]));
	if (!json || json_object_set_new(json, "at-ns", times)) {
		json_decref(json);
		return NULL;
	}
	return json;
}

static json_t *queue_to_json(const struct state_queue *queue)
{
	json_t *json = fields_to_json(state_queue_fields, queue), *handlers = json_array();

	for (size_t i = 0; handlers && i < queue->handler_count; i++) {
		if (json_array_append_new(handlers, handler_to_json(&queue->handlers[i]))) {
			json_decref(handlers);
			handlers = NULL;
		}
	}
	if (!json || json_object_set_new(json, "handlers", handlers) ||
	    json_object_set_new(json, "layout", layout_to_json(&queue->layout))) {
		json_decref(json);
		return NULL;
	}
	return json;
}

static json_t *files_to_json(const struct state *state)
{
	json_t *files = json_array();

	for (size_t i = 0; files && i < state->file_count; i++) {
		const struct state_file *file = &state->files[i];

		if (json_array_append_new(files, json_pack("{ssss}", "name", file->name, "text", file->text))) {
			json_decref(files);
			files = NULL;
		}
	}
	return files;
}

char *state_print(const struct state *state)
{
	json_t *json = fields_to_json(state_top_fields, state), *queues = json_array();
	bool good = json && queues;
	char *text = NULL;

	for (size_t i = 0; good && i < state->queue_count; i++)
		good = json_array_append_new(queues, queue_to_json(&state->queues[i])) == 0;
	good = good && json_object_set_new(json, "version", json_integer(STATE_VERSION)) == 0;
	good = good && json_object_set(json, "queues", queues) == 0;
	good = good && (!state->files || json_object_set_new(json, "files", files_to_json(state)) == 0);
	good = good && (!state->bypass || json_object_set(json, "bypass", state->bypass) == 0);
	if (good)
		text = json_dumps(json, JSON_COMPACT);
	json_decref(queues);
	json_decref(json);
	return text;
}
