/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes packets: bytes of the payload, TTL or hop limit, DSCP. See nfverdict-rewrite(7). */
#include "../common/expression.h"

#include <nfverdict/plugin.h>

#include <stdlib.h>

/* ---- Options ---- */

enum protocol { ANY, TCP, UDP };

static const char *const protocols[] = { "any", "tcp", "udp", NULL };
static const char *const all[] = { "all", NULL };

struct change {
	bool group; /* no option lies at the group's own address: a mistake there is one of the whole */
	const char *name;
	const char *only;
	int protocol; /* enum protocol */
	struct nfv_bytes find;
	struct nfv_bytes replace;
	uint64_t max;
	uint64_t ttl; /* 0: left alone */
	uint64_t dscp;
};

struct options {
	struct nfv_list changes; /* struct change */
};

/* clang-format off */
static const struct nfv_option change_options[] = {
	{ .name = "name", .type = NFV_OPT_STRING, .offset = offsetof(struct change, name), .min = 1, .max = 40,
	  .help = "What its counter is called; without it change-1, change-2 and so on." },
	{ .name = "only", .type = NFV_OPT_STRING, .offset = offsetof(struct change, only), .min = 1, .max = 4096,
	  .help = "Only packets that match this pcap-filter(7) expression; without it, all." },
	{ .name = "protocol", .type = NFV_OPT_CHOICE, .offset = offsetof(struct change, protocol), .words = protocols,
	  .fallback = "any", .help = "Only packets of this protocol. Find and replace of different lengths need udp." },
	{ .name = "find", .type = NFV_OPT_BYTES, .offset = offsetof(struct change, find),
	  .help = "Bytes looked for in the payload of TCP and UDP." },
	{ .name = "replace", .type = NFV_OPT_BYTES, .offset = offsetof(struct change, replace),
	  .help = "Bytes put in their place; of the same length unless protocol is udp." },
	{ .name = "max", .type = NFV_OPT_UINT, .offset = offsetof(struct change, max), .min = 1, .max = 65535, .words = all,
	  .fallback = "all", .help = "How many occurrences in each packet are replaced, from the first on." },
	{ .name = "ttl", .type = NFV_OPT_UINT, .offset = offsetof(struct change, ttl), .min = 1, .max = 255,
	  .help = "The TTL (IPv4) or hop limit (IPv6) that packets get." },
	{ .name = "dscp", .type = NFV_OPT_UINT, .offset = offsetof(struct change, dscp), .min = 0, .max = 63,
	  .help = "The DSCP that packets get; ECN stays as it is." },
	{ .name = NULL },
};

static const struct nfv_option options[] = {
	{ .name = "changes", .type = NFV_OPT_GROUPS, .flags = NFV_OPT_REQUIRED, .offset = offsetof(struct options, changes),
	  .group = change_options, .group_size = sizeof(struct change), .help = "What is changed, in this order." },
	{ .name = NULL },
};
/* clang-format on */

/* ---- Opening ---- */

#define COUNTER_NAME 48 /* bytes, more than the longest name of a change */

struct rule {
	const struct change *change;
	struct expression *only; /* NULL: every packet */
	uint64_t *hits; /* packets that it changed */
	bool finds, sets_dscp;
};

struct rewriter {
	struct rule *rules;
	size_t count;
	uint64_t *truncated; /* packets that could not be changed, because the kernel copied only a part */
	uint64_t *too_long; /* packets with an occurrence left, because the packet would have become too long */
	uint64_t nowhere; /* stands in for counters that the daemon's table has no room for */
};

static uint64_t *counter(struct rewriter *rewriter, const struct nfv_host *host, const char *name)
{
	uint64_t *value = host->counter(host, name);

	return value ? value : &rewriter->nowhere;
}

static void counter_name(const struct change *c, size_t index, char name[COUNTER_NAME])
{
	if (c->name)
		snprintf(name, COUNTER_NAME, "%s", c->name);
	else
		snprintf(name, COUNTER_NAME, "change-%zu", index + 1);
}

