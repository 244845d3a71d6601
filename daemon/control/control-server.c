/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/control/control-server.h"

#include "daemon/control/control-listen.h"
#include "daemon/control/control-memory.h"
#include "daemon/control/control-peer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_A_TURN  (CONTROL_CLIENTS + 2)
#define ACCEPTS_A_TURN 32
#define LOOK_MS        500

/* What epoll tells of: a peer's number, or one of these. */
#define TAG_LISTEN 0
#define TAG_CLOCK  1
#define TAG_PEERS  2

struct control_server {
	struct control_listen listen;
	struct control_calls calls;
	int epoll;
	int clock;      /* ticks while there are clients, or no more can be taken */
	bool ticking;
	bool full;      /* no descriptor for a new client: the socket is not looked at until the next tick */
	uint64_t last_number;
	struct control_peer *peers[CONTROL_CLIENTS];
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void __attribute__((format(printf, 2, 3))) tell(const struct control_server *server, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	server->calls.log(server->calls.context, text);
}

static bool any_peer(const struct control_server *server)
{
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		if (server->peers[i])
			return true;
	return false;
}

/* A clock that nobody needs would wake the daemon for nothing. */
static void set_clock(struct control_server *server)
{
	const bool wanted = server->full || any_peer(server);
	const struct timespec tick = { .tv_nsec = wanted ? LOOK_MS * 1000000 : 0 };
	const struct itimerspec spec = { .it_interval = tick, .it_value = tick };

	if (wanted != server->ticking && timerfd_settime(server->clock, 0, &spec, NULL) == 0)
		server->ticking = wanted;
}

static int look_for(struct control_server *server, int operation, int fd, uint64_t tag, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.u64 = tag };

	return epoll_ctl(server->epoll, operation, fd, &event) ? -errno : 0;
}

static struct control_peer **find(struct control_server *server, uint64_t number)
{
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		if (server->peers[i] && server->peers[i]->number == number)
			return &server->peers[i];
	return NULL;
}

/* After something was done with a peer: sends what it has to say, and closes one that is over. */
static void settle(struct control_server *server, struct control_peer **place)
{
	struct control_peer *peer = *place;
	uint32_t wanted;

	if (peer->state != CONTROL_READING)
		control_peer_send(peer, now_ms());
	wanted = control_peer_wants(peer);
	if (peer->state != CONTROL_OVER && wanted != peer->events) {
		if (look_for(server, EPOLL_CTL_MOD, peer->fd, peer->number, wanted) < 0)
			peer->state = CONTROL_OVER;
		peer->events = wanted;
	}
	if (peer->state != CONTROL_OVER)
		return;
	*place = NULL;
	control_peer_free(peer);
}

/* ---- Answers ---- */

void control_server_say(struct control_server *server, uint64_t client, json_t *line)
{
	struct control_peer **place = find(server, client);

	if (!place) {
		json_decref(line);
		return;
	}
	control_peer_say(*place, line);
	settle(server, place);
}

void control_server_stream(struct control_server *server, uint64_t client, control_next_fn *next, void *context)
{
	struct control_peer **place = find(server, client);

	if (!place)
		return;
	(*place)->next = next;
	(*place)->next_context = context;
	settle(server, place);
}

void control_server_done(struct control_server *server, uint64_t client, int exit)
{
	struct control_peer **place = find(server, client);

	if (!place)
		return;
	control_peer_end(*place, exit);
	settle(server, place);
}

/* The only line of an answer. */
static json_t *refusal(int exit, const char *why)
{
	return json_pack("{s:b, s:o, s:i}", "done", 0, "error", control_text(why), "exit", exit);
}

void control_server_refuse(struct control_server *server, uint64_t client, int exit, const char *why)
{
	struct control_peer **place = find(server, client);

	if (!place)
		return;
	control_peer_say(*place, refusal(exit, why));
	if ((*place)->state == CONTROL_WORKING)
		(*place)->state = CONTROL_ANSWERED;
	settle(server, place);
}

/* ---- Clients ---- */

