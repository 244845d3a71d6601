/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a client may send: in pieces it is taken as in one, and a request that is taken says the same when printed anew. */
#include "rules/change.h"
#include "rules/wire-request.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct wire_limits limits = { .json_max = 1 << 16, .bytes_max = 1 << 12 };

static void judge_change(const json_t *json)
{
	struct nfv_rules_error error;
	struct change change;
	json_t *printed;

	if (change_from_json(&change, json, &error))
		return;
	printed = change_to_json(&change);
	change_free(&change);
	if (!printed || change_from_json(&change, printed, &error))
		abort();
	change_free(&change);
	json_decref(printed);
}

static void judge_request(const json_t *json)
{
	struct nfv_rules_error error;
	struct wire_request request, again;
	json_t *printed, *twice;

	if (wire_request_from_json(&request, json, &error))
		return;
	printed = wire_request_to_json(&request);
	if (!printed || wire_request_from_json(&again, printed, &error) || again.what != request.what)
		abort();
	twice = wire_request_to_json(&again);
	if (!json_equal(printed, twice))
		abort();
	if (request.change)
		judge_change(request.change);
	json_decref(twice);
	json_decref(printed);
}

/* The messages of a stream, read in pieces of at most `piece` bytes. Returns how many there are; *last: 0 or 1, or -errno. */
static size_t run(const uint8_t *data, size_t size, size_t piece, int *last)
{
	struct wire_input input = { 0 };
	size_t count = 0, used;

	*last = 0;
	while (size > 0 && *last >= 0) {
		size_t wanted = wire_input_wants(&input), n = size < piece ? size : piece;
		struct wire_message message;

		n = n < wanted ? n : wanted;
		*last = wire_input_take(&input, &limits, data, n, &used);
		if (*last < 0)
			break;
		if (used != n || input.size > input.len * 2 + 8192)
			abort();
		data += used;
		size -= used;
		if (*last == 0)
			continue;
		count++;
		if (wire_input_message(&input, &message))
			continue;
		judge_request(message.json);
		wire_error_from_json(json_object_get(message.json, "error"), NULL);
		wire_message_free(&message);
	}
	wire_input_free(&input);
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int last, cut_last;
	size_t count = run(data, size, SIZE_MAX, &last);

	if (run(data, size, 3, &cut_last) != count || (last < 0) != (cut_last < 0))
		abort();
	return 0;
}