/* What the option table cannot say. The number of mistakes, each reported at its place. */
static int check_bytes(const struct nfv_host *host, const struct change *c)
{
	bool find = host->given(host, &c->find), replace = host->given(host, &c->replace);
	int mistakes = 0;

	if (find && c->find.len == 0)
		mistakes += host->error(host, &c->find, "is empty: it would be found everywhere") != 0;
	if (find && !replace)
		mistakes += host->error(host, &c->find, "needs replace (with \"\" the bytes are removed)") != 0;
	if (replace && !find)
		mistakes += host->error(host, &c->replace, "needs find") != 0;
	if (host->given(host, &c->max) && !find)
		mistakes += host->error(host, &c->max, "needs find") != 0;
	if (!find || !replace || c->find.len == 0)
		return mistakes;

	if (c->find.len != c->replace.len && c->protocol != UDP)
		mistakes +=
			host->error(host, &c->replace,
				    "has %zu bytes, find has %zu: another length would shift the sequence numbers of a TCP "
				    "stream and break it; only with protocol: udp may they differ",
				    c->replace.len, c->find.len) != 0;
	if (c->find.len == c->replace.len && memcmp(c->find.data, c->replace.data, c->find.len) == 0)
		mistakes += host->error(host, &c->replace, "is the same as find: nothing would change") != 0;
	return mistakes;
}

static int check_change(const struct nfv_host *host, const struct options *o, size_t index)
{
	const struct change *changes = o->changes.items, *c = &changes[index];
	int mistakes = check_bytes(host, c);

	if (!host->given(host, &c->find) && !host->given(host, &c->replace) && !host->given(host, &c->ttl) &&
	    !host->given(host, &c->dscp))
		mistakes += host->error(host, c, "changes nothing: find and replace, ttl or dscp is needed") != 0;
	for (size_t i = 0; c->name && i < o->changes.count; i++) {
		char other[COUNTER_NAME];

		if (i == index || (changes[i].name && i > index))
			continue; /* of two that were given, the later is reported */
		counter_name(&changes[i], i, other);
		if (strcmp(other, c->name) == 0)
			return mistakes + (host->error(host, &c->name, "%s is the name of change %zu", c->name, i + 1) != 0);
	}
	return mistakes;
}

static int open_rule(struct rewriter *rewriter, const struct nfv_host *host, const struct change *c, struct rule *rule)
{
	char name[COUNTER_NAME], why[256];
	int result;

	rule->change = c;
	rule->finds = c->find.len > 0;
	rule->sets_dscp = host->given(host, &c->dscp);
	counter_name(c, (size_t)(rule - rewriter->rules), name);
	rule->hits = counter(rewriter, host, name);
	if (!c->only)
		return 0;
	result = expression_compile(&rule->only, c->only, why, sizeof(why));
	return result == -EINVAL ? host->error(host, &c->only, "%s", why) : result;
}

static void rewrite_close(void *state)
{
	struct rewriter *rewriter = state;

	for (size_t i = 0; i < rewriter->count; i++)
		expression_free(rewriter->rules[i].only);
	free(rewriter->rules);
	free(rewriter);
}

static int rewrite_open(const struct nfv_host *host, const void *values, void **state)
{
	const struct options *o = values;
	struct rewriter *rewriter = calloc(1, sizeof(*rewriter));
	int result = 0, mistakes = 0;

	if (!rewriter)
		return -ENOMEM;
	if (o->changes.count == 0)
		mistakes += host->error(host, &o->changes, "is empty: nothing would change") != 0;
	rewriter->rules = calloc(o->changes.count + 1, sizeof(*rewriter->rules));
	if (!rewriter->rules) {
		free(rewriter);
		return -ENOMEM;
	}
	rewriter->count = o->changes.count;
	rewriter->truncated = counter(rewriter, host, "packets truncated");
	rewriter->too_long = counter(rewriter, host, "packets too long");
	for (size_t i = 0; i < rewriter->count && result != -ENOMEM; i++) {
		mistakes += check_change(host, o, i);
		result = open_rule(rewriter, host, (const struct change *)o->changes.items + i, &rewriter->rules[i]);
		mistakes += result != 0;
	}
	if (mistakes) {
		rewrite_close(rewriter);
		return result == -ENOMEM ? result : -EINVAL;
	}
	*state = rewriter;
	return 0;
}

/* ---- Packets ---- */

/*
 * Where the payload lies. False: none that may be changed. A fragment's checksum is that of all fragments: not to be
 * mended.
 */
