/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of rules/from-python.md that need the kernel. tests/netns/from-python.sh runs it in a namespace of its own, with
 * each backend: from-python-live nft|legacy STATE-FOLDER SOCKET PROGRAM, which is nfverdict. Exit 0, or 1 after a line that
 * says what is wrong.
 */
#include <nfverdict/rules.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct nfv_live_options options;

static void row(const char *id)
{
	printf("row %s\n", id);
}

static void fail_at(int line, const char *what, const struct nfv_rules_error *error)
{
	fprintf(stderr, "from-python-live.c:%d: %s: %s\n", line, what, error ? error->text : "");
	exit(1);
}

#define CHECK(condition, error) ((condition) ? (void)0 : fail_at(__LINE__, #condition, error))

/* What the kernel has now: the rules of a chain, as a second program would see them. */
static void kernel_has(int line, enum nfv_family family, const char *table, const char *name, const char *wanted)
{
	struct nfv_rules_error error = { 0 };
	struct nfv_live *live = NULL;
	struct nfv_rules *rules;
	const struct nfv_chain *chain = NULL;
	char got[1024] = "";
	size_t used = 0;

	if (nfv_live_open(&live, &options, &error) < 0)
		fail_at(line, "nfv_live_open", &error);
	rules = nfv_live_read(live, family, table, &error);
	if (!rules)
		fail_at(line, "nfv_live_read", &error);
	if (nfv_rules_table(rules, table))
		chain = nfv_table_chain(nfv_rules_table(rules, table), name);
	for (size_t i = 0; chain && i < nfv_chain_count(chain); i++) {
		char *text = nfv_rule_print(nfv_chain_rule(chain, i), 0);

		used += (size_t)snprintf(got + used, sizeof(got) - used, "%s%s", i ? "; " : "", text);
		free(text);
	}
	if (strcmp(got, wanted) != 0) {
		fprintf(stderr, "from-python-live.c:%d: the kernel has '%s', wanted '%s'\n", line, got, wanted);
		exit(1);
	}
	nfv_rules_free(rules);
	nfv_live_close(live);
}

#define KERNEL_HAS(family, table, name, wanted) kernel_has(__LINE__, family, table, name, wanted)

static struct nfv_chain *input_of(struct nfv_rules *rules)
{
	return nfv_table_chain(nfv_rules_add_table(rules, "filter"), "INPUT");
}

/* Row i5 by the option: what is read commits by itself. */
static void try_autocommit_option(void)
{
	struct nfv_live_options by_itself = options;
	struct nfv_rules_error error = { 0 };
	struct nfv_live *live;
	struct nfv_rules *rules;

	row("i5");
	by_itself.autocommit = true;
	CHECK(nfv_live_open(&live, &by_itself, &error) >= 0, &error);
	rules = nfv_live_read(live, NFV_FAMILY_IPV4, "filter", &error);
	CHECK(rules, &error);
	CHECK(nfv_chain_append_text(input_of(rules), "-p 99 -j DROP", &error) == 0, &error);
	KERNEL_HAS(NFV_FAMILY_IPV4, "filter", "INPUT", "-j DROP; -p 99 -j DROP");
	CHECK(nfv_chain_delete(input_of(rules), 1) == 0, NULL);
	KERNEL_HAS(NFV_FAMILY_IPV4, "filter", "INPUT", "-j DROP");
	nfv_rules_free(rules);
	nfv_live_close(live);
}

