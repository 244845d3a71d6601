/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages in pieces, messages that are none, requests and errors there and back, leases. */
#include "rules/error.h"
#include "rules/lease.h"
#include "rules/wire-request.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct wire_limits wide = { WIRE_JSON_MAX, WIRE_BYTES_MAX };

/* ---- framing ---- */

/* A message with bytes behind it, as it goes over the wire. */
static char *whole(const char *text, const char *bytes, size_t *len)
{
	json_t *json = json_pack("{s:s}", "text", text);
	char *head = wire_print(json, strlen(bytes), len), *all;

	assert_non_null(head);
	all = malloc(*len + strlen(bytes));
	assert_non_null(all);
	memcpy(all, head, *len);
	memcpy(all + *len, bytes, strlen(bytes));
	*len += strlen(bytes);
	free(head);
	json_decref(json);
	return all;
}

static void judge(struct wire_input *input, const char *text, const char *bytes)
{
	struct wire_message message;

	assert_int_equal(wire_input_message(input, &message), 0);
	assert_string_equal(json_string_value(json_object_get(message.json, "text")), text);
	assert_int_equal(message.bytes_len, strlen(bytes));
	if (*bytes)
		assert_string_equal(message.bytes, bytes);
	else
		assert_null(message.bytes);
	wire_message_free(&message);
	assert_int_equal(input->header_len, 0);
	assert_null(input->data);
}

/* Cut at each place; nothing behind the message is taken. */
static void test_pieces(void **state)
{
	static const char *const bytes[] = { "", "*filter\nCOMMIT\n" };

	(void)state;
	for (size_t b = 0; b < 2; b++) {
		size_t len, used;
		char *all = whole("hello", bytes[b], &len);
		char *longer = malloc(len + 5);

		assert_non_null(longer);
		memcpy(longer, all, len);
		memcpy(longer + len, "nfr1x", 5);
		for (size_t cut = 0; cut <= len; cut++) {
			struct wire_input input = { 0 };

			if (cut < len) {
				assert_int_equal(wire_input_take(&input, &wide, all, cut, &used), 0);
				assert_int_equal(used, cut);
				assert_int_equal(wire_input_wants(&input),
						 cut < WIRE_HEADER ? WIRE_HEADER - cut : len - cut);
				assert_int_equal(wire_input_take(&input, &wide, longer + cut, len + 5 - cut, &used), 1);
				assert_int_equal(used, len - cut);
			} else {
				for (size_t i = 0; i < len; i++)
					assert_int_equal(wire_input_take(&input, &wide, all + i, 1, &used), i + 1 == len);
			}
			judge(&input, "hello", bytes[b]);
		}
		free(longer);
		free(all);
	}
}

static int take(const void *bytes, size_t len, const struct wire_limits *limits)
{
	struct wire_input input = { 0 };
	size_t used;
	int err = wire_input_take(&input, limits, bytes, len, &used);

	wire_input_free(&input);
	return err;
}

static void test_headers(void **state)
{
	static const struct wire_limits narrow = { .json_max = 100 };

	(void)state;
	assert_int_equal(take("GET / HTTP/1.1\r\n", 16, &wide), -EBADMSG);
	assert_int_equal(take("G", 1, &wide), -EBADMSG);
	assert_int_equal(take("nfr", 3, &wide), 0);
	assert_int_equal(take("nfr2", 4, &wide), -EPROTO);
	assert_int_equal(take("nfr1\xff\xff\xff\xff\0\0\0\0", 12, &wide), -EMSGSIZE);
	assert_int_equal(take("nfr1\0\0\0\1\xff\xff\xff\xff", 12, &wide), -EMSGSIZE);
	assert_int_equal(take("nfr1\0\0\0\x65\0\0\0\0", 12, &narrow), -EMSGSIZE);
	assert_int_equal(take("nfr1\0\0\0\x64\0\0\0\1", 12, &narrow), -EMSGSIZE);
	assert_int_equal(take("nfr1\0\0\0\x64\0\0\0\0", 12, &narrow), 0);
}

/* What a header claims takes no memory; what comes does. */
static void test_memory(void **state)
{
	struct wire_input input = { 0 };
	char bytes[1000];
	size_t used;

	(void)state;
	memset(bytes, ' ', sizeof(bytes));
	assert_int_equal(wire_input_take(&input, &wide, "nfr1\x0f\xff\xff\xff\x3f\xff\xff\xff", 12, &used), 0);
	assert_true(input.size < 10000);
	for (int i = 0; i < 100; i++)
		assert_int_equal(wire_input_take(&input, &wide, bytes, sizeof(bytes), &used), 0);
	assert_true(input.size >= 100000 && input.size < 500000);
	wire_input_free(&input);
}

