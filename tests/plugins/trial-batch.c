/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trial.c as a handler that judges many packets at once. */
#define TRIAL_BATCH
#include "trial.c"