static void try_tables(struct nfv_live *live)
{
	struct nfv_rules_error error = { 0 };
	struct nfv_rules *rules, *rules6;
	struct nfv_chain *chain;

	row("i1");
	errno = 0;
	rules = nfv_live_read(live, NFV_FAMILY_IPV4, "nothing", &error);
	CHECK(!rules && error.code, NULL);
	row("i2");
	rules = nfv_live_read(live, NFV_FAMILY_IPV4, "filter", &error);
	CHECK(rules && nfv_rules_table(rules, "filter"), &error);
	row("i3");
	rules6 = nfv_live_read(live, NFV_FAMILY_IPV6, "filter", &error);
	CHECK(rules6 && nfv_rules_family(rules6) == NFV_FAMILY_IPV6, &error);
	row("i6");
	nfv_rules_set_autocommit(rules, false);
	chain = input_of(rules);
	CHECK(nfv_chain_append(chain, NFV_RULE(.protocol = "tcp", .options = "--dport 22", .jump = "ACCEPT")) == 0, NULL);
	KERNEL_HAS(NFV_FAMILY_IPV4, "filter", "INPUT", "");
	CHECK(nfv_rules_changed(rules), NULL);
	CHECK(nfv_rules_commit(rules, &error) >= 0, &error);
	CHECK(!nfv_rules_changed(rules), NULL);
	KERNEL_HAS(NFV_FAMILY_IPV4, "filter", "INPUT", "-p tcp -m tcp --dport 22 -j ACCEPT");
	row("e20");
	nfv_rules_set_autocommit(rules6, false);
	CHECK(nfv_chain_append_text(input_of(rules6), "-j DROP", &error) == 0, &error);
	CHECK(nfv_chain_insert_text(input_of(rules6), 0, "-p ipv6-icmp -j ACCEPT", &error) == 0, &error);
	KERNEL_HAS(NFV_FAMILY_IPV6, "filter", "INPUT", "");
	CHECK(nfv_rules_commit(rules6, &error) >= 0, &error);
	KERNEL_HAS(NFV_FAMILY_IPV6, "filter", "INPUT", "-p ipv6-icmp -j ACCEPT; -j DROP");
	row("i5");
	nfv_rules_set_autocommit(rules, true);
	CHECK(nfv_chain_append(input_of(rules), NFV_RULE_DROP()) == 0, NULL);
	KERNEL_HAS(NFV_FAMILY_IPV4, "filter", "INPUT", "-p tcp -m tcp --dport 22 -j ACCEPT; -j DROP");
	CHECK(nfv_chain_delete(input_of(rules), 0) == 0, NULL);
	KERNEL_HAS(NFV_FAMILY_IPV4, "filter", "INPUT", "-j DROP");
	try_autocommit_option();
	row("i7");
	nfv_rules_set_autocommit(rules, false);
	CHECK(nfv_chain_flush(input_of(rules)) == 0, NULL);
	CHECK(nfv_live_resync(rules, &error) >= 0, &error);
	CHECK(nfv_chain_count(input_of(rules)) == 0, NULL);
	CHECK(nfv_live_refresh(rules, &error) >= 0, &error);
	CHECK(nfv_chain_count(input_of(rules)) == 1, NULL);
	nfv_rules_free(rules);
	nfv_rules_free(rules6);
}

static void try_close(void)
{
	struct nfv_rules_error error = { 0 };
	struct nfv_live *live;
	struct nfv_rules *rules;

	row("i8");
	CHECK(nfv_live_open(&live, &options, &error) >= 0, &error);
	rules = nfv_live_read(live, NFV_FAMILY_IPV4, "filter", &error);
	CHECK(rules, &error);
	nfv_rules_free(rules);
	nfv_live_close(live);
}

/* Somebody else adds a chain while we have changes of our own that are not committed. */
static void try_resync(struct nfv_live *live)
{
	struct nfv_rules_error error = { 0 };
	struct nfv_rules *ours, *theirs;

	row("t13");
	ours = nfv_live_read(live, NFV_FAMILY_IPV4, "filter", &error);
	theirs = nfv_live_read(live, NFV_FAMILY_IPV4, "filter", &error);
	CHECK(ours && theirs, &error);
	CHECK(nfv_chain_append_text(input_of(ours), "-i lo -j ACCEPT", &error) == 0, &error);
	CHECK(nfv_table_add_chain(nfv_rules_table(theirs, "filter"), "theirs"), NULL);
	CHECK(nfv_rules_commit(theirs, &error) >= 0, &error);
	CHECK(nfv_live_resync(ours, &error) >= 0, &error);
	CHECK(nfv_table_chain(nfv_rules_table(ours, "filter"), "theirs"), NULL);
	CHECK(nfv_chain_count(input_of(ours)) == 2, NULL);
	CHECK(nfv_rules_commit(ours, &error) >= 0, &error);
	KERNEL_HAS(NFV_FAMILY_IPV4, "filter", "INPUT", "-j DROP; -i lo -j ACCEPT");
	CHECK(nfv_chain_count(input_of(theirs)) == 1, NULL);
	CHECK(nfv_live_refresh(theirs, &error) >= 0, &error);
	CHECK(nfv_chain_count(input_of(theirs)) == 2, NULL);
	nfv_rules_free(ours);
	nfv_rules_free(theirs);
}

