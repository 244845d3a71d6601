/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/layout.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define STRUCT_MAX (1u << 20) /* no version's struct is larger */

struct own_field {
	const char *name;
	struct layout_field field;
};

#define FIELD(type, name, bytes, count) { #name, { (uint32_t)offsetof(type, name), bytes, count } }
#define HEAD32(name) FIELD(struct shared, name, 4, 1)
#define HEAD64(name) FIELD(struct shared, name, 8, 1)
#define HEAD_MANY(name, many) FIELD(struct shared, name, 8, many)
#define HANDLER64(name) FIELD(struct handler_counters, name, 8, 1)

static const struct own_field own_head[] = {
	HEAD32(progress.packet_id),
	HEAD32(progress.packets),
	HEAD32(progress.handler),
	HEAD32(progress.call),
	HEAD32(progress.sequence),
	HEAD32(last_id),
	HEAD32(last_id_known),
	HEAD32(sent_until),
	HEAD32(careful),
	HEAD32(recovering),
	HEAD32(slots_mixed),
	HEAD64(sending.accepted),
	HEAD64(sending.dropped),
	HEAD64(sending.repeated),
	HEAD64(sending.requeued),
	HEAD64(sending.marked),
	HEAD64(sending.rewritten),
	HEAD64(sending.failed),
	HEAD32(sending.until),
	HEAD32(sending.recovers),
	HEAD64(sending.received),
	HEAD64(sending.recovered),
	HEAD64(sending.abandoned),
	HEAD_MANY(sending.requeued_to, COUNTERS_TARGETS + 1),
	HEAD32(receipt.msg_len),
	FIELD(struct shared, counters.requeued_to, sizeof(((struct queue_counters *)NULL)->requeued_to[0]),
	      COUNTERS_TARGETS),
	HEAD64(counters.requeued_elsewhere),
	HEAD64(counters.received),
	HEAD64(counters.received_bytes),
	HEAD64(counters.accepted),
	HEAD64(counters.dropped),
	HEAD64(counters.repeated),
	HEAD64(counters.requeued),
	HEAD64(counters.marked),
	HEAD64(counters.rewritten),
	HEAD64(counters.failed),
	HEAD64(counters.lost),
	HEAD64(counters.recovered),
	HEAD64(counters.abandoned),
	HEAD64(counters.cut),
	HEAD64(counters.malformed),
	HEAD64(counters.receives),
	HEAD64(counters.sends),
	HEAD64(counters.pauses),
	HEAD64(counters.overruns),
	HEAD64(counters.undecided),
	HEAD_MANY(counters.errors, COUNTERS_ERRNOS),
	HEAD_MANY(counters.batch_sizes, COUNTERS_BUCKETS),
	HEAD_MANY(counters.batch_times, COUNTERS_BUCKETS),
};

