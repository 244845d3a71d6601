/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/control/control-request.h"

#include "daemon/control/control-memory.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* A key of a request: a text or a bool, and which commands have it. */
struct field {
	const char *name;
	size_t offset;
	size_t size; /* of a text, with its end; 0: a bool */
	unsigned commands;
};

#define BIT(command) (1u << (command))
#define TEXT(field)  offsetof(struct control_request, field), sizeof(((struct control_request *)NULL)->field)
#define BOOL(field)  offsetof(struct control_request, field), 0

static const struct field fields[] = {
	{ "text", BOOL(text), BIT(CONTROL_STATS) },
	{ "all", BOOL(all), BIT(CONTROL_RELEASE) },
	{ "queue", TEXT(queue), BIT(CONTROL_RELEASE) },
	{ "handler", TEXT(handler), BIT(CONTROL_RELEASE) },
	{ "binary", TEXT(binary), BIT(CONTROL_UPGRADE) },
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static const char *const names[CONTROL_COMMANDS] = {
	[CONTROL_STATUS] = "status",   [CONTROL_STATS] = "stats",     [CONTROL_RELOAD] = "reload",
	[CONTROL_UPGRADE] = "upgrade", [CONTROL_RELEASE] = "release", [CONTROL_STOP] = "stop",
};

const char *control_command_name(enum control_command command)
{
	return names[command];
}

static int __attribute__((format(printf, 3, 4))) wrong(char *why, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, size, format, args);
	va_end(args);
	return -EINVAL;
}

static int read_command(struct control_request *request, const json_t *value, char *why, size_t why_size)
{
	const char *text = json_string_value(value);

	if (!text)
		return wrong(why, why_size, "request: command: %s", value ? "wanted a text" : "it is missing");
	for (int i = 0; i < CONTROL_COMMANDS; i++) {
		if (strcmp(names[i], text) != 0)
			continue;
		request->command = (enum control_command)i;
		return 0;
	}
	return wrong(why, why_size, "request: command: there is no '%.32s'", text);
}

static const struct field *find_field(enum control_command command, const char *name)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (fields[i].commands & BIT(command) && strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

static int read_field(struct control_request *request, const char *name, const json_t *value, char *why, size_t why_size)
{
	const struct field *field = find_field(request->command, name);
	char *place;
	const char *text;

	if (!field)
		return wrong(why, why_size, "%s: there is no '%.32s'", names[request->command], name);
	place = (char *)request + field->offset;
	if (field->size == 0) {
		if (!json_is_boolean(value))
			return wrong(why, why_size, "%s: %s: wanted true or false", names[request->command], name);
		*(bool *)(void *)place = json_is_true(value);
		return 0;
	}
	text = json_string_value(value);
	if (!text || !*text)
		return wrong(why, why_size, "%s: %s: wanted a text", names[request->command], name);
	if (strlen(text) >= field->size)
		return wrong(why, why_size, "%s: %s: %zu bytes; at most %zu", names[request->command], name, strlen(text),
			     field->size - 1);
	strcpy(place, text);
	return 0;
}

/* What spans keys. */
static int check(const struct control_request *request, char *why, size_t why_size)
{
	const char *name = names[request->command];

	if (request->command == CONTROL_RELEASE && request->all == (request->queue[0] != '\0'))
		return wrong(why, why_size, "%s: either a queue or all", name);
	if (request->handler[0] && !request->queue[0])
		return wrong(why, why_size, "%s: handler: of which queue?", name);
	if (request->binary[0] && request->binary[0] != '/')
		return wrong(why, why_size, "%s: binary: '%.64s' is not an absolute path", name, request->binary);
	return 0;
}

int control_request_read(struct control_request *request, const char *line, size_t len, char *why, size_t why_size)
{
	json_error_t error;
	json_t *json, *value;
	const char *name;
	int err;

	(void)control_memory_missed(); /* somewhere else */
	json = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	*request = (struct control_request){ .command = CONTROL_STATUS };
	if (!json && control_memory_missed()) {
		(void)wrong(why, why_size, "request: no memory");
		return -ENOMEM;
	}
	if (!json_is_object(json)) {
		json_decref(json);
		return wrong(why, why_size, "request: it is no JSON object%s%s", json ? "" : ": ", json ? "" : error.text);
	}
	err = read_command(request, json_object_get(json, "command"), why, why_size);
	json_object_foreach(json, name, value) {
		if (err == 0 && strcmp(name, "command") != 0)
			err = read_field(request, name, value, why, why_size);
	}
	if (err == 0)
		err = check(request, why, why_size);
	json_decref(json);
	return err;
}

char *control_request_print(const struct control_request *request)
{
	json_t *json = json_pack("{s:s}", "command", names[request->command]);
	char *line;
	int err = json ? 0 : -1;

	for (size_t i = 0; i < FIELDS; i++) {
		const char *place = (const char *)request + fields[i].offset;

		if (!(fields[i].commands & BIT(request->command)))
			continue;
		if (fields[i].size == 0 && *(const bool *)(const void *)place)
			err |= json_object_set_new(json, fields[i].name, json_true());
		else if (fields[i].size > 0 && *place)
			err |= json_object_set_new(json, fields[i].name, json_string(place));
	}
	line = err ? NULL : json_dumps(json, JSON_COMPACT);
	json_decref(json);
	return line;
}