static void try_apply(struct nfv_live *live)
{
	struct nfv_rules_error error = { 0 };
	struct nfv_rules *wanted = nfv_rules_new(NFV_FAMILY_IPV4);
	const struct nfv_rules *list[] = { wanted };
	static const char text[] = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -s 10.0.0.0/8 -j DROP\nCOMMIT\n";

	row("p25");
	CHECK(nfv_rules_read(wanted, text, strlen(text), NULL, &error) >= 0, &error);
	CHECK(nfv_live_apply(live, list, 1, NFV_DIFF_NAMED_ONLY, NULL, NULL, &error) >= 0, &error);
	KERNEL_HAS(NFV_FAMILY_IPV4, "filter", "INPUT", "-s 10.0.0.0/8 -j DROP");
	nfv_rules_free(wanted);
}

struct job {
	unsigned calls;
	enum { JOB_RETURN, JOB_COMMIT, JOB_ABORT, JOB_CONFLICT } what;
};

/* Somebody else changes INPUT: through a way of his own. */
static void disturb(void)
{
	struct nfv_rules_error error = { 0 };
	struct nfv_live *live;
	struct nfv_rules *rules;

	CHECK(nfv_live_open(&live, &options, &error) >= 0, &error);
	rules = nfv_live_read(live, NFV_FAMILY_IPV4, "filter", &error);
	CHECK(rules && nfv_chain_append_text(input_of(rules), "-p 99 -j ACCEPT", &error) == 0, &error);
	CHECK(nfv_rules_commit(rules, &error) >= 0, &error);
	nfv_rules_free(rules);
	nfv_live_close(live);
}

static int work(struct nfv_transaction *transaction, void *context)
{
	struct job *job = context;
	struct nfv_rules *rules = nfv_transaction_rules(transaction, NFV_FAMILY_IPV4);
	int err;

	if (!rules)
		return -errno;
	if (nfv_transaction_try(transaction) != job->calls)
		return -EPROTO;
	job->calls++;
	err = nfv_chain_append(input_of(rules), NFV_RULE_ACCEPT("proto", "udp"));
	if (err)
		return err;
	if (job->what == JOB_CONFLICT && job->calls == 1)
		disturb();
	if (job->what == JOB_ABORT)
		return nfv_transaction_abort(transaction);
	if (job->what == JOB_COMMIT) {
		err = nfv_transaction_commit(transaction);
		if (err < 0)
			return err;
		KERNEL_HAS(NFV_FAMILY_IPV4, "filter", "INPUT", "-s 10.0.0.0/8 -j DROP; -p udp -j ACCEPT; -p udp -j ACCEPT");
	}
	return 42;
}

static unsigned logged;

static void count_log(void *context, enum nfv_rules_level level, const char *text)
{
	(void)context;
	(void)level;
	(void)text;
	logged++;
}

static void try_transactions(void)
{
	struct nfv_rules_error error = { 0 };
	struct nfv_live_options with_log = options;
	struct job job = { .what = JOB_ABORT };

	row("t11");
	CHECK(nfv_rules_transaction(work, &job, &options, &error) == -ECANCELED, &error);
	KERNEL_HAS(NFV_FAMILY_IPV4, "filter", "INPUT", "-s 10.0.0.0/8 -j DROP");
	row("t12");
	job = (struct job){ .what = JOB_RETURN };
	CHECK(nfv_rules_transaction(work, &job, &options, &error) == 42, &error);
	KERNEL_HAS(NFV_FAMILY_IPV4, "filter", "INPUT", "-s 10.0.0.0/8 -j DROP; -p udp -j ACCEPT");
	row("t9"); /* work() changes what nfv_transaction_rules() gave it, and no more */
	job = (struct job){ .what = JOB_ABORT };
	CHECK(nfv_rules_transaction(work, &job, &options, &error) == -ECANCELED, &error);
	CHECK(job.calls == 1, NULL);
	row("t10");
	job = (struct job){ .what = JOB_COMMIT };
	CHECK(nfv_rules_transaction(work, &job, &options, &error) == 42, &error);
	row("t8");
	with_log.log = count_log;
	with_log.max_retries = 5;
	job = (struct job){ .what = JOB_CONFLICT };
	CHECK(nfv_rules_transaction(work, &job, &with_log, &error) == 42, &error);
	CHECK(job.calls == 2, NULL);
	row("t16");
	CHECK(with_log.log && logged > 0, NULL);
	KERNEL_HAS(NFV_FAMILY_IPV4, "filter", "INPUT",
		   "-s 10.0.0.0/8 -j DROP; -p udp -j ACCEPT; -p udp -j ACCEPT; -p 99 -j ACCEPT; -p udp -j ACCEPT");
}

