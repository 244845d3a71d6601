/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/wire.h"

#include "rules/error.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC      "nfr1"
#define MAGIC_LEN  4
#define VERSION_AT 3

/* ---- shared bytes ---- */

struct wire_bytes *wire_bytes_new(char *data, size_t len)
{
	struct wire_bytes *bytes = data ? malloc(sizeof(*bytes)) : NULL;

	if (!bytes) {
		free(data);
		return NULL;
	}
	*bytes = (struct wire_bytes){ .refs = 1, .len = len, .data = data };
	return bytes;
}

struct wire_bytes *wire_bytes_ref(struct wire_bytes *bytes)
{
	if (bytes)
		bytes->refs++;
	return bytes;
}

void wire_bytes_unref(struct wire_bytes *bytes)
{
	if (!bytes || --bytes->refs)
		return;
	free(bytes->data);
	free(bytes);
}

/* ---- in ---- */

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static int judge_header(struct wire_input *input, const struct wire_limits *limits)
{
	uint32_t lengths[2];

	memcpy(lengths, input->header + MAGIC_LEN, sizeof(lengths));
	input->json_len = ntohl(lengths[0]);
	input->bytes_len = ntohl(lengths[1]);
	return input->json_len > limits->json_max || input->bytes_len > limits->bytes_max ? -EMSGSIZE : 0;
}

/* Judged byte by byte, so that one who speaks something else is told at once and not after twelve bytes. */
static int take_header(struct wire_input *input, const struct wire_limits *limits, const unsigned char *bytes, size_t len,
		       size_t *used)
{
	while (*used < len && input->header_len < WIRE_HEADER) {
		unsigned char byte = bytes[(*used)++];

		if (input->header_len < MAGIC_LEN && byte != (unsigned char)MAGIC[input->header_len])
			return input->header_len == VERSION_AT ? -EPROTO : -EBADMSG;
		input->header[input->header_len++] = byte;
		if (input->header_len == WIRE_HEADER)
			return judge_header(input, limits);
	}
	return 0;
}

/* Twice as much each time, but never more than the message has; one more for a NUL. */
static int make_room(struct wire_input *input, size_t more)
{
	const size_t whole = input->json_len + input->bytes_len;
	size_t wanted = input->size * 2;
	char *data;

	if (input->size > input->len + more)
		return 0;
	if (wanted < input->len + more + 4096)
		wanted = input->len + more + 4096;
	wanted = smaller(wanted, whole) + 1;
	data = realloc(input->data, wanted);
	if (!data)
		return -ENOMEM;
	input->data = data;
	input->size = wanted;
	return 0;
}

int wire_input_take(struct wire_input *input, const struct wire_limits *limits, const void *bytes, size_t len, size_t *used)
{
	size_t whole, n;
	int err;

	*used = 0;
	if (input->header_len < WIRE_HEADER) {
		err = take_header(input, limits, bytes, len, used);
		if (err || input->header_len < WIRE_HEADER)
			return err;
	}
	whole = input->json_len + input->bytes_len;
	n = smaller(whole - input->len, len - *used);
	err = make_room(input, n);
	if (err)
		return err;
	if (n)
		memcpy(input->data + input->len, (const char *)bytes + *used, n);
	input->len += n;
	*used += n;
	return input->len == whole;
}

size_t wire_input_wants(const struct wire_input *input)
{
	if (input->header_len < WIRE_HEADER)
		return WIRE_HEADER - input->header_len;
	return input->json_len + input->bytes_len - input->len;
}

int wire_input_message(struct wire_input *input, struct wire_message *message)
{
	json_error_t why;
	int err = 0;

	*message = (struct wire_message){ 0 };
	message->json = json_loadb(input->data, input->json_len, JSON_REJECT_DUPLICATES, &why);
	if (!json_is_object(message->json)) {
		err = !message->json && json_error_code(&why) == json_error_out_of_memory ? -ENOMEM : -EBADMSG;
		json_decref(message->json);
		message->json = NULL;
	} else if (input->bytes_len) {
		/* The buffer itself, moved to the front: a ruleset's text is large. */
		memmove(input->data, input->data + input->json_len, input->bytes_len);
		input->data[input->bytes_len] = '\0';
		message->bytes = input->data;
		message->bytes_len = input->bytes_len;
		input->data = NULL;
	}
	wire_input_free(input);
	return err;
}

void wire_input_free(struct wire_input *input)
{
	free(input->data);
	*input = (struct wire_input){ 0 };
}

void wire_message_free(struct wire_message *message)
{
	json_decref(message->json);
	free(message->bytes);
	*message = (struct wire_message){ 0 };
}

/* ---- out ---- */

char *wire_print(const json_t *json, size_t bytes_len, size_t *len)
{
	size_t json_len = json ? json_dumpb(json, NULL, 0, JSON_COMPACT) : 0;
	uint32_t lengths[2];
	char *data;

	if (!json_len || json_len > WIRE_JSON_MAX || bytes_len > WIRE_BYTES_MAX)
		return NULL;
	data = malloc(WIRE_HEADER + json_len);
	if (!data)
		return NULL;
	memcpy(data, MAGIC, MAGIC_LEN);
	lengths[0] = htonl((uint32_t)json_len);
	lengths[1] = htonl((uint32_t)bytes_len);
	memcpy(data + MAGIC_LEN, lengths, sizeof(lengths));
	if (json_dumpb(json, data + WIRE_HEADER, json_len, JSON_COMPACT) != json_len) {
		free(data);
		return NULL;
	}
	*len = WIRE_HEADER + json_len;
	return data;
}

json_t *wire_text(const char *text)
{
	json_t *json = json_string(text);
	char *plain;

	if (json)
		return json;
	plain = strdup(text);
	for (char *at = plain; at && *at; at++)
		if ((unsigned char)*at >= 0x80)
			*at = '?';
	json = plain ? json_string(plain) : NULL;
	free(plain);
	return json;
}

/* ---- errors ---- */

json_t *wire_error_to_json(const struct nfv_rules_error *error)
{
	return json_pack("{s:i, s:o, s:o, s:i, s:i, s:o, s:i}", "code", error->code, "text", wire_text(error->text), "file",
			 wire_text(error->file), "line", (int)error->line, "column", (int)error->column, "shown",
			 wire_text(error->shown), "shown_column", (int)error->shown_column);
}

static void copy_text(char *text, size_t size, const json_t *json, const char *key)
{
	const char *value = json_string_value(json_object_get(json, key));

	/* What comes from outside may go to a terminal. */
	snprintf(text, size, "%s", value ? value : "");
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

static unsigned number_of(const json_t *json, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(json, key));

	return value > 0 && value <= INT32_MAX ? (unsigned)value : 0;
}

int wire_error_from_json(const json_t *json, struct nfv_rules_error *error)
{
	unsigned code = number_of(json, "code");

	if (!code || code > 4095)
		code = EPROTO;
	if (!error)
		return -(int)code;
	*error = (struct nfv_rules_error){ .code = (int)code };
	copy_text(error->text, sizeof(error->text), json, "text");
	copy_text(error->file, sizeof(error->file), json, "file");
	copy_text(error->shown, sizeof(error->shown), json, "shown");
	error->line = number_of(json, "line");
	error->column = number_of(json, "column");
	error->shown_column = number_of(json, "shown_column");
	return -(int)code;
}
