/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages between a server and its clients: a header, a JSON object, and bytes that are not JSON (a ruleset's text, which
 * need not be UTF-8). Pure.
 *
 *	bytes 0-3   "nfr1": the protocol and its version
 *	bytes 4-7   length of the JSON text, big endian
 *	bytes 8-11  length of the bytes behind it, big endian
 */
#ifndef RULES_WIRE_H
#define RULES_WIRE_H

#include <nfverdict/rules.h>

#include <jansson.h>

#define WIRE_HEADER    12
#define WIRE_JSON_MAX  ((size_t)256 << 20) /* a change of a million rules is smaller */
#define WIRE_BYTES_MAX ((size_t)1 << 30) /* of a ruleset: what is taken from a tool */

/* Bytes that several messages share. */
struct wire_bytes {
	unsigned refs;
	size_t len;
	char *data;
};

/* Takes the allocated data, also on failure. NULL: no memory. One reference, the caller's. */
struct wire_bytes *wire_bytes_new(char *data, size_t len);
struct wire_bytes *wire_bytes_ref(struct wire_bytes *bytes);
void wire_bytes_unref(struct wire_bytes *bytes);

/* A message that is on its way in: what came, in pieces of any size. All zero is a fresh one. */
struct wire_input {
	unsigned char header[WIRE_HEADER];
	size_t header_len;
	size_t json_len, bytes_len; /* from the header */
	char *data; /* json_len, then bytes_len */
	size_t len, size;
};

struct wire_message {
	json_t *json; /* an object */
	char *bytes; /* terminated; NULL: none */
	size_t bytes_len;
};

/* What a message may hold at most. */
struct wire_limits {
	size_t json_max, bytes_max;
};

/*
 * Takes some of the bytes into the message and says in *used how many. 1: it is complete, call wire_input_message(); 0: more
 * must come; -EBADMSG: not this protocol; -EPROTO: another version of it; -EMSGSIZE; -ENOMEM. Memory is taken for bytes that
 * came, never for what a header claims.
 */
int wire_input_take(struct wire_input *input, const struct wire_limits *limits, const void *bytes, size_t len, size_t *used);
/* How many bytes may be read so that nothing behind the message is. */
size_t wire_input_wants(const struct wire_input *input);
/* The complete message; input is fresh afterwards. 0, -ENOMEM, or -EBADMSG: the text is no JSON object. */
int wire_input_message(struct wire_input *input, struct wire_message *message);
void wire_input_free(struct wire_input *input);
void wire_message_free(struct wire_message *message);

/* Adds header and JSON text for an object and len bytes that will follow. NULL: no memory, or too long. To be freed. */
char *wire_print(const json_t *json, size_t bytes_len, size_t *len);

/* A JSON text; what is not UTF-8 in it becomes question marks. */
json_t *wire_text(const char *text);

/* An error, and back; rule is not part of it. */
json_t *wire_error_to_json(const struct nfv_rules_error *error);
/* Returns -code: always negative. */
int wire_error_from_json(const json_t *json, struct nfv_rules_error *error);

#endif
