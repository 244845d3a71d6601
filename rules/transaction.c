/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/transaction.h"

#include "rules/base.h"
#include "rules/error.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define DEFAULT_RETRIES 5
#define WAIT_MIN_MS     4 /* before the second try at most, then doubled */
#define WAIT_MAX_MS     1000

/* ---- snapshots ---- */

static const enum nfv_family families[] = { NFV_FAMILY_IPV4, NFV_FAMILY_IPV6 };

static void forget_watched(struct nfv_rules *rules)
{
	for (size_t t = 0; t < rules->count; t++)
		for (size_t c = 0; c < rules->tables[t]->count; c++)
			rules->tables[t]->chains[c]->watched = false;
}

/* What fn did to it is undone; when the kernel's rules were changed since, or that cannot be told, they are read again. */
static int renew(struct nfv_transaction *transaction, struct nfv_rules *rules)
{
	struct store *store = live_store(transaction->live);
	int err;

	if (!rules->generation || store->ops->generation(store) != rules->generation)
		return nfv_live_refresh(rules, &transaction->error);
	err = base_restore(rules);
	if (err)
		return error_set(&transaction->error, err, "no memory for a snapshot");
	forget_watched(rules);
	return 0;
}

struct nfv_rules *nfv_transaction_rules(struct nfv_transaction *transaction, enum nfv_family family)
{
	struct nfv_rules **rules = &transaction->rules[family];
	int err = 0;

	if (!*rules) {
		*rules = nfv_live_read(transaction->live, family, NULL, &transaction->error);
	} else if (transaction->stale[family]) {
		err = renew(transaction, *rules);
		/* It is of no more use: the next try reads anew. */
		if (err) {
			nfv_rules_free(*rules);
			*rules = NULL;
			errno = -err;
		}
	}
	transaction->stale[family] = false;
	/* What fn changes is committed as a whole. */
	if (*rules)
		nfv_rules_set_autocommit(*rules, false);
	return *rules;
}

/* ---- inside fn ---- */

int nfv_transaction_commit(struct nfv_transaction *transaction)
{
	struct nfv_rules *rules[2];
	size_t count = 0;
	int err;

	if (transaction->aborted)
		return -ECANCELED;
	if (transaction->conflict)
		return -EAGAIN;
	for (size_t i = 0; i < 2; i++)
		if (transaction->rules[families[i]] && !transaction->stale[families[i]])
			rules[count++] = transaction->rules[families[i]];
	err = count ? nfv_live_commit(transaction->live, rules, count, NULL, &transaction->error) : 0;
	transaction->conflict = err == -EAGAIN;
	return err;
}

int nfv_transaction_abort(struct nfv_transaction *transaction)
{
	transaction->aborted = true;
	return error_set(&transaction->error, -ECANCELED, "the transaction was aborted");
}

int nfv_transaction_watch(struct nfv_transaction *transaction, const struct nfv_chain *chain)
{
	struct nfv_rules *rules = chain->table ? chain->table->rules : NULL;

	if (!rules || (rules != transaction->rules[NFV_FAMILY_IPV4] && rules != transaction->rules[NFV_FAMILY_IPV6]))
		return -EINVAL;
	((struct nfv_chain *)(uintptr_t)chain)->watched = true;
	return 0;
}

unsigned nfv_transaction_try(const struct nfv_transaction *transaction)
{
	return transaction->try;
}

const struct nfv_rules_error *nfv_transaction_error(const struct nfv_transaction *transaction)
{
	return &transaction->error;
}

/* ---- tries ---- */

unsigned transaction_wait_ms(unsigned try)
{
	unsigned span = WAIT_MIN_MS, random = 0;

	for (unsigned i = 1; i < try && span < WAIT_MAX_MS; i++)
		span *= 2;
	if (span > WAIT_MAX_MS)
		span = WAIT_MAX_MS;
	/* Not from rand(): processes that start together would wait alike. */
	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		random = (unsigned)getpid() * 2654435761u;
	return 1 + span / 2 + random % (span / 2 + 1);
}

