/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/control/control-client.h"

#include "daemon/control/control-memory.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define PIECE    65536
#define LINE_MAX_BYTES (64u * 1024 * 1024)

struct ask {
	const char *path;
	struct control_answer *answer;
	control_line_fn *line;
	void *context;
	int fd;
	char *bytes;
	size_t len, room;
	bool begun; /* a line came */
	bool ended; /* so did the last */
};

static int __attribute__((format(printf, 4, 5))) tell(struct ask *ask, int exit, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ask->answer->why, sizeof(ask->answer->why), format, args);
	va_end(args);
	ask->answer->exit = exit;
	return err;
}

static const char *why_unreachable(int err)
{
	switch (err) {
	case ENOENT:
	case ECONNREFUSED:
		return "no nfverdictd listens there";
	case EAGAIN:
		return "the daemon does not take the connection";
	}
	return strerror(err);
}

/* Both the time to connect and the time that the daemon may be silent. */
static int open_socket(struct ask *ask, int quiet_s)
{
	const struct timeval limit = { .tv_sec = quiet_s };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (strlen(ask->path) >= sizeof(address.sun_path))
		return tell(ask, CONTROL_USAGE, -ENAMETOOLONG, "%s: a socket's path has at most %zu bytes", ask->path,
			    sizeof(address.sun_path) - 1);
	strcpy(address.sun_path, ask->path);
	ask->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (ask->fd < 0 || setsockopt(ask->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) ||
	    setsockopt(ask->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)))
		return tell(ask, CONTROL_UNREACHABLE, -errno, "a socket: %s", strerror(errno));
	if (connect(ask->fd, (const struct sockaddr *)&address, sizeof(address)))
		return tell(ask, CONTROL_UNREACHABLE, -errno, "%s: %s", ask->path, why_unreachable(errno));
	if (getsockopt(ask->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		return tell(ask, CONTROL_UNREACHABLE, -errno, "%s: %s", ask->path, strerror(errno));
	if (peer.uid != 0 && peer.uid != geteuid())
		return tell(ask, CONTROL_UNREACHABLE, -EPERM, "%s: user %u listens there, not root", ask->path, peer.uid);
	return 0;
}

/* A daemon that turns us away may have closed its end: its reason can be read all the same. */
static int send_request(struct ask *ask, const struct control_request *request)
{
	char *line = control_request_print(request);
	size_t len = line ? strlen(line) : 0, sent = 0;

	if (!line && control_memory_missed())
		return tell(ask, CONTROL_UNREACHABLE, -ENOMEM, "no memory for the request");
	if (!line)
		return tell(ask, CONTROL_USAGE, -EINVAL, "the request holds bytes that are not UTF-8");
	line[len++] = '\n'; /* in place of its end */
	while (sent < len) {
		ssize_t n = send(ask->fd, line + sent, len - sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		sent += (size_t)n;
	}
	free(line);
	return 0;
}

static int take_line(struct ask *ask, const char *text, size_t len)
{
	json_t *json = json_loadb(text, len, 0, NULL);
	const json_t *done = json_object_get(json, "done");
	const char *error = json_string_value(json_object_get(json, "error"));

	if (!json && control_memory_missed())
		return tell(ask, CONTROL_UNREACHABLE, -ENOMEM, CONTROL_NO_MEMORY);
	if (!json_is_object(json)) {
		json_decref(json);
		return tell(ask, CONTROL_UNREACHABLE, -EPROTO, "%s: the answer is not one of nfverdictd", ask->path);
	}
	ask->begun = true;
	if (done) {
		ask->ended = true;
		ask->answer->done = json_is_true(done);
		ask->answer->exit = (int)json_integer_value(json_object_get(json, "exit"));
		snprintf(ask->answer->why, sizeof(ask->answer->why), "%s", error ? error : "");
	} else if (ask->line) {
		ask->line(ask->context, json);
	}
	json_decref(json);
	return 0;
}

/* Every whole line that is there. */
static int take_lines(struct ask *ask, size_t searched)
{
	char *begin = ask->bytes, *end;
	int err = 0;

	end = memchr(ask->bytes + searched, '\n', ask->len - searched);
	while (end && err == 0 && !ask->ended) {
		err = take_line(ask, begin, (size_t)(end - begin));
		begin = end + 1;
		end = memchr(begin, '\n', ask->len - (size_t)(begin - ask->bytes));
	}
	ask->len -= (size_t)(begin - ask->bytes);
	memmove(ask->bytes, begin, ask->len);
	return err;
}

static int receive_answer(struct ask *ask)
{
	int err = 0;

	while (err == 0 && !ask->ended) {
		const size_t before = ask->len;
		ssize_t n;

		if (ask->room - ask->len < PIECE) {
			const size_t room = ask->room ? ask->room * 2 : 2 * PIECE;
			char *bigger = room <= LINE_MAX_BYTES ? realloc(ask->bytes, room) : NULL;

			if (!bigger)
				return tell(ask, CONTROL_UNREACHABLE, -ENOMEM, CONTROL_NO_MEMORY);
			ask->bytes = bigger;
			ask->room = room;
		}
		n = recv(ask->fd, ask->bytes + ask->len, ask->room - ask->len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return tell(ask, CONTROL_UNREACHABLE, -ETIMEDOUT, "%s: the daemon does not answer", ask->path);
		if (n <= 0)
			return tell(ask, CONTROL_UNREACHABLE, -ECONNRESET, "%s: the daemon ended the connection", ask->path);
		ask->len += (size_t)n;
		err = take_lines(ask, before);
	}
	return err;
}

int control_client_ask(const char *path, const struct control_request *request, int quiet_s, control_line_fn *line,
		       void *context, struct control_answer *answer)
{
	struct ask ask = { .path = path, .answer = answer, .line = line, .context = context, .fd = -1 };
	int err;

	*answer = (struct control_answer){ .exit = CONTROL_UNREACHABLE };
	control_memory_watch();
	err = open_socket(&ask, quiet_s);
	if (err == 0)
		err = send_request(&ask, request);
	if (err == 0)
		err = receive_answer(&ask);
	if (err == 0 && control_memory_missed()) /* the caller's lines */
		err = tell(&ask, CONTROL_UNREACHABLE, -ENOMEM, CONTROL_NO_MEMORY);
	if (err == -ECONNRESET)
		answer->done = ask.begun;
	if (ask.fd >= 0)
		close(ask.fd);
	free(ask.bytes);
	return err;
}

bool control_client_lacks_memory(void)
{
	return control_memory_missed();
}
