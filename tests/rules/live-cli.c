/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rulesets of the kernel by hand, for the tests of rules/live*.c: commands from standard input, one a line. After each
 * command that can fail a line "= 0", or "= NAME: text" with the name of the error.
 *
 *	live-cli [backend NAME] [tools FOLDER] [state FOLDER] [owner NAME] [autocommit] [verify always|never] [timeout MS]
 *		 [wait MS]
 *
 *	read 4|6 [TABLE]          refresh 4|6      resync 4|6       changed 4|6     auto 4|6 on|off
 *	print 4|6 [TABLE]         with counters
 *	text 4|6 LINE;LINE…       reads lines for iptables-restore --noflush into the ruleset
 *	append 4|6 TABLE CHAIN RULE                delete 4|6 TABLE CHAIN NUMBER
 *	tag 4|6 TABLE CHAIN NUMBER OWNER           sweep 4|6 OWNER [PREFIX]
 *	commit                    what was changed in both families
 *	confirming SECONDS        dry on|off       for the commits that follow
 *	apply 4|6 FILE            confirm | rollback | left
 *	transaction 4|6 TABLE CHAIN RULE           appends a rule in a transaction
 *	shell COMMAND             echo TEXT
 */
#include <nfverdict/rules.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cli {
	struct nfv_live *live;
	struct nfv_rules *rules[2];
	struct nfv_commit_options commit;
	struct nfv_rules_error error;
};

static void tell_log(void *context, enum nfv_rules_level level, const char *text)
{
	static const char *const names[] = { "debug", "info", "warning", "error" };

	(void)context;
	printf("log: %s: %s\n", names[level], text);
}

static void outcome(struct cli *cli, int err)
{
	char text[1024];

	if (err >= 0) {
		printf("= %d\n", err);
	} else {
		nfv_rules_error_print(&cli->error, text, sizeof(text));
		printf("= %s: %s\n", strerrorname_np(-err), text);
	}
	cli->error = (struct nfv_rules_error){ 0 };
}

static char *word(char **rest)
{
	char *at = *rest + strspn(*rest, " "), *end = at + strcspn(at, " ");

	*rest = *end ? end + 1 : end;
	*end = '\0';
	return at;
}

/* ---- commands with a ruleset ---- */

static void print(struct cli *cli, const struct nfv_rules *rules, char *rest)
{
	const char *name = word(&rest);
	struct nfv_table *table = *name ? nfv_rules_table(rules, name) : NULL;
	char *text = *name ? table ? nfv_table_print(table, NFV_PRINT_COUNTERS, NULL) : strdup("")
			   : nfv_rules_print(rules, NFV_PRINT_COUNTERS, NULL);

	(void)cli;
	fputs(text ? text : "no memory\n", stdout);
	free(text);
}

static void read_text(struct cli *cli, struct nfv_rules *rules, char *rest)
{
	const struct nfv_read_options options = { .file = "typed" };
	size_t len = strlen(rest);

	for (char *c = rest; *c; c++)
		if (*c == ';')
			*c = '\n';
	rest[len] = '\n'; /* the line was read with room behind it */
	outcome(cli, nfv_rules_read(rules, rest, len + 1, &options, &cli->error));
}

static struct nfv_chain *chain_of(struct nfv_rules *rules, char **rest)
{
	struct nfv_table *table = nfv_rules_add_table(rules, word(rest));

	return table ? nfv_table_ensure_chain(table, word(rest)) : NULL;
}

static void append(struct cli *cli, struct nfv_rules *rules, char *rest)
{
	struct nfv_chain *chain = chain_of(rules, &rest);

	outcome(cli, chain ? nfv_chain_append_text(chain, rest, &cli->error) : -errno);
}

static void delete(struct cli *cli, struct nfv_rules *rules, char *rest)
{
	struct nfv_chain *chain = chain_of(rules, &rest);

	outcome(cli, chain ? nfv_chain_delete(chain, strtoul(rest, NULL, 10)) : -errno);
}

static void sweep(struct cli *cli, struct nfv_rules *rules, char *rest)
{
	const char *owner = word(&rest), *prefix = word(&rest);

	outcome(cli, nfv_rules_sweep(rules, owner, *prefix ? prefix : NULL));
}

static void tag(struct cli *cli, struct nfv_rules *rules, char *rest)
{
	struct nfv_chain *chain = chain_of(rules, &rest);
	struct nfv_rule *rule = chain ? nfv_chain_rule(chain, strtoul(word(&rest), NULL, 10)) : NULL;

	outcome(cli, rule ? nfv_rule_set_owner(rule, word(&rest)) : -errno);
}

static bool with_rules(struct cli *cli, const char *command, struct nfv_rules *rules, char *rest)
{
	if (!strcmp(command, "refresh"))
		outcome(cli, nfv_live_refresh(rules, &cli->error));
	else if (!strcmp(command, "resync"))
		outcome(cli, nfv_live_resync(rules, &cli->error));
	else if (!strcmp(command, "changed"))
		outcome(cli, nfv_rules_changed(rules));
	else if (!strcmp(command, "auto"))
		nfv_rules_set_autocommit(rules, !strcmp(word(&rest), "on"));
	else if (!strcmp(command, "print"))
		print(cli, rules, rest);
	else if (!strcmp(command, "text"))
		read_text(cli, rules, rest);
	else if (!strcmp(command, "append"))
		append(cli, rules, rest);
	else if (!strcmp(command, "delete"))
		delete(cli, rules, rest);
	else if (!strcmp(command, "sweep"))
		sweep(cli, rules, rest);
	else if (!strcmp(command, "tag"))
		tag(cli, rules, rest);
	else
		return false;
	return true;
}

