/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Servers and clients of all kinds, for tests:
 *
 *	server-cli rules serve --socket PATH [--idle-exit S] [--backend B] [--state FOLDER] [--tools FOLDER]   until SIGTERM
 *	server-cli status PATH                     prints what the server says of itself
 *	server-cli who PATH                        prints the server's process id
 *	server-cli put PATH TABLE CHAIN RULE       appends a rule by transaction
 *	server-cli try PATH TABLE CHAIN RULE S     appends a rule that goes after S seconds unless it is confirmed
 *	server-cli confirm PATH                    confirms it
 *	server-cli lease PATH TABLE CHAIN [remove] leases the chain, makes it with a rule and a jump to it, prints "held";
 *	                                           after a line on standard input adds a rule and gives it back
 *	server-cli lock PATH                       takes the lock, prints "held"; likewise
 *	server-cli start PATH N                    N clients at once, which start one server; prints its process id N times
 *	server-cli talk PATH KIND                  a client that is no good; prints "sent" and how the server ended it
 *
 * START_STATE and START_BACKEND in the environment tell clients which server to start.
 */
#include "rules/store-server.h"
#include "rules/wire-request.h"

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void log_line(void *context, enum nfv_rules_level level, const char *text)
{
	(void)context;
	fprintf(stderr, "%d %s\n", (int)level, text);
}

static void __attribute__((noreturn)) fail(const struct nfv_rules_error *error)
{
	printf("error %d: %s\n", error->code, error->text);
	exit(1);
}

static enum nfv_backend backend_of(const char *name)
{
	return !name ? NFV_BACKEND_AUTO : !strcmp(name, "nft") ? NFV_BACKEND_NFT : NFV_BACKEND_LEGACY;
}

/* ---- serving ---- */

static int serve(char **argv)
{
	struct nfv_server_options options = { .live = { .log = log_line } };
	struct nfv_rules_error error;
	sigset_t stop;

	for (; argv[0] && argv[1]; argv += 2) {
		if (!strcmp(argv[0], "--socket"))
			options.path = argv[1];
		else if (!strcmp(argv[0], "--idle-exit"))
			options.idle_exit_s = (unsigned)atoi(argv[1]);
		else if (!strcmp(argv[0], "--backend"))
			options.live.backend = backend_of(argv[1]);
		else if (!strcmp(argv[0], "--state"))
			options.live.state_folder = argv[1];
		else if (!strcmp(argv[0], "--tools"))
			options.live.tool_folder = argv[1];
		else
			errx(64, "serve: %s?", argv[0]);
	}
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	options.stop_fd = signalfd(-1, &stop, SFD_CLOEXEC);
	if (nfv_rules_serve(&options, &error))
		errx(1, "%s", error.text);
	return 0;
}

/* ---- clients ---- */

static struct nfv_live_options options_of(const char *path, const char *program)
{
	return (struct nfv_live_options){ .server = path,
					  .start_server = program != NULL,
					  .server_program = program,
					  .backend = backend_of(getenv("START_BACKEND")),
					  .state_folder = getenv("START_STATE"),
					  .log = log_line };
}

static struct nfv_live *open_live(const char *path)
{
	struct nfv_live_options options = options_of(path, NULL);
	struct nfv_rules_error error;
	struct nfv_live *live;

	if (nfv_live_open(&live, &options, &error))
		fail(&error);
	return live;
}

static int status(const char *path)
{
	const struct wire_request request = { .what = WIRE_STATUS };
	struct nfv_live_options options = options_of(path, NULL);
	struct wire_message answer = { 0 };
	struct nfv_rules_error error;
	struct store *store;

	if (store_open_server(&store, &options, &error) ||
	    store_server_exchange((struct server_store *)store, &request, &answer, &error))
		fail(&error);
	json_dumpf(answer.json, stdout, JSON_COMPACT | JSON_SORT_KEYS);
	puts("");
	wire_message_free(&answer);
	store->ops->close(store);
	return 0;
}

struct place {
	const char *table, *chain, *rule;
};