static int message_of(const char *text)
{
	unsigned char header[WIRE_HEADER] = { 'n', 'f', 'r', '1', 0, 0, 0, (unsigned char)strlen(text) };
	struct wire_input input = { 0 };
	struct wire_message message;
	size_t used;
	int err;

	err = wire_input_take(&input, &wide, header, sizeof(header), &used);
	if (!err)
		err = wire_input_take(&input, &wide, text, strlen(text), &used);
	assert_int_equal(err, 1);
	err = wire_input_message(&input, &message);
	wire_message_free(&message);
	assert_null(input.data);
	return err;
}

static void test_no_json(void **state)
{
	(void)state;
	assert_int_equal(message_of("{\"do\":\"read\"}"), 0);
	assert_int_equal(message_of(""), -EBADMSG);
	assert_int_equal(message_of("[]"), -EBADMSG);
	assert_int_equal(message_of("{"), -EBADMSG);
	assert_int_equal(message_of("{} {}"), -EBADMSG);
	assert_int_equal(message_of("{\"a\":1,\"a\":2}"), -EBADMSG);
	assert_int_equal(message_of("{\"a\":\"\\u0000\"}"), -EBADMSG);
	assert_int_equal(message_of("{\"a\":\"\xff\"}"), -EBADMSG);
}

/* ---- requests ---- */

static void test_requests(void **state)
{
	json_t *change = json_pack("{s:[]}", "parts");

	(void)state;
	for (int what = 0; what < WIRE_WHAT_COUNT; what++) {
		const struct wire_request out = {
			.what = (enum wire_what)what,
			.family = NFV_FAMILY_IPV6,
			.table = "mangle",
			.chain = "PREROUTING",
			.counters = true,
			.flags = NFV_LEASE_REMOVE_CHAIN,
			.change = change,
			.confirm_s = 30,
			.dry_run = true,
			.wait_ms = 1234,
		};
		struct nfv_rules_error error = { 0 };
		struct wire_request in;
		json_t *json = wire_request_to_json(&out), *again;

		assert_non_null(json);
		assert_int_equal(wire_request_from_json(&in, json, &error), 0);
		assert_int_equal(in.what, what);
		again = wire_request_to_json(&in);
		assert_true(json_equal(json, again));
		if (what == WIRE_READ || what == WIRE_LEASE) {
			assert_int_equal(in.family, NFV_FAMILY_IPV6);
			assert_string_equal(in.table, "mangle");
		}
		assert_int_equal(in.wait_ms,
				 what == WIRE_SUBMIT || what == WIRE_LOCK || what == WIRE_CONFIRM || what == WIRE_ROLLBACK
					 ? 1234
					 : 0);
		json_decref(again);
		json_decref(json);
	}
	json_decref(change);
}

