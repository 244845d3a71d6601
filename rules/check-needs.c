/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options without which a match or target is refused, options of which one excludes the other, and protocols. */
#include "rules/check-values.h"

#include "rules/extension.h"
#include "rules/protocol.h"
#include "rules/view.h"

#include <string.h>

struct option_set {
	const char *name;    /* of the match or target: they share none */
	const char *options; /* as iptables-save calls them, with commas */
};

/* One of them at least. */
static const struct option_set needed[] = {
	{ "addrtype", "src-type,dst-type" }, { "bpf", "bytecode,object-pinned" }, { "cgroup", "cgroup,path" },
	{ "cluster", "cluster-total-nodes" }, { "cluster", "cluster-local-node,cluster-local-nodemask" },
	{ "cluster", "cluster-hash-seed" }, { "comment", "comment" }, { "connbytes", "connbytes" },
	{ "connbytes", "connbytes-mode" }, { "connbytes", "connbytes-dir" }, { "connlabel", "label" },
	{ "connlimit", "connlimit-upto,connlimit-above" }, { "connmark", "mark" },
	{ "conntrack", "ctstate,ctproto,ctorigsrc,ctorigdst,ctreplsrc,ctrepldst,ctorigsrcport,ctorigdstport,ctreplsrcport,"
		       "ctrepldstport,ctstatus,ctexpire,ctdir" },
	{ "cpu", "cpu" }, { "devgroup", "src-group,dst-group" }, { "dscp", "dscp,dscp-class" },
	{ "ecn", "ecn-tcp-ece,ecn-tcp-cwr,ecn-ip-ect" }, { "hashlimit", "hashlimit-upto,hashlimit-above" },
	{ "hashlimit", "hashlimit-name" }, { "helper", "helper" }, { "hl", "hl-eq,hl-lt,hl-gt" },
	{ "iprange", "src-range,dst-range" }, { "length", "length" }, { "mac", "mac-source" }, { "mark", "mark" },
	{ "multiport", "sports,dports,ports" }, { "nfacct", "nfacct-name" }, { "osf", "genre" },
	{ "owner", "uid-owner,gid-owner,socket-exists" },
	{ "physdev", "physdev-is-in,physdev-in,physdev-is-out,physdev-out,physdev-is-bridged" },
	{ "pkttype", "pkt-type" }, { "policy", "dir" }, { "quota", "quota" }, { "realm", "realm" },
	{ "recent", "set,rcheck,update,remove" }, { "set", "match-set" }, { "state", "state" }, { "statistic", "mode" },
	{ "string", "string,hex-string" }, { "string", "algo" }, { "tcpmss", "mss" }, { "tos", "tos" },
	{ "ttl", "ttl-eq,ttl-lt,ttl-gt" }, { "u32", "u32" },
	{ "AUDIT", "type" }, { "CHECKSUM", "checksum-fill" }, { "CLASSIFY", "set-class" },
	{ "CONNMARK", "set-xmark,set-mark,and-mark,or-mark,xor-mark,save-mark,restore-mark" },
	{ "CONNSECMARK", "save,restore" }, { "DNAT", "to-destination" }, { "DNPT", "src-pfx" }, { "DNPT", "dst-pfx" },
	{ "DSCP", "set-dscp,set-dscp-class" }, { "ECN", "ecn-tcp-remove,ecn-tcp-ece,ecn-tcp-cwr,ecn-ip-ect" },
	{ "HL", "hl-set,hl-dec,hl-inc" }, { "IDLETIMER", "timeout" }, { "IDLETIMER", "label" },
	{ "LED", "led-trigger-id" }, { "MARK", "set-xmark,set-mark,and-mark,or-mark,xor-mark" }, { "NETMAP", "to" },
	{ "SECMARK", "selctx" }, { "SET", "add-set,del-set,map-set" }, { "SNAT", "to-source" }, { "SNPT", "src-pfx" },
	{ "SNPT", "dst-pfx" }, { "TCPMSS", "set-mss,clamp-mss-to-pmtu" },
	{ "TEE", "gateway" }, { "TOS", "set-tos,and-tos,or-tos,xor-tos" }, { "TPROXY", "on-port" },
	{ "TTL", "ttl-set,ttl-dec,ttl-inc" },
};

/* One of them at most. */
static const struct option_set exclusive[] = {
	{ "addrtype", "limit-iface-in,limit-iface-out" }, { "cgroup", "cgroup,path" },
	{ "connlimit", "connlimit-saddr,connlimit-daddr" }, { "connlimit", "connlimit-upto,connlimit-above" },
	{ "dscp", "dscp,dscp-class" }, { "frag", "fraglast,fragmore" }, { "hl", "hl-eq,hl-lt,hl-gt" },
	{ "multiport", "sports,dports,ports" }, { "string", "string,hex-string" }, { "ttl", "ttl-eq,ttl-lt,ttl-gt" },
	{ "CONNMARK", "set-xmark,set-mark,and-mark,or-mark,xor-mark,save-mark,restore-mark" },
	{ "DSCP", "set-dscp,set-dscp-class" }, { "HL", "hl-set,hl-dec,hl-inc" },
	{ "MARK", "set-xmark,set-mark,and-mark,or-mark,xor-mark" }, { "TTL", "ttl-set,ttl-dec,ttl-inc" },
};

struct protocol_need {
	const char *name, *option; /* option NULL: always */
	const char *protocols;     /* as it is told */
	unsigned char numbers[8];
	bool with_ports;           /* only if the value of the option holds ports */
};

