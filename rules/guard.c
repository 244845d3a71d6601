/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/guard.h"

#include "rules/error.h"
#include "rules/generation.h"
#include "rules/owner.h"
#include "rules/tool-run.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

/* ---- looking ---- */

/* One look, as a transaction's function. */
struct look {
	struct nfv_guard *guard;
	bool may_repair;
	bool gone; /* something was */
	uint64_t generation; /* of what was looked at */
};

static int look_at(struct nfv_transaction *transaction, void *context)
{
	struct look *look = context;
	int err;

	look->gone = false;
	for (enum nfv_family f = NFV_FAMILY_IPV4; f <= NFV_FAMILY_IPV6; f++) {
		struct nfv_rules *rules;

		if (!look->guard->wanted[f])
			continue;
		rules = nfv_transaction_rules(transaction, f);
		if (!rules)
			return -errno;
		look->generation = rules->generation;
		err = guard_put(look->guard, rules);
		if (err)
			return err;
		look->gone |= nfv_rules_changed(rules);
	}
	return look->gone && !look->may_repair ? nfv_transaction_abort(transaction) : 0;
}

/* What stands in the kernel now is in order. */
static int learn(struct nfv_guard *guard, struct nfv_rules_error *error)
{
	int err = 0;

	for (enum nfv_family f = NFV_FAMILY_IPV4; f <= NFV_FAMILY_IPV6 && !err; f++) {
		struct nfv_rules *rules;

		if (!guard->wanted[f])
			continue;
		rules = nfv_live_read(guard->live, f, NULL, error);
		if (!rules)
			return -errno;
		err = guard_learn(guard, rules);
		if (err)
			error_set(error, err, "guard: %s", strerror(-err));
		nfv_rules_free(rules);
	}
	return err;
}

/* ---- repairs ---- */

static void repair_later(struct nfv_guard *guard, int64_t now)
{
	guard->repair_ms = now + guard->wait_ms;
	guard->repaired_ms = now;
	guard->wait_ms = guard->wait_ms * 2 < GUARD_WAIT_MAX_MS ? guard->wait_ms * 2 : GUARD_WAIT_MAX_MS;
}

static void calm_down(struct nfv_guard *guard, int64_t now)
{
	if (now - guard->repaired_ms > 2 * (int64_t)guard->wait_ms)
		guard->wait_ms = GUARD_WAIT_MIN_MS;
}

/* What a look found is counted, and what comes next is set. 0 or -errno. */
static int judge(struct nfv_guard *guard, const struct look *look, int result, struct nfv_rules_error *error)
{
	int64_t now = tool_run_now_ms();

	guard->counters.checks++;
	guard->counters.flushes += look->gone && !guard->broken;
	guard->broken = look->gone && result < 0;
	guard->generation = 0;
	if (result == -ECANCELED && !look->may_repair)
		return 0;
	if (result < 0) {
		guard->counters.failures += look->gone;
		repair_later(guard, now);
		guard->look_ms = guard->repair_ms;
		return result;
	}
	if (!look->gone) {
		guard->generation = look->generation;
		calm_down(guard, now);
		return 0;
	}
	guard->counters.repairs++;
	repair_later(guard, now);
	live_log(guard->live, NFV_RULES_WARNING, "guard: rules of %s were gone or changed: put back", guard->owner);
	return learn(guard, error);
}

static bool needs_look(const struct nfv_guard *guard, int64_t now)
{
	struct store *store = live_store(guard->live);
	uint64_t generation = store->ops->generation(store);

	if (guard->broken)
		return now >= guard->repair_ms;
	/* Without generations only a look tells. */
	return !generation || generation != guard->generation;
}

static long next_look(const struct nfv_guard *guard, int64_t now)
{
	int64_t next = guard->watch ? now + GUARD_IDLE_MS : guard->look_ms;

	/* Our own repair made a generation that was not looked at yet. */
	if (guard->watch && !guard->generation)
		next = now;
	if (guard->broken)
		next = guard->repair_ms;
	return next > now ? (long)(next - now) : 0;
}

/* A large ruleset takes long to read: looking at it must not become the machine's main work. */
static void look_later(struct nfv_guard *guard, int64_t began)
{
	int64_t now = tool_run_now_ms(), pause_ms = (now - began) * GUARD_LOOK_SHARE;

	guard->look_ms = now + (pause_ms > GUARD_LOOK_MS ? pause_ms : GUARD_LOOK_MS);
}

long nfv_guard_check(struct nfv_guard *guard, struct nfv_rules_error *error)
{
	int64_t now = tool_run_now_ms();
	struct look look = { .guard = guard, .may_repair = now >= guard->repair_ms };
	int err = 0;

	if (guard->watch)
		generation_drain(guard->watch);
	if (needs_look(guard, now)) {
		err = nfv_live_transaction(guard->live, look_at, &look, error);
		look_later(guard, now);
		err = judge(guard, &look, err, error);
	}
	return err ? err : next_look(guard, tool_run_now_ms());
}

/* ---- making ---- */

int nfv_guard_new(struct nfv_guard **made, struct nfv_live *live, const struct nfv_rules *const *wanted, size_t count,
		  const char *owner, struct nfv_rules_error *error)
{
	struct nfv_guard *guard;
	int err = 0;

	if (owner_check(owner))
		return error_set(error, -EINVAL, "%.64s: not a name for an owner: 1 to %d of A-Z a-z 0-9 _ -",
				 owner ? owner : "", OWNER_MAX);
	guard = calloc(1, sizeof(*guard));
	if (!guard)
		return error_set(error, -ENOMEM, "no memory for a guard");
	guard->live = live;
	guard->wait_ms = GUARD_WAIT_MIN_MS;
	guard->owner = strdup(owner);
	if (!guard->owner)
		err = -ENOMEM;
	for (size_t i = 0; i < count && !err; i++)
		err = guard_take_wanted(guard, wanted[i]);
	if (err)
		error_set(error, err, err == -EEXIST ? "two rulesets of one family" : "what a guard watches: %s",
			  strerror(-err));
	if (!err)
		err = learn(guard, error);
	if (err) {
		nfv_guard_free(guard);
		return err;
	}
	if (nfv_live_backend(live) == NFV_BACKEND_NFT && generation_watch(&guard->watch))
		guard->watch = NULL;
	*made = guard;
	return 0;
}

void nfv_guard_free(struct nfv_guard *guard)
{
	if (!guard)
		return;
	generation_close(guard->watch);
	for (size_t i = 0; i < 2; i++) {
		nfv_rules_free(guard->wanted[i]);
		free(guard->places[i]);
	}
	free(guard->owner);
	free(guard);
}

int nfv_guard_fd(const struct nfv_guard *guard)
{
	return guard->watch ? mnl_socket_get_fd(guard->watch) : -ENOTSUP;
}

void nfv_guard_counters(const struct nfv_guard *guard, struct nfv_guard_counters *counters)
{
	*counters = guard->counters;
}
