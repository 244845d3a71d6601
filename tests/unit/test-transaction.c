/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transactions over a kernel that lives in memory, where somebody else changes rules whenever the test wants it. */
#include "rules/error.h"
#include "rules/live-private.h"
#include "rules/transaction.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const fresh = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
				 ":A - [0:0]\n:B - [0:0]\n[0:0] -A A -j RETURN\n[0:0] -A B -j RETURN\nCOMMIT\n";

static struct fake {
	struct store store;
	struct nfv_rules *kernel;
	uint64_t generation;
	bool no_generations; /* as on legacy */
	unsigned reads, submits, locks, unlocks;
	bool locked;
	int lock_result;
	const char *meddle[8]; /* commands of somebody else, one before each submit; NULL: nothing */
	size_t next;
	unsigned lines; /* of the log */
	char log[2048];
} fake;

/* ---- the store ---- */

static void change_kernel(const char *text)
{
	const struct nfv_read_options options = { .table = "filter" };

	assert_int_equal(nfv_rules_read(fake.kernel, text, strlen(text), &options, NULL), 0);
	fake.generation++;
}

static int fake_read(struct store *store, enum nfv_family family, const char *table, bool counters, char **text, size_t *len,
		     uint64_t *generation, struct nfv_rules_error *error)
{
	(void)store;
	(void)table;
	(void)error;
	fake.reads++;
	*len = 0;
	*text = family == NFV_FAMILY_IPV6 ? strdup("")
					  : nfv_rules_print(fake.kernel, counters ? NFV_PRINT_COUNTERS : 0, len);
	*generation = fake.no_generations ? 0 : fake.generation;
	return *text ? 0 : -ENOMEM;
}

static int fake_submit(struct store *store, const struct change *change, struct store_submit *submit,
		       struct nfv_rules_error *error)
{
	int err = 0;

	(void)store;
	fake.submits++;
	if (fake.next < 8 && fake.meddle[fake.next])
		change_kernel(fake.meddle[fake.next]);
	fake.next++;
	for (size_t i = 0; i < change->count && !err; i++)
		err = change_part_conflict(&change->parts[i], fake.kernel, error);
	for (size_t i = 0; i < change->count && !err; i++) {
		const struct text *text = &change->parts[i].forward.text;

		err = nfv_rules_read(fake.kernel, text->data, text->len, NULL, error);
		fake.generation++;
	}
	submit->generation[0] = submit->generation[1] = fake.no_generations ? 0 : fake.generation;
	return err;
}

static int fake_lock(struct store *store, struct nfv_rules_error *error)
{
	(void)store;
	assert_false(fake.locked);
	if (fake.lock_result)
		return error_set(error, fake.lock_result, "somebody has the lock");
	fake.locked = true;
	fake.locks++;
	return 0;
}

static void fake_unlock(struct store *store)
{
	(void)store;
	assert_true(fake.locked);
	fake.locked = false;
	fake.unlocks++;
}

static uint64_t fake_generation(struct store *store)
{
	(void)store;
	return fake.no_generations ? 0 : fake.generation;
}

static enum nfv_backend fake_backend(const struct store *store)
{
	(void)store;
	return NFV_BACKEND_NFT;
}

static const struct store_ops ops = { .read = fake_read,
				      .submit = fake_submit,
				      .lock = fake_lock,
				      .unlock = fake_unlock,
				      .generation = fake_generation,
				      .backend = fake_backend };

static void log_line(void *context, enum nfv_rules_level level, const char *text)
{
	(void)context;
	(void)level;
	fake.lines++;
	snprintf(fake.log + strlen(fake.log), sizeof(fake.log) - strlen(fake.log), "%s\n", text);
}

static struct nfv_live live;

static int setup(void **state)
{
	(void)state;
	fake = (struct fake){ .store = { &ops }, .generation = 7 };
	fake.kernel = nfv_rules_new(NFV_FAMILY_IPV4);
	live = (struct nfv_live){ .store = &fake.store, .options = { .log = log_line } };
	return nfv_rules_read(fake.kernel, fresh, strlen(fresh), NULL, NULL);
}

static int teardown(void **state)
{
	(void)state;
	assert_false(fake.locked);
	assert_int_equal(fake.locks, fake.unlocks);
	nfv_rules_free(fake.kernel);
	return 0;
}

/* How many rules of the kernel's chain hold the text. */
static unsigned count(const char *chain_name, const char *text)
{
	struct nfv_chain *chain = nfv_table_chain(nfv_rules_table(fake.kernel, "filter"), chain_name);
	unsigned found = 0;

	for (size_t i = 0; chain && i < nfv_chain_count(chain); i++) {
		char *rule = nfv_rule_print(nfv_chain_rule(chain, i), 0);

		assert_non_null(rule);
		found += strstr(rule, text) != NULL;
		free(rule);
	}
	return found;
}

/* ---- functions ---- */

struct job {
	const char *chain, *rule;
	const char *watch;
	bool commits_between, aborts, hides_conflict;
	int result;
	unsigned calls;
	int last_commit;
};

