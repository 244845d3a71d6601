/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a check finds, as messages over a channel: mistakes with their place of the configuration, and what handlers need. */
#ifndef PROCESS_PLACED_H
#define PROCESS_PLACED_H

#include "daemon/config/report.h"
#include "daemon/process/channel.h"
#include "daemon/process/plan.h"

/* Fills value, extra and text of the message, and sends it, waiting for room. 0 or -errno. */
int placed_send(int channel, struct channel_message *message, struct place place, const char *text);

/* Sends all of a report as CHANNEL_MISTAKE. 0 or -errno. */
int placed_send_report(int channel, const struct report *report);

/* Adds what such a message names, and the cause behind it, to a report. One that names nothing is left out. */
void placed_take(struct report *report, const struct channel_message *message, const char *cause);

/* What the handlers of a queue entry need, waiting for room. 0 or -errno. */
int placed_send_needs(int channel, uint32_t queue, const struct plan_needs *needs);

/* Takes that into a plan; what is of no entry of it is left out. */
void placed_take_needs(struct plan *plan, const struct channel_message *message);

#endif
