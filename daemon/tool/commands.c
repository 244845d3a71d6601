/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/tool/arguments.h"
#include "daemon/tool/rules.h"

#include <stddef.h>

#define EVERY (ARG_HELP | ARG_FAMILY | ARG_JSON | ARG_COLOR)
#define KERNEL (ARG_KERNEL | ARG_SERVER)
#define CHANGES (EVERY | KERNEL | ARG_DRY_RUN | ARG_CONFIRM)
#define ANY_WORDS ((size_t)-1)

const struct command arguments_commands[] = {
	{ .name = "show", .usage = "[FILE]", .summary = "print rules for people: the kernel's, or a file's",
	  .takes = EVERY | KERNEL | ARG_TABLE | ARG_COUNTERS | ARG_TEXT, .words_max = 1, .run = tool_show,
	  .help = "Prints the rules of the kernel, or of FILE, by table and chain, with policies and counters.\n" },
	{ .name = "format", .usage = "FILE", .summary = "print a file as iptables-save would",
	  .takes = EVERY | ARG_TABLE | ARG_COUNTERS | ARG_ANNOTATED | ARG_COMMANDS, .words_min = 1, .words_max = 1,
	  .run = tool_format,
	  .help = "Reads FILE, restore text or iptables commands, and prints it in the form of iptables-save.\n" },
	{ .name = "check", .usage = "FILE", .summary = "tell every mistake in a file",
	  .takes = EVERY | KERNEL | ARG_TABLE | ARG_LIVE | ARG_TEST, .words_min = 1, .words_max = 1, .run = tool_check,
	  .help = "Tells every mistake in FILE: what cannot be read, and what would be refused or do something else\n"
		  "than it says: jumps to chains that are not there, loops, matches that a table has not.\n" },
	{ .name = "diff", .usage = "A B", .summary = "print the script from ruleset A to ruleset B",
	  .takes = EVERY | KERNEL | ARG_TABLE | ARG_HUMAN | ARG_COUNTERS | ARG_NAMED, .words_min = 2, .words_max = 2, .run = tool_diff,
	  .help = "Prints the smallest script for iptables-restore --noflush --counters that makes B of A. A and B are\n"
		  "files; `live` is the kernel. Exit code: 0 they are equal, 1 they differ, 2 an error.\n" },
	{ .name = "apply", .usage = "FILE", .summary = "make the kernel's chains what a file says",
	  .takes = CHANGES | ARG_TABLE | ARG_EXACT | ARG_OWNER | ARG_FIRST, .words_min = 1, .words_max = 1, .run = tool_apply,
	  .help = "The chains that FILE names become what it says; all others stay. All of it is done, or nothing.\n" },
	{ .name = "confirm", .usage = "", .summary = "keep what was changed with --confirm",
	  .takes = ARG_HELP | ARG_JSON | ARG_COLOR | KERNEL, .run = tool_confirm,
	  .help = "Keeps the change that waits for it.\n" },
	{ .name = "rollback", .usage = "", .summary = "undo what was changed with --confirm now",
	  .takes = ARG_HELP | ARG_JSON | ARG_COLOR | KERNEL, .run = tool_rollback,
	  .help = "Undoes the change that waits to be confirmed, without waiting.\n" },
	{ .name = "delete", .usage = "[CHAIN RULE... | CHAIN #N...]", .summary = "delete rules, chains, or all of an owner",
	  .takes = CHANGES | ARG_TABLE | ARG_OWNER | ARG_CHAIN, .words_max = ANY_WORDS, .words_end_options = true,
	  .run = tool_delete,
	  .help = "Deletes a rule by what it says, or rules by their numbers; with --chain a chain and all rules that lead\n"
		  "to it; with --owner all rules of an owner (and the chains that hold nothing else and whose names begin\n"
		  "with a word that may follow). Options stand before the words.\n" },
	{ .name = "transaction", .usage = "FILE", .summary = "run edits (-A -I -D -R -N …) all or nothing",
	  .takes = CHANGES | ARG_TABLE, .words_min = 1, .words_max = 1, .run = tool_transaction,
	  .help = "Runs the lines of FILE over the kernel's rules: -A -I -D -R -N -X -E -F -P -Z, in any table and both\n"
		  "families. All of them are done, or nothing; when others change the same chains it begins anew.\n" },
	{ .name = "serve", .usage = "--socket PATH", .summary = "be the server that others change rules through",
	  .takes = ARG_HELP | ARG_COLOR | ARG_JSON | ARG_KERNEL | ARG_SOCKET | ARG_IDLE_EXIT | ARG_USERS, .run = tool_serve,
	  .help = "Listens on a Unix socket for programs that use the library, until it is told to end (SIGTERM, SIGINT).\n" },
	{ .name = "export", .usage = "[FILE]", .summary = "print rules as JSON, losing nothing",
	  .takes = EVERY | KERNEL | ARG_TABLE, .words_max = 1, .run = tool_export,
	  .help = "Prints the rules of the kernel, or of FILE, as JSON: one object; for both families a list of two.\n" },
	{ .name = "import", .usage = "FILE", .summary = "apply a file that export printed",
	  .takes = CHANGES | ARG_EXACT | ARG_OWNER | ARG_FIRST | ARG_PRINT | ARG_COUNTERS, .words_min = 1, .words_max = 1, .run = tool_import,
	  .help = "Applies FILE, which is JSON, as `nfverdict rules apply` applies text.\n" },
	{ 0 },
};