static void test_wrong_requests(void **state)
{
	static const struct {
		const char *text, *why;
	} wrong[] = {
		{ "{}", "not known" },
		{ "{'do':1}", "not known" },
		{ "{'do':'drop'}", "not known" },
		{ "{'do':'read','counters':true}", "family" },
		{ "{'do':'read','family':5,'counters':true}", "family" },
		{ "{'do':'read','family':'4','counters':true}", "family" },
		{ "{'do':'read','family':4,'counters':1}", "counters" },
		{ "{'do':'read','family':4,'counters':true,'table':'-c'}", "table" },
		{ "{'do':'read','family':4,'counters':true,'table':''}", "table" },
		{ "{'do':'read','family':4,'counters':true,'table':7}", "table" },
		{ "{'do':'read','family':4,'counters':true,'table':'a b'}", "table" },
		{ "{'do':'read','family':4,'counters':true,'table':'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'}", "table" },
		{ "{'do':'lease','family':4,'table':'nat','flags':0}", "chain" },
		{ "{'do':'lease','family':4,'table':'nat','chain':'a\\nb','flags':0}", "chain" },
		{ "{'do':'lease','family':4,'table':'nat','chain':'A','flags':2}", "flags" },
		{ "{'do':'lease','family':4,'table':'nat','chain':'A','flags':-1}", "flags" },
		{ "{'do':'lock'}", "wait_ms" },
		{ "{'do':'lock','wait_ms':99999999999}", "wait_ms" },
		{ "{'do':'submit','wait_ms':1,'dry_run':false,'confirm_s':0}", "change" },
		{ "{'do':'submit','wait_ms':1,'change':'x','dry_run':false,'confirm_s':0}", "change" },
		{ "{'do':'submit','wait_ms':1,'change':{},'confirm_s':0}", "dry_run" },
		{ "{'do':'submit','wait_ms':1,'change':{},'dry_run':true,'confirm_s':-1}", "confirm_s" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct nfv_rules_error error;
		struct wire_request request;
		char text[256];
		json_t *json;

		snprintf(text, sizeof(text), "%s", wrong[i].text);
		for (char *at = text; *at; at++)
			if (*at == '\'')
				*at = '"';
		json = json_loads(text, 0, NULL);
		assert_non_null(json);
		assert_int_equal(wire_request_from_json(&request, json, &error), -EINVAL);
		assert_non_null(strstr(error.text, wrong[i].why));
		json_decref(json);
	}
}

/* ---- errors ---- */

static void test_errors(void **state)
{
	struct nfv_rules_error out, in;
	json_t *json;

	(void)state;
	error_set(&out, -ENOENT, "no chain %s", "\xff\xfe");
	error_place(&out, "my.rules", 12, 3);
	error_show(&out, "-A X", 4, 4);
	json = wire_error_to_json(&out);
	assert_non_null(json);
	assert_int_equal(wire_error_from_json(json, &in), -ENOENT);
	assert_string_equal(in.text, "no chain ??");
	assert_string_equal(in.file, "my.rules");
	assert_string_equal(in.shown, "-A X");
	assert_int_equal(in.line, 12);
	assert_int_equal(in.column, 3);
	assert_int_equal(in.shown_column, 4);
	json_decref(json);

	/* Whatever comes, it is an error and prints on one line. */
	json = json_pack("{s:i, s:s, s:i}", "code", -7, "text", "a\033[31m\nb", "line", -5);
	assert_int_equal(wire_error_from_json(json, &in), -EPROTO);
	assert_string_equal(in.text, "a?[31m?b");
	assert_int_equal(in.line, 0);
	json_decref(json);
	assert_int_equal(wire_error_from_json(NULL, NULL), -EPROTO);
}

/* ---- leases ---- */

static struct lease lease_of(const char *chain, uint64_t holder)
{
	return (struct lease){ .family = NFV_FAMILY_IPV4,
			       .table = (char[]){ "nat" },
			       .chain = (char *)(uintptr_t)chain,
			       .holder = holder,
			       .pid = (pid_t)(1000 + holder) };
}

static void test_leases(void **state)
{
	struct lease a = lease_of("A", 1), b = lease_of("B", 2), taken;
	char table[] = "nat", name[] = "A";
	struct change_chain chain = { .name = name };
	struct change_part part = { .family = NFV_FAMILY_IPV4, .table = table, .chains = &chain, .chain_count = 1 };
	struct change change = { &part, 1 };
	struct leases leases = { 0 };
	struct nfv_rules_error error;

	(void)state;
	a.table = b.table = table;
	assert_int_equal(lease_take(&leases, &a, &error), 0);
	assert_int_equal(lease_take(&leases, &b, &error), 0);
	a.flags = NFV_LEASE_REMOVE_CHAIN;
	assert_int_equal(lease_take(&leases, &a, &error), 0);
	assert_int_equal(leases.count, 2);
	a.holder = 3;
	assert_int_equal(lease_take(&leases, &a, &error), -EBUSY);
	assert_string_equal(error.text, "chain A of table nat (IPv4) is leased by process 1001");
	a.family = NFV_FAMILY_IPV6;
	assert_int_equal(lease_take(&leases, &a, &error), 0);

	assert_int_equal(lease_allows(&leases, &change, 1, &error), 0);
	assert_int_equal(lease_allows(&leases, &change, 2, &error), -EBUSY);
	chain.watched = true;
	assert_int_equal(lease_allows(&leases, &change, 2, &error), 0);
	chain.watched = false;
	part.family = NFV_FAMILY_IPV6;
	assert_int_equal(lease_allows(&leases, &change, 2, &error), -EBUSY);
	part.family = NFV_FAMILY_IPV4;

	assert_int_equal(lease_give_back(&leases, NFV_FAMILY_IPV4, "nat", "A", 2, &error), -ENOENT);
	assert_int_equal(lease_give_back(&leases, NFV_FAMILY_IPV4, "nat", "X", 1, &error), -ENOENT);
	assert_true(lease_take_away(&leases, 1, &taken));
	assert_int_equal(taken.flags, NFV_LEASE_REMOVE_CHAIN);
	assert_string_equal(taken.chain, "A");
	lease_free(&taken);
	assert_false(lease_take_away(&leases, 1, &taken));
	assert_int_equal(lease_allows(&leases, &change, 2, &error), 0);
	assert_int_equal(lease_give_back(&leases, NFV_FAMILY_IPV4, "nat", "B", 2, &error), 0);
	assert_int_equal(leases.count, 1);
	leases_free(&leases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),  cmocka_unit_test(test_headers),  cmocka_unit_test(test_memory),
		cmocka_unit_test(test_no_json), cmocka_unit_test(test_requests), cmocka_unit_test(test_wrong_requests),
		cmocka_unit_test(test_errors),  cmocka_unit_test(test_leases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
