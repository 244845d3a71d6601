/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What iptables-restore and kin write to standard error, made into one line for a person. Pure. */
#ifndef RULES_TOOL_MESSAGE_H
#define RULES_TOOL_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#define TOOL_MESSAGE_NO_REASON "refused without a reason" /* the cause when the tool tells none */

/*
 * Writes the cause, without the tool's name, version, line number and advice, to text: `unknown option "--dprt"`.
 * Returns the number of the input line that the tool blames, 0 when it names none.
 */
unsigned tool_message(const char *err, char *text, size_t text_size);

/*
 * True when the tool could not work for lack of privileges, so that nothing is said about the text it was given.
 * net_admin: the caller has CAP_NET_ADMIN; without it the legacy tools call every table unknown.
 */
bool tool_message_denied(const char *err, bool net_admin);

#endif