static struct nfv_chain *chain_of(struct nfv_transaction *transaction, const char *name)
{
	struct nfv_rules *rules = nfv_transaction_rules(transaction, NFV_FAMILY_IPV4);

	assert_non_null(rules);
	assert_ptr_equal(rules, nfv_transaction_rules(transaction, NFV_FAMILY_IPV4));
	return nfv_table_chain(nfv_rules_table(rules, "filter"), name);
}

static int work(struct nfv_transaction *transaction, void *context)
{
	struct job *job = context;
	struct nfv_chain *chain = chain_of(transaction, job->chain);
	int err;

	assert_int_equal(nfv_transaction_try(transaction), job->calls++);
	assert_int_equal(fake.locked, nfv_transaction_try(transaction) > 0);
	if (job->watch)
		assert_int_equal(nfv_transaction_watch(transaction, chain_of(transaction, job->watch)), 0);
	/* What an earlier try did must not be here any more, unless it was committed. */
	if (!job->commits_between)
		assert_int_equal(nfv_chain_count(chain), count(job->chain, ""));
	err = nfv_chain_append_text(chain, job->rule, NULL);
	assert_int_equal(err, 0);
	if (job->commits_between) {
		job->last_commit = nfv_transaction_commit(transaction);
		if (job->last_commit < 0 && !job->hides_conflict)
			return job->last_commit;
		assert_int_equal(nfv_chain_append_text(chain, "-s 10.9.9.9/32 -j DROP", NULL), 0);
	}
	return job->aborts ? nfv_transaction_abort(transaction) : job->result;
}

static int run(struct job *job, struct nfv_rules_error *error)
{
	*error = (struct nfv_rules_error){ 0 };
	return nfv_live_transaction(&live, work, job, error);
}

/* ---- tests ---- */

static void test_plain(void **state)
{
	struct job job = { .chain = "A", .rule = "-j ACCEPT", .result = 5 };
	struct nfv_rules_error error;

	(void)state;
	assert_int_equal(run(&job, &error), 5);
	assert_int_equal(count("A", "ACCEPT"), 1);
	assert_int_equal(fake.reads, 1);
	assert_int_equal(fake.submits, 1);
	assert_int_equal(fake.locks, 0);
	assert_int_equal(fake.lines, 0);
}

static void test_result_and_abort(void **state)
{
	struct job fails = { .chain = "A", .rule = "-j ACCEPT", .result = -ENOTTY };
	struct job aborts = { .chain = "A", .rule = "-j ACCEPT", .aborts = true };
	struct nfv_rules_error error;

	(void)state;
	assert_int_equal(run(&fails, &error), -ENOTTY);
	assert_int_equal(error.code, ENOTTY);
	assert_non_null(strstr(error.text, "function"));
	assert_int_equal(run(&aborts, &error), -ECANCELED);
	assert_int_equal(error.code, ECANCELED);
	assert_int_equal(count("A", "ACCEPT"), 0);
	assert_int_equal(fake.submits, 0);

	/* A function's own -EAGAIN is no conflict. */
	fails = (struct job){ .chain = "A", .rule = "-j ACCEPT", .result = -EAGAIN };
	assert_int_equal(run(&fails, &error), -EAGAIN);
	assert_int_equal(fails.calls, 1);
}

static void test_conflict(void **state)
{
	struct job job = { .chain = "A", .rule = "-j ACCEPT", .result = 1 };
	struct nfv_rules_error error;

	(void)state;
	fake.meddle[0] = "-A A -j LOG";
	fake.meddle[1] = "-A A -j LOG";
	assert_int_equal(run(&job, &error), 1);
	assert_int_equal(job.calls, 3);
	assert_int_equal(count("A", "ACCEPT"), 1);
	assert_int_equal(count("A", "LOG"), 2);
	assert_int_equal(fake.reads, 3);
	assert_int_equal(fake.locks, 2);
	assert_int_equal(fake.lines, 2);
	assert_non_null(strstr(fake.log, "chain A of table filter"));
	assert_non_null(strstr(fake.log, " ms"));
}

static void test_other_chain(void **state)
{
	struct job job = { .chain = "A", .rule = "-j ACCEPT" }, watches = { .chain = "A", .rule = "-j DROP", .watch = "B" };
	struct nfv_rules_error error;

	(void)state;
	fake.meddle[0] = "-A B -j LOG";
	assert_int_equal(run(&job, &error), 0);
	assert_int_equal(job.calls, 1);
	assert_int_equal(count("B", "LOG"), 1);
	fake.meddle[1] = "-A B -j LOG";
	assert_int_equal(run(&watches, &error), 0);
	assert_int_equal(watches.calls, 2);
	assert_int_equal(count("B", "LOG"), 2);
	assert_int_equal(count("A", "DROP"), 1);
}

