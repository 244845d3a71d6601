/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/tool/say.h"

#include "daemon/control/control-client.h"
#include "daemon/tool/paint.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void say_init(struct say *say, const struct arguments *arguments)
{
	*say = (struct say){ .arguments = arguments, .color = paint_wanted(arguments->color, stderr) };
	if (arguments->given & ARG_JSON)
		say->list = json_array();
}

void say_end(struct say *say)
{
	json_decref(say->list);
	say->list = NULL;
}

bool say_json(json_t *value)
{
	char *text = value ? json_dumps(value, JSON_INDENT(2)) : NULL;

	json_decref(value);
	if (control_client_lacks_memory()) { /* json_dumps() does not tell of a key that it left out */
		free(text);
		text = NULL;
	}
	if (text)
		puts(text);
	else
		fputs("nfverdict: no memory to print the answer\n", stderr);
	free(text);
	return text != NULL;
}

json_t *say_text(const char *text)
{
	json_t *value = json_string(text);
	char *copy;

	if (value || !text)
		return value;
	copy = strdup(text);
	for (char *c = copy; c && *c; c++) {
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	}
	value = copy ? json_string(copy) : NULL;
	free(copy);
	return value;
}

static json_t *error_value(const struct nfv_rules_error *error)
{
	json_t *value = json_object();
	const char *name = strerrorname_np(error->code);

	json_object_set_new(value, "code", json_string(name ? name : "EINVAL"));
	json_object_set_new(value, "text", say_text(error->text));
	if (error->file[0])
		json_object_set_new(value, "file", say_text(error->file));
	if (error->line)
		json_object_set_new(value, "line", json_integer(error->line));
	if (error->column)
		json_object_set_new(value, "column", json_integer(error->column));
	if (error->shown[0])
		json_object_set_new(value, "shown", say_text(error->shown));
	return value;
}

static void print_error(const struct say *say, const struct nfv_rules_error *error)
{
	char text[2048];

	nfv_rules_error_print(error, text, sizeof(text));
	fputs(paint_on(PAINT_ERROR, say->color), stderr);
	if (!error->file[0] && !error->line)
		fputs("nfverdict: ", stderr);
	fwrite(text, 1, strcspn(text, "\n"), stderr);
	fputs(paint_off(PAINT_ERROR, say->color), stderr);
	paint_safely(stderr, text + strcspn(text, "\n"));
	if (text[0] && text[strlen(text) - 1] != '\n')
		fputs("\n", stderr);
}

void say_finding(void *context, const struct nfv_rules_error *error)
{
	struct say *say = context;

	say->findings++;
	if (say->list)
		json_array_append_new(say->list, error_value(error));
	else
		print_error(say, error);
}

enum tool_exit say_exit_of(int code)
{
	switch (code < 0 ? -code : code) {
	case EAGAIN:
	case ETIMEDOUT:
	case EBUSY:
		return TOOL_CONFLICT;
	case ENOENT:
		return TOOL_ABSENT;
	case EPERM:
	case EACCES:
	case ENOTCONN:
	case ECONNREFUSED:
	case ENOMEM:
		return TOOL_ERROR;
	}
	return TOOL_REFUSED;
}

static int finish(struct say *say, json_t *outcome, bool ok, enum tool_exit status)
{
	if (!say->list) {
		json_decref(outcome);
		return (int)status;
	}
	if (json_object_set_new(outcome, "ok", json_boolean(ok)) ||
	    json_object_set_new(outcome, "exit", json_integer(status)) ||
	    (json_array_size(say->list) && json_object_set(outcome, "findings", say->list))) {
		json_decref(outcome);
		outcome = NULL;
	}
	json_decref(say->list);
	say->list = NULL;
	return say_json(outcome) || status != TOOL_OK ? (int)status : (int)TOOL_ERROR;
}

int say_error(struct say *say, const struct nfv_rules_error *error, enum tool_exit status)
{
	json_t *outcome = json_object();

	if (say->list)
		json_object_set_new(outcome, "error", error_value(error));
	else if (!say->findings)
		print_error(say, error);
	return finish(say, outcome, false, status);
}

int say_failure(struct say *say, enum tool_exit status, int code, const char *format, ...)
{
	struct nfv_rules_error error = { .code = code < 0 ? -code : code };
	va_list args;

	va_start(args, format);
	vsnprintf(error.text, sizeof(error.text), format, args);
	va_end(args);
	say->findings = 0;
	return say_error(say, &error, status);
}

int say_outcome(struct say *say, json_t *outcome, enum tool_exit status)
{
	return finish(say, outcome ? outcome : json_object(), true, status);
}

void say_hint(const struct say *say, const char *format, ...)
{
	va_list args;

	if (say->list)
		return;
	fputs("nfverdict: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("\n", stderr);
}

void say_log(void *context, enum nfv_rules_level level, const char *text)
{
	static const char *const levels[] = { "debug: ", "", "warning: ", "error: " };
	const struct say *say = context;

	if (level < NFV_RULES_WARNING && !say->arguments->verbose)
		return;
	fprintf(stderr, "nfverdict: %s", levels[level]);
	paint_safely(stderr, text);
	fputs("\n", stderr);
}
