/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/canonical.h"

#include "rules/form.h"
#include "rules/protocol.h"
#include "rules/spell.h"
#include "rules/tokens.h"

#include <string.h>

/* The rule under way. */
struct printer {
	const struct view *view;
	enum nfv_family family;
	bool for_key;
	bool begun;
	struct text *out;
	struct text values; /* of the extension under way */
	uint64_t joined;    /* matches, by position, that an earlier one of that name took in */
};

static void next_word(struct printer *printer)
{
	if (printer->begun)
		text_add(printer->out, " ", 1);
	printer->begun = true;
}

static void add_word(struct printer *printer, const char *word)
{
	next_word(printer);
	spell_add(printer->out, word);
}

/* ---- fields ---- */

/* Every address, every interface, every protocol: what is not printed. */
static bool says_nothing(const struct printer *printer, enum nfv_field field, const char *value)
{
	if (field == NFV_FIELD_IN || field == NFV_FIELD_OUT)
		return !strcmp(value, "+");
	if (field == NFV_FIELD_PROTOCOL)
		return !strcmp(value, "0");
	return field <= NFV_FIELD_DESTINATION && !strcmp(value, printer->family == NFV_FAMILY_IPV6 ? "::/0" : "0.0.0.0/0");
}

/* Each of a list; false: one is none, as names of hosts are. */
static bool add_addresses(struct printer *printer, const char *value, struct text *out)
{
	for (;;) {
		unsigned style = ADDRESS_PREFIX | ADDRESS_MASKED | ADDRESS_FILL;
		size_t len = strcspn(value, ",");

		if (!spell_address(value, len, printer->family, style, out))
			return false;
		if (!value[len])
			return true;
		text_add(out, ",", 1);
		value += len + 1;
	}
}

static void add_protocol(const char *value, struct text *out)
{
	int number = protocol_number(value);
	const char *name = number > 0 ? protocol_name((unsigned)number) : NULL;

	if (number < 0)
		view_print_word(out, value);
	else if (name)
		spell_add(out, name);
	else
		spell_decimal(out, (unsigned)number);
}

static void spell_field(struct printer *printer, enum nfv_field field, const char *value, struct text *out)
{
	switch (field) {
	case NFV_FIELD_SOURCE:
	case NFV_FIELD_DESTINATION:
		if (!add_addresses(printer, value, out)) {
			out->len = 0;
			view_print_word(out, value);
		}
		return;
	case NFV_FIELD_PROTOCOL:
		add_protocol(value, out);
		return;
	case NFV_FIELD_IN:
	case NFV_FIELD_OUT:
		view_print_word(out, value);
		return;
	case NFV_FIELD_FRAGMENT:
		return;
	}
}

static void print_field(struct printer *printer, enum nfv_field field)
{
	static const char *const names[NFV_FIELD_COUNT] = {
		[NFV_FIELD_SOURCE] = "-s", [NFV_FIELD_DESTINATION] = "-d", [NFV_FIELD_IN] = "-i",
		[NFV_FIELD_OUT] = "-o",    [NFV_FIELD_PROTOCOL] = "-p",    [NFV_FIELD_FRAGMENT] = "-f",
	};
	const struct view_field *wanted = &printer->view->fields[field];
	struct text *values = &printer->values;

	if (!wanted->value)
		return;
	values->len = 0;
	spell_field(printer, field, wanted->value, values);
	text_add(values, "", 1);
	if (values->failed || (!wanted->negated && says_nothing(printer, field, values->data)))
		return;
	if (wanted->negated)
		add_word(printer, "!");
	add_word(printer, names[field]);
	if (field != NFV_FIELD_FRAGMENT)
		add_word(printer, values->data);
}

/* ---- extensions ---- */