static bool payload_of(const struct nfv_packet *p, const struct nfv_ip *ip, uint32_t *offset, uint32_t *len)
{
	struct nfv_tcp tcp;
	struct nfv_udp udp;

	if (ip->fragment)
		return false;
	if (nfv_view_tcp(p, ip, &tcp)) {
		*offset = tcp.payload_offset;
		*len = tcp.payload_len;
		return true;
	}
	if (nfv_view_udp(p, ip, &udp)) {
		*offset = udp.payload_offset;
		*len = udp.payload_len;
		return true;
	}
	return false;
}

static bool replace_one(struct nfv_packet *p, uint32_t offset, const struct nfv_bytes *find, const struct nfv_bytes *replace)
{
	uint8_t *b;

	if (find->len != replace->len)
		return nfv_splice(p, offset, (uint32_t)find->len, replace->data, (uint32_t)replace->len) == 0;
	b = nfv_edit(p, offset, (uint32_t)find->len);
	if (b)
		memcpy(b, replace->data, replace->len);
	return b != NULL;
}

/* True when something was replaced. What was put in is not searched again. */
static bool replace_all(struct rewriter *rewriter, const struct change *c, struct nfv_packet *p, const struct nfv_ip *ip)
{
	uint64_t left = c->max;
	uint32_t offset, len;
	bool changed = false;

	if (!payload_of(p, ip, &offset, &len))
		return false;
	while (left && len >= c->find.len) {
		const uint8_t *at = memmem(p->data + offset, len, c->find.data, c->find.len);
		uint32_t skipped;

		if (!at)
			break;
		skipped = (uint32_t)(at - p->data) - offset;
		offset += skipped;
		len -= skipped + (uint32_t)c->find.len;
		if (!replace_one(p, offset, &c->find, &c->replace)) {
			++*rewriter->too_long;
			break;
		}
		offset += (uint32_t)c->replace.len;
		changed = true;
		left--;
	}
	return changed;
}

static bool set_ttl(struct nfv_packet *p, const struct nfv_ip *ip, uint8_t ttl)
{
	uint8_t *b = ip->hop_limit == ttl ? NULL : nfv_edit(p, ip->version == 4 ? 8 : 7, 1);

	if (b)
		*b = ttl;
	return b != NULL;
}

static bool set_dscp(struct nfv_packet *p, const struct nfv_ip *ip, uint8_t dscp)
{
	uint8_t class = (uint8_t)(dscp << 2 | (ip->traffic_class & 3));
	uint8_t *b = ip->traffic_class == class ? NULL : nfv_edit(p, ip->version == 4 ? 1 : 0, ip->version == 4 ? 1 : 2);

	if (!b)
		return false;
	if (ip->version == 4) {
		*b = class;
	} else {
		b[0] = (uint8_t)(0x60 | class >> 4);
		b[1] = (uint8_t)((class & 15) << 4 | (b[1] & 15));
	}
	return true;
}

static void apply(struct rewriter *rewriter, const struct rule *rule, struct nfv_packet *p)
{
	static const uint8_t numbers[] = { [TCP] = NFV_IP_TCP, [UDP] = NFV_IP_UDP };
	const struct change *c = rule->change;
	struct nfv_ip ip;
	bool changed = false;

	if (!nfv_view_ip(p, &ip) || (c->protocol != ANY && ip.protocol != numbers[c->protocol]))
		return;
	if (rule->only && !expression_match(rule->only, p))
		return;
	if (rule->finds)
		changed = replace_all(rewriter, c, p, &ip);
	if (c->ttl)
		changed |= set_ttl(p, &ip, (uint8_t)c->ttl);
	if (rule->sets_dscp)
		changed |= set_dscp(p, &ip, (uint8_t)c->dscp);
	if (changed)
		++*rule->hits;
}

static nfv_verdict rewrite_packet(void *state, struct nfv_packet *p)
{
	struct rewriter *rewriter = state;

	if (nfv_truncated(p) || !p->data) {
		++*rewriter->truncated;
		return NFV_CONTINUE;
	}
	for (size_t i = 0; i < rewriter->count; i++)
		apply(rewriter, &rewriter->rules[i], p);
	return NFV_CONTINUE;
}

NFV_PLUGIN(.name = "rewrite", .version = "1", .licence = "GPL-2.0-or-later",
	   .description = "Replaces bytes of the payload, sets TTL or hop limit, sets DSCP", .needs_bytes = NFV_NEEDS_ALL,
	   .may = NFV_MAY_REWRITE, .options = options, .options_size = sizeof(struct options), .open = rewrite_open,
	   .packet = rewrite_packet, .close = rewrite_close);
