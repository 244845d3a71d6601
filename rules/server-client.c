/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/server.h"

#include "rules/error.h"
#include "rules/tool-run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define PIECE  65536
#define PIECES 16 /* read or sent at once, so that one client with much to say does not keep the others waiting */

struct server_client *server_client_new(struct server *server, int fd)
{
	struct server_client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->fd = fd;
	client->number = ++server->last_number;
	return client;
}

static void output_free(struct server_output *output)
{
	free(output->head);
	wire_bytes_unref(output->bytes);
	*output = (struct server_output){ 0 };
}

void server_client_free(struct server_client *client)
{
	if (!client)
		return;
	wire_input_free(&client->input);
	wire_message_free(&client->message);
	output_free(&client->output);
	close(client->fd);
	free(client);
}

/* ---- in ---- */

/* What all of them have begun to send. */
static size_t input_bytes(const struct server *server)
{
	size_t sum = 0;

	for (size_t i = 0; i < server->count; i++)
		sum += server->clients[i]->input.size;
	return sum;
}

/* The connection cannot go on: nobody knows where the next message begins. The client is told why. */
static void give_up(struct server *server, struct server_client *client, int err, const char *why)
{
	struct nfv_rules_error error;

	error_set(&error, err, "%s", why);
	live_log(server->live, NFV_RULES_WARNING, "server: client %d (uid %u): %s", (int)client->pid, (unsigned)client->uid,
		 why);
	wire_input_free(&client->input);
	client->last = true;
	server_client_refuse(server, client, &error);
}

static const char *why_not(int err)
{
	switch (err) {
	case -EBADMSG:
		return "what it sends is no message";
	case -EPROTO:
		return "it speaks another version of the protocol";
	case -EMSGSIZE:
		return "a message is too long";
	default:
		return "no memory for a message";
	}
}

/* What may come in a request: bytes behind the JSON text are for answers. */
static int take(struct server *server, struct server_client *client, const char *bytes, size_t len)
{
	const struct wire_limits limits = { .json_max = WIRE_JSON_MAX };
	size_t used;

	/* A large message doubles its memory as it grows. */
	if (client->input.size > PIECE && input_bytes(server) + client->input.size > server->limits.input_bytes)
		return -ENOMEM;
	return wire_input_take(&client->input, &limits, bytes, len, &used);
}

bool server_client_read(struct server *server, struct server_client *client)
{
	char bytes[PIECE];

	for (int i = 0; i < PIECES; i++) {
		size_t wanted = wire_input_wants(&client->input);
		ssize_t n = recv(client->fd, bytes, wanted < sizeof(bytes) ? wanted : sizeof(bytes), MSG_DONTWAIT);
		int err;

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n <= 0) {
			client->gone = true;
			return false;
		}
		err = take(server, client, bytes, (size_t)n);
		if (err > 0)
			err = wire_input_message(&client->input, &client->message) ?: 1;
		if (err < 0) {
			give_up(server, client, err, why_not(err));
			return false;
		}
		client->deadline_ms = err ? 0 : tool_run_now_ms() + server->limits.stall_ms;
		if (err)
			return true;
	}
	return false;
}

/* ---- out ---- */

void server_client_write(struct server *server, struct server_client *client)
{
	struct server_output *output = &client->output;
	const size_t whole = output->head_len + (output->bytes ? output->bytes->len : 0);

	for (int i = 0; i < PIECES && output->done < whole; i++) {
		struct iovec parts[2];
		struct msghdr message = { .msg_iov = parts };
		ssize_t n;

		if (output->done < output->head_len)
			parts[message.msg_iovlen++] =
				(struct iovec){ output->head + output->done, output->head_len - output->done };
		if (output->bytes) {
			size_t at = output->done > output->head_len ? output->done - output->head_len : 0;

			parts[message.msg_iovlen++] = (struct iovec){ output->bytes->data + at, output->bytes->len - at };
		}
		n = sendmsg(client->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n < 0) {
			client->gone = true;
			return;
		}
		output->done += (size_t)n;
		client->deadline_ms = tool_run_now_ms() + server->limits.stall_ms;
	}
	if (output->done < whole)
		return;
	output_free(output);
	client->deadline_ms = 0;
	if (client->last)
		client->gone = true;
}

void server_client_answer(struct server *server, struct server_client *client, json_t *answer, struct wire_bytes *bytes)
{
	output_free(&client->output);
	client->output.head = wire_print(answer, bytes ? bytes->len : 0, &client->output.head_len);
	client->output.bytes = bytes;
	json_decref(answer);
	wire_message_free(&client->message);
	client->turn = 0;
	if (!client->output.head) {
		/* Without an answer it would wait for ever. */
		client->gone = true;
		return;
	}
	client->deadline_ms = tool_run_now_ms() + server->limits.stall_ms;
	server_client_write(server, client);
}

void server_client_refuse(struct server *server, struct server_client *client, const struct nfv_rules_error *error)
{
	server_client_answer(server, client, json_pack("{s:o}", "error", wire_error_to_json(error)), NULL);
}