static const struct own_field own_handler[] = {
	HANDLER64(seen), HANDLER64(accepted), HANDLER64(dropped), HANDLER64(repeated), HANDLER64(queued),
	HANDLER64(continued), HANDLER64(marked), HANDLER64(rewritten),
	FIELD(struct handler_counters, breaches, 8, BREACH_KINDS),
	FIELD(struct handler_counters, own, sizeof(((struct handler_counters *)NULL)->own[0]), HANDLER_COUNTERS),
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

_Static_assert(COUNT(own_head) <= LAYOUT_FIELDS_MAX && COUNT(own_handler) <= LAYOUT_FIELDS_MAX, "room for all fields");

void layout_own(struct layout *layout)
{
	*layout = (struct layout){ .handlers_at = (uint32_t)offsetof(struct shared, handlers),
				   .handler_size = (uint32_t)sizeof(struct handler_counters) };
	for (size_t i = 0; i < COUNT(own_head); i++)
		layout->head[i] = own_head[i].field;
	for (size_t i = 0; i < COUNT(own_handler); i++)
		layout->handler[i] = own_handler[i].field;
}

bool layout_equal(const struct layout *a, const struct layout *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

size_t layout_size(const struct layout *layout, size_t handlers)
{
	return layout->handlers_at + handlers * layout->handler_size;
}

/* ---- As text ---- */

static json_t *fields_to_json(const struct own_field *own, size_t count, const struct layout_field *fields)
{
	json_t *json = json_object();

	for (size_t i = 0; json && i < count; i++) {
		if (fields[i].bytes == 0)
			continue;
		if (json_object_set_new(json, own[i].name, json_pack("[iii]", (int)fields[i].at, (int)fields[i].bytes,
								     (int)fields[i].count))) {
			json_decref(json);
			return NULL;
		}
	}
	return json;
}

json_t *layout_to_json(const struct layout *layout)
{
	return json_pack("{si si so* so*}", "handlers-at", (int)layout->handlers_at, "handler-size",
			 (int)layout->handler_size, "head", fields_to_json(own_head, COUNT(own_head), layout->head),
			 "handler", fields_to_json(own_handler, COUNT(own_handler), layout->handler));
}

static bool get(const json_t *json, uint32_t most, uint32_t *value)
{
	json_int_t number = json_is_integer(json) ? json_integer_value(json) : -1;

	*value = number < 0 || number > most ? 0 : (uint32_t)number;
	return number >= 0 && number <= most;
}

static bool get_field(const json_t *json, uint32_t size, struct layout_field *field)
{
	if (json_array_size(json) != 3 || !get(json_array_get(json, 0), size, &field->at) ||
	    !get(json_array_get(json, 1), size, &field->bytes) || !get(json_array_get(json, 2), size, &field->count))
		return false;
	return field->bytes > 0 && (uint64_t)field->at + (uint64_t)field->bytes * field->count <= size;
}

static int get_fields(const struct own_field *own, size_t count, const json_t *json, uint32_t size,
		      struct layout_field *fields, char *why, size_t why_size)
{
	for (size_t i = 0; i < count; i++) {
		const json_t *item = json_object_get(json, own[i].name);

		if (item && !get_field(item, size, &fields[i])) {
			snprintf(why, why_size, "layout: %s: makes no sense", own[i].name);
			return -EINVAL;
		}
	}
	return 0;
}

int layout_from_json(struct layout *layout, const json_t *json, char *why, size_t why_size)
{
	int err;

	*layout = (struct layout){ 0 };
	if (!get(json_object_get(json, "handlers-at"), STRUCT_MAX, &layout->handlers_at) ||
	    !get(json_object_get(json, "handler-size"), STRUCT_MAX, &layout->handler_size)) {
		snprintf(why, why_size, "layout: sizes are missing or make no sense");
		return -EINVAL;
	}
	err = get_fields(own_head, COUNT(own_head), json_object_get(json, "head"), layout->handlers_at, layout->head, why,
			 why_size);
	if (err)
		return err;
	return get_fields(own_handler, COUNT(own_handler), json_object_get(json, "handler"), layout->handler_size,
			  layout->handler, why, why_size);
}

/* ---- Reading ---- */

/* Numbers of another width are taken over by value, anything else only as it is. */
static void read_element(const unsigned char *from, uint32_t from_bytes, unsigned char *to, uint32_t to_bytes)
{
	uint64_t wide;
	uint32_t narrow;

	if (from_bytes == to_bytes) {
		memcpy(to, from, to_bytes);
	} else if (from_bytes == sizeof(narrow) && to_bytes == sizeof(wide)) {
		memcpy(&narrow, from, sizeof(narrow));
		wide = narrow;
		memcpy(to, &wide, sizeof(wide));
	} else if (from_bytes == sizeof(wide) && to_bytes == sizeof(narrow)) {
		memcpy(&wide, from, sizeof(wide));
		narrow = wide > UINT32_MAX ? UINT32_MAX : (uint32_t)wide;
		memcpy(to, &narrow, sizeof(narrow));
	}
}

static void read_fields(const struct own_field *own, size_t count, const struct layout_field *fields, const void *from,
			void *to)
{
	for (size_t i = 0; i < count; i++) {
		const struct layout_field *theirs = &fields[i], *ours = &own[i].field;

		for (uint32_t j = 0; theirs->bytes && j < theirs->count && j < ours->count; j++)
			read_element((const unsigned char *)from + theirs->at + (size_t)j * theirs->bytes, theirs->bytes,
				     (unsigned char *)to + ours->at + (size_t)j * ours->bytes, ours->bytes);
	}
}

void layout_read(const struct layout *layout, const void *memory, size_t handlers, struct shared *to)
{
	const unsigned char *bytes = memory;

	read_fields(own_head, COUNT(own_head), layout->head, bytes, to);
	for (size_t i = 0; i < handlers; i++)
		read_fields(own_handler, COUNT(own_handler), layout->handler,
			    bytes + layout->handlers_at + i * layout->handler_size, &to->handlers[i]);
}
