/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every number that is counted for a queue, as JSON. */
#include "daemon/process/answer.h"

#include "daemon/control/control-server.h"
#include "daemon/process/stats.h"

#include <string.h>

/* Buckets that are not empty: the greatest value that falls into each, and how many did. */
static json_t *histogram(const uint64_t *buckets)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < COUNTERS_BUCKETS; i++) {
		json_t *bucket;

		if (!buckets[i])
			continue;
		bucket = json_object();
		answer_number(bucket, "up_to", (UINT64_C(1) << i) - 1);
		answer_number(bucket, "count", buckets[i]);
		(void)json_array_append_new(list, bucket);
	}
	return list;
}

static json_t *errors(const struct queue_counters *c)
{
	json_t *object = json_object();

	for (int number = 0; number < COUNTERS_ERRNOS; number++) {
		const char *name = number ? strerrorname_np(number) : NULL;

		if (c->errors[number])
			answer_number(object, name ? name : "unknown", c->errors[number]);
	}
	return object;
}

static json_t *work(const struct queue_counters *c)
{
	json_t *object = json_object();

	answer_number(object, "receives", c->receives);
	answer_number(object, "sends", c->sends);
	answer_number(object, "pauses", c->pauses);
	answer_number(object, "received_bytes", c->received_bytes);
	answer_set(object, "batch_packets", histogram(c->batch_sizes));
	answer_set(object, "batch_ns", histogram(c->batch_times));
	return object;
}

static json_t *kernel(const struct queue_status *status)
{
	json_t *object = json_object();

	answer_number(object, "waiting", status->waiting);
	answer_number(object, "dropped_full", status->dropped_full);
	answer_number(object, "dropped_socket", status->dropped_socket);
	answer_number(object, "last_id", status->last_id);
	answer_number(object, "copy_mode", status->copy_mode);
	answer_number(object, "range", status->range);
	answer_number(object, "portid", status->portid);
	return object;
}

static json_t *trouble(const struct served *served)
{
	const struct queue_counters *c = &served_shared(served)->counters;
	json_t *object = json_object();

	answer_number(object, "ids_missed", stats_missed(served));
	answer_number(object, "let_pass", stats_let_pass(served));
	answer_number(object, "recovered", c->recovered);
	answer_number(object, "abandoned", c->abandoned);
	answer_number(object, "left", served->left);
	answer_number(object, "cut", c->cut);
	answer_number(object, "malformed", c->malformed);
	answer_number(object, "overruns", c->overruns);
	answer_number(object, "undecided", c->undecided);
	answer_set(object, "verdict_errors", errors(c));
	return object;
}

/* What was sent for workers that may not send themselves, and what of theirs was not believed; only what there was. */
static json_t *sender(const struct served *served)
{
	const struct sender_state *state;
	json_t *object, *refused;

	if (!sender_is_open(&served->sender))
		return json_null();
	state = sender_state(&served->sender);
	object = json_object();
	refused = json_object();
	answer_number(object, "sends", state->sends);
	answer_number(object, "retries", state->retries);
	for (unsigned i = 0; i < RING_REFUSALS; i++)
		if (state->refused[i])
			answer_number(refused, ring_refusal_word((enum ring_refusal)i), state->refused[i]);
	answer_set(object, "refused", refused);
	return object;
}

static json_t *breaches(const struct handler_counters *counters)
{
	static const char *const kinds[BREACH_KINDS] = {
		[BREACH_VERDICT] = "verdict",     [BREACH_RESERVED] = "reserved", [BREACH_MAY] = "may",
		[BREACH_MARK_MASK] = "mark_mask", [BREACH_REWRITE] = "rewrite",
	};
	json_t *object = json_object();

	for (size_t i = 0; i < BREACH_KINDS; i++)
		answer_number(object, kinds[i], counters->breaches[i]);
	return object;
}

/* The plugin's own. Its worker may write while this reads: a name is ended here before it is believed. */
static json_t *own_counters(const struct handler_counters *counters)
{
	json_t *object = json_object();

	for (size_t i = 0; i < HANDLER_COUNTERS; i++) {
		char name[HANDLER_COUNTER_NAME];
		json_t *key;

		memcpy(name, counters->own[i].name, sizeof(name));
		name[sizeof(name) - 1] = '\0';
		if (!name[0])
			break;
		key = control_text(name);
		if (json_string_value(key))
			answer_number(object, json_string_value(key), counters->own[i].value);
		json_decref(key);
	}
	return object;
}

static json_t *handler(const struct served *served, size_t i)
{
	const struct handler_counters *c = &served_shared(served)->handlers[i];
	json_t *object = json_object();

	answer_set(object, "name", control_text(((const char *const *)served_config(served)->handlers.items)[i]));
	answer_number(object, "seen", c->seen);
	answer_number(object, "accepted", c->accepted);
	answer_number(object, "dropped", c->dropped);
	answer_number(object, "repeated", c->repeated);
	answer_number(object, "requeued", c->queued);
	answer_number(object, "continued", c->continued);
	answer_number(object, "marked", c->marked);
	answer_number(object, "rewritten", c->rewritten);
	answer_number(object, "crashes", served->crashes ? served->crashes[i].count : 0);
	answer_set(object, "quarantined", json_boolean(served->quarantined & UINT64_C(1) << i));
	answer_set(object, "breaches", breaches(c));
	answer_set(object, "counters", own_counters(c));
	return object;
}

json_t *answer_steered(const struct master *master, size_t queue)
{
	struct bypass_result result;
	json_t *object;

	if (!bypass_result(&master->bypass, queue, master->served, master->count, false, &result))
		return NULL;
	object = json_object();
	answer_set(object, "name", control_text(result.queue));
	answer_number(object, "steered", result.steered);
	answer_set(object, "bypassed", result.known ? json_integer((json_int_t)result.bypassed) : json_null());
	answer_set(object, "exact", json_boolean(result.known && !result.least));
	answer_set(object, "why", control_text(result.why));
	answer_number(object, "age_ms", answer_ms_since(result.as_of_ns, events_now_ns()));
	return object;
}

json_t *answer_queue_stats(const struct served *served)
{
	json_t *object = json_object(), *handlers = json_array();
	struct queue_status status;
	const bool known = queue_status_read(served->number, &status);

	answer_set(object, "name", control_text(served_config(served)->name));
	answer_number(object, "number", served->number);
	answer_set(object, "packets", answer_packets(served, known ? &status : NULL));
	answer_set(object, "kernel", known ? kernel(&status) : json_null());
	answer_set(object, "work", work(&served_shared(served)->counters));
	answer_set(object, "trouble", trouble(served));
	answer_set(object, "sender", sender(served));
	answer_number(object, "deaths", served->deaths);
	for (size_t i = 0; i < served_config(served)->handlers.count; i++)
		(void)json_array_append_new(handlers, handler(served, i));
	answer_set(object, "handlers", handlers);
	return object;
}
