/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line a packet, once it was decided. Never decides itself. */
#include "../common/expression.h"
#include "describe.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

enum style { STYLE_SHORT, STYLE_LONG };

struct print_options {
	int style;
	bool hex;
	uint64_t bytes;
	const char *only;
	uint64_t limit; /* 0: none */
};

static const char *const styles[] = { [STYLE_SHORT] = "short", [STYLE_LONG] = "long", NULL };

static const struct nfv_option print_table[] = {
	{ .name = "style",
	  .type = NFV_OPT_CHOICE,
	  .offset = offsetof(struct print_options, style),
	  .words = styles,
	  .fallback = "short",
	  .help = "short: addresses, protocol, verdict; long: also queue, interfaces, mark and more." },
	{ .name = "hex",
	  .type = NFV_OPT_BOOL,
	  .offset = offsetof(struct print_options, hex),
	  .fallback = "false",
	  .help = "The packet's bytes below its line, in hex and as text." },
	{ .name = "bytes",
	  .type = NFV_OPT_SIZE,
	  .offset = offsetof(struct print_options, bytes),
	  .fallback = "256",
	  .min = 1,
	  .max = NFV_NEEDS_ALL,
	  .help = "How many bytes of a packet hex shows at most." },
	{ .name = "only",
	  .type = NFV_OPT_STRING,
	  .offset = offsetof(struct print_options, only),
	  .help = "A pcap-filter(7) expression; packets that it does not match are not shown." },
	{ .name = "limit",
	  .type = NFV_OPT_UINT,
	  .offset = offsetof(struct print_options, limit),
	  .min = 1,
	  .max = 1000000,
	  .help = "Packets shown a second at most; absent: all." },
	{ .name = NULL },
};

struct print {
	const struct nfv_host *host;
	const struct print_options *options;
	struct expression *only;
	uint64_t second; /* the one under way, of CLOCK_MONOTONIC */
	uint64_t shown; /* in this second */
	uint64_t hidden; /* not shown since this was told last */
};

static int check(const struct nfv_host *host, const struct print_options *o, struct print *print)
{
	char why[512];
	int err = 0;

	if (host->given(host, &o->bytes) && !o->hex)
		err = host->error(host, &o->bytes, "says how much hex shows, and hex is off");
	if (o->only && expression_compile(&print->only, o->only, why, sizeof(why)))
		err = host->error(host, &o->only, "%s", why);
	return err;
}

static void tell_needs(const struct nfv_host *host, const struct print_options *o, const struct print *print)
{
	if (print->only)
		host->need(host, expression_needs_bytes(print->only), 0);
	if (o->hex)
		host->need(host, (uint32_t)o->bytes, 0);
	if (o->style == STYLE_LONG)
		host->need(host, 0, NFV_META_NAMES | NFV_META_UID | NFV_META_GID);
}

static int print_open(const struct nfv_host *host, const void *options, void **state)
{
	struct print *print = calloc(1, sizeof(*print));

	if (!print)
		return -ENOMEM;
	print->host = host;
	print->options = options;
	if (check(host, options, print)) {
		expression_free(print->only);
		free(print);
		return -EINVAL;
	}
	tell_needs(host, options, print);
	/* Reads the time zone's file, which a worker cannot do later. */
	tzset();
	*state = print;
	return 0;
}

static nfv_verdict print_packet(void *state, struct nfv_packet *p)
{
	(void)state;
	(void)p;
	return NFV_CONTINUE;
}

/* ---- Showing ---- */

static void tell_hidden(struct print *print)
{
	struct line line;

	if (!print->hidden)
		return;
	line_clear(&line);
	line_add(&line, "... %" PRIu64 " packets not shown, limit is %" PRIu64 " a second", print->hidden,
		 print->options->limit);
	print->host->print(print->host, line.text);
	print->hidden = 0;
}

static void turn_second(struct print *print, uint64_t now_ns)
{
	uint64_t second = now_ns / 1000000000;

	if (second == print->second)
		return;
	tell_hidden(print);
	print->second = second;
	print->shown = 0;
}

static bool is_within_limit(struct print *print)
{
	if (!print->options->limit)
		return true;
	turn_second(print, print->host->now_ns(print->host));
	if (print->shown >= print->options->limit) {
		print->hidden++;
		return false;
	}
	print->shown++;
	return true;
}

static void add_time(struct line *line, const struct nfv_packet *p)
{
	struct timespec at;
	struct tm tm;

	if (p->metadata & NFV_META_TIMESTAMP) {
		at.tv_sec = (time_t)(p->timestamp_ns / 1000000000);
		at.tv_nsec = (long)(p->timestamp_ns % 1000000000);
	} else {
		clock_gettime(CLOCK_REALTIME, &at);
	}
	if (!localtime_r(&at.tv_sec, &tm))
		memset(&tm, 0, sizeof(tm));
	line_add(line, "%02d:%02d:%02d.%06ld ", tm.tm_hour, tm.tm_min, tm.tm_sec, at.tv_nsec / 1000);
}

static void show_hex(const struct print *print, const struct nfv_packet *p)
{
	uint32_t end = p->captured_len < print->options->bytes ? p->captured_len : (uint32_t)print->options->bytes;
	struct line line;

	for (uint32_t offset = 0; offset < end; offset += 16) {
		uint32_t count = end - offset < 16 ? end - offset : 16;
		const uint8_t *bytes = nfv_bytes_at(p, offset, count);

		if (!bytes)
			return;
		line_clear(&line);
		line_add_hex(&line, offset, bytes, count);
		print->host->print(print->host, line.text);
	}
}

static void print_decided(void *state, const struct nfv_packet *p, const struct nfv_decision *decision)
{
	struct print *print = state;
	struct line line;

	if (print->only && !expression_match(print->only, p))
		return;
	if (!is_within_limit(print))
		return;
	line_clear(&line);
	add_time(&line, p);
	describe_packet(&line, p);
	if (print->options->style == STYLE_LONG)
		describe_metadata(&line, p);
	describe_decision(&line, p, decision);
	print->host->print(print->host, line.text);
	if (print->options->hex)
		show_hex(print, p);
}

static void print_tick(void *state, uint64_t now_ns)
{
	turn_second(state, now_ns);
}

static void print_close(void *state)
{
	struct print *print = state;

	tell_hidden(print);
	expression_free(print->only);
	free(print);
}

NFV_PLUGIN(.needs_bytes = NFV_NEEDS_HEADERS, .name = "print", .version = "1.0", .licence = "GPL-2.0-or-later",
	   .description = "One line a packet, in tcpdump's manner, with its verdict", .options = print_table,
	   .options_size = sizeof(struct print_options), .open = print_open, .packet = print_packet,
	   .decided = print_decided, .tick = print_tick, .close = print_close);
