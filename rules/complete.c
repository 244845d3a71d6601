/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/complete.h"

#include "rules/spell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- ports ---- */

/* iptables-nft keeps `! 0:80` as what is above, in a match that it turns into expressions of its own. */
static void turn_negation(struct form *form, const char *name)
{
	struct form_item *item = form_find(form, name);
	char above[32];
	const char *value;
	unsigned long high;

	if (!item || !item->negated || !item->spelt)
		return;
	value = form_value(form, item);
	if (strncmp(value, "0:", 2) != 0)
		return;
	high = strtoul(value + 2, NULL, 10) + 1;
	if (high > 65535)
		return;
	if (high == 65535)
		strcpy(above, "65535");
	else
		snprintf(above, sizeof(above), "%lu:65535", high);
	form_set(form, item, above);
	item->negated = false;
}

void complete_ports(struct form *form)
{
	struct form_item *flags = form_find(form, "tcp-flags");

	if (!form_find(form, "tcp-option")) {
		turn_negation(form, "sport");
		turn_negation(form, "dport");
	}
	if (flags && !flags->negated && !strcmp(form_value(form, flags), "NONE NONE"))
		flags->gone = true;
}

void complete_ipcomp(struct form *form)
{
	form_default(form, "ipcompspi", "0");
}

/* ---- counts ---- */

static void swap_negated(struct form *form, const char *upto, const char *above)
{
	struct form_item *low = form_find(form, upto), *high = form_find(form, above);

	if (low && low->negated) {
		form_rename(form, low, above);
		low->negated = false;
	}
	if (high && high->negated) {
		form_rename(form, high, upto);
		high->negated = false;
	}
}

void complete_connlimit(struct form *form)
{
	swap_negated(form, "connlimit-upto", "connlimit-above");
	form_default(form, "connlimit-mask", form->family == NFV_FAMILY_IPV6 ? "128" : "32");
	if (!form_find(form, "connlimit-daddr"))
		form_default(form, "connlimit-saddr", NULL);
}

/* A negated range is kept with its ends exchanged; when they are the same, that is lost. */
void complete_connbytes(struct form *form)
{
	struct form_item *item = form_find(form, "connbytes");
	const char *value = item ? form_value(form, item) : "", *colon = strchr(value, ':');

	if (colon && (size_t)(colon - value) == strlen(colon + 1) && !strncmp(value, colon + 1, (size_t)(colon - value)))
		item->negated = false;
}

void complete_limit(struct form *form)
{
	form_default(form, "limit", "3/hour");
}

void complete_recent(struct form *form)
{
	struct form_item *source = form_find(form, "rsource"), *destination = form_find(form, "rdest");
	bool last_is_source = source && destination && source > destination;

	/* The one that came last counts. */
	form_drop(form, last_is_source ? "rdest" : destination ? "rsource" : "");
	form_default(form, "name", "DEFAULT");
	form_default(form, "mask", form->family == NFV_FAMILY_IPV6 ? "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
								   : "255.255.255.255");
	if (!form_find(form, "rdest"))
		form_default(form, "rsource", NULL);
}

/* ---- marks ---- */

void complete_connmark(struct form *form)
{
	struct form_item *mask = form_find(form, "mask"), *left = form_find(form, "left-shift-mark");
	struct form_item *right = form_find(form, "right-shift-mark");
	char value[32];

	/* The one that came last counts. */
	if (left)
		left->gone = left < right || !strcmp(form_value(form, left), "0");
	if (right)
		right->gone = right < left || !strcmp(form_value(form, right), "0");
	if (!form_find(form, "save-mark") && !form_find(form, "restore-mark"))
		return;
	snprintf(value, sizeof(value), "%.31s", mask && mask->spelt ? form_value(form, mask) : "0xffffffff");
	if (mask && mask->spelt)
		mask->gone = true;
	form_default(form, "nfmask", value);
	form_default(form, "ctmask", value);
}

/* ---- targets ---- */

void complete_nfqueue(struct form *form)
{
	if (!form_find(form, "queue-balance"))
		form_default(form, "queue-num", "0");
}

/* The kernel does nothing with nflog-range, and iptables-nft does not keep it. */
void complete_nflog(struct form *form)
{
	if (form->for_key)
		form_drop(form, "nflog-range");
}

void complete_tproxy(struct form *form)
{
	form_default(form, "on-ip", form->family == NFV_FAMILY_IPV6 ? "::" : "0.0.0.0");
	form_default(form, "tproxy-mark", "0x0/0x0");
}

void complete_reject(struct form *form)
{
	bool ipv6 = form->family == NFV_FAMILY_IPV6;

	form_default(form, "reject-with", ipv6 ? "icmp6-port-unreachable" : "icmp-port-unreachable");
}

void complete_clusterip(struct form *form)
{
	if (form_find(form, "new"))
		form_default(form, "hash-init", "0");
}

/* Both bits cleared is what --ecn-tcp-remove does. */
void complete_ecn(struct form *form)
{
	struct form_item *ece = form_find(form, "ecn-tcp-ece"), *cwr = form_find(form, "ecn-tcp-cwr");

	if (!ece || !cwr || strcmp(form_value(form, ece), "0") != 0 || strcmp(form_value(form, cwr), "0") != 0)
		return;
	ece->gone = cwr->gone = true;
	form_default(form, "ecn-tcp-remove", NULL);
}

/* A tuple stands for whole masks; only `ct` is left of it. */
void complete_hmark(struct form *form)
{
	static const struct {
		const char *name, *option, *value; /* value NULL: the family's length of an address */
	} parts[] = {
		{ "src", "hmark-src-prefix", NULL }, { "dst", "hmark-dst-prefix", NULL },
		{ "sport", "hmark-sport-mask", "0xffff" }, { "dport", "hmark-dport-mask", "0xffff" },
		{ "spi", "hmark-spi-mask", "0xffffffff" }, { "proto", "hmark-proto-mask", "0xffff" }, { "ct", NULL, NULL },
	};
	struct form_item *tuple = form_find(form, "hmark-tuple");
	char value[64], *rest = value, *part;
	bool ct = false;

	if (!tuple || tuple->len >= sizeof(value))
		return;
	memcpy(value, form_value(form, tuple), tuple->len + 1);
	while ((part = strsep(&rest, ","))) {
		size_t i = 0;

		while (i < sizeof(parts) / sizeof(parts[0]) && strcmp(parts[i].name, part) != 0)
			i++;
		if (i == sizeof(parts) / sizeof(parts[0]))
			return;
		ct |= !parts[i].option;
		if (parts[i].option) {
			form_drop(form, parts[i].option);
			form_default(form, parts[i].option,
				     parts[i].value ? parts[i].value : form->family == NFV_FAMILY_IPV6 ? "128" : "32");
		}
	}
	if (ct)
		form_set(form, tuple, "ct");
	else
		tuple->gone = true;
}

/* ---- matches on payload ---- */

/* What can be printed is printed as a string, the rest as hexadecimal, whatever it was written as. */
void complete_string(struct form *form)
{
	struct form_item *item = form_find(form, "string");

	if (!item)
		item = form_find(form, "hex-string");
	if (item && item->spelt && item->words) {
		bool hex = spell_needs_hex(item->words->values[0], !strcmp(item->option->name, "hex-string"));

		form_rename(form, item, hex ? "hex-string" : "string");
	}
}

void complete_ipvs(struct form *form)
{
	struct form_item *ipvs = form_find(form, "ipvs");

	if (ipvs && !ipvs->negated && form->count > 1)
		ipvs->gone = true;
}
