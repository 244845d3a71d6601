/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes of a ruleset of the kernel, one after the other by chance (of a seed), for tests/netns/rules-compose.sh:
 *
 *	compose-live nft|legacy auto|commit SEED STEPS
 *
 * With auto each change commits by itself; else several are committed together. Some are refused: by the library, by its
 * checks, or by the kernel. After each commit, taken or not, the objects must be what a new look at the kernel shows.
 */
#include <nfverdict/rules.h>

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHAINS 7

struct world {
	struct nfv_live *live;
	struct nfv_rules *rules;
	struct nfv_rule *model; /* that others are copies of, in words that are not the kernel's */
	unsigned long long seed;
	unsigned taken, refused;
};

static unsigned chance(struct world *world, unsigned below)
{
	world->seed ^= world->seed << 13;
	world->seed ^= world->seed >> 7;
	world->seed ^= world->seed << 17;
	return (unsigned)(world->seed >> 20) % below;
}

static struct nfv_table *table(const struct world *world)
{
	return nfv_rules_table(world->rules, "filter");
}

/* "ours-0" to "ours-6", which may be there or not. */
static const char *some_name(struct world *world, char name[16])
{
	snprintf(name, 16, "ours-%u", chance(world, CHAINS));
	return name;
}

/* One of ours that is there; FORWARD when none was found. */
static struct nfv_chain *some_chain(struct world *world)
{
	size_t count = nfv_table_chain_count(table(world));

	for (int i = 0; i < 20; i++) {
		struct nfv_chain *chain = nfv_table_chain_at(table(world), chance(world, (unsigned)count));

		if (!strncmp(nfv_chain_name(chain), "ours-", 5))
			return chain;
	}
	return nfv_table_chain(table(world), "FORWARD");
}

static struct nfv_rule *some_rule(struct world *world)
{
	char port[16], name[16], address[64];

	snprintf(port, sizeof(port), "%u", 1 + chance(world, 9));
	snprintf(address, sizeof(address), "10.0.0.%u,10.0.1.%u", chance(world, 9), chance(world, 9));
	switch (chance(world, 9)) {
	case 6:
		return nfv_rule_copy(world->model);
	case 0:
		return NFV_RULE_ACCEPT("proto", "tcp", "dport", port);
	case 1:
		return NFV_RULE_DROP("proto", "udp", "!sport", port, "comment", "a b");
	case 2:
		return NFV_RULE_RETURN("source", address);
	case 3:
		return NFV_RULE(.matches = { NFV_MATCH("mark", "mark", port), NFV_MATCH("mark", "!mark", "0x10/0xf0") });
	case 4:
		return NFV_RULE_GOTO(some_name(world, name), "in", "lo");
	case 5:
		/* What only the kernel refuses, or the tool. */
		return chance(world, 4) ? NFV_RULE_LOG("log-prefix", "x: ") : NFV_RULE_LOG("log-level", "77");
	default:
		return NFV_RULE_JUMP(some_name(world, name), "proto", "tcp", "dport", port);
	}
}

static size_t place_in(struct world *world, const struct nfv_chain *chain, size_t more)
{
	return chance(world, (unsigned)(nfv_chain_count(chain) + more));
}

/* Two chains get each other's name. */
static int swap_names(struct world *world)
{
	struct nfv_chain *a = some_chain(world), *b = some_chain(world);
	char name_a[32], name_b[32];
	int err;

	if (a == b || nfv_chain_is_builtin(a) || nfv_chain_is_builtin(b))
		return 0;
	snprintf(name_a, sizeof(name_a), "%s", nfv_chain_name(a));
	snprintf(name_b, sizeof(name_b), "%s", nfv_chain_name(b));
	nfv_rules_set_autocommit(world->rules, false);
	err = nfv_chain_rename(a, "ours-swap");
	if (!err)
		err = nfv_chain_rename(b, name_a);
	if (!err)
		err = nfv_chain_rename(a, name_b);
	return err;
}

