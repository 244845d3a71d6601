/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/config-tables.h"

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define TOP(field) offsetof(struct config_top, field)
#define QUEUE(field) offsetof(struct config_queue, field)
#define STEER(field) offsetof(struct config_steer, field)

const char *const config_table_names[] = {
	[TABLE_FILTER] = "filter", [TABLE_MANGLE] = "mangle", [TABLE_RAW] = "raw", [TABLE_SECURITY] = "security", NULL,
};

const char *config_table_name(int table)
{
	return config_table_names[table];
}

/* clang-format off: one option a paragraph reads better than one field a line. */

const struct nfv_option config_top_table[] = {
	{ .name = "user", .type = NFV_OPT_STRING, .offset = TOP(user), .min = 1, .max = 32,
	  .help = "The user that workers become. Without it: the one chosen when the daemon was built ("
		  NFV_WORKER_USER ")." },
	{ .name = "plugin-path", .type = NFV_OPT_STRING, .flags = NFV_OPT_LIST, .offset = TOP(plugin_path),
	  .min = 1, .max = 4095, .fallback = NFV_PLUGIN_DIR,
	  .help = "Folders that are searched for plugins, in order. A relative one starts at the folder of the file "
		  "that names it." },
	{ .name = "log-level", .type = NFV_OPT_CHOICE, .offset = TOP(log_level), .fallback = "info",
	  .words = WORDS("error", "warning", "notice", "info", "debug"),
	  .help = "The least important messages that are still written." },
	{ .name = "log-to", .type = NFV_OPT_CHOICE, .offset = TOP(log_to), .fallback = "auto",
	  .words = WORDS("auto", "stderr", "syslog"),
	  .help = "Where the log goes; auto: stderr in the foreground, otherwise syslog." },
	{ .name = "backend", .type = NFV_OPT_CHOICE, .offset = TOP(backend), .fallback = "auto",
	  .words = WORDS("auto", "nft", "legacy"),
	  .help = "The iptables that installs steering rules; auto: the one that the machine uses." },
	{ .name = "recovery", .type = NFV_OPT_CHOICE, .offset = TOP(recovery), .fallback = "auto",
	  .words = WORDS("auto", "repeat", "on-error"),
	  .help = "What becomes of packets that a worker had in hand when it died: repeat: they go through their hook again "
		  "and are judged by its successor; on-error: they get that verdict; auto: repeat, where the kernel does "
		  "it, which is tried at the start." },
	{ .name = "when-flushed", .type = NFV_OPT_CHOICE, .offset = TOP(when_flushed), .fallback = "repair",
	  .words = WORDS("repair", "leave"),
	  .help = "What happens when somebody takes the steering rules out of the ruleset: repair: they are put back, "
		  "with growing pauses." },
	{ .name = "rules-socket", .type = NFV_OPT_STRING, .offset = TOP(rules_socket), .min = 1, .max = 100,
	  .help = "Unix socket on which the daemon serves the rule engine to nfverdict rules and other programs of root. A "
		  "relative one starts at the folder of the file that names it. Without it: no server." },
	{ .name = "control-socket", .type = NFV_OPT_STRING, .offset = TOP(control_socket), .min = 1, .max = 100,
	  .fallback = "/run/nfverdict/control.sock",
	  .help = "Unix socket on which the daemon answers nfverdict status, stats, reload and the like, for root alone. A "
		  "relative one starts at the folder of the file that names it; none: there is no such socket." },
	{ .name = "crash-dir", .type = NFV_OPT_STRING, .offset = TOP(crash_dir), .min = 1, .max = 4000,
	  .help = "Folder in which each packet that crashed a handler is saved as a pcapng file that names queue, handler and "
		  "signal; made if it is not there. A relative one starts at the folder of the file that names it. Without it "
		  "they are not saved." },
	{ .name = "crash-files", .type = NFV_OPT_UINT, .offset = TOP(crash_files), .fallback = "32", .min = 1, .max = 10000,
	  .help = "How many packets, and how many cores, crash-dir may hold; then the oldest goes." },
	{ .name = "core-dumps", .type = NFV_OPT_BOOL, .offset = TOP(core_dumps), .fallback = "false",
	  .help = "Whether a worker that crashes leaves a core, with the bytes of packets in it: in crash-dir, where "
		  "kernel.core_pattern is a name without a slash, otherwise where that says." },
	{ .name = "orphan-time", .type = NFV_OPT_DURATION, .offset = TOP(orphan_time), .fallback = "10s", .max = UINT64_C(3600000000000),
	  .help = "How long workers go on deciding when nfverdictd itself was killed. A new one that is started meanwhile takes the "
		  "queues over, with what waits in them; after it they decide what waits, and end. 0s: they end at once." },
	{ .name = "include", .type = NFV_OPT_STRING, .flags = NFV_OPT_LIST, .offset = TOP(include), .min = 1,
	  .max = 4095,
	  .help = "More files, or patterns with * ? and [ ], that are read as if they stood here. A relative one "
		  "starts at the folder of "
		  "the file that names it. A pattern may match nothing, a name must exist." },
	{ .name = "handlers", .type = NFV_OPT_ANY, .offset = TOP(handlers),
	  .help = "Names of handlers, each with its keys. A name has 1 to 64 letters, digits, '_', '.' and '-'." },
	{ .name = "queues", .type = NFV_OPT_ANY, .offset = TOP(queues),
	  .help = "Names of queues, each with its keys. A name has 1 to 24 letters, digits, '_' and '-'." },
	{ .name = NULL },
};

