/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a commit of one rule costs beside the bare tool: 50,000 rules spread over 500 chains, nft, in a network namespace of
 * its own. Both append one rule to a chain, in turn, and the medians are told.
 *
 *	rules-commit [-r RULES] [-c CHAINS] [-n TURNS] [-b nft|legacy] [-t FOLDER-OF-THE-TOOLS]
 */
#include <nfverdict/rules.h>

#include "measure.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

struct settings {
	unsigned rules, chains, turns;
	const char *backend, *folder;
};

static void __attribute__((noreturn)) fail(const char *what, const char *why)
{
	fprintf(stderr, "rules-commit: %s: %s\n", what, why);
	exit(1);
}

static double now_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

/* ---- the bare tool ---- */

/* As a script would run it: the text is ready, nothing is read, nothing is compared. */
static void run_tool(const struct settings *settings, const char *text)
{
	static char *const environment[] = { NULL };
	char path[512];
	char *argv[] = { path, (char[]){ "-n" }, NULL };
	posix_spawn_file_actions_t actions;
	int in = memfd_create("rules", MFD_CLOEXEC), status;
	const size_t len = strlen(text);
	pid_t pid;

	snprintf(path, sizeof(path), "%s/iptables-%s-restore", settings->folder, settings->backend);
	if (in < 0 || write(in, text, len) != (ssize_t)len || lseek(in, 0, SEEK_SET) != 0)
		fail("memfd", strerror(errno));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, 0);
	if (posix_spawn(&pid, path, &actions, NULL, argv, environment))
		fail(path, "cannot be run");
	posix_spawn_file_actions_destroy(&actions);
	if (waitpid(pid, &status, 0) != pid || status)
		fail(path, "did not take the rules");
	close(in);
}

static void fill(const struct settings *settings)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	fprintf(out, "*filter\n");
	for (unsigned c = 0; c < settings->chains; c++)
		fprintf(out, ":CHAIN-%u - [0:0]\n", c);
	for (unsigned c = 0; c < settings->chains; c++)
		fprintf(out, "-A FORWARD -i if%u -j CHAIN-%u\n", c, c);
	for (unsigned r = 0; r < settings->rules - settings->chains; r++)
		fprintf(out, "-A CHAIN-%u -s 10.%u.%u.0/24 -p tcp -m tcp --dport %u -j ACCEPT\n", r % settings->chains,
			r >> 8 & 255, r & 255, 1 + r % 65000);
	fprintf(out, "COMMIT\n");
	fclose(out);
	run_tool(settings, text);
	free(text);
}

/* ---- turns ---- */

static double bare(const struct settings *settings, unsigned turn)
{
	char text[256];
	double began = now_ms();

	snprintf(text, sizeof(text), "*filter\n-A CHAIN-%u -s 172.16.%u.%u -j DROP\nCOMMIT\n", turn % settings->chains,
		 turn >> 8 & 255, turn & 255);
	run_tool(settings, text);
	return now_ms() - began;
}

static double ours(const struct settings *settings, struct nfv_rules *rules, unsigned turn)
{
	struct nfv_rules_error error;
	char chain[32], rule[128];
	double began = now_ms();

	snprintf(chain, sizeof(chain), "CHAIN-%u", turn % settings->chains);
	snprintf(rule, sizeof(rule), "-s 172.17.%u.%u -j DROP", turn >> 8 & 255, turn & 255);
	if (nfv_chain_append_text(nfv_table_chain(nfv_rules_table(rules, "filter"), chain), rule, &error) ||
	    nfv_rules_commit(rules, &error))
		fail("commit", error.text);
	return now_ms() - began;
}

/*
 * Turns of one kind in blocks: after the bare tool's the library has to read again, as it must when others changed
 * something. Those readings stand apart; the commits themselves come after them.
 */
static void measure(const struct settings *settings, struct nfv_live *live)
{
	enum { BLOCK = 10 };
	double *tool = calloc(settings->turns + BLOCK, sizeof(double)),
	       *commits = calloc(settings->turns + BLOCK, sizeof(double));
	struct nfv_rules_error error;
	struct nfv_rules *rules = nfv_live_read(live, NFV_FAMILY_IPV4, NULL, &error);
	double began, reading = 0;
	unsigned done = 0;

	if (!rules)
		fail("read", error.text);
	while (done < settings->turns) {
		for (unsigned i = 0; i < BLOCK; i++)
			tool[done + i] = bare(settings, 7 * (done + i));
		began = now_ms();
		if (nfv_live_refresh(rules, &error))
			fail("refresh", error.text);
		reading = now_ms() - began;
		for (unsigned i = 0; i < BLOCK; i++)
			commits[done + i] = ours(settings, rules, 7 * (done + i) + 3);
		done += BLOCK;
	}
	printf("rules=%u chains=%u backend=%s turns=%u tool_ms=%.2f", settings->rules, settings->chains, settings->backend,
	       done, median(tool, done));
	printf(" commit_ms=%.2f ratio=%.2f read_ms=%.0f\n", median(commits, done),
	       median(commits, done) / median(tool, done), reading);
	nfv_rules_free(rules);
	free(tool);
	free(commits);
}

int main(int argc, char **argv)
{
	struct settings settings = { .rules = 50000, .chains = 500, .turns = 60, .backend = "nft", .folder = "/usr/sbin" };
	struct nfv_live_options options = { 0 };
	struct nfv_rules_error error;
	struct nfv_live *live;
	char state[] = "/tmp/nfv-bench.XXXXXX", command[64];
	int option;

	while ((option = getopt(argc, argv, "r:c:n:b:t:")) >= 0) {
		switch (option) {
		case 'r':
			settings.rules = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'c':
			settings.chains = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'n':
			settings.turns = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'b':
			settings.backend = optarg;
			break;
		case 't':
			settings.folder = optarg;
			break;
		default:
			return 2;
		}
	}
	if (settings.chains == 0 || settings.rules < settings.chains)
		fail("-r, -c", "fewer rules than chains");
	if (unshare(geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET)) {
		printf("no network namespace: %s\n", strerror(errno));
		return 77;
	}
	if (!mkdtemp(state))
		fail(state, strerror(errno));
	fill(&settings);
	options.state_folder = state;
	options.tool_folder = settings.folder;
	options.backend = !strcmp(settings.backend, "legacy") ? NFV_BACKEND_LEGACY : NFV_BACKEND_NFT;
	if (nfv_live_open(&live, &options, &error))
		fail("open", error.text);
	measure(&settings, live);
	nfv_live_close(live);
	snprintf(command, sizeof(command), "rm -r %s", state);
	return system(command) != 0;
}
