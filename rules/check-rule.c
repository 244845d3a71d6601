/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/check.h"
#include "rules/extension.h"
#include "rules/tokens.h"
#include "rules/view.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

/* One rule under check. */
struct subject {
	struct check_table *table;
	struct check_node *node;
	const struct nfv_rule *rule;
	const struct view *view;
};

#define TELL(subject, ...) check_tell((subject)->table->check, (subject)->node->chain, (subject)->rule, __VA_ARGS__)

static const char *tool(enum nfv_family family)
{
	return family == NFV_FAMILY_IPV6 ? "ip6tables" : "iptables";
}

static enum nfv_family other(enum nfv_family family)
{
	return family == NFV_FAMILY_IPV6 ? NFV_FAMILY_IPV4 : NFV_FAMILY_IPV6;
}

/* ---- text ---- */

static bool check_text(const struct subject *subject, const struct spec *spec)
{
	const size_t around = strlen("[18446744073709551615:18446744073709551615] -A  ");
	size_t len = spec->len + strlen(subject->node->chain->name) + around;
	struct tokens tokens;
	const char *why;
	int err;

	if (len > NFV_RULES_LINE_MAX) {
		TELL(subject, "its line would have %zu bytes, and iptables-restore takes %d", len, NFV_RULES_LINE_MAX);
		return false;
	}
	if (memchr(spec->bytes, '\n', spec->len)) {
		TELL(subject, "its text holds a newline, which iptables-restore takes for its end");
		return false;
	}
	/* A shorter one has no word that is too long, and not too many. */
	if (spec->len < TOKENS_MAX)
		return true;
	err = tokens_split(&tokens, spec->bytes, spec->len, TOKENS_RESTORE, &why);
	if (err == 0)
		tokens_free(&tokens);
	else if (err == -ENOMEM)
		subject->table->check->no_memory = true;
	else
		TELL(subject, "%s", why);
	return err == 0;
}

/* ---- where it leads to ---- */

static bool is_builtin(const struct subject *subject, const char *name)
{
	const char *const *names = table_builtin_chains(subject->table->name, subject->table->check->family);

	for (; names && *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

static void check_target(const struct subject *subject)
{
	const struct nfv_extension *target = subject->view->target;
	enum nfv_family family = subject->table->check->family;

	if (!target)
		return;
	if (is_builtin(subject, target->name))
		TELL(subject, "leads to %s, which is a built-in chain", target->name);
	else if (check_graph_find(subject->table, target->name, strlen(target->name)))
		return;
	else if (target->is_goto)
		TELL(subject, "goes to %s, and table %s has no such chain", target->name, subject->table->name);
	else if (extension_find(target->name, true, family))
		return;
	else if (extension_find(target->name, true, other(family)))
		TELL(subject, "target %s is one of %s, not of %s", target->name, tool(other(family)), tool(family));
	else
		TELL(subject, "no chain and no known target '%s'", target->name);
}

/* ---- what it matches ---- */

static const char *const field_names[] = {
	[NFV_FIELD_SOURCE] = "-s", [NFV_FIELD_DESTINATION] = "-d", [NFV_FIELD_IN] = "-i", [NFV_FIELD_OUT] = "-o",
	[NFV_FIELD_PROTOCOL] = "-p", [NFV_FIELD_FRAGMENT] = "-f",
};

/* One address of the list without its mask, as the family's own function would read it. */
static bool is_address(int type, const char *text, size_t len)
{
	const char *slash = memchr(text, '/', len);
	unsigned char bytes[sizeof(struct in6_addr)];
	char copy[INET6_ADDRSTRLEN];

	/* With a mask of no bits the tools of both families take anything. */
	if (slash && text + len == slash + 2 && slash[1] == '0')
		return false;
	if (slash)
		len = (size_t)(slash - text);
	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return inet_pton(type, copy, bytes) == 1;
}

static void check_address(const struct subject *subject, enum nfv_field field)
{
	const char *value = subject->view->fields[field].value;
	bool v6 = subject->table->check->family == NFV_FAMILY_IPV6;

	while (value && *value) {
		size_t len = strcspn(value, ",");

		if (is_address(v6 ? AF_INET : AF_INET6, value, len))
			TELL(subject, "%s %.*s is an %s address in an %s ruleset", field_names[field], (int)len, value,
			     v6 ? "IPv4" : "IPv6", v6 ? "IPv6" : "IPv4");
		value += len + (value[len] == ',');
	}
}

static void check_fields(const struct subject *subject)
{
	check_address(subject, NFV_FIELD_SOURCE);
	check_address(subject, NFV_FIELD_DESTINATION);
	if (subject->view->fields[NFV_FIELD_FRAGMENT].value && subject->table->check->family == NFV_FAMILY_IPV6)
		TELL(subject, "-f is not for IPv6: -m frag is");
}

/* Matches on what only one protocol has. The tools want it named, and not with "!". */
static const char *protocol_of_match(const char *name, enum nfv_family family)
{
	static const char *const names[] = { "tcp", "udp", "icmp", "dccp", "sctp", "esp", "ipcomp" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], name))
			return names[i];
	if (!strcmp(name, "icmp6") || !strcmp(name, "icmpv6") || !strcmp(name, "ipv6-icmp"))
		return "ipv6-icmp";
	return !strcmp(name, "ah") && family == NFV_FAMILY_IPV4 ? "ah" : NULL;
}

static void check_match_protocol(const struct subject *subject, const struct nfv_extension *match)
{
	const struct view_field *field = &subject->view->fields[NFV_FIELD_PROTOCOL];
	enum nfv_family family = subject->table->check->family;
	const char *protocol = protocol_of_match(match->name, family), *opened;
	const struct extension *known = extension_find(match->name, false, family), *wanted;

	/* `! -p tcp -m tcp` is nonsense that the nft backend takes. */
	if (!protocol || !known || field->negated)
		return;
	opened = field->value ? extension_of_protocol(field->value, family) : NULL;
	wanted = opened ? extension_find(opened, false, family) : NULL;
	if (wanted != known)
		TELL(subject, "match %s needs -p %s", match->name, protocol);
}

static void check_match(const struct subject *subject, const struct nfv_extension *match)
{
	enum nfv_family family = subject->table->check->family;

	if (!extension_find(match->name, false, family) && extension_find(match->name, false, other(family)))
		TELL(subject, "match %s is one of %s, not of %s", match->name, tool(other(family)), tool(family));
	else if (!match->implicit)
		check_match_protocol(subject, match);
}

/* ---- the whole ---- */

void check_rule(struct check_table *table, struct check_node *node, size_t position)
{
	const struct nfv_rule *rule = node->chain->rules[position];
	struct subject subject = { .table = table, .node = node, .rule = rule };
	struct nfv_rule *made = (struct nfv_rule *)(uintptr_t)rule;
	const struct spec *spec = rule_spec(rule);
	bool had_view = rule->view != NULL;

	if (!spec) {
		table->check->no_memory = true;
		return;
	}
	if (!check_text(&subject, spec))
		return;
	subject.view = rule_view(rule);
	if (!subject.view)
		return; /* no rule of ours: readers and setters refuse such a text */
	check_target(&subject);
	check_fields(&subject);
	for (size_t i = 0; i < subject.view->match_count; i++)
		check_match(&subject, subject.view->matches[i]);
	/* On the way to the kernel the tool says so itself, and a newer one may know more options. */
	if (!table->changes_only)
		check_rule_words(table, node, rule, subject.view);
	check_rule_limits(table, node, rule, subject.view);
	if (!had_view)
		rule_drop_view(made);
}