/* ---- the others ---- */

static void commit(struct cli *cli)
{
	struct nfv_rules *rules[2];
	size_t count = 0;

	for (int f = 0; f < 2; f++)
		if (cli->rules[f])
			rules[count++] = cli->rules[f];
	outcome(cli, nfv_live_commit(cli->live, rules, count, &cli->commit, &cli->error));
}

static void apply(struct cli *cli, enum nfv_family family, const char *path)
{
	struct nfv_rules *wanted = nfv_rules_new(family);
	const struct nfv_rules *all[1] = { wanted };
	char *shown = NULL;
	int err = nfv_rules_read_file(wanted, path, NULL, &cli->error);

	if (!err)
		err = nfv_live_apply(cli->live, all, 1, NFV_DIFF_NAMED_ONLY, &cli->commit, &shown, &cli->error);
	fputs(shown ? shown : "", stdout);
	free(shown);
	outcome(cli, err);
	nfv_rules_free(wanted);
}

struct appending {
	enum nfv_family family;
	const char *table, *chain, *rule;
};

static int append_in(struct nfv_transaction *transaction, void *context)
{
	const struct appending *wanted = context;
	struct nfv_rules *rules = nfv_transaction_rules(transaction, wanted->family);
	struct nfv_table *table = rules ? nfv_rules_add_table(rules, wanted->table) : NULL;
	struct nfv_chain *chain = table ? nfv_table_ensure_chain(table, wanted->chain) : NULL;

	return chain ? nfv_chain_append_text(chain, wanted->rule, NULL) : -errno;
}

static void transaction(struct cli *cli, enum nfv_family family, char *rest)
{
	struct appending wanted = { .family = family, .table = word(&rest) };

	wanted.chain = word(&rest);
	wanted.rule = rest;
	outcome(cli, nfv_live_transaction(cli->live, append_in, &wanted, &cli->error));
}

static void with_family(struct cli *cli, const char *command, char *rest)
{
	enum nfv_family family = *word(&rest) == '6' ? NFV_FAMILY_IPV6 : NFV_FAMILY_IPV4;
	struct nfv_rules **rules = &cli->rules[family];
	const char *table;

	if (!strcmp(command, "read")) {
		table = word(&rest);
		nfv_rules_free(*rules);
		*rules = nfv_live_read(cli->live, family, *table ? table : NULL, &cli->error);
		outcome(cli, *rules ? 0 : -errno);
	} else if (!strcmp(command, "apply")) {
		apply(cli, family, word(&rest));
	} else if (!strcmp(command, "transaction")) {
		transaction(cli, family, rest);
	} else if (!*rules || !with_rules(cli, command, *rules, rest)) {
		printf("unknown, or nothing was read: %s\n", command);
	}
}

static void run(struct cli *cli, char *line)
{
	const char *command = word(&line);

	if (!strcmp(command, "commit"))
		commit(cli);
	else if (!strcmp(command, "confirming"))
		cli->commit.confirm_s = (unsigned)strtoul(line, NULL, 10);
	else if (!strcmp(command, "dry"))
		cli->commit.dry_run = !strcmp(line, "on");
	else if (!strcmp(command, "confirm"))
		outcome(cli, nfv_live_confirm(cli->live, &cli->error));
	else if (!strcmp(command, "rollback"))
		outcome(cli, nfv_live_rollback(cli->live, &cli->error));
	else if (!strcmp(command, "left"))
		outcome(cli, (int)nfv_live_confirm_left(cli->live));
	else if (!strcmp(command, "echo"))
		printf("%s\n", line);
	else if (!strcmp(command, "shell"))
		outcome(cli, system(line));
	else if (*command)
		with_family(cli, command, line);
	fflush(stdout);
}

static int options_of(char **args, struct nfv_live_options *options)
{
	for (; *args; args++) {
		const char *name = args[0], *value = args[1];

		if (!strcmp(name, "autocommit")) {
			options->autocommit = true;
			continue;
		}
		if (!value)
			return -1;
		args++;
		if (!strcmp(name, "backend"))
			options->backend = !strcmp(value, "legacy") ? NFV_BACKEND_LEGACY
					   : !strcmp(value, "nft")  ? NFV_BACKEND_NFT
								    : NFV_BACKEND_AUTO;
		else if (!strcmp(name, "tools"))
			options->tool_folder = value;
		else if (!strcmp(name, "state"))
			options->state_folder = value;
		else if (!strcmp(name, "server"))
			options->server = value;
		else if (!strcmp(name, "verify"))
			options->verify = !strcmp(value, "always") ? NFV_VERIFY_ALWAYS : NFV_VERIFY_NEVER;
		else if (!strcmp(name, "timeout"))
			options->timeout_ms = atoi(value);
		else if (!strcmp(name, "wait"))
			options->lock_wait_ms = atoi(value);
		else if (!strcmp(name, "owner"))
			options->owner = value;
		else
			return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct nfv_live_options options = { .log = tell_log };
	struct cli cli = { 0 };
	char line[65536];
	int err;

	(void)argc;
	if (options_of(argv + 1, &options)) {
		fprintf(stderr, "usage: see live-cli.c\n");
		return 2;
	}
	err = nfv_live_open(&cli.live, &options, &cli.error);
	if (err) {
		outcome(&cli, err);
		return 1;
	}
	while (fgets(line, (int)sizeof(line) - 1, stdin)) {
		line[strcspn(line, "\n")] = '\0';
		run(&cli, line);
	}
	for (int f = 0; f < 2; f++)
		nfv_rules_free(cli.rules[f]);
	nfv_live_close(cli.live);
	return 0;
}