/* A server in a process of its own, until it is stopped: the pipe's end becomes readable. */
static pid_t start_server(const char *path, int stop[2])
{
	struct nfv_rules_error error = { 0 };
	struct nfv_server_options server = { .path = path, .live = options };
	pid_t pid;

	CHECK(pipe(stop) == 0, NULL);
	server.stop_fd = stop[0];
	pid = fork();
	CHECK(pid >= 0, NULL);
	if (pid == 0)
		_exit(nfv_rules_serve(&server, &error) == 0 ? 0 : 1);
	return pid;
}

static void stop_server(pid_t pid, const int stop[2])
{
	int status = -1;

	CHECK(write(stop[1], "", 1) == 1, NULL);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0, NULL);
	close(stop[0]);
	close(stop[1]);
}

static void wait_for_socket(const char *path)
{
	struct stat stat_of;

	for (int i = 0; stat(path, &stat_of) != 0; i++) {
		CHECK(i < 2000, NULL);
		poll(NULL, 0, 5);
	}
}

/* A server of one's own, and one that the library starts. The way through it is the same for both. */
static void try_own_server(const char *path, const char *program)
{
	struct nfv_rules_error error = { 0 };
	struct nfv_live_options through = options;
	char own[512], started[512];
	struct nfv_live *live;
	int stop[2];
	pid_t pid;

	CHECK(snprintf(own, sizeof(own), "%s.own", path) < (int)sizeof(own), NULL);
	CHECK(snprintf(started, sizeof(started), "%s.started", path) < (int)sizeof(started), NULL);
	row("t14"); /* nfv_rules_serve() */
	pid = start_server(own, stop);
	wait_for_socket(own);
	through.server = own;
	CHECK(nfv_live_open(&live, &through, &error) >= 0, &error);
	CHECK(nfv_live_lease(live, NFV_FAMILY_IPV4, "filter", "INPUT", 0, &error) == 0, &error); /* only a server can */
	nfv_live_close(live);
	stop_server(pid, stop);
	row("t15");
	through.server = started;
	through.start_server = true;
	through.server_program = program;
	CHECK(nfv_live_open(&live, &through, &error) >= 0, &error);
	CHECK(nfv_live_lease(live, NFV_FAMILY_IPV4, "filter", "INPUT", 0, &error) == 0, &error);
	nfv_live_close(live);
}

/* The same through a server, which the script has started with `nfverdict rules serve`. */
static void try_server(const char *path)
{
	struct nfv_rules_error error = { 0 };
	struct nfv_live_options through = options;
	struct nfv_live *live;
	struct nfv_rules *rules;

	row("t15");
	through.server = path;
	CHECK(nfv_live_open(&live, &through, &error) >= 0, &error);
	rules = nfv_live_read(live, NFV_FAMILY_IPV4, "filter", &error);
	CHECK(rules, &error);
	CHECK(nfv_chain_flush(input_of(rules)) == 0, NULL);
	CHECK(nfv_chain_append(input_of(rules), NFV_RULE_DROP()) == 0, NULL);
	CHECK(nfv_live_commit(live, &rules, 1, NULL, &error) >= 0, &error);
	nfv_rules_free(rules);
	nfv_live_close(live);
	KERNEL_HAS(NFV_FAMILY_IPV4, "filter", "INPUT", "-j DROP");
}

int main(int argc, char **argv)
{
	struct nfv_rules_error error = { 0 };
	struct nfv_live *live;

	if (argc != 5) {
		fputs("usage: from-python-live nft|legacy STATE-FOLDER SOCKET PROGRAM\n", stderr);
		return 2;
	}
	options = (struct nfv_live_options){
		.backend = strcmp(argv[1], "nft") == 0 ? NFV_BACKEND_NFT : NFV_BACKEND_LEGACY,
		.state_folder = argv[2],
	};
	CHECK(nfv_live_open(&live, &options, &error) >= 0, &error);
	try_tables(live);
	try_close();
	try_resync(live);
	try_apply(live);
	try_transactions();
	try_server(argv[3]);
	try_own_server(argv[3], argv[4]);
	nfv_live_close(live);
	return 0;
}