static int change(struct world *world)
{
	struct nfv_chain *chain = some_chain(world);
	char name[16];

	switch (chance(world, 13)) {
	case 0:
		return nfv_table_add_chain(table(world), some_name(world, name)) ? 0 : -errno;
	case 1:
		return nfv_chain_remove(chain);
	case 2:
		return nfv_chain_rename(chain, some_name(world, name));
	case 3:
		return chance(world, 4) ? nfv_chain_zero(chain) : nfv_chain_flush(chain);
	case 4:
		chain = nfv_table_chain(table(world), "FORWARD");
		return nfv_chain_set_policy(chain, chance(world, 2) ? "DROP" : "ACCEPT");
	case 5:
		return nfv_chain_count(chain) ? nfv_chain_delete(chain, place_in(world, chain, 0)) : 0;
	case 6:
		return nfv_chain_count(chain) ? nfv_chain_replace(chain, place_in(world, chain, 0), some_rule(world)) : 0;
	case 7:
		return nfv_chain_count(chain) ? nfv_chain_move(chain, place_in(world, chain, 0), place_in(world, chain, 0))
					      : 0;
	case 8:
		return nfv_chain_insert(chain, place_in(world, chain, 1), some_rule(world));
	case 9:
		return swap_names(world);
	case 10:
		return NFV_CHAIN_APPEND_ALL(chain, some_rule(world), some_rule(world));
	default:
		return nfv_chain_append(chance(world, 3) ? chain : nfv_table_chain(table(world), "INPUT"), some_rule(world));
	}
}

/* The objects are what the kernel has. */
static void compare(struct world *world, unsigned step)
{
	struct nfv_rules_error error;
	struct nfv_rules *fresh = nfv_live_read(world->live, NFV_FAMILY_IPV4, NULL, &error);

	if (!fresh)
		errx(1, "step %u: read: %s", step, error.text);
	if (nfv_rules_changed(world->rules) || !nfv_rules_equal(world->rules, fresh)) {
		char *shown = nfv_rules_diff_show(fresh, world->rules, 0, false, NULL);

		errx(1, "step %u: %s the objects are not what the kernel has:\n%s", step,
		     nfv_rules_changed(world->rules) ? "changes wait," : "", shown ? shown : "");
	}
	nfv_rules_free(fresh);
}

static void count(struct world *world, int err, const struct nfv_rules_error *error)
{
	world->taken += err == 0;
	world->refused += err != 0;
	/* What the library, its checks, the tool or the kernel say no to; nothing else may go wrong. */
	if (err && err != -EBUSY && err != -EEXIST && err != -EINVAL && err != -ENOENT && err != -ELOOP)
		errx(1, "%s: %s", strerror(-err), error ? error->text : "");
}

static void step_auto(struct world *world)
{
	int err = change(world);

	count(world, err, NULL);
	nfv_rules_set_autocommit(world->rules, true);
	if (nfv_rules_changed(world->rules)) {
		struct nfv_rules_error error = { 0 };

		err = nfv_rules_commit(world->rules, &error);
		count(world, err, &error);
		if (nfv_rules_changed(world->rules) && nfv_live_refresh(world->rules, &error))
			errx(1, "refresh: %s", error.text);
	}
}

static void step_commit(struct world *world)
{
	struct nfv_rules_error error = { 0 };
	int err;

	for (unsigned left = 1 + chance(world, 8); left > 0; left--)
		change(world);
	err = nfv_rules_commit(world->rules, &error);
	count(world, err, &error);
	if (nfv_rules_changed(world->rules) && nfv_live_refresh(world->rules, &error))
		errx(1, "refresh: %s", error.text);
}

int main(int argc, char **argv)
{
	struct nfv_live_options options = { 0 };
	struct world world = { 0 };
	struct nfv_rules_error error;
	bool automatic;

	if (argc != 5)
		errx(2, "usage: %s nft|legacy auto|commit SEED STEPS", argv[0]);
	options.backend = strcmp(argv[1], "legacy") ? NFV_BACKEND_NFT : NFV_BACKEND_LEGACY;
	automatic = !strcmp(argv[2], "auto");
	world.seed = strtoull(argv[3], NULL, 10) * 0x9e3779b97f4a7c15u + 1;
	if (nfv_live_open(&world.live, &options, &error))
		errx(1, "%s", error.text);
	world.rules = nfv_live_read(world.live, NFV_FAMILY_IPV4, NULL, &error);
	if (!world.rules || !nfv_rules_add_table(world.rules, "filter"))
		errx(1, "%s", error.text);
	world.model = nfv_rule_parse("--source=10.2.3.4/255.0.0.0 -p 6 --dport 1:1 -j DROP", &error);
	nfv_rules_set_autocommit(world.rules, automatic);
	for (unsigned step = 0; step < strtoul(argv[4], NULL, 10); step++) {
		if (automatic)
			step_auto(&world);
		else
			step_commit(&world);
		compare(&world, step);
	}
	printf("%u taken, %u refused\n", world.taken, world.refused);
	nfv_rule_free(world.model);
	nfv_rules_free(world.rules);
	nfv_live_close(world.live);
	return 0;
}
