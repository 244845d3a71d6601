/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of IP protocols, as in the file /etc/protocols of the system that the tools were looked at on. Pure. */
#ifndef RULES_PROTOCOL_H
#define RULES_PROTOCOL_H

/* By name in any case, by number, or "all" (0). -1: not known. */
int protocol_number(const char *name);
/* As iptables-save prints it; NULL: it has no name and prints as a number. */
const char *protocol_name(unsigned number);

#endif