static int put_rule(struct nfv_transaction *transaction, void *context)
{
	const struct place *place = context;
	struct nfv_rules *rules = nfv_transaction_rules(transaction, NFV_FAMILY_IPV4);
	struct nfv_table *table = rules ? nfv_rules_add_table(rules, place->table) : NULL;
	struct nfv_chain *chain = table ? nfv_table_ensure_chain(table, place->chain) : NULL;

	return chain ? nfv_chain_append_text(chain, place->rule, NULL) : -errno;
}

static int put(char **argv)
{
	struct place place = { argv[1], argv[2], argv[3] };
	struct nfv_live *live = open_live(argv[0]);
	struct nfv_rules_error error;

	if (nfv_live_transaction(live, put_rule, &place, &error) < 0)
		fail(&error);
	puts("done");
	nfv_live_close(live);
	return 0;
}

static int try_rule(char **argv)
{
	const struct nfv_commit_options options = { .confirm_s = (unsigned)atoi(argv[4]) };
	struct nfv_live *live = open_live(argv[0]);
	struct nfv_rules_error error;
	struct nfv_rules *rules = nfv_live_read(live, NFV_FAMILY_IPV4, argv[1], &error);

	if (!rules)
		fail(&error);
	if (nfv_chain_append_text(nfv_table_chain(nfv_rules_table(rules, argv[1]), argv[2]), argv[3], &error) ||
	    nfv_live_commit(live, &rules, 1, &options, &error))
		fail(&error);
	printf("left %ld\n", nfv_live_confirm_left(live));
	nfv_rules_free(rules);
	nfv_live_close(live);
	return 0;
}

static int confirm(const char *path)
{
	struct nfv_live *live = open_live(path);
	struct nfv_rules_error error;

	if (nfv_live_confirm(live, &error))
		fail(&error);
	puts("confirmed");
	nfv_live_close(live);
	return 0;
}

static int make_chain(struct nfv_transaction *transaction, void *context)
{
	const struct place *place = context;
	struct place jump = { place->table, "OUTPUT", NULL };
	char text[64];
	int err = put_rule(transaction, context);

	snprintf(text, sizeof(text), "-j %s", place->chain);
	jump.rule = text;
	return err ? err : put_rule(transaction, &jump);
}

static void wait_for_line(void)
{
	char byte;

	puts("held");
	fflush(stdout);
	if (read(0, &byte, 1) != 1)
		exit(2);
}

static int lease(char **argv)
{
	struct place place = { argv[1], argv[2], "-j RETURN" };
	struct nfv_live *live = open_live(argv[0]);
	struct nfv_rules_error error;

	if (nfv_live_lease(live, NFV_FAMILY_IPV4, place.table, place.chain, argv[3] ? NFV_LEASE_REMOVE_CHAIN : 0, &error) ||
	    nfv_live_transaction(live, make_chain, &place, &error))
		fail(&error);
	wait_for_line();
	/* The server may be another one by now. */
	if (nfv_live_transaction(live, put_rule, &place, &error))
		fail(&error);
	nfv_live_close(live);
	return 0;
}

static int lock(const char *path)
{
	struct nfv_live_options options = options_of(path, NULL);
	struct nfv_rules_error error;
	struct store *store;

	if (store_open_server(&store, &options, &error) || store->ops->lock(store, &error))
		fail(&error);
	wait_for_line();
	store->ops->unlock(store);
	store->ops->close(store);
	return 0;
}

/* ---- many that start one ---- */

