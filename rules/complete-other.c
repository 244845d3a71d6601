/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Matches whose options depend on each other more: time, policy. */
#include "rules/complete.h"

#include "rules/spell.h"

#include <stdio.h>
#include <string.h>

/* ---- time ---- */

#define DATE_FIRST "1970-01-01T00:00:00"
#define DATE_LAST "2038-01-19T03:14:07"

static bool has_value(struct form *form, const char *name, const char *value)
{
	struct form_item *item = form_find(form, name);

	return item && !strcmp(form_value(form, item), value);
}

/* Days that are not meant become those that are: the kernel keeps one set of days. All of them are not printed. */
static void complete_days(struct form *form, const char *name, const char *all)
{
	struct form_item *item = form_find(form, name);
	char left[128] = "", chosen[128], *rest = left, *day;
	size_t len = 0;

	if (!item || !item->spelt || item->len + 3 > sizeof(chosen))
		return;
	if (item->negated) {
		char days[128];

		/* Between commas each day is found whole. */
		snprintf(chosen, sizeof(chosen), ",%s,", form_value(form, item));
		snprintf(days, sizeof(days), "%s", all);
		rest = days;
		while ((day = strsep(&rest, ","))) {
			char whole[8];

			snprintf(whole, sizeof(whole), ",%s,", day);
			if (!strstr(chosen, whole))
				len += (size_t)snprintf(left + len, sizeof(left) - len, "%s%s", len ? "," : "", day);
		}
		if (len == 0)
			return;
		form_set(form, item, left);
		item->negated = false;
	}
	if (!strcmp(form_value(form, item), all))
		item->gone = true;
}

void complete_time(struct form *form)
{
	form_drop(form, "utc");
	complete_days(form, "monthdays",
		      "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31");
	complete_days(form, "weekdays", "Mon,Tue,Wed,Thu,Fri,Sat,Sun");
	if (form_find(form, "timestart") || form_find(form, "timestop")) {
		form_default(form, "timestart", "00:00:00");
		form_default(form, "timestop", "23:59:59");
		if (has_value(form, "timestart", "00:00:00") && has_value(form, "timestop", "23:59:59")) {
			form_drop(form, "timestart");
			form_drop(form, "timestop");
		}
	}
	if (has_value(form, "datestart", DATE_FIRST))
		form_drop(form, "datestart");
	form_default(form, "datestop", DATE_LAST);
}

/* ---- policy ---- */

/* The place of an option in its element; 0: it is none of an element. */
static unsigned element_place(const struct form_item *item)
{
	static const char *const order[] = { "reqid", "spi", "proto", "mode", "tunnel-dst", "tunnel-src", "next" };

	for (unsigned i = 0; item->option && i < sizeof(order) / sizeof(order[0]); i++)
		if (!strcmp(item->option->name, order[i]))
			return i + 1;
	return 0;
}

static unsigned head_place(const struct form_item *item)
{
	static const char *const order[] = { "dir", "pol", "strict" };

	for (unsigned i = 0; item->option && i < sizeof(order) / sizeof(order[0]); i++)
		if (!strcmp(item->option->name, order[i]))
			return i;
	return sizeof(order) / sizeof(order[0]);
}

/* Does b stand before a? What belongs to no element comes first, unknown words last. */
static bool policy_swap(const struct form_item *a, const struct form_item *b, unsigned a_element, unsigned b_element)
{
	unsigned a_place = element_place(a), b_place = element_place(b);

	if (!a->option || !b->option)
		return !a->option && b->option;
	if (!a_place || !b_place)
		return a_place ? !b_place : !b_place && head_place(b) < head_place(a);
	return a_element == b_element && b_place < a_place;
}

void complete_policy(struct form *form)
{
	unsigned elements[FORM_MAX], element = 0;

	for (size_t i = 0; i < form->count; i++) {
		elements[i] = element;
		if (form->items[i].option && !strcmp(form->items[i].option->name, "next"))
			element++;
	}
	if (has_value(form, "pol", "none"))
		for (size_t i = 0; i < form->count; i++)
			form->items[i].gone |= element_place(&form->items[i]) != 0;
	for (size_t i = 1; i < form->count; i++) {
		for (size_t j = i; j > 0; j--) {
			struct form_item item = form->items[j];
			unsigned its = elements[j];

			if (!policy_swap(&form->items[j - 1], &item, elements[j - 1], its))
				break;
			form->items[j] = form->items[j - 1];
			elements[j] = elements[j - 1];
			form->items[j - 1] = item;
			elements[j - 1] = its;
		}
	}
	form->ordered = true;
}

/* ---- sets, routing headers ---- */

/* Counters of a set are counted unless that is negated. */
void complete_set(struct form *form)
{
	static const char *const names[] = { "update-counters", "update-subcounters" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct form_item *item = form_find(form, names[i]);

		if (item && !item->negated)
			item->gone = true;
	}
}

/* Equal, greater and less share one number: the last one that was written. */
void complete_srh(struct form *form)
{
	static const char *const fields[] = { "srh-hdr-len-", "srh-segs-left-", "srh-last-entry-" };

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const struct form_item *last = NULL;

		for (size_t j = form->count; j > 0; j--) {
			struct form_item *item = &form->items[j - 1];

			if (item->gone || !item->option || strncmp(item->option->name, fields[i], strlen(fields[i])) != 0)
				continue;
			if (!last)
				last = item;
			item->at = last->at;
			item->len = last->len;
		}
	}
}
