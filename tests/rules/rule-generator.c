/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules by chance, from the tables of what is known of the tool's extensions: most of them the tool takes. The same seed
 * gives the same rules.
 *
 * Usage: rule-generator SEED COUNT 4|6 - prints lines "table|rule".
 */
#include "rules/extension.h"

#include "tests/rules/generator-values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct generator {
	uint64_t state;
	enum nfv_family family;
	struct text text;
};

static unsigned choose(struct generator *g, unsigned count)
{
	g->state = g->state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(g->state >> 33) % count;
}

static bool chance(struct generator *g, unsigned percent)
{
	return choose(g, 100) < percent;
}

/* One of the parts of a list. */
static const char *pick(struct generator *g, const char *list, char separator, size_t *len)
{
	unsigned count = 1, wanted;
	const char *end;

	for (const char *c = list; *c; c++)
		count += *c == separator;
	wanted = choose(g, count);
	for (; wanted > 0; list++)
		wanted -= *list == separator;
	end = strchr(list, separator);
	*len = end ? (size_t)(end - list) : strlen(list);
	return list;
}

static bool holds(const char *list, const char *word, const char *separators)
{
	size_t len = strlen(word);

	for (; *list; list += strspn(list, separators)) {
		size_t its = strcspn(list, separators);

		if (its == len && !memcmp(list, word, len))
			return true;
		list += its;
	}
	return false;
}

static void add(struct generator *g, const char *bytes, size_t len)
{
	if (g->text.len)
		text_add(&g->text, " ", 1);
	text_add(&g->text, bytes, len);
}

/* ---- options ---- */

static bool is_of(const char *key, const struct extension *extension, const char *name)
{
	size_t len = strlen(extension->name);

	if (!strchr(key, ':'))
		return !strcmp(key, name);
	return !strncmp(key, extension->name, len) && key[len] == ':' && !strcmp(key + len + 1, name);
}

static const char *values_of(const struct generator *g, const struct extension *extension,
			     const struct extension_option *option)
{
	bool ipv6 = g->family == NFV_FAMILY_IPV6;

	for (size_t i = 0; i < COUNT(of_option); i++)
		if (is_of(of_option[i].option, extension, option->name))
			return ipv6 && of_option[i].values6 ? of_option[i].values6 : of_option[i].values;
	if (ipv6 && option->kind < COUNT(of_kind6) && of_kind6[option->kind])
		return of_kind6[option->kind];
	return of_kind[option->kind];
}

static void add_names(struct generator *g, const struct extension_option *option)
{
	unsigned count = 0, names = 1 + (option->kind == VALUE_NAMES ? choose(g, 3) : 0);
	struct text list = { 0 };

	while (option->names[count].name)
		count++;
	for (unsigned i = 0; i < names; i++)
		text_printf(&list, "%s%s", i ? "," : "", option->names[choose(g, count)].name);
	add(g, list.data, list.len);
	text_free(&list);
}

/* What is not everything is nothing: iptables-save prints such rules as others, or so that they are not read again. */
static bool is_everything(const char *value, size_t len)
{
	static const char *const all[] = { "0:65535", "0:255", "1,2,3,4,5,6,7", "+" };

	for (size_t i = 0; i < COUNT(all); i++)
		if (strlen(all[i]) == len && !memcmp(all[i], value, len))
			return true;
	return false;
}

static void add_option(struct generator *g, const struct extension *extension, const struct extension_option *option)
{
	const char *name = option->alias && chance(g, 30) ? option->alias : option->name;
	char dashed[64];
	size_t len;
	const char *value;

	value = pick(g, values_of(g, extension, option), ';', &len);
	if ((option->flags & OPTION_NEGATED) && chance(g, 25) && !is_everything(value, len))
		add(g, "!", 1);
	add(g, dashed, (size_t)snprintf(dashed, sizeof(dashed), "--%s", name));
	if (option->values == 0)
		return;
	if (option->names && (option->kind == VALUE_NAME || option->kind == VALUE_NAMES) && !strstr(option->name, "zone") &&
	    strcmp(option->name, "reject-with") != 0) {
		add_names(g, option);
		return;
	}
	if (option->names && option->kind == VALUE_OTHER && strstr(option->name, "class")) {
		add_names(g, option);
		return;
	}
	add(g, value, len);
}

/* The words of the rule that an extension needs beside its own. */
static size_t find_need(const struct extension *extension)
{
	for (size_t i = 0; i < COUNT(needs); i++)
		if (!strcmp(needs[i].extension, extension->name))
			return i;
	return COUNT(needs);
}

static bool is_wanted(struct generator *g, const char *name, size_t need, const char *const *chosen, size_t chosen_count)
{
	if (holds(needs[need].never, name, " "))
		return false;
	if (holds(needs[need].always, name, " "))
		return true;
	for (size_t i = 0; i < chosen_count; i++)
		if (holds(chosen[i], name, "|"))
			return !strncmp(chosen[i], name, strlen(name)) && strchr("|", chosen[i][strlen(name)]);
	if (holds(needs[need].one, name, "| "))
		return false;
	return chance(g, 35);
}