const struct nfv_option config_steer_table[] = {
	{ .name = "chain", .type = NFV_OPT_STRING, .flags = NFV_OPT_REQUIRED, .offset = STEER(chain), .min = 1,
	  .max = 28,
	  .help = "The built-in chain whose packets are steered into the queue, such as INPUT." },
	{ .name = "table", .type = NFV_OPT_CHOICE, .offset = STEER(table), .fallback = "filter",
	  .words = config_table_names,
	  .help = "The chain's table. filter and security have INPUT, FORWARD and OUTPUT; raw has PREROUTING and "
		  "OUTPUT; mangle has all "
		  "of these and POSTROUTING." },
	{ .name = "family", .type = NFV_OPT_CHOICE, .offset = STEER(family), .fallback = "both",
	  .words = WORDS("both", "ipv4", "ipv6"),
	  .help = "The address families whose packets are steered." },
	{ .name = "match", .type = NFV_OPT_STRING, .offset = STEER(match), .max = CONFIG_MATCH_MAX,
	  .help = "Which packets, in the words of iptables, such as -p tcp --dport 23. Without it: all of the chain." },
	{ .name = "position", .type = NFV_OPT_CHOICE, .offset = STEER(position), .fallback = "first",
	  .words = WORDS("first", "last"),
	  .help = "Before or behind the rules that stand in the chain already." },
	{ .name = NULL },
};