/* What fits into its socket at once is all it gets. */
static void send_line(int fd, json_t *line)
{
	char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;

	if (text) {
		const size_t len = strlen(text);

		text[len] = '\n'; /* in place of its end, which is not sent */
		(void)!send(fd, text, len + 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	free(text);
	json_decref(line);
}

/* One that is not taken. */
static void turn_away(int fd, const char *why)
{
	send_line(fd, refusal(CONTROL_WRONG, why));
	close(fd);
}

int control_server_detach(struct control_server *server, uint64_t client)
{
	struct control_peer **place = find(server, client);
	int fd;

	if (!place || (*place)->state != CONTROL_WORKING || (*place)->out_sent < (*place)->out_len)
		return -1;
	(void)look_for(server, EPOLL_CTL_DEL, (*place)->fd, client, 0);
	fd = (*place)->fd;
	(*place)->fd = -1;
	control_peer_free(*place);
	*place = NULL;
	return fd;
}

void control_finish(int fd, const char *text, const char *why)
{
	if (fd < 0)
		return;
	if (text)
		send_line(fd, json_pack("{s:o}", "text", control_text(text)));
	send_line(fd, why ? refusal(CONTROL_WRONG, why) : json_pack("{s:b, s:i}", "done", 1, "exit", CONTROL_WELL));
	close(fd);
}

static struct control_peer **free_place(struct control_server *server)
{
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		if (!server->peers[i])
			return &server->peers[i];
	return NULL;
}

/* The user that runs the daemon: root, as the daemon's user namespace knows it. */
static bool is_root(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == geteuid();
}

static void take_client(struct control_server *server, int fd)
{
	struct control_peer **place = free_place(server), *peer;

	if (!is_root(fd)) {
		tell(server, "control socket: a user that is not root was turned away");
		turn_away(fd, "only root may ask");
		return;
	}
	if (!place) {
		turn_away(fd, "too many ask at the same time; try again");
		return;
	}
	peer = calloc(1, sizeof(*peer));
	if (!peer) {
		turn_away(fd, "no memory");
		return;
	}
	*peer = (struct control_peer){
		.fd = fd,
		.number = ++server->last_number,
		.patience_ms = server->calls.patience_ms,
		.deadline_ms = now_ms() + server->calls.patience_ms,
		.events = EPOLLIN,
	};
	if (look_for(server, EPOLL_CTL_ADD, fd, peer->number, EPOLLIN) < 0)
		control_peer_free(peer);
	else
		*place = peer;
}

static void take_clients(struct control_server *server)
{
	for (int i = 0; i < ACCEPTS_A_TURN; i++) {
		int fd = accept4(server->listen.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			take_client(server, fd);
			continue;
		}
		if (errno == EINTR || errno == ECONNABORTED)
			continue;
		/* It would be told again at once, and for ever. */
		if (errno != EAGAIN) {
			tell(server, "control socket: accept: %s", strerror(errno));
			server->full = look_for(server, EPOLL_CTL_MOD, server->listen.fd, TAG_LISTEN, 0) == 0;
		}
		return;
	}
}

static void read_request(struct control_server *server, struct control_peer *peer)
{
	const uint64_t number = peer->number;
	struct control_request request;
	char why[256];
	int got = control_peer_receive(peer, why, sizeof(why));

	if (got == 0)
		return;
	peer->state = CONTROL_WORKING;
	peer->deadline_ms = 0;
	if (got > 0)
		got = control_request_read(&request, peer->in, peer->in_len, why, sizeof(why));
	free(peer->in);
	peer->in = NULL;
	peer->in_len = peer->in_room = 0;
	if (got == 0 && !(server->calls.commands & 1u << request.command)) {
		snprintf(why, sizeof(why), "this nfverdictd has no command '%s'", control_command_name(request.command));
		got = -EOPNOTSUPP;
	}
	if (got < 0)
		control_server_refuse(server, number, got == -ENOMEM ? CONTROL_WRONG : CONTROL_USAGE, why);
	else
		server->calls.request(server->calls.context, number, &request);
}

static void on_peer(struct control_server *server, uint64_t number, uint32_t events)
{
	struct control_peer **place = find(server, number);

	if (!place)
		return;
	if ((*place)->state == CONTROL_READING)
		read_request(server, *place);
	else if (events & (EPOLLHUP | EPOLLERR))
		(*place)->state = CONTROL_OVER;
	place = find(server, number);
	if (place)
		settle(server, place);
}

static void on_tick(struct control_server *server)
{
	const uint64_t now = now_ms();
	uint64_t ticks;

	(void)!read(server->clock, &ticks, sizeof(ticks));
	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		struct control_peer *peer = server->peers[i];

		if (!peer || !peer->deadline_ms || peer->deadline_ms > now)
			continue;
		tell(server, "control socket: a client that does not %s was dropped",
		     peer->state == CONTROL_READING ? "send its request" : "read its answer");
		peer->state = CONTROL_OVER;
		settle(server, &server->peers[i]);
	}
	if (server->full)
		server->full = look_for(server, EPOLL_CTL_MOD, server->listen.fd, TAG_LISTEN, EPOLLIN) < 0;
}

void control_server_turn(struct control_server *server)
{
	struct epoll_event ready[EVENTS_A_TURN];
	int count = epoll_wait(server->epoll, ready, EVENTS_A_TURN, 0);

	for (int i = 0; i < count; i++) {
		if (ready[i].data.u64 == TAG_LISTEN)
			take_clients(server);
		else if (ready[i].data.u64 == TAG_CLOCK)
			on_tick(server);
		else
			on_peer(server, ready[i].data.u64, ready[i].events);
	}
	set_clock(server);
}

/* ---- Beginning and end ---- */

int control_server_fd(const struct control_server *server)
{
	return server->epoll;
}

static int open_descriptors(struct control_server *server)
{
	int err;

	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	server->clock = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (server->epoll < 0 || server->clock < 0)
		return -errno;
	err = look_for(server, EPOLL_CTL_ADD, server->clock, TAG_CLOCK, EPOLLIN);
	return err ? err : look_for(server, EPOLL_CTL_ADD, server->listen.fd, TAG_LISTEN, EPOLLIN);
}

int control_server_open(struct control_server **opened, const char *path, const struct control_calls *calls, char *why,
			size_t why_size)
{
	struct control_server *server = calloc(1, sizeof(*server));
	int err;

	*opened = NULL;
	control_memory_watch();
	if (!server) {
		snprintf(why, why_size, "no memory");
		return -ENOMEM;
	}
	server->calls = *calls;
	if (!server->calls.patience_ms)
		server->calls.patience_ms = CONTROL_PATIENCE_MS;
	server->last_number = TAG_PEERS;
	server->epoll = server->clock = -1;
	err = control_listen_open(&server->listen, path, why, why_size);
	if (err == 0) {
		err = open_descriptors(server);
		if (err)
			snprintf(why, why_size, "epoll: %s", strerror(-err));
	}
	if (err) {
		control_server_close(server);
		return err;
	}
	*opened = server;
	return 0;
}

int control_server_move(struct control_server *server, const char *path, char *why, size_t why_size)
{
	struct control_listen moved = { .fd = -1, .lock_fd = -1 };
	int err = 0;

	if (strcmp(path ? path : "", server->listen.address.sun_path) == 0) {
		if (!path || control_listen_stands(&server->listen))
			return 0;
		control_listen_close(&server->listen); /* its lock would be in our own way */
	}
	if (path) {
		err = control_listen_open(&moved, path, why, why_size);
		if (err)
			return err;
		err = look_for(server, EPOLL_CTL_ADD, moved.fd, TAG_LISTEN, EPOLLIN);
	}
	if (err) {
		snprintf(why, why_size, "%s: epoll: %s", path, strerror(-err));
		control_listen_close(&moved);
		return err;
	}
	control_listen_close(&server->listen);
	server->listen = moved;
	server->full = false;
	return 0;
}

void control_server_close(struct control_server *server)
{
	if (!server)
		return;
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		if (server->peers[i])
			control_peer_free(server->peers[i]);
	if (server->clock >= 0)
		close(server->clock);
	if (server->epoll >= 0)
		close(server->epoll);
	control_listen_close(&server->listen);
	free(server);
}
