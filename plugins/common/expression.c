/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "expression.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

struct expression {
	struct bpf_program program;
};

int expression_compile(struct expression **out, const char *text, char *why, size_t why_size)
{
	pcap_t *compiler = pcap_open_dead(DLT_RAW, 65535);
	struct expression *expression = calloc(1, sizeof(*expression));
	int result = -ENOMEM;

	if (!compiler || !expression) {
		snprintf(why, why_size, "out of memory");
		goto fail;
	}
	result = -EINVAL;
	if (pcap_compile(compiler, &expression->program, text, 1, PCAP_NETMASK_UNKNOWN)) {
		snprintf(why, why_size, "%s", pcap_geterr(compiler));
		goto fail;
	}
	/* bpf_filter() trusts the program: jumps and divisions are checked once, here. */
	if (!bpf_validate(expression->program.bf_insns, (int)expression->program.bf_len)) {
		snprintf(why, why_size, "libpcap made an invalid program of it");
		pcap_freecode(&expression->program);
		goto fail;
	}
	pcap_close(compiler);
	*out = expression;
	return 0;

fail:
	free(expression);
	if (compiler)
		pcap_close(compiler);
	return result;
}

bool expression_match(const struct expression *expression, const struct nfv_packet *packet)
{
	uint32_t wire_len = nfv_truncated(packet) ? packet->original_len : packet->captured_len;

	return bpf_filter(expression->program.bf_insns, packet->data, wire_len, packet->captured_len) != 0;
}

void expression_free(struct expression *expression)
{
	if (!expression)
		return;
	pcap_freecode(&expression->program);
	free(expression);
}