/* What fn returned is the transaction's result unless it met a conflict; that is fn's to pass on, but not to hide. */
static int run_fn(struct nfv_transaction *transaction, nfv_transaction_fn *fn, void *context)
{
	int result, err;

	transaction->conflict = false;
	transaction->aborted = false;
	transaction->error = (struct nfv_rules_error){ 0 };
	result = fn(transaction, context);
	if (transaction->aborted)
		return -ECANCELED;
	if (transaction->conflict)
		return result < 0 ? result : -EAGAIN;
	if (result < 0)
		return result;
	err = nfv_transaction_commit(transaction);
	return err < 0 ? err : result;
}

/* From the second try on: those who use this library cannot come in between any more, foreign tools still can. */
static int lock(struct nfv_transaction *transaction)
{
	struct store *store = live_store(transaction->live);
	int err;

	if (transaction->try == 0 || transaction->locked)
		return 0;
	err = store->ops->lock(store, &transaction->error);
	transaction->locked = err == 0;
	return err;
}

static void unlock(struct nfv_transaction *transaction)
{
	struct store *store = live_store(transaction->live);

	if (transaction->locked)
		store->ops->unlock(store);
	transaction->locked = false;
}

static void mark_stale(struct nfv_transaction *transaction)
{
	for (size_t i = 0; i < 2; i++)
		transaction->stale[i] = transaction->rules[i] != NULL;
}

static unsigned retries_of(const struct nfv_transaction *transaction)
{
	int retries = live_options(transaction->live)->max_retries;

	return retries < 0 ? 0 : retries == 0 ? DEFAULT_RETRIES : (unsigned)retries;
}

static void pause_before(struct nfv_transaction *transaction, unsigned retries)
{
	unsigned wait_ms = transaction_wait_ms(transaction->try + 1);

	live_log(transaction->live, NFV_RULES_INFO, "transaction: try %u of %u: conflict: %s: again in %u ms",
		 transaction->try + 1, retries + 1, transaction->error.text, wait_ms);
	poll(NULL, 0, (int)wait_ms);
}

/* The error is the caller's to read: fn's own has no more than a number. */
static int finish(struct nfv_transaction *transaction, int result, struct nfv_rules_error *error)
{
	if (result < 0 && transaction->error.code != -result)
		error_set(&transaction->error, result, "the function of the transaction: %s", strerror(-result));
	if (result < 0 && error)
		*error = transaction->error;
	/* The rule that was to blame goes with the snapshot; its place stays. */
	if (result < 0 && error)
		error->rule = NULL;
	for (size_t i = 0; i < 2; i++)
		nfv_rules_free(transaction->rules[i]);
	return result;
}

int nfv_live_transaction(struct nfv_live *live, nfv_transaction_fn *fn, void *context, struct nfv_rules_error *error)
{
	struct nfv_transaction transaction = { .live = live };
	const unsigned retries = retries_of(&transaction);
	int result;

	for (;;) {
		result = lock(&transaction);
		if (result < 0)
			break;
		result = run_fn(&transaction, fn, context);
		if (!transaction.conflict || result != -EAGAIN)
			break;
		/* Not while others wait: they would only see the lock taken and a pause. */
		unlock(&transaction);
		if (transaction.try == retries) {
			live_log(live, NFV_RULES_WARNING, "transaction: given up after %u tries: %s", retries + 1,
				 transaction.error.text);
			break;
		}
		pause_before(&transaction, retries);
		mark_stale(&transaction);
		transaction.try++;
	}
	unlock(&transaction);
	return finish(&transaction, result, error);
}

int nfv_rules_transaction(nfv_transaction_fn *fn, void *context, const struct nfv_live_options *options,
			  struct nfv_rules_error *error)
{
	struct nfv_live *live;
	int result = nfv_live_open(&live, options, error);

	if (result)
		return result;
	result = nfv_live_transaction(live, fn, context, error);
	nfv_live_close(live);
	return result;
}
