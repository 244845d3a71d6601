/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/handler/contract.h"

#include "daemon/packet/rewrite.h"

#include <stdarg.h>

#define LOG_LEN 256

static const char *const breach_words[BREACH_KINDS] = {
	[BREACH_VERDICT] = "no verdict",  [BREACH_RESERVED] = "reserved verdict", [BREACH_MAY] = "not allowed",
	[BREACH_MARK_MASK] = "mark-mask", [BREACH_REWRITE] = "rewrite",
};

static void decide(struct contract_pass *pass, nfv_verdict verdict, int handler)
{
	pass->decision.verdict = verdict;
	pass->decision.handler = handler;
	pass->decided = true;
}

/* ---- Broken contracts ---- */

static bool is_power_of_ten(uint64_t n)
{
	while (n >= 10 && n % 10 == 0)
		n /= 10;
	return n == 1;
}

/* The kernel still has the packet as it came, so that is what on-error lets pass or drops. */
__attribute__((format(printf, 6, 7))) static void breach(const struct chain *chain, int index, struct contract_pass *pass,
							 struct nfv_packet *p, enum breach kind, const char *format, ...)
{
	struct handler *handler = &chain->handlers[index];
	uint64_t count = ++handler->counters->breaches[kind];
	char text[LOG_LEN], line[LOG_LEN + 128];
	va_list args;

	p->data = pass->data;
	p->id = pass->id;
	p->captured_len = pass->arrived_len;
	p->original_len = pass->original_len;
	p->mark = pass->arrived_mark;
	pass->marked = false;
	pass->editor = -1;
	pass->decision.failed = true;
	decide(pass, chain->on_error, -1);

	if (!is_power_of_ten(count))
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(line, sizeof(line), "broke its contract (%s, %llu so far): packet %u: %s; on-error: %s", breach_words[kind],
		 (unsigned long long)count, p->id, text, chain->on_error == NFV_DROP ? "drop" : "accept");
	handler->env->log(handler->env->context, handler->name, NFV_LOG_ERROR, line);
}

/* ---- What a call left behind ---- */

/* False after a breach. */
static bool check_mark(const struct chain *chain, int index, struct contract_pass *pass, struct nfv_packet *p)
{
	struct handler *handler = &chain->handlers[index];
	uint32_t changed = p->mark_changed | (p->mark ^ pass->mark);

	if (!changed)
		return true;
	if (!(handler->ops->may & NFV_MAY_MARK)) {
		breach(chain, index, pass, p, BREACH_MAY, "set mark bits 0x%x without NFV_MAY_MARK", changed);
		return false;
	}
	if (changed & ~chain->mark_mask) {
		breach(chain, index, pass, p, BREACH_MARK_MASK, "set mark bits 0x%x, mark-mask is 0x%x", changed,
		       chain->mark_mask);
		return false;
	}
	p->mark_changed = 0;
	pass->mark = p->mark;
	pass->marked = true;
	handler->counters->marked++;
	return true;
}

static bool check_bytes(const struct chain *chain, int index, struct contract_pass *pass, struct nfv_packet *p)
{
	struct handler *handler = &chain->handlers[index];

	if (p->data != pass->data || p->id != pass->id || p->captured_len > p->capacity ||
	    (p->edits == pass->edits && p->captured_len != pass->captured_len)) {
		breach(chain, index, pass, p, BREACH_REWRITE,
		       "changed the packet other than by nfv_edit() and nfv_splice()");
		return false;
	}
	if (p->edits == pass->edits)
		return true;
	if (!(handler->ops->may & NFV_MAY_REWRITE)) {
		breach(chain, index, pass, p, BREACH_MAY, "changed bytes without NFV_MAY_REWRITE");
		return false;
	}
	if (pass->arrived_len < pass->original_len) {
		breach(chain, index, pass, p, BREACH_REWRITE, "changed a truncated packet, %u of %u bytes were captured",
		       pass->arrived_len, pass->original_len);
		return false;
	}
	pass->edits = p->edits;
	pass->captured_len = p->captured_len;
	pass->editor = index;
	handler->counters->rewritten++;
	return true;
}

/* A verdict that only some may give. */
static void allow(const struct chain *chain, int index, struct contract_pass *pass, struct nfv_packet *p,
		  nfv_verdict verdict, uint32_t may, const char *word)
{
	if (chain->handlers[index].ops->may & may)
		decide(pass, verdict, index);
	else
		breach(chain, index, pass, p, BREACH_MAY, "returned %s without its bit in `may`", word);
}

static void check_verdict(const struct chain *chain, int index, struct contract_pass *pass, struct nfv_packet *p,
			  nfv_verdict verdict)
{
	if ((verdict & 0xffff) == NFV_TO_QUEUE) {
		allow(chain, index, pass, p, verdict, NFV_MAY_QUEUE, "NFV_QUEUE");
		return;
	}
	switch (verdict) {
	case NFV_CONTINUE:
		chain->handlers[index].counters->continued++;
		return;
	case NFV_ACCEPT:
		decide(pass, verdict, index);
		return;
	case NFV_DROP:
		allow(chain, index, pass, p, verdict, NFV_MAY_DROP, "NFV_DROP");
		return;
	case NFV_REPEAT:
		allow(chain, index, pass, p, verdict, NFV_MAY_REPEAT, "NFV_REPEAT");
		return;
	case NFV_HOLD:
	case NFV_ACCEPT_FLOW:
	case NFV_DROP_FLOW:
		breach(chain, index, pass, p, BREACH_RESERVED, "returned %s, which plugin ABI %d.%d reserves",
		       verdict == NFV_HOLD          ? "NFV_HOLD"
		       : verdict == NFV_ACCEPT_FLOW ? "NFV_ACCEPT_FLOW"
						    : "NFV_DROP_FLOW",
		       NFV_ABI_MAJOR, NFV_ABI_MINOR);
		return;
	}
	if (verdict == CONTRACT_VERDICT_UNSET)
		breach(chain, index, pass, p, BREACH_VERDICT, "gave no verdict");
	else
		breach(chain, index, pass, p, BREACH_VERDICT, "returned 0x%x, which is no verdict", verdict);
}

void contract_judge(const struct chain *chain, int index, struct contract_pass *pass, struct nfv_packet *p,
		    nfv_verdict verdict)
{
	chain->handlers[index].counters->seen++;
	if (contract_touched(pass, p) && (!check_mark(chain, index, pass, p) || !check_bytes(chain, index, pass, p)))
		return;
	check_verdict(chain, index, pass, p, verdict);
}

void contract_settle(const struct chain *chain, struct contract_pass *pass, struct nfv_packet *p)
{
	const char *why = "";

	if (!pass->decided)
		decide(pass, chain->default_verdict, -1);
	if (pass->decision.verdict == NFV_DROP)
		return;
	if (pass->editor >= 0) {
		if (rewrite_finish(p, pass->arrived_len, &why))
			breach(chain, pass->editor, pass, p, BREACH_REWRITE, "the changed packet cannot be made right: %s",
			       why);
		else
			pass->decision.rewritten = true;
	}
	pass->decision.set_mark = pass->marked && pass->decision.verdict != NFV_DROP;
	pass->decision.arrived_mark = pass->arrived_mark;
}
