/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What our rules counted, found in rulesets that were read. Pure. */
#ifndef RULES_STEER_COUNT_H
#define RULES_STEER_COUNT_H

#include "rules/steer-find.h"
#include "rules/steer.h"

void steer_count_clear(struct steer_tally *tally);

/* Puts what the rules of one table counted into the tally. */
void steer_count_found(struct steer_tally *tally, enum nfv_family family, const struct steer_found *found);

/* The same for all tables of a ruleset; sets `others`, too. 0 or -ENOMEM. */
int steer_count_rules(struct steer_tally *tally, const struct nfv_rules *rules);

#endif
