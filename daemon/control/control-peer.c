/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/control/control-peer.h"

#include "daemon/control/control-memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define OUT_LEAST    65536             /* less than this waits to be sent: more lines are asked for */
#define OUT_MOST     (4 * 1024 * 1024) /* more than this waits: the client does not read */
#define STEPS_A_TURN 2                 /* so that one with much to read does not keep the others waiting */

json_t *control_text(const char *text)
{
	json_t *value = text ? json_string(text) : json_null();
	char *copy;

	if (value)
		return value;
	copy = strdup(text);
	for (char *c = copy; c && *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	value = copy ? json_string(copy) : NULL;
	free(copy);
	return value;
}

/* Room for `more` bytes behind `len`. */
static bool grow(char **bytes, size_t *room, size_t len, size_t more)
{
	size_t wanted = *room ? *room : 4096;
	char *bigger;

	while (wanted - len < more || wanted < len)
		wanted *= 2;
	if (wanted == *room)
		return true;
	bigger = realloc(*bytes, wanted);
	if (!bigger)
		return false;
	*bytes = bigger;
	*room = wanted;
	return true;
}

static int refuse(int err, const char *cause, char *why, size_t why_size)
{
	snprintf(why, why_size, "request: %s", cause);
	return err;
}

int control_peer_receive(struct control_peer *peer, char *why, size_t why_size)
{
	while (peer->in_len < CONTROL_REQUEST_MAX) {
		char *end;
		ssize_t n;

		if (!grow(&peer->in, &peer->in_room, peer->in_len, 1))
			return refuse(-ENOMEM, "no memory", why, why_size);
		n = recv(peer->fd, peer->in + peer->in_len, peer->in_room - peer->in_len, MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : refuse(-errno, strerror(errno), why, why_size);
		if (n == 0)
			return refuse(-EPIPE, "it ends before its end of line", why, why_size);
		end = memchr(peer->in + peer->in_len, '\n', (size_t)n);
		peer->in_len += (size_t)n;
		if (!end)
			continue;
		peer->in_len = (size_t)(end - peer->in);
		return peer->in_len < CONTROL_REQUEST_MAX ? 1 : refuse(-EMSGSIZE, "it is too long", why, why_size);
	}
	return refuse(-EMSGSIZE, "it is too long", why, why_size);
}

static void drop(struct control_peer *peer)
{
	peer->state = CONTROL_OVER;
	peer->next = NULL;
}

static bool put(struct control_peer *peer, const char *text)
{
	const size_t waiting = peer->out_len - peer->out_sent, len = strlen(text);

	if (peer->out_sent > 0) {
		memmove(peer->out, peer->out + peer->out_sent, waiting);
		peer->out_len = waiting;
		peer->out_sent = 0;
	}
	if (waiting > OUT_MOST || !grow(&peer->out, &peer->out_room, peer->out_len, len + 1))
		return false;
	memcpy(peer->out + peer->out_len, text, len);
	peer->out[peer->out_len + len] = '\n';
	peer->out_len += len + 1;
	return true;
}

/* The end of an answer with a line missing, which would be a wrong one. */
static void lack_memory(struct control_peer *peer)
{
	static const char line[] = "{\"done\":false,\"error\":\"" CONTROL_NO_MEMORY "\",\"exit\":1}";

	peer->next = NULL;
	if (put(peer, line))
		peer->state = CONTROL_ANSWERED;
	else
		drop(peer);
}

void control_peer_say(struct control_peer *peer, json_t *line)
{
	char *text;

	(void)control_memory_missed(); /* somewhere else */
	text = line && peer->state == CONTROL_WORKING ? json_dumps(line, JSON_COMPACT) : NULL;
	json_decref(line);
	if (control_memory_missed()) { /* json_dumps() does not tell of a key that it left out */
		free(text);
		text = NULL;
	}
	if (peer->state == CONTROL_WORKING && !text)
		lack_memory(peer);
	else if (text && !put(peer, text))
		drop(peer);
	free(text);
}

void control_peer_end(struct control_peer *peer, int exit)
{
	control_peer_say(peer, json_pack("{s:b, s:i}", "done", 1, "exit", exit));
	if (peer->state == CONTROL_WORKING)
		peer->state = CONTROL_ANSWERED;
}

/* Until enough waits to be sent, or the answer is whole. */
static void ask_for_more(struct control_peer *peer)
{
	while (peer->next && peer->out_len - peer->out_sent < OUT_LEAST) {
		int exit = CONTROL_WRONG;
		json_t *line;

		(void)control_memory_missed(); /* somewhere else */
		line = peer->next(peer->next_context, &peer->cursor, &exit);
		if (control_memory_missed()) {
			json_decref(line);
			lack_memory(peer);
			continue;
		}
		if (line) {
			control_peer_say(peer, line);
			continue;
		}
		peer->next = NULL;
		control_peer_end(peer, exit);
	}
}

void control_peer_send(struct control_peer *peer, uint64_t now_ms)
{
	for (int i = 0; i < STEPS_A_TURN && peer->state != CONTROL_OVER; i++) {
		ssize_t n;

		ask_for_more(peer);
		if (peer->out_sent == peer->out_len) {
			if (peer->state == CONTROL_ANSWERED)
				drop(peer);
			peer->deadline_ms = 0;
			return;
		}
		n = send(peer->fd, peer->out + peer->out_sent, peer->out_len - peer->out_sent, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN) {
			if (!peer->deadline_ms)
				peer->deadline_ms = now_ms + peer->patience_ms;
			return;
		}
		if (n < 0 && errno != EINTR)
			drop(peer);
		if (n > 0) {
			peer->out_sent += (size_t)n;
			peer->deadline_ms = now_ms + peer->patience_ms;
		}
	}
}

uint32_t control_peer_wants(const struct control_peer *peer)
{
	switch (peer->state) {
	case CONTROL_READING:
		return EPOLLIN;
	case CONTROL_WORKING:
	case CONTROL_ANSWERED:
		break;
	case CONTROL_OVER:
		return 0;
	}
	return peer->next || peer->out_sent < peer->out_len ? EPOLLOUT : 0;
}

void control_peer_free(struct control_peer *peer)
{
	if (peer->fd >= 0)
		close(peer->fd);
	free(peer->in);
	free(peer->out);
	free(peer);
}