static void test_gives_up(void **state)
{
	struct job job = { .chain = "A", .rule = "-j ACCEPT" };
	struct nfv_rules_error error;

	(void)state;
	for (int i = 0; i < 8; i++)
		fake.meddle[i] = "-A A -j LOG";
	assert_int_equal(run(&job, &error), -EAGAIN);
	assert_int_equal(job.calls, 6);
	assert_int_equal(error.code, EAGAIN);
	assert_non_null(strstr(error.text, "chain A"));
	assert_int_equal(count("A", "ACCEPT"), 0);
	assert_int_equal(count("A", "LOG"), 6);

	fake.next = 0;
	job.calls = 0;
	live.options.max_retries = -1;
	assert_int_equal(run(&job, &error), -EAGAIN);
	assert_int_equal(job.calls, 1);
	fake.next = 0;
	job.calls = 0;
	live.options.max_retries = 2;
	assert_int_equal(run(&job, &error), -EAGAIN);
	assert_int_equal(job.calls, 3);
}

static void test_commit_between(void **state)
{
	struct job aborts = { .chain = "A", .rule = "-j ACCEPT", .commits_between = true, .aborts = true };
	struct job conflicts = { .chain = "B", .rule = "-j ACCEPT", .commits_between = true };
	struct nfv_rules_error error;

	(void)state;
	/* What was committed stays. */
	assert_int_equal(run(&aborts, &error), -ECANCELED);
	assert_int_equal(count("A", "ACCEPT"), 1);
	assert_int_equal(count("A", "10.9.9.9"), 0);
	/* The second commit of the first try meets a conflict: the next try sees what the first commit did. */
	fake.next = 0;
	fake.meddle[1] = "-A B -j LOG";
	assert_int_equal(run(&conflicts, &error), 0);
	assert_int_equal(conflicts.calls, 2);
	assert_int_equal(count("B", "ACCEPT"), 2);
	assert_int_equal(count("B", "10.9.9.9"), 1);
	assert_int_equal(count("B", "LOG"), 1);
}

/* A function that does not pass a conflict on is called again all the same. */
static void test_hidden_conflict(void **state)
{
	struct job job = { .chain = "A", .rule = "-j ACCEPT", .commits_between = true, .hides_conflict = true, .result = 3 };
	struct nfv_rules_error error;

	(void)state;
	fake.meddle[0] = "-A A -j LOG";
	assert_int_equal(run(&job, &error), 3);
	assert_int_equal(job.calls, 2);
	assert_int_equal(job.last_commit, 0);
	assert_int_equal(count("A", "ACCEPT"), 1);
	assert_int_equal(count("A", "10.9.9.9"), 1);
}

static void test_lock_refused(void **state)
{
	struct job job = { .chain = "A", .rule = "-j ACCEPT" };
	struct nfv_rules_error error;

	(void)state;
	fake.meddle[0] = "-A A -j LOG";
	fake.lock_result = -ETIMEDOUT;
	assert_int_equal(run(&job, &error), -ETIMEDOUT);
	assert_int_equal(job.calls, 1);
	assert_string_equal(error.text, "somebody has the lock");
}

/* The kernel says that nothing else changed: the snapshot is used again. */
static int conflict_without_cause(struct nfv_transaction *transaction, void *context)
{
	struct nfv_chain *chain = chain_of(transaction, "A");

	(void)context;
	assert_int_equal(nfv_chain_count(chain), 1);
	assert_int_equal(nfv_chain_append_text(chain, "-j ACCEPT", NULL), 0);
	assert_non_null(nfv_table_add_chain(nfv_chain_table(chain), "NEW"));
	if (nfv_transaction_try(transaction) == 0) {
		transaction->conflict = true;
		return -EAGAIN;
	}
	return 0;
}

static void test_snapshot_again(void **state)
{
	struct nfv_rules_error error;

	(void)state;
	assert_int_equal(nfv_live_transaction(&live, conflict_without_cause, NULL, &error), 0);
	assert_int_equal(fake.reads, 1);
	assert_int_equal(count("A", "ACCEPT"), 1);

	nfv_rules_free(fake.kernel);
	assert_int_equal(setup(NULL), 0);
	fake.no_generations = true;
	assert_int_equal(nfv_live_transaction(&live, conflict_without_cause, NULL, &error), 0);
	assert_int_equal(fake.reads, 2);
}

static void test_waits(void **state)
{
	unsigned different = 0, last = 0;

	(void)state;
	for (int i = 0; i < 200; i++) {
		unsigned one = transaction_wait_ms(1), five = transaction_wait_ms(5), many = transaction_wait_ms(100);

		assert_in_range(one, 1, 5);
		assert_in_range(five, 33, 65);
		assert_in_range(many, 501, 1001);
		different += many != last;
		last = many;
	}
	assert_true(different > 100);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_plain),           TEST(test_result_and_abort), TEST(test_conflict),
		TEST(test_other_chain),     TEST(test_gives_up),         TEST(test_commit_between),
		TEST(test_hidden_conflict), TEST(test_lock_refused),     TEST(test_snapshot_again),
		TEST(test_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
