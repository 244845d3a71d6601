/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads a plugin and runs packets through it, without a daemon and without root.
 *
 * usage: plugin-cli PLUGIN.so [OPTIONS.yaml] < PACKETS
 *
 * PACKETS holds one packet a line, in hex from its IP header on. For each, a line tells the verdict, the mark if one
 * was set, and the packet's bytes if they were changed. Exit 1 with a line on standard error when the plugin is
 * refused.
 */
#include "daemon/handler/chain.h"
#include "daemon/packet/rewrite.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PACKET_MAX  65531
#define OPTIONS_MAX 65536

static uint8_t bytes[PACKET_MAX + 4096];
static struct nfv_packet packet;
static struct handler_counters counters;
static struct report report;

static void env_log(void *context, const char *handler, enum nfv_log_level level, const char *text)
{
	(void)context;
	(void)level;
	fprintf(stderr, "%s: %s\n", handler, text);
}

static void env_print(void *context, const char *line)
{
	(void)context;
	puts(line);
}

static void decided(void *context, size_t index, const struct chain_decision *decision)
{
	static const char *const words[] = { [NFV_ACCEPT] = "accept", [NFV_DROP] = "drop", [NFV_REPEAT] = "repeat" };

	(void)context;
	(void)index;
	if ((decision->verdict & 0xffff) == NFV_TO_QUEUE)
		printf("queue %u", decision->verdict >> 16);
	else
		printf("%s", words[decision->verdict]);
	if (decision->failed)
		printf(" on-error");
	if (decision->set_mark)
		printf(" mark 0x%x", packet.mark);
	if (decision->rewritten) {
		printf(" ");
		for (uint32_t i = 0; i < packet.captured_len; i++)
			printf("%02x", packet.data[i]);
	}
	printf("\n");
}

static const char *interface_name(const struct nfv_packet *p, uint32_t ifindex)
{
	(void)p;
	(void)ifindex;
	return NULL;
}

/* A line of hex to bytes; its length, or -1. */
static long read_hex(const char *line)
{
	unsigned byte;
	long len = 0;

	for (; isxdigit((unsigned char)line[0]); line += 2) {
		if (!isxdigit((unsigned char)line[1]) || len == PACKET_MAX || sscanf(line, "%2x", &byte) != 1)
			return -1;
		bytes[len++] = (uint8_t)byte;
	}
	return *line == '\n' || !*line ? len : -1;
}

static int run_packets(struct handler *handler)
{
	static const struct nfv_packet_ops ops = { .splice = rewrite_splice, .interface_name = interface_name };
	struct nfv_packet *list[] = { &packet };
	struct chain_progress progress = { 0 };
	struct chain chain = { .handlers = handler,
			       .count = 1,
			       .default_verdict = NFV_ACCEPT,
			       .on_error = NFV_DROP,
			       .mark_mask = UINT32_MAX,
			       .progress = &progress,
			       .decided = decided };
	char *line = NULL;
	size_t size = 0;
	uint32_t id = 0;
	int result = 0;

	chain_prepare(&chain);
	while (!result && getline(&line, &size, stdin) > 0) {
		long len = read_hex(line);

		if (len < 0) {
			fprintf(stderr, "packet %u is no line of hex\n", id + 1);
			result = 1;
			break;
		}
		packet = (struct nfv_packet){ .size = sizeof(packet),
					      .data = bytes,
					      .captured_len = (uint32_t)len,
					      .original_len = (uint32_t)len,
					      .capacity = sizeof(bytes),
					      .id = ++id,
					      .protocol = bytes[0] >> 4 == 6 ? ETH_P_IPV6 : ETH_P_IP,
					      .ops = &ops };
		chain_run(&chain, list, 1);
	}
	free(line);
	return result;
}

static struct node *read_options(const char *path)
{
	static char text[OPTIONS_MAX];
	FILE *file = path ? fopen(path, "re") : NULL;
	size_t len = 0;

	if (path && !file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return NULL;
	}
	if (file) {
		len = fread(text, 1, sizeof(text), file);
		fclose(file);
	}
	return tree_parse(path ? path : "options", text, len, &report);
}

static int load(struct plugin *plugin, const char *path)
{
	struct trust trust = { .allow_unsafe = true };
	char full[4096], found[4096], why[1024];
	int fd, err;

	if (!realpath(path, full)) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -errno;
	}
	fd = plugin_find(full, NULL, 0, &trust, found, sizeof(found), why, sizeof(why));
	if (fd < 0) {
		fprintf(stderr, "%s\n", why);
		return fd;
	}
	err = plugin_load(plugin, fd, found, why, sizeof(why));
	close(fd);
	if (err)
		fprintf(stderr, "%s: %s\n", found, why);
	return err;
}

int main(int argc, char **argv)
{
	struct handler_env env = { .log = env_log, .print = env_print, .mark_mask = UINT32_MAX };
	struct handler handler = { 0 };
	struct plugin plugin;
	struct node *options;
	int result = 1;

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: plugin-cli PLUGIN.so [OPTIONS.yaml] < PACKETS\n");
		return 2;
	}
	if (load(&plugin, argv[1]))
		return 1;
	options = read_options(argv[2]);
	if (options && !report.count && !handler_open(&handler, &plugin, "cli", options, options->place, &env, &counters, &report)) {
		result = run_packets(&handler);
		handler_close(&handler);
	}
	report_print(&report, stderr);
	report_clear(&report);
	tree_free(options);
	plugin_unload(&plugin);
	return result;
}
