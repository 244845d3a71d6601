/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet on its way through changes and the finish, for test-rewrite.c. */
#ifndef UNIT_REWRITE_BENCH_H
#define UNIT_REWRITE_BENCH_H

#include "daemon/packet/rewrite.h"
#include "tests/unit/packets.h"
#include "tests/unit/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define ROOM 2000 /* capacity of a test's packet */

static const struct nfv_packet_ops ops = { .splice = rewrite_splice };

struct fixture {
	struct nfv_packet p;
	uint32_t arrived_len;
	const char *why;
	uint8_t data[ROOM];
};

static struct fixture f;

static void arrive(const uint8_t *bytes, size_t len)
{
	memset(&f, 0xee, sizeof(f));
	memcpy(f.data, bytes, len);
	f.arrived_len = (uint32_t)len;
	f.p = (struct nfv_packet){
		.size = sizeof(f.p),
		.data = f.data,
		.captured_len = (uint32_t)len,
		.original_len = (uint32_t)len,
		.capacity = ROOM,
		.protocol = bytes[0] >> 4 == 4 ? 0x0800 : 0x86dd,
		.ops = &ops,
	};
}

#define ARRIVE(name) arrive(packet_##name, sizeof(packet_##name))

static void edit(uint32_t offset, const char *bytes, uint32_t len)
{
	uint8_t *b = nfv_edit(&f.p, offset, len);

	assert_non_null(b);
	memcpy(b, bytes, len);
}

static void splice(uint32_t offset, uint32_t removed, const char *bytes, uint32_t added)
{
	assert_int_equal(nfv_splice(&f.p, offset, removed, bytes, added), 0);
	assert_int_equal(f.p.original_len, f.p.captured_len);
}

static void finish_right(void)
{
	const char *wrong;

	assert_int_equal(rewrite_finish(&f.p, f.arrived_len, &f.why), 0);
	assert_null(f.why);
	wrong = verify_packet(f.p.data, f.p.captured_len);
	if (wrong)
		fail_msg("%s", wrong);
}

static void finish_refused(const char *part)
{
	assert_int_equal(rewrite_finish(&f.p, f.arrived_len, &f.why), -EPROTO);
	assert_non_null(f.why);
	if (!strstr(f.why, part))
		fail_msg("%s: not in: %s", part, f.why);
}

static size_t transport_of(const struct sample *s)
{
	struct nfv_packet p = { .data = (uint8_t *)s->bytes,
				.captured_len = (uint32_t)s->len,
				.original_len = (uint32_t)s->len };
	struct nfv_ip ip;

	assert_true(nfv_view_ip(&p, &ip));
	return ip.transport_offset;
}

#endif
