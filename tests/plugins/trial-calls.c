/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trial.c as a handler with every operation there is but batch(). */
#define TRIAL_CALLS
#include "trial.c"