/* From each group the name that is to be there, as the list's rest that begins with it. */
static size_t choose_groups(struct generator *g, const char *groups, char *names, const char **chosen)
{
	size_t count = 0;

	while (*groups) {
		size_t len = strcspn(groups, " "), its;
		char group[256];
		const char *picked;

		snprintf(group, sizeof(group), "%.*s", (int)len, groups);
		picked = pick(g, group, '|', &its);
		chosen[count++] = names;
		names += sprintf(names, "%.*s", (int)its, picked) + 1;
		groups += len + strspn(groups + len, " ");
	}
	return count;
}

static void add_extension(struct generator *g, const struct extension *extension)
{
	const struct extension_option *wanted[64], *swap;
	size_t need = find_need(extension), count = 0, chosen_count;
	const char *chosen[8];
	char names[512];

	chosen_count = choose_groups(g, needs[need].one, names, chosen);
	add(g, extension->is_target ? "-j" : "-m", 2);
	add(g, extension->name, strlen(extension->name));
	for (const struct extension_option *o = extension->options; o && o->name; o++)
		if (is_wanted(g, o->name, need, chosen, chosen_count))
			wanted[count++] = o;
	for (size_t i = count; i > 1; i--) {
		size_t other = choose(g, (unsigned)i);

		swap = wanted[i - 1];
		wanted[i - 1] = wanted[other];
		wanted[other] = swap;
	}
	/* What is taken with a value must have been named before. */
	for (size_t i = 0; i < count; i++)
		if (strcmp(wanted[i]->name, "suppl-groups") != 0)
			add_option(g, extension, wanted[i]);
}

/* ---- rules ---- */

static void add_fields(struct generator *g)
{
	static const char sources[] = "1.2.3.4;10.1.2.3/8;10.0.0.0/255.255.0.0;0.0.0.0/0;10/8;192.168.1.1/255.0.255.0;"
				      "1.2.3.4/32";
	static const char sources6[] = "::1;dead:0::1/64;::/0;dead::1/ffff::;2001:DB8::/32;::ffff:1.2.3.4;1::/ffff:0:ffff::";
	static const char *const letters[] = { "-s", "-d", "-i" };
	size_t len;

	for (size_t i = 0; i < COUNT(letters); i++) {
		const char *list = i == 2 ? "lo;eth+;eth0.1;+" : g->family == NFV_FAMILY_IPV6 ? sources6 : sources, *value;

		if (!chance(g, 15))
			continue;
		value = pick(g, list, ';', &len);
		if (chance(g, 20) && !is_everything(value, len))
			add(g, "!", 1);
		add(g, letters[i], 2);
		add(g, value, len);
	}
}

static const struct extension *any_extension(struct generator *g, bool is_target)
{
	unsigned bit = g->family == NFV_FAMILY_IPV6 ? EXTENSION_IPV6 : EXTENSION_IPV4;
	unsigned count = 0;

	while (extension_at(count))
		count++;
	for (;;) {
		const struct extension *extension = extension_at(choose(g, count));

		if (extension->is_target == is_target && (extension->families & bit) && find_need(extension) < COUNT(needs))
			return extension;
	}
}

static const char *table_of(struct generator *g, const struct extension *match, const struct extension *target)
{
	const char *tables = target && target->tables ? target->tables : match && match->tables ? match->tables : NULL;
	static char name[16];
	const char *picked;
	size_t len;

	if (!tables)
		return "filter";
	picked = pick(g, tables, ',', &len);
	snprintf(name, sizeof(name), "%.*s", (int)len, picked);
	return name;
}

static bool fits(const struct extension *match, const struct extension *target)
{
	const char *a = needs[find_need(match)].protocol, *b = needs[find_need(target)].protocol;

	/* Each may want a protocol, and a table. */
	return (!*a || !*b || !strcmp(a, b)) && !(match->tables && target->tables);
}

static void print_rule(struct generator *g)
{
	const struct extension *match = any_extension(g, false), *target = NULL, *second = NULL;
	const char *protocol;

	if (chance(g, 60))
		target = any_extension(g, true);
	if (target && !fits(match, target))
		match = NULL;
	if (match && chance(g, 25))
		second = extension_find("comment", false, g->family);
	g->text.len = 0;
	protocol = match ? needs[find_need(match)].protocol : "";
	if (target && !*protocol)
		protocol = needs[find_need(target)].protocol;
	add_fields(g);
	if (*protocol) {
		add(g, "-p", 2);
		add(g, protocol, strlen(protocol));
	}
	if (match)
		add_extension(g, match);
	if (second)
		add_extension(g, second);
	if (target)
		add_extension(g, target);
	printf("%s|%s\n", table_of(g, match, target), g->text.data);
}

int main(int argc, char **argv)
{
	struct generator g = { 0 };
	unsigned long count;

	if (argc != 4) {
		fprintf(stderr, "usage: rule-generator SEED COUNT 4|6\n");
		return 2;
	}
	g.state = strtoull(argv[1], NULL, 0);
	g.family = *argv[3] == '6' ? NFV_FAMILY_IPV6 : NFV_FAMILY_IPV4;
	choose(&g, 2);
	for (count = strtoul(argv[2], NULL, 0); count > 0; count--)
		print_rule(&g);
	text_free(&g.text);
	return 0;
}
