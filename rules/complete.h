/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tables of extensions cannot say: defaults that are printed, options that depend on others. Pure. */
#ifndef RULES_COMPLETE_H
#define RULES_COMPLETE_H

#include "rules/form.h"

typedef void complete_fn(struct form *form);

complete_fn complete_ports, complete_ipcomp, complete_connbytes, complete_connlimit, complete_connmark,
	complete_limit, complete_hashlimit, complete_rateest, complete_estimator, complete_recent,
	complete_time, complete_nfqueue, complete_nflog, complete_tproxy, complete_reject, complete_clusterip,
	complete_ecn, complete_hmark, complete_string, complete_policy, complete_ipvs, complete_set,
	complete_srh;

#endif
