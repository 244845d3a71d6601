/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/tool/options.h"

#include <string.h>

const struct option_row options_rows[] = {
	{ "family", 0, OPTION_FAMILY, "FAMILY", ARG_FAMILY, "ipv4, ipv6, both; auto: what the input is for" },
	{ "ipv4", '4', OPTION_IPV4, NULL, ARG_FAMILY, "--family ipv4" },
	{ "ipv6", '6', OPTION_IPV6, NULL, ARG_FAMILY, "--family ipv6" },
	{ "table", 't', OPTION_TABLE, "TABLE", ARG_TABLE, "this table only" },
	{ "json", 0, OPTION_FLAG, NULL, ARG_JSON, "print JSON" },
	{ "text", 0, OPTION_FLAG, NULL, ARG_TEXT, "print as iptables-save does" },
	{ "commands", 0, OPTION_FLAG, NULL, ARG_COMMANDS, "print as iptables commands for a shell" },
	{ "annotated", 0, OPTION_FLAG, NULL, ARG_ANNOTATED, "with # lines that tell where each rule stood" },
	{ "human", 0, OPTION_FLAG, NULL, ARG_HUMAN, "for people, not as a script" },
	{ "counters", 'c', OPTION_FLAG, NULL, ARG_COUNTERS, "with counters" },
	{ "named", 0, OPTION_FLAG, NULL, ARG_NAMED, "tables and chains that B does not name do not count" },
	{ "live", 0, OPTION_FLAG, NULL, ARG_LIVE, "chains of the kernel's ruleset count as there" },
	{ "test", 0, OPTION_FLAG, NULL, ARG_TEST, "let iptables-restore --test read it too (root)" },
	{ "dry-run", 'n', OPTION_FLAG, NULL, ARG_DRY_RUN, "show what would change, change nothing" },
	{ "print", 0, OPTION_FLAG, NULL, ARG_PRINT, "print the text for iptables-restore, change nothing" },
	{ "confirm", 0, OPTION_CONFIRM, "SECONDS", ARG_CONFIRM, "undo it by itself unless it is confirmed in time" },
	{ "exact", 0, OPTION_FLAG, NULL, ARG_EXACT, "whole tables: chains that FILE does not name go" },
	{ "owner", 0, OPTION_OWNER, "NAME", ARG_OWNER, "only rules that are tagged as NAME's" },
	{ "first", 0, OPTION_FLAG, NULL, ARG_FIRST, "with --owner: new rules go before those of others" },
	{ "chain", 0, OPTION_CHAIN, "NAME", ARG_CHAIN, "the whole chain, and the rules that lead to it" },
	{ "socket", 0, OPTION_SOCKET, "PATH", ARG_SOCKET, "the socket of the server, or of the daemon" },
	{ "all", 0, OPTION_FLAG, NULL, ARG_ALL, "every handler of every queue" },
	{ "idle-exit", 0, OPTION_IDLE_EXIT, "SECONDS", ARG_IDLE_EXIT, "end after so long without a client" },
	{ "users", 0, OPTION_USERS, "USER,...", ARG_USERS, "who may connect beside root" },
	{ "backend", 0, OPTION_BACKEND, "BACKEND", ARG_KERNEL, "nft, legacy; auto: what iptables is" },
	{ "server", 0, OPTION_SERVER, "PATH", ARG_SERVER, "through the server that listens there" },
	{ "tools", 0, OPTION_TOOLS, "FOLDER", ARG_KERNEL, "where iptables-restore and its kin are" },
	{ "state", 0, OPTION_STATE, "FOLDER", ARG_KERNEL, "for the lock and the journal" },
	{ "verbose", 'v', OPTION_VERBOSE, NULL, ARG_KERNEL, "say what happens" },
	{ "color", 0, OPTION_COLOR, "WHEN", ARG_COLOR, "auto, always, never" },
	{ "help", 'h', OPTION_FLAG, NULL, ARG_HELP, "print this" },
	{ 0 },
};

static void print_row(const struct option_row *row, FILE *out)
{
	char left[40];

	snprintf(left, sizeof(left), "  %c%c%c --%s%s%s", row->letter ? '-' : ' ', row->letter ? row->letter : ' ',
		 row->letter ? ',' : ' ', row->name, row->value ? " " : "", row->value ? row->value : "");
	fprintf(out, "%-27s %s\n", left, row->help);
}

static void print_list(FILE *out)
{
	fputs("Usage: nfverdict rules COMMAND [OPTION]... [WORD]...\n"
	      "Reads, compares and changes the rules of iptables, without touching rules of others.\n"
	      "\n",
	      out);
	for (const struct command *command = arguments_commands; command->name; command++)
		fprintf(out, "  %-12s %s\n", command->name, command->summary);
	fputs("\n"
	      "`nfverdict rules help COMMAND` tells a command's options. A FILE of - is standard input.\n"
	      "Exit code: 0 done or equal, 1 different or something found, 2 wrong usage or not readable,\n"
	      "3 the change was refused, 4 conflict with others, 5 what was named is not there.\n"
	      "Manual: nfverdict-rules(8).\n",
	      out);
}

void arguments_print_help(const struct command *command, FILE *out)
{
	if (!command) {
		print_list(out);
		return;
	}
	fprintf(out, "Usage: nfverdict %s%s [OPTION]...%s%s\n%s", arguments_prefix(command), command->name,
		command->usage[0] ? " " : "", command->usage, command->help);
	fputs("\n", out);
	for (const struct option_row *row = options_rows; row->name; row++) {
		if (command->takes & row->bit)
			print_row(row, out);
	}
}
