/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "expression.h"

#include <nfverdict/plugin.h>
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

/*
 * Where a load may end; an index register holds a header's length, 60 bytes at most, or what lies within the headers
 * anyway.
 */
static uint32_t load_end(const struct bpf_insn *insn)
{
	uint32_t size = BPF_SIZE(insn->code) == BPF_W ? 4 : BPF_SIZE(insn->code) == BPF_H ? 2 : 1;
	uint32_t index = BPF_MODE(insn->code) == BPF_IND ? 60 : 0;

	return insn->k > NFV_NEEDS_ALL ? NFV_NEEDS_ALL : (uint32_t)insn->k + index + size;
}

static bool is_load(const struct bpf_insn *insn)
{
	int mode = BPF_MODE(insn->code);

	return (BPF_CLASS(insn->code) == BPF_LD && (mode == BPF_ABS || mode == BPF_IND)) ||
	       (BPF_CLASS(insn->code) == BPF_LDX && mode == BPF_MSH);
}

uint32_t expression_needs_bytes(const struct expression *expression)
{
	uint32_t needed = 0;

	for (u_int i = 0; i < expression->program.bf_len; i++) {
		const struct bpf_insn *insn = &expression->program.bf_insns[i];
		uint32_t end = is_load(insn) ? load_end(insn) : 0;

		if (end && end < NFV_NEEDS_HEADERS)
			end = NFV_NEEDS_HEADERS;
		if (end > needed)
			needed = end;
	}
	return needed < NFV_NEEDS_ALL ? needed : NFV_NEEDS_ALL;
}

void expression_free(struct expression *expression)
{
	if (!expression)
		return;
	pcap_freecode(&expression->program);
	free(expression);
}