#define PORT_PROTOCOLS "tcp, udp, sctp or dccp", { 6, 17, 132, 33, 1, 58 } /* that of messages has ids */

static const struct protocol_need protocol_needs[] = {
	{ "multiport", NULL, "tcp, udp, udplite, sctp or dccp", { 6, 17, 136, 132, 33 }, false },
	{ "tcpmss", NULL, "tcp", { 6 }, false }, { "osf", NULL, "tcp", { 6 }, false },
	{ "TCPMSS", NULL, "tcp", { 6 }, false }, { "TCPOPTSTRIP", NULL, "tcp", { 6 }, false },
	{ "SYNPROXY", NULL, "tcp", { 6 }, false }, { "TPROXY", NULL, "tcp or udp", { 6, 17 }, false },
	{ "ecn", "ecn-tcp-ece", "tcp", { 6 }, false }, { "ecn", "ecn-tcp-cwr", "tcp", { 6 }, false },
	{ "ECN", "ecn-tcp-remove", "tcp", { 6 }, false },
	{ "REDIRECT", "to-ports", PORT_PROTOCOLS, false }, { "MASQUERADE", "to-ports", PORT_PROTOCOLS, false },
	{ "DNAT", "to-destination", PORT_PROTOCOLS, true }, { "SNAT", "to-source", PORT_PROTOCOLS, true },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TELL(check, ...) check_tell((check)->table->check, (check)->node->chain, (check)->rule, __VA_ARGS__)

static bool lists(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = words; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (!strncmp(at, word, len) && (at[len] == ',' || !at[len]))
			return true;
	}
	return false;
}

/* How many different options of the set are there. */
static size_t count_of(const struct nfv_extension *extension, const char *options)
{
	const struct extension_option *last = NULL;
	size_t count = 0;

	for (size_t i = 0; i < extension->count; i++) {
		const struct extension_option *known = extension_option_find(extension->known, extension->options[i].name);

		if (!known || known == last || !lists(options, known->name))
			continue;
		last = known;
		count++;
	}
	return count;
}

/* ---- protocols ---- */

static bool holds_ports(const struct view_option *option, enum nfv_family family)
{
	if (!option->count)
		return false;
	return family == NFV_FAMILY_IPV6 ? strstr(option->values[0], "]:") != NULL : strchr(option->values[0], ':') != NULL;
}

static bool is_used(const struct nfv_extension *extension, const struct protocol_need *need, enum nfv_family family)
{
	for (size_t i = 0; need->option && i < extension->count; i++) {
		const struct extension_option *known = extension_option_find(extension->known, extension->options[i].name);

		if (known && !strcmp(known->name, need->option) &&
		    (!need->with_ports || holds_ports(&extension->options[i], family)))
			return true;
	}
	return !need->option;
}

static void check_protocol(const struct check_values *check, const struct nfv_extension *extension, const struct view *view)
{
	const struct view_field *field = &view->fields[NFV_FIELD_PROTOCOL];
	int number = field->value ? protocol_number(field->value) : 0;

	if (number < 0 || field->negated)
		return;
	for (size_t i = 0; i < COUNT(protocol_needs); i++) {
		const struct protocol_need *need = &protocol_needs[i];

		if (strcmp(need->name, extension->known->name) != 0 ||
		    !is_used(extension, need, check->table->check->family))
			continue;
		if (number && memchr(need->numbers, number, sizeof(need->numbers)))
			continue;
		if (need->option)
			TELL(check, "--%s needs -p %s", need->option, need->protocols);
		else
			TELL(check, "%s %s needs -p %s", extension->is_target ? "target" : "match", extension->name,
			     need->protocols);
	}
}

/* ---- the whole ---- */

/* What is not known may be the option that is missed; it is told of already. */
static bool knows_all(const struct nfv_extension *extension)
{
	for (size_t i = 0; i < extension->count; i++)
		if (!*extension->options[i].name || !extension_option_find(extension->known, extension->options[i].name))
			return false;
	return true;
}

/* "--a, --b or --c" of three at most, "an option" of more. */
static void tell_needed(const struct check_values *check, const struct nfv_extension *extension, const char *options)
{
	size_t len = strcspn(options, ",");
	const char *what = extension->is_target ? "target" : "match";
	const char *more = options[len] ? options + len + 1 : NULL;

	if (!more)
		TELL(check, "%s %s needs --%s", what, extension->name, options);
	else if (!strchr(more, ','))
		TELL(check, "%s %s needs --%.*s or --%s", what, extension->name, (int)len, options, more);
	else
		TELL(check, "%s %s needs one of its options %s", what, extension->name, options);
}

void check_needs(const struct check_values *check, const struct nfv_extension *extension, const struct view *view)
{
	const char *name = extension->known->name;

	if (!knows_all(extension))
		return;
	for (size_t i = 0; i < COUNT(needed); i++)
		if (!strcmp(needed[i].name, name) && !count_of(extension, needed[i].options))
			tell_needed(check, extension, needed[i].options);
	for (size_t i = 0; i < COUNT(exclusive); i++)
		if (!strcmp(exclusive[i].name, name) && count_of(extension, exclusive[i].options) > 1)
			TELL(check, "%s %s takes only one of its options %s", extension->is_target ? "target" : "match",
			     extension->name, exclusive[i].options);
	check_protocol(check, extension, view);
}
