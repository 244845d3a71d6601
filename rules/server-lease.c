/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/server.h"

#include "rules/error.h"
#include "rules/tool-run.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define REMOVAL_PAUSE_MS 500
#define REMOVAL_TRIES    20

/* ---- for clients ---- */

static bool is_builtin(const struct wire_request *request)
{
	const char *const *names = table_builtin_chains(request->table, request->family);

	for (; names && *names; names++)
		if (!strcmp(*names, request->chain))
			return true;
	return false;
}

static int take(struct server *server, const struct server_client *client, struct nfv_rules_error *error)
{
	const struct wire_request *request = &client->request;
	const struct lease lease = {
		.family = request->family,
		.table = (char *)(uintptr_t)request->table,
		.chain = (char *)(uintptr_t)request->chain,
		.flags = request->flags,
		.holder = client->number,
		.pid = client->pid,
	};

	if (!table_builtin_chains(request->table, request->family))
		return error_set(error, -EINVAL, "%s: no table of iptables has that name", request->table);
	if (request->flags & NFV_LEASE_REMOVE_CHAIN && is_builtin(request))
		return error_set(error, -EINVAL, "chain %s of table %s is built in: it cannot be removed", request->chain,
				 request->table);
	return lease_take(&server->leases, &lease, error);
}

void server_answer_lease(struct server *server, struct server_client *client)
{
	const struct wire_request *request = &client->request;
	struct nfv_rules_error error = { 0 };
	int err;

	if (request->what == WIRE_LEASE)
		err = take(server, client, &error);
	else
		err = lease_give_back(&server->leases, request->family, request->table, request->chain, client->number,
				      &error);
	if (err)
		server_client_refuse(server, client, &error);
	else
		server_client_answer(server, client, json_pack("{s:i}", "value", 0), NULL);
}

/* ---- when the holder is gone ---- */

void server_drop_leases(struct server *server, const struct server_client *client)
{
	struct lease lease;

	while (lease_take_away(&server->leases, client->number, &lease)) {
		live_log(server->live, NFV_RULES_INFO, "server: client %d is gone: its lease of chain %s of table %s ends%s",
			 (int)client->pid, lease.chain, lease.table,
			 lease.flags & NFV_LEASE_REMOVE_CHAIN ? ", and the chain is removed" : "");
		/* The chain stays leased, by nobody, until it is removed: who took it before would lose it. */
		if (lease.flags & NFV_LEASE_REMOVE_CHAIN) {
			struct lease orphan = lease;

			orphan.holder = 0;
			orphan.pid = getpid();
			if (lease_take(&server->leases, &orphan, NULL))
				live_log(server->live, NFV_RULES_ERROR, "server: chain %s stays: no memory", lease.chain);
			server->removal_ms = tool_run_now_ms();
			server->removal_tries = 0;
		}
		lease_free(&lease);
	}
}

static bool leads_to(const struct nfv_rule *rule, const char *chain)
{
	const struct nfv_extension *target = nfv_rule_target(rule);

	return target && !strcmp(nfv_extension_name(target), chain);
}

static int remove_jumps(struct nfv_table *table, const char *name)
{
	int err = 0;

	for (size_t c = 0; c < nfv_table_chain_count(table); c++) {
		struct nfv_chain *chain = nfv_table_chain_at(table, c);

		for (size_t r = nfv_chain_count(chain); r > 0 && !err; r--)
			if (leads_to(nfv_chain_rule(chain, r - 1), name))
				err = nfv_chain_delete(chain, r - 1);
	}
	return err;
}

/* One that is gone already is no error. */
static int remove_chain(struct nfv_rules *rules, const struct lease *lease)
{
	struct nfv_table *table = nfv_rules_table(rules, lease->table);
	struct nfv_chain *chain = table ? nfv_table_chain(table, lease->chain) : NULL;
	int err = chain ? remove_jumps(table, lease->chain) : 0;

	return err || !chain ? err : nfv_chain_remove(chain);
}

/* All chains of one family at once: they may lead to each other. */
static int remove_chains(struct server *server, enum nfv_family family, struct nfv_rules_error *error)
{
	struct nfv_rules *rules = NULL;
	int err = 0;

	for (size_t i = 0; i < server->leases.count && !err; i++) {
		const struct lease *lease = &server->leases.items[i];

		if (lease->holder || lease->family != family)
			continue;
		if (!rules) {
			rules = nfv_live_read(server->live, family, NULL, error);
			if (!rules)
				return -errno;
			nfv_rules_set_autocommit(rules, false);
		}
		err = remove_chain(rules, lease);
		if (err)
			error_set(error, err, "chain %s of table %s: %s", lease->chain, lease->table, strerror(-err));
	}
	if (rules && !err)
		err = nfv_rules_commit(rules, error);
	nfv_rules_free(rules);
	return err;
}

void server_remove_chains(struct server *server)
{
	struct nfv_rules_error error = { 0 };
	struct lease lease;
	int err;

	if (!server->removal_ms || server->removal_ms > tool_run_now_ms())
		return;
	err = remove_chains(server, NFV_FAMILY_IPV4, &error);
	if (!err)
		err = remove_chains(server, NFV_FAMILY_IPV6, &error);
	if (err && ++server->removal_tries < REMOVAL_TRIES) {
		server->removal_ms = tool_run_now_ms() + REMOVAL_PAUSE_MS;
		return;
	}
	if (err)
		live_log(server->live, NFV_RULES_ERROR, "server: chains of clients that are gone stay: %s", error.text);
	server->removal_ms = 0;
	while (lease_take_away(&server->leases, 0, &lease))
		lease_free(&lease);
}