static int start_one(const char *path, const char *program)
{
	struct nfv_live_options options = options_of(path, program);
	struct nfv_rules_error error;
	struct ucred peer;
	socklen_t len = sizeof(peer);
	struct store *store;

	if (store_open_server(&store, &options, &error))
		fail(&error);
	if (getsockopt(((struct server_store *)store)->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		err(1, "who serves");
	printf("%d\n", (int)peer.pid);
	fflush(stdout);
	store->ops->close(store);
	return 0;
}

static int start_many(const char *path, int count)
{
	int failures = 0, status_of;

	for (int i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid < 0)
			err(1, "fork");
		if (pid == 0)
			_exit(start_one(path, "/proc/self/exe"));
	}
	while (wait(&status_of) > 0)
		failures += status_of != 0;
	return failures != 0;
}

/* ---- clients that are no good ---- */

static int dial(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		err(1, "%s", path);
	return fd;
}

/* What comes until the server hangs up. */
static void listen_to_end(int fd)
{
	char bytes[4096];
	size_t sum = 0;
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes) - 1)) > 0) {
		bytes[n] = '\0';
		sum += (size_t)n;
		for (ssize_t i = 0; i < n; i++)
			if (bytes[i] < ' ')
				bytes[i] = ' ';
		fputs(bytes, stdout);
	}
	printf("\nended after %zu bytes: %s\n", sum, n < 0 ? strerror(errno) : "closed");
}

/* Requests without end, and no answer read. */
static void flood(int fd)
{
	json_t *json = json_pack("{s:s, s:i, s:b}", "do", "read", "family", 4, "counters", 0);
	size_t len;
	char *bytes = wire_print(json, 0, &len);

	if (!bytes)
		errx(1, "no memory");
	while (send(fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len)
		;
	printf("ended: %s\n", strerror(errno));
	free(bytes);
	json_decref(json);
}

static int talk(const char *path, const char *kind)
{
	static const char half[] = "nfr1\0\0\0\x20\0\0\0\0{\"do\":\"loc", huge[] = "nfr1\xff\xff\xff\xff\0\0\0\0{}",
			  no_json[] = "nfr1\0\0\0\4\0\0\0\0oops", unknown[] = "nfr1\0\0\0\x0e\0\0\0\0{\"do\":\"dance\"}",
			  nonsense[] = "GET / HTTP/1.1\r\n\r\n", version[] = "nfr9\0\0\0\2\0\0\0\0{}";
	const struct {
		const char *name, *bytes;
		size_t len;
	} kinds[] = { { "half", half, sizeof(half) - 1 },
		      { "huge", huge, sizeof(huge) - 1 },
		      { "no-json", no_json, sizeof(no_json) - 1 },
		      { "unknown", unknown, sizeof(unknown) - 1 },
		      { "nonsense", nonsense, sizeof(nonsense) - 1 },
		      { "version", version, sizeof(version) - 1 } };
	int fd = dial(path);

	if (!strcmp(kind, "flood")) {
		puts("sent");
		fflush(stdout);
		flood(fd);
		return 0;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kind, kinds[i].name) != 0)
			continue;
		if (send(fd, kinds[i].bytes, kinds[i].len, MSG_NOSIGNAL) < 0)
			err(1, "send");
		/* It stays connected after this one: it is told and may go on. */
		if (!strcmp(kind, "unknown"))
			shutdown(fd, SHUT_WR);
		puts("sent");
		fflush(stdout);
		listen_to_end(fd);
		return 0;
	}
	errx(64, "%s?", kind);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "rules") && argc > 3)
		return serve(argv + 3);
	if (!strcmp(what, "status") && argc == 3)
		return status(argv[2]);
	if (!strcmp(what, "who") && argc == 3)
		return start_one(argv[2], NULL);
	if (!strcmp(what, "put") && argc == 6)
		return put(argv + 2);
	if (!strcmp(what, "try") && argc == 7)
		return try_rule(argv + 2);
	if (!strcmp(what, "confirm") && argc == 3)
		return confirm(argv[2]);
	if (!strcmp(what, "lease") && (argc == 5 || argc == 6))
		return lease(argv + 2);
	if (!strcmp(what, "lock") && argc == 3)
		return lock(argv[2]);
	if (!strcmp(what, "start") && argc == 4)
		return start_many(argv[2], atoi(argv[3]));
	if (!strcmp(what, "talk") && argc == 4)
		return talk(argv[2], argv[3]);
	errx(64, "see the head of server-cli.c");
}
