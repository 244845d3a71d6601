/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Filter expressions of pcap-filter(7) over packets that begin at their IP header. Compiled into each plugin that
 * uses them.
 */
#ifndef PLUGINS_EXPRESSION_H
#define PLUGINS_EXPRESSION_H

#include <nfverdict/packet.h>

struct expression;

/*
 * For open(): host names in the text are resolved here, never later. The empty text matches every packet. 0 and *out,
 * which the caller frees; else -EINVAL (the text is at fault) or -ENOMEM, with the cause in why.
 */
int expression_compile(struct expression **out, const char *text, char *why, size_t why_size);

/* For packet(): touches nothing but the packet. What the kernel did not copy does not match. */
bool expression_match(const struct expression *expression, const struct nfv_packet *packet);

/*
 * For nfv_host.need(): bytes of a packet from its IP header on that the expression may look at. NFV_NEEDS_HEADERS
 * (plugin.h) covers most; an index far into the packet, as in udp[100], takes more. 0 when it looks at none.
 */
uint32_t expression_needs_bytes(const struct expression *expression);

/* NULL is allowed. */
void expression_free(struct expression *expression);

#endif