/* What is not known stays as it was written. */
static void print_words(struct printer *printer, const struct nfv_extension *extension)
{
	for (size_t i = 0; i < extension->count; i++) {
		const struct view_option *option = &extension->options[i];

		if (option->negated)
			add_word(printer, "!");
		if (*option->name) {
			add_word(printer, option->short_form ? "-" : "--");
			spell_add(printer->out, option->name);
		}
		for (size_t j = 0; j < option->count; j++) {
			if (option->joined && j == 0)
				text_add(printer->out, "=", 1);
			else
				next_word(printer);
			if (option->joined && j == 0 && !*option->values[0])
				continue;
			if (option->quoted[j] && !printer->for_key)
				tokens_quote_always(printer->out, option->values[j]);
			else
				view_print_word(printer->out, option->values[j]);
		}
	}
}

static bool is_known(const struct form *form, const struct form_item *item)
{
	return !item->gone && item->option && item->spelt && form->extension->options;
}

/* iptables-nft turns ports and flags into expressions of its own, but not if a match has anything else. */
static bool is_native(const struct form *form)
{
	bool any = false;

	for (size_t i = 0; i < form->count; i++) {
		const struct form_item *item = &form->items[i];

		if (item->gone)
			continue;
		if (!is_known(form, item) || !strcmp(item->option->name, "tcp-option"))
			return false;
		any = true;
	}
	return any;
}

static bool any_shared(struct form *a, const struct form *b)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->items[i].option && form_find(a, b->items[i].option->name))
			return true;
	return false;
}

/* Such expressions it shows as one match, where the first one stood. */
static void join_later(struct printer *printer, size_t position, struct form *form)
{
	const struct view *view = printer->view;
	const struct nfv_extension *first = view->matches[position];
	struct form other;

	if (!is_native(form))
		return;
	for (size_t i = position + 1; i < view->match_count && i < 64; i++) {
		if ((printer->joined & (uint64_t)1 << i) || strcmp(view->matches[i]->name, first->name) != 0)
			continue;
		if (!form_fill(&other, view->matches[i], printer->family, &printer->values, printer->for_key))
			continue;
		if (!form_complete(&other) || !is_native(&other) || any_shared(form, &other) || !form_join(form, view->matches[i]))
			continue;
		form_complete(form);
		printer->joined |= (uint64_t)1 << i;
	}
}

/* The name as the tool prints it: icmp6 also for icmpv6. */
static void print_extension(struct printer *printer, const struct nfv_extension *extension, size_t position)
{
	const char *letter = extension->is_goto ? "-g" : extension->is_target ? "-j" : "-m";
	struct form form;
	bool known;

	printer->values.len = 0;
	known = !extension->is_goto &&
		form_fill(&form, extension, printer->family, &printer->values, printer->for_key) && form_complete(&form);
	add_word(printer, letter);
	next_word(printer);
	if (known)
		spell_add(printer->out, form.extension->name);
	else
		view_print_word(printer->out, extension->name);
	if (!known) {
		print_words(printer, extension);
		return;
	}
	if (!extension->is_target && (!strcmp(extension->name, "tcp") || !strcmp(extension->name, "udp")))
		join_later(printer, position, &form);
	form_print(&form, printer->out);
}

static void print(struct printer *printer)
{
	const struct view *view = printer->view;

	for (size_t field = 0; field < NFV_FIELD_COUNT; field++)
		print_field(printer, (enum nfv_field)field);
	for (size_t i = 0; i < view->match_count; i++)
		if (i >= 64 || !(printer->joined & (uint64_t)1 << i))
			print_extension(printer, view->matches[i], i);
	if (view->target)
		print_extension(printer, view->target, 0);
	printer->out->failed |= printer->values.failed;
	text_free(&printer->values);
}

void canonical_print(const struct view *view, enum nfv_family family, struct text *out)
{
	struct printer printer = { .view = view, .family = family, .out = out };

	print(&printer);
}

void canonical_print_key(const struct view *view, enum nfv_family family, struct text *out)
{
	struct printer printer = { .view = view, .family = family, .out = out, .for_key = true };

	print(&printer);
}