const struct nfv_option config_queue_table[] = {
	{ .name = "numbers", .type = NFV_OPT_RANGE, .flags = NFV_OPT_REQUIRED, .offset = QUEUE(numbers), .max = 65535,
	  .help = "Queue number, or first and last of several that share the packets: one worker process each." },
	{ .name = "copy", .type = NFV_OPT_CHOICE, .offset = QUEUE(copy), .fallback = "packet",
	  .words = WORDS("none", "meta", "packet"),
	  .help = "What the kernel hands over: nothing (it then drops every packet of the queue), metadata, or "
		  "metadata and bytes." },
	{ .name = "range", .type = NFV_OPT_UINT, .offset = QUEUE(range), .fallback = "auto", .max = NFV_NEEDS_ALL,
	  .words = WORDS("auto"),
	  .help = "Bytes of each packet that are copied, from the IP header on; auto: what the handlers ask for." },
	{ .name = "max-length", .type = NFV_OPT_UINT, .offset = QUEUE(max_length), .fallback = "8192", .min = 1,
	  .max = UINT32_MAX,
	  .help = "Packets that may wait in the kernel." },
	{ .name = "when-full", .type = NFV_OPT_CHOICE, .offset = QUEUE(when_full), .fallback = "accept",
	  .words = WORDS("accept", "drop"),
	  .help = "What becomes of packets that find max-length packets waiting." },
	{ .name = "when-down", .type = NFV_OPT_CHOICE, .offset = QUEUE(when_down), .fallback = "accept",
	  .words = WORDS("accept", "drop"),
	  .help = "What becomes of packets while the daemon does not run but its rules are there." },
	{ .name = "default", .type = NFV_OPT_CHOICE, .offset = QUEUE(default_verdict), .fallback = "accept",
	  .words = WORDS("accept", "drop"), .help = "The verdict when every handler said continue." },
	{ .name = "on-error", .type = NFV_OPT_CHOICE, .offset = QUEUE(on_error), .fallback = "accept",
	  .words = WORDS("accept", "drop"),
	  .help = "The verdict when a handler crashed on the packet, held it for longer than deadline, or broke its "
		  "contract." },
	{ .name = "deadline", .type = NFV_OPT_DURATION, .offset = QUEUE(deadline), .fallback = "1s", .min = 10000000,
	  .max = UINT64_C(3600000000000), .words = WORDS("none"),
	  .help = "How long a handler may hold one packet. After that it counts as crashed. Time in which a debugger "
		  "stops the worker does not count." },
	{ .name = "max-crashes", .type = NFV_OPT_UINT, .offset = QUEUE(max_crashes), .fallback = "3", .min = 1, .max = 32,
	  .words = WORDS("unlimited"),
	  .help = "After so many crashes of a handler within crash-window it is put in quarantine." },
	{ .name = "crash-window", .type = NFV_OPT_DURATION, .offset = QUEUE(crash_window), .fallback = "60s",
	  .min = 1000000000, .max = UINT64_C(86400000000000), .help = "See max-crashes." },
	{ .name = "quarantine", .type = NFV_OPT_CHOICE, .offset = QUEUE(quarantine), .fallback = "skip",
	  .words = WORDS("skip", "on-error"),
	  .help = "What quarantine means: skip: packets pass the handler by; on-error: every packet of the queue gets "
		  "on-error." },
	{ .name = "memory-limit", .type = NFV_OPT_SIZE, .offset = QUEUE(memory_limit), .fallback = "512M",
	  .min = UINT64_C(16) << 20, .max = UINT64_C(1) << 46, .words = WORDS("none"),
	  .help = "Memory that a worker may have, its handlers' heap and data. A handler that leaks comes to this limit, not "
		  "the machine: malloc() gives NULL." },
	{ .name = "handlers", .type = NFV_OPT_STRING, .flags = NFV_OPT_LIST, .offset = QUEUE(handlers), .min = 1,
	  .max = CONFIG_HANDLER_NAME_MAX,
	  .help = "Names of handlers, asked in this order until one decides; at most 64." },
	{ .name = "steer", .type = NFV_OPT_GROUPS, .offset = QUEUE(steer), .group = config_steer_table,
	  .group_size = sizeof(struct config_steer),
	  .help = "Rules that send packets into the queue; they exist while the daemon runs." },
	{ .name = "coalesce", .type = NFV_OPT_UINT, .offset = QUEUE(coalesce), .fallback = "auto", .min = 1,
	  .max = 10000, .words = WORDS("auto", "off"),
	  .help = "Microseconds that a worker waits for more packets when it got several at once, which saves much "
		  "processor time." },
	{ .name = "batch", .type = NFV_OPT_UINT, .offset = QUEUE(batch), .fallback = "64", .min = 1, .max = 256,
	  .help = "Packets that a worker receives with one system call." },
	{ .name = "mark-mask", .type = NFV_OPT_UINT, .offset = QUEUE(mark_mask), .fallback = "0xffffffff",
	  .max = UINT32_MAX,
	  .help = "The bits of the packet mark that the queue's handlers may change." },
	{ .name = "uid-gid", .type = NFV_OPT_BOOL, .offset = QUEUE(uid_gid), .fallback = "false",
	  .help = "Ask the kernel for user and group of the sending socket." },
	{ .name = "secctx", .type = NFV_OPT_BOOL, .offset = QUEUE(secctx), .fallback = "false",
	  .help = "Ask the kernel for the security context of packets." },
	{ .name = "conntrack", .type = NFV_OPT_BOOL, .offset = QUEUE(conntrack), .fallback = "false",
	  .help = "Ask the kernel for what connection tracking knows of a packet." },
	{ .name = "receive-buffer", .type = NFV_OPT_SIZE, .offset = QUEUE(receive_buffer), .fallback = "auto",
	  .min = 4096, .max = UINT64_C(1) << 30, .words = WORDS("auto"),
	  .help = "Bytes of the socket's receive buffer." },
	{ .name = "cpus", .type = NFV_OPT_RANGE, .flags = NFV_OPT_LIST, .offset = QUEUE(cpus), .max = 65535,
	  .help = "Processors that the workers are bound to, in turn, such as 0-3 or [0, 2]. Without it: not bound." },
	{ .name = "isolation", .type = NFV_OPT_CHOICE, .offset = QUEUE(isolation), .fallback = "fast",
	  .words = WORDS("fast", "strict"),
	  .help = "fast: workers send their verdicts themselves, for which they keep CAP_NET_ADMIN. strict: workers have no "
		  "capability at all; a process of its own checks and sends what they decide." },
	{ .name = "cpu-fanout", .type = NFV_OPT_BOOL, .offset = QUEUE(cpu_fanout), .fallback = "false",
	  .help = "Choose the queue number by the processor that handles the packet, instead of by its addresses." },
	{ .name = NULL },
};

const struct nfv_option config_handler_table[] = {
	{ .name = "plugin", .type = NFV_OPT_STRING, .flags = NFV_OPT_REQUIRED,
	  .offset = offsetof(struct config_handler, plugin),
	  .min = 1, .max = 4095,
	  .help = "The plugin's name, searched for on plugin-path, or with a slash in it the path of its file. All "
		  "other keys of a "
		  "handler are the plugin's." },
	{ .name = NULL },
};
