/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts an owner's rules into the kernel and guards them, for tests:
 *
 *	guard-cli BACKEND STATE-FOLDER FILE
 *
 * FILE is a text for iptables-restore with the rules of the owner "guard". Prints "guarding", and after each call that looked
 * "checks C flushes F repairs R failures X next MS", until standard input ends.
 */
#include <nfverdict/rules.h>

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define OWNER "guard"

static struct nfv_rules *wanted;

static int put(struct nfv_transaction *transaction, void *context)
{
	struct nfv_rules *rules = nfv_transaction_rules(transaction, NFV_FAMILY_IPV4);

	(void)context;
	return rules ? nfv_rules_put_owned(rules, wanted, OWNER, true) : -errno;
}

static void print(const struct nfv_guard *guard, long next)
{
	static uint64_t checks;
	struct nfv_guard_counters counters;

	nfv_guard_counters(guard, &counters);
	if (counters.checks == checks)
		return;
	checks = counters.checks;
	printf("checks %llu flushes %llu repairs %llu failures %llu next %ld\n", (unsigned long long)counters.checks,
	       (unsigned long long)counters.flushes, (unsigned long long)counters.repairs,
	       (unsigned long long)counters.failures, next);
	fflush(stdout);
}

static void log_line(void *context, enum nfv_rules_level level, const char *text)
{
	(void)context;
	fprintf(stderr, "%d %s\n", (int)level, text);
}

static void guard_until_end(struct nfv_guard *guard)
{
	struct pollfd polled[2] = { { .fd = 0, .events = POLLIN }, { .fd = nfv_guard_fd(guard), .events = POLLIN } };
	struct nfv_rules_error error;

	puts("guarding");
	fflush(stdout);
	for (;;) {
		long next = nfv_guard_check(guard, &error);

		if (next < 0)
			fprintf(stderr, "check: %s\n", error.text);
		print(guard, next);
		/* A change is known at once; when it may be repaired is another matter. */
		if (poll(polled, polled[1].fd >= 0 ? 2 : 1, next < 0 ? 1000 : (int)next) < 0)
			err(1, "poll");
		if (polled[0].revents)
			return;
	}
}

int main(int argc, char **argv)
{
	struct nfv_live_options options = { .log = log_line };
	const struct nfv_rules *all[1];
	struct nfv_rules_error error;
	struct nfv_guard *guard;
	struct nfv_live *live;

	if (argc != 4)
		errx(64, "usage: guard-cli BACKEND STATE-FOLDER FILE");
	options.backend = !strcmp(argv[1], "nft") ? NFV_BACKEND_NFT : NFV_BACKEND_LEGACY;
	options.state_folder = argv[2];
	wanted = nfv_rules_new(NFV_FAMILY_IPV4);
	all[0] = wanted;
	if (!wanted || nfv_rules_read_file(wanted, argv[3], NULL, &error))
		errx(1, "%s: %s", argv[3], error.text);
	if (nfv_live_open(&live, &options, &error) || nfv_live_transaction(live, put, NULL, &error) < 0 ||
	    nfv_guard_new(&guard, live, all, 1, OWNER, &error))
		errx(1, "%s", error.text);
	guard_until_end(guard);
	nfv_guard_free(guard);
	nfv_live_close(live);
	nfv_rules_free(wanted);
	return 0;
}
