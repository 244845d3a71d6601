/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests of the project's plugins share: a plugin as it was built, opened with a text, in a chain of its own. */
#ifndef PLUGIN_BENCH_H
#define PLUGIN_BENCH_H

#include "daemon/handler/chain.h"
#include "daemon/packet/rewrite.h"
#include "tests/unit/packets.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define BENCH_CAPACITY 70000

static struct {
	struct plugin plugin;
	struct handler handler;
	struct handler_counters counters;
	struct handler_env env;
	struct chain chain;
	struct chain_progress progress;
	struct chain_decision decision;
	struct report report;
	struct node *tree;
	uint8_t bytes[BENCH_CAPACITY];
	struct nfv_packet packet;
	char logged[1024]; /* the last line of the log */
	char printed[16384]; /* all lines that were printed */
} bench;

static inline void bench_log(void *context, const char *handler, enum nfv_log_level level, const char *text)
{
	(void)context;
	snprintf(bench.logged, sizeof(bench.logged), "%d %s: %s", level, handler, text);
}

static inline void bench_print(void *context, const char *line)
{
	size_t len = strlen(bench.printed);

	(void)context;
	snprintf(bench.printed + len, sizeof(bench.printed) - len, "%s\n", line);
}

static inline void bench_decided(void *context, size_t index, const struct chain_decision *decision)
{
	(void)context;
	assert_int_equal(index, 0);
	bench.decision = *decision;
}

static inline const char *bench_interface_name(const struct nfv_packet *packet, uint32_t ifindex)
{
	(void)packet;
	return ifindex == 2 ? "eth0" : ifindex == 3 ? "br-lan" : NULL;
}

static const struct nfv_packet_ops bench_packet_ops = { .splice = rewrite_splice, .interface_name = bench_interface_name };

/* Group setup and teardown: *state is the plugin's name. */
static inline int bench_load(const char *name)
{
	const char *top = getenv("top_builddir");
	char path[4096], why[1024];
	int fd, err;

	snprintf(path, sizeof(path), "%s/plugins/%s/%s.so", top ? top : ".", name, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		printf("%s: %s\n", path, strerror(errno));
		return -1;
	}
	err = plugin_load(&bench.plugin, fd, path, why, sizeof(why));
	close(fd);
	if (err)
		printf("%s: %s\n", path, why);
	bench.env = (struct handler_env){ .log = bench_log, .print = bench_print, .queue = 3, .mark_mask = 0xffffffff };
	return err;
}

static inline void bench_close(void)
{
	handler_close(&bench.handler);
	report_clear(&bench.report);
	tree_free(bench.tree);
	bench.tree = NULL;
}

static inline int bench_unload(void **state)
{
	(void)state;
	bench_close();
	plugin_unload(&bench.plugin);
	return 0;
}

/* Opens the plugin with the options of a text; what was open is closed. */
static inline int bench_open(const char *text)
{
	bench_close();
	bench.logged[0] = bench.printed[0] = '\0';
	memset(&bench.counters, 0, sizeof(bench.counters));
	bench.tree = tree_parse("test.yaml", text, strlen(text), &bench.report);
	assert_non_null(bench.tree);
	bench.chain = (struct chain){ .handlers = &bench.handler,
				      .count = 1,
				      .default_verdict = NFV_ACCEPT,
				      .on_error = NFV_DROP,
				      .mark_mask = bench.env.mark_mask,
				      .progress = &bench.progress,
				      .decided = bench_decided };
	return handler_open(&bench.handler, &bench.plugin, "h", bench.tree, bench.tree->place, &bench.env, &bench.counters,
			    &bench.report);
}

static inline void bench_must_open(const char *text)
{
	if (bench_open(text) == 0)
		return;
	report_print(&bench.report, stdout);
	fail_msg("could not be opened: %s", text);
}

/* Refused with exactly this line first: "3:4: handler h: rules 1: …". */
static inline void bench_refused(const char *text, const char *wanted)
{
	const struct report_entry *entry;
	char line[1024];

	assert_true(bench_open(text) < 0);
	assert_true(bench.report.count > 0);
	report_sort(&bench.report);
	entry = &bench.report.entries[0];
	snprintf(line, sizeof(line), "%u:%u: %s", entry->line, entry->column, entry->text);
	if (strncmp(line, wanted, strlen(wanted)))
		fail_msg("wanted %s, got %s", wanted, line);
}

static inline void bench_fill(const void *bytes, size_t len, size_t captured_len)
{
	memcpy(bench.bytes, bytes, len);
	bench.packet = (struct nfv_packet){
		.size = sizeof(bench.packet),
		.data = bench.bytes,
		.captured_len = (uint32_t)(captured_len < len ? captured_len : len),
		.original_len = (uint32_t)len,
		.capacity = BENCH_CAPACITY,
		.id = 77,
		.queue = 3,
		.protocol = len && bench.bytes[0] >> 4 == 6 ? ETH_P_IPV6 : ETH_P_IP,
		.ops = &bench_packet_ops,
	};
}

/* Makes a recorded packet the next one. */
static inline void bench_sample(const char *name)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		if (!strcmp(samples[i].name, name)) {
			bench_fill(samples[i].bytes, samples[i].len, samples[i].len);
			return;
		}
	}
	fail_msg("no packet %s", name);
}

static inline nfv_verdict bench_run(void)
{
	struct nfv_packet *list[1] = { &bench.packet };

	chain_prepare(&bench.chain);
	chain_run(&bench.chain, list, 1);
	return bench.decision.verdict;
}

static inline nfv_verdict bench_judge(const char *name)
{
	bench_sample(name);
	return bench_run();
}

#endif
