/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is looked at before a commit. */
#ifndef RULES_COMMIT_H
#define RULES_COMMIT_H

#include "rules/model.h"

/* nfv_rules_check() of what was changed. The first finding is the error, all are reported. 0 or -EINVAL. */
int commit_check(struct nfv_rules *rules, const struct nfv_commit_options *options, struct nfv_rules_error *error);

#endif
