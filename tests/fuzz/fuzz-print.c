/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the print plugin writes about any packet: never beyond its line, never a control character, nothing read
 * beyond the capture.
 */
#include "plugins/print/describe.h"

#include <linux/if_ether.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *interface_name(const struct nfv_packet *p, uint32_t ifindex)
{
	(void)p;
	return ifindex & 1 ? "\033[31mred\n" : NULL;
}

static void check(const struct line *line)
{
	if (line->len >= sizeof(line->text) || strlen(line->text) != line->len)
		abort();
	for (size_t i = 0; i < line->len; i++) {
		if (line->text[i] < ' ' || line->text[i] > '~')
			abort();
	}
}

/* The first two bytes say what came along, the rest is the packet; half of them are told as truncated. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct nfv_packet_ops ops = { .interface_name = interface_name };
	struct nfv_decision decision = { .handler = "\x9b?" };
	struct nfv_packet p = { .size = sizeof(p), .ops = &ops };
	struct line line;

	if (size < 2 || size - 2 > 65531)
		return 0;
	p.captured_len = (uint32_t)size - 2;
	p.original_len = p.captured_len + (data[0] & 1 ? 100u : 0u);
	p.flags = data[0] >> 1 & 7;
	p.hook = data[0] >> 4;
	p.metadata = data[1] * 0x0101u;
	p.in_ifindex = data[1] & 3;
	p.phys_out_ifindex = data[1] >> 2 & 3;
	p.protocol = data[1] & 0x10 ? ETH_P_IP : data[1] & 0x20 ? ETH_P_IPV6 : ETH_P_ARP;
	p.data = malloc(p.captured_len ? p.captured_len : 1); /* ends where the capture does */
	if (!p.data)
		abort();
	memcpy(p.data, data + 2, p.captured_len);
	decision.verdict = data[0] | (nfv_verdict)data[1] << 16;
	decision.marked = decision.rewritten = data[1] & 1;

	line_clear(&line);
	describe_packet(&line, &p);
	describe_metadata(&line, &p);
	describe_decision(&line, &p, &decision);
	check(&line);
	free(p.data);
	return 0;
}
