/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many processes that write to one ruleset at once, and a foreign one that uses plain iptables meanwhile:
 *
 *	writers BACKEND WRITERS SECONDS STATE-FOLDER [SERVER-SOCKET [SERVER-PROGRAM]]
 *
 * With a program the writers start the server themselves, and it is killed again and again.
 *
 * Each writer appends, by transaction, a rule to the chain SHARED and one to a chain of its own, in the same or another
 * table, both with its number and a count, and adds one to the number in the only rule of the chain COUNT. In the end every
 * count that was committed must be there once, in order, and nothing else; the number must be that of all commits, or an
 * update was lost; and the foreign process's rules must be as it left them. What is there is read from iptables-save, not
 * through the library.
 */
#include <nfverdict/rules.h>

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WRITERS_MAX      200
#define FOREIGN_PAUSE_MS 50
#define KILL_PAUSE_MS    600

/* What all processes share. */
struct writer {
	unsigned committed, given_up, conflicts, tries_max, uncertain;
	char failure[512];
};

static struct shared {
	struct writer writers[WRITERS_MAX];
	unsigned foreign_added[2], foreign_removed[2]; /* in FOREIGN, in SHARED: numbers from 0 */
	unsigned foreign_failed;
	unsigned killed;
} * shared;

static const char *backend_name, *state_folder, *server, *program;
static enum nfv_backend backend;

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void pause_ms(int ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

/* ---- a writer ---- */

struct job {
	unsigned number;
	struct writer *writer;
};

static const char *own_table(unsigned number)
{
	return number % 3 == 2 ? "mangle" : "filter";
}

static int append(struct nfv_rules *rules, const char *table_name, const char *chain_name, const struct job *job)
{
	struct nfv_table *table = nfv_rules_add_table(rules, table_name);
	struct nfv_chain *chain = table ? nfv_table_ensure_chain(table, chain_name) : NULL;
	char comment[32];

	snprintf(comment, sizeof(comment), "w%u-%u", job->number, job->writer->committed);
	if (!chain)
		return -errno;
	return nfv_chain_append(chain, NFV_RULE(.source = "10.1.2.3", .comment = comment, .jump = "RETURN"));
}

/* Depends on what is there: two that add to the same number would lose one. */
static int add_one(struct nfv_rules *rules)
{
	struct nfv_chain *chain = nfv_table_ensure_chain(nfv_rules_table(rules, "filter"), "COUNT");
	struct nfv_rule *last = chain ? nfv_chain_rule(chain, 0) : NULL;
	char comment[32];
	unsigned n = 0;

	if (!chain || (last && sscanf(nfv_rule_comment(last) ?: "", "count-%u", &n) != 1))
		return -EINVAL;
	snprintf(comment, sizeof(comment), "count-%u", n + 1);
	return last ? nfv_chain_replace(chain, 0, NFV_RULE(.comment = comment))
		    : nfv_chain_append(chain, NFV_RULE(.comment = comment));
}

static int write_one(struct nfv_transaction *transaction, void *context)
{
	struct job *job = context;
	struct nfv_rules *rules = nfv_transaction_rules(transaction, NFV_FAMILY_IPV4);
	unsigned try = nfv_transaction_try(transaction);
	char own[32];
	int err;

	if (!rules)
		return -errno;
	job->writer->conflicts += try > 0;
	if (try > job->writer->tries_max)
		job->writer->tries_max = try;
	snprintf(own, sizeof(own), "OWN%u", job->number);
	err = append(rules, "filter", "SHARED", job);
	if (!err)
		err = add_one(rules);
	return err ? err : append(rules, own_table(job->number), own, job);
}

static int find_out(struct nfv_live *live, struct job *job, struct nfv_rules_error *error)
{
	struct nfv_rules *rules = nfv_live_read(live, NFV_FAMILY_IPV4, own_table(job->number), error);
	struct nfv_chain *chain;
	char own[32];

	if (!rules)
		return -errno;
	snprintf(own, sizeof(own), "OWN%u", job->number);
	chain = nfv_table_chain(nfv_rules_table(rules, own_table(job->number)), own);
	job->writer->committed = chain ? (unsigned)nfv_chain_count(chain) : 0;
	nfv_rules_free(rules);
	return 0;
}

/* The server is killed while it serves, or while it starts. */
static bool is_lost(int err)
{
	return err == -ENOTCONN || err == -ECONNREFUSED;
}

static void write_until(unsigned number, int64_t end_ms)
{
	const struct nfv_live_options options = { .backend = backend,
						  .state_folder = state_folder,
						  .server = server,
						  .start_server = program != NULL,
						  .server_program = program,
						  .lock_wait_ms = 60000 };
	struct job job = { .number = number, .writer = &shared->writers[number] };
	struct nfv_rules_error error;
	struct nfv_live *live;
	int err = nfv_live_open(&live, &options, &error);

	while (!err && now_ms() < end_ms) {
		err = nfv_live_transaction(live, write_one, &job, &error);
		if (!err) {
			job.writer->committed++;
		} else if (err == -EAGAIN) {
			job.writer->given_up++;
			err = 0;
		} else if ((err == -EIO || is_lost(err)) && program) {
			/* The library cannot tell, or lost several servers in a row; nobody but us writes to our own chain. */
			job.writer->uncertain++;
			do
				err = find_out(live, &job, &error);
			while (is_lost(err) && now_ms() < end_ms + 10000);
		}
	}
	if (err)
		snprintf(job.writer->failure, sizeof(job.writer->failure), "%d: %.480s", err, error.text);
	nfv_live_close(live);
	_exit(err ? 1 : 0);
}

/* ---- the foreign process ---- */

static bool iptables(const char *command, const char *chain, unsigned number)
{
	char text[256];

	snprintf(text, sizeof(text), "iptables-%s %s %s -s 192.0.2.0/24 -m comment --comment foreign-%u -j ACCEPT",
		 backend_name, command, chain, number);
	return system(text) == 0;
}

/* One step in one of its two chains: two more, one less. */
static void meddle(const char *chain, int which, unsigned step)
{
	unsigned *added = &shared->foreign_added[which], *removed = &shared->foreign_removed[which];

	if (step % 3 == 2 && *removed < *added) {
		if (iptables("-D", chain, *removed))
			++*removed;
		else
			shared->foreign_failed++;
	} else if (iptables("-A", chain, *added)) {
		++*added;
	} else {
		shared->foreign_failed++;
	}
}

static void meddle_until(int64_t end_ms)
{
	for (unsigned step = 0; now_ms() < end_ms; step++) {
		meddle("FOREIGN", 0, step);
		/*
		 * In the chain of the writers too, but not so often that none gets through; and not when servers die in
		 * the middle of a change: what others do to the same chain before the next one looks cannot be told apart.
		 */
		if (step % 8 == 0 && (!program || step == 0))
			meddle("SHARED", 1, step / 8);
		pause_ms(FOREIGN_PAUSE_MS);
	}
	_exit(0);
}

/* ---- the server's enemy ---- */

static pid_t who_serves(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", server);
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	close(fd);
	return peer.pid;
}

static void kill_until(int64_t end_ms)
{
	while (now_ms() < end_ms) {
		pid_t pid;

		pause_ms(KILL_PAUSE_MS);
		pid = who_serves();
		if (pid > 0 && !kill(pid, SIGKILL))
			shared->killed++;
	}
	_exit(0);
}

/* ---- what is there in the end ---- */

struct found {
	unsigned shared[WRITERS_MAX], own[WRITERS_MAX]; /* the next count that should come */
	unsigned foreign[2];
	unsigned count;
};

static void judge_line(struct found *found, const char *line)
{
	unsigned number, count, chain_number, f, *next;
	char chain[64], wanted[256];
	const char *at;

	if (sscanf(line, "-A %63s ", chain) != 1)
		return;
	at = strstr(line, "count-");
	if (!strcmp(chain, "COUNT") && (found->count || !at || sscanf(at, "count-%u", &found->count) != 1))
		errx(1, "not the one rule with the number: %s", line);
	if ((at = strstr(line, "--comment \"w")) || (at = strstr(line, "--comment w"))) {
		bool is_shared = !strcmp(chain, "SHARED");

		if (sscanf(strchr(at, 'w'), "w%u-%u", &number, &count) != 2 || number >= WRITERS_MAX)
			errx(1, "a rule that nobody made: %s", line);
		if (!is_shared && (sscanf(chain, "OWN%u", &chain_number) != 1 || chain_number != number))
			errx(1, "a rule in a wrong chain: %s", line);
		next = &(is_shared ? found->shared : found->own)[number];
		if (count != *next)
			errx(1, "instead of w%u-%u, which is missing, or was there once already: %s", number, *next, line);
		++*next;
	} else if ((at = strstr(line, "foreign-")) && (!strcmp(chain, "SHARED") || !strcmp(chain, "FOREIGN"))) {
		f = !strcmp(chain, "SHARED");
		number = found->foreign[f]++;
		snprintf(wanted, sizeof(wanted), "-A %s -s 192.0.2.0/24 -m comment --comment foreign-%u -j ACCEPT\n", chain,
			 number);
		if (strcmp(line, wanted) != 0)
			errx(1, "a foreign rule is missing, changed, or not in order: %sinstead of %s", line, wanted);
	}
}

static void read_all(struct found *found)
{
	char command[64], line[4096];
	FILE *save;

	for (int f = 0; f < 2; f++)
		found->foreign[f] = shared->foreign_removed[f];
	snprintf(command, sizeof(command), "iptables-%s-save", backend_name);
	save = popen(command, "r");
	if (!save)
		err(1, "%s", command);
	while (fgets(line, sizeof(line), save))
		judge_line(found, line);
	if (pclose(save))
		errx(1, "%s failed", command);
}

static unsigned judge(unsigned writers)
{
	static struct found found;
	unsigned committed = 0, given_up = 0, conflicts = 0, tries = 0, failures = 0, idle = 0, uncertain = 0;

	read_all(&found);
	for (unsigned i = 0; i < writers; i++) {
		const struct writer *writer = &shared->writers[i];

		if (found.shared[i] != writer->committed || found.own[i] != writer->committed) {
			printf("writer %u: %u committed, %u in SHARED, %u in its own chain\n", i, writer->committed,
			       found.shared[i], found.own[i]);
			failures++;
		}
		if (*writer->failure) {
			printf("writer %u: %s\n", i, writer->failure);
			failures++;
		}
		committed += writer->committed;
		given_up += writer->given_up;
		conflicts += writer->conflicts;
		uncertain += writer->uncertain;
		idle += writer->committed == 0;
		tries = writer->tries_max > tries ? writer->tries_max : tries;
	}
	for (int f = 0; f < 2; f++) {
		if (found.foreign[f] == shared->foreign_added[f])
			continue;
		printf("foreign rules: %u of %u\n", found.foreign[f], shared->foreign_added[f]);
		failures++;
	}
	if (found.count != committed) {
		printf("%u was added up by %u commits: updates were lost\n", found.count, committed);
		failures++;
	}
	printf("%u writers: %u committed, %u tries after conflicts (at most %u), %u given up, %u wrote nothing; "
	       "foreign: %u made, %u removed, %u refused\n",
	       writers, committed, conflicts, tries, given_up, idle, shared->foreign_added[0] + shared->foreign_added[1],
	       shared->foreign_removed[0] + shared->foreign_removed[1], shared->foreign_failed);
	if (program)
		printf("the server was killed %u times; %u commits had to be looked up\n", shared->killed, uncertain);
	if (program && shared->killed == 0)
		failures++;
	if (committed == 0 || shared->foreign_added[0] == 0 || shared->foreign_added[1] == 0) {
		printf("nothing happened\n");
		failures++;
	}
	return failures;
}

int main(int argc, char **argv)
{
	unsigned writers, failures = 0;
	int64_t end_ms;
	int status;

	if (argc < 5)
		errx(64, "usage: writers BACKEND WRITERS SECONDS STATE-FOLDER [SERVER-SOCKET]");
	backend_name = argv[1];
	backend = !strcmp(backend_name, "nft") ? NFV_BACKEND_NFT : NFV_BACKEND_LEGACY;
	writers = (unsigned)atoi(argv[2]);
	state_folder = argv[4];
	server = argv[5];
	program = server ? argv[6] : NULL;
	if (writers == 0 || writers > WRITERS_MAX)
		errx(64, "1 to %d writers", WRITERS_MAX);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		err(1, "memory");
	end_ms = now_ms() + atoi(argv[3]) * 1000;
	for (unsigned i = 0; i <= writers + (program != NULL); i++) {
		pid_t pid = fork();

		if (pid < 0)
			err(1, "fork");
		if (pid == 0 && i == writers)
			meddle_until(end_ms);
		if (pid == 0 && i > writers)
			kill_until(end_ms);
		if (pid == 0)
			write_until(i, end_ms);
	}
	while (wait(&status) > 0)
		failures += status != 0;
	failures += judge(writers);
	return failures ? 1 : 0;
}
