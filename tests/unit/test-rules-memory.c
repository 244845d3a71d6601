/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each allocation of each operation fails once: nothing crashes, nothing leaks, and the objects are as they were. The
 * linker puts our functions before the allocator's (--wrap), and jansson is given them too.
 */
#include "rules/live.h"
#include "rules/model.h"
#include "rules/read.h"

#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- the allocator ---- */

static struct {
	long blocks; /* allocated and not freed */
	unsigned long at; /* allocations until one fails; 0: none does */
	bool failed;
} memory;

static bool fails(void)
{
	if (memory.at == 0 || --memory.at > 0)
		return false;
	memory.failed = true;
	errno = ENOMEM;
	return true;
}

static void *counted(void *block)
{
	memory.blocks += block != NULL;
	return block;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_reallocarray(void *block, size_t count, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t len);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_reallocarray(void *block, size_t count, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);
void __wrap_free(void *block);

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *block, size_t size)
{
	if (fails())
		return NULL;
	return block ? __real_realloc(block, size) : counted(__real_malloc(size));
}

void *__wrap_reallocarray(void *block, size_t count, size_t size)
{
	void *grown = fails() ? NULL : __real_reallocarray(block, count, size);

	return block ? grown : counted(grown);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : counted(__real_strdup(text));
}

char *__wrap_strndup(const char *text, size_t len)
{
	return fails() ? NULL : counted(__real_strndup(text, len));
}

void __wrap_free(void *block)
{
	memory.blocks -= block != NULL;
	__real_free(block);
}

/* ---- a kernel that is never asked ---- */

int live_autocommit(struct nfv_rules *rules)
{
	(void)rules;
	return -EPERM;
}

/* ---- operations: 0 or -errno ---- */

static struct nfv_table *filter(struct nfv_rules *rules)
{
	return nfv_rules_table(rules, "filter");
}

static struct nfv_chain *chain(struct nfv_rules *rules, const char *name)
{
	return nfv_table_chain(filter(rules), name);
}

static int got(const void *pointer)
{
	return pointer ? 0 : -errno;
}

static int got_rule(struct nfv_rule *rule)
{
	int err = got(rule);

	nfv_rule_free(rule);
	return err;
}

static int got_text(char *text)
{
	int err = got(text);

	free(text);
	return err;
}

static int copy(struct nfv_rules *rules)
{
	struct nfv_rules *copied = nfv_rules_copy(rules);
	int err = got(copied);

	nfv_rules_free(copied);
	return err;
}

static int add_tables(struct nfv_rules *rules)
{
	return nfv_rules_add_default_tables(rules);
}

static int add_chain(struct nfv_rules *rules)
{
	return got(nfv_table_add_chain(filter(rules), "new"));
}

static int add_chain_again(struct nfv_rules *rules)
{
	int err = nfv_chain_remove(chain(rules, "free"));

	return err ? err : got(nfv_table_add_chain(filter(rules), "free"));
}

static int rename_chain(struct nfv_rules *rules)
{
	return nfv_chain_rename(chain(rules, "web"), "pages");
}

static int remove_chain(struct nfv_rules *rules)
{
	return nfv_chain_remove(chain(rules, "free"));
}

static int flush_table(struct nfv_rules *rules)
{
	return nfv_table_flush(filter(rules));
}

static int set_policy(struct nfv_rules *rules)
{
	return nfv_chain_set_policy(chain(rules, "INPUT"), "DROP");
}

static int append_list(struct nfv_rules *rules)
{
	return nfv_chain_append_text(chain(rules, "INPUT"), "-s 10.0.0.1,10.0.0.2 -d 10.1.0.1,10.1.0.2 -j DROP", NULL);
}

static int append_built(struct nfv_rules *rules)
{
	return nfv_chain_append(chain(rules, "INPUT"), NFV_RULE_LOG("proto", "tcp", "dport", "22", "log-prefix", "a b",
								    "comment", "why", "note", "n"));
}

static int append_all(struct nfv_rules *rules)
{
	return NFV_CHAIN_APPEND_ALL(chain(rules, "INPUT"), NFV_RULE_LOG("log-prefix", "no: "), NFV_RULE_DROP("in", "eth0"));
}

static int insert(struct nfv_rules *rules)
{
	return nfv_chain_insert(chain(rules, "INPUT"), 1, nfv_rule_parse("-p udp -j ACCEPT", NULL));
}

static int replace(struct nfv_rules *rules)
{
	return nfv_chain_replace(chain(rules, "INPUT"), 1, nfv_rule_parse("-s 10.0.0.1,10.0.0.2 -j ACCEPT", NULL));
}

static int delete_at(struct nfv_rules *rules)
{
	return nfv_chain_delete(chain(rules, "INPUT"), 0);
}

static int delete_equal(struct nfv_rules *rules)
{
	struct nfv_rule *rule = nfv_rule_parse("-s 10.9.0.1,10.9.0.2 -j web", NULL);
	int err = rule ? nfv_chain_delete_equal(chain(rules, "INPUT"), rule) : -errno;

	nfv_rule_free(rule);
	return err;
}

static int take(struct nfv_rules *rules)
{
	struct nfv_rule *rule = nfv_chain_rule(chain(rules, "INPUT"), 0);
	int err = nfv_rule_take(rule);

	if (!err)
		nfv_rule_free(rule);
	return err;
}

static int move(struct nfv_rules *rules)
{
	return nfv_chain_move(chain(rules, "INPUT"), 0, 2);
}

static int build(struct nfv_rules *rules)
{
	(void)rules;
	return got_rule(NFV_RULE_KEYS("proto", "tcp", "dport", "22", "match", "set", "!match-set", "bad src", "comment",
				      "x y", "jump", "LOG", "log-prefix", "p"));
}

static int build_arguments(struct nfv_rules *rules)
{
	(void)rules;
	return got_rule(nfv_rule_build("match", "mark", "mark", "1", "match", "mark", "mark", "2", "goto", "web", NULL));
}

static int specialise(struct nfv_rules *rules)
{
	return got_rule(NFV_RULE_LIKE(nfv_chain_rule(chain(rules, "INPUT"), 0), "proto", "udp", "jump", "DROP", "source",
				      "10.0.0.1"));
}

static int from_spec(struct nfv_rules *rules)
{
	(void)rules;
	return got_rule(NFV_RULE(.protocol = "tcp", .matches = { NFV_MATCH("set", "match-set", "bad src") },
				 .options = "-m limit --limit 1/s", .comment = "c d", .note = "n",
				 .target = NFV_TARGET("LOG", "log-prefix", "p")));
}

static int to_json(struct nfv_rules *rules)
{
	return got_text(nfv_rules_to_json(rules, NULL));
}

static int rule_to_json(struct nfv_rules *rules)
{
	return got_text(nfv_rule_to_json(nfv_chain_rule(chain(rules, "INPUT"), 0)));
}

static int from_json(struct nfv_rules *rules)
{
	static const char json[] = "{\"family\":\"ipv4\",\"tables\":{\"filter\":{\"note\":\"n\",\"chains\":[{\"name\":"
				   "\"INPUT\",\"policy\":\"DROP\","
				   "\"rules\":[\"-p tcp -j ACCEPT\",{\"protocol\":6,\"text\":\"-p 6  -j "
				   "web\",\"target\":\"web\",\"comment\":\"a b\","
				   "\"matches\":{\"set\":{\"match-set\":\"bad "
				   "src\"}},\"origin\":{\"file\":\"f\",\"line\":1},\"note\":\"n\"}]}]}}}";
	struct nfv_rules *read = nfv_rules_from_json(json, strlen(json), "file", NULL);
	int err = got(read);

	(void)rules;
	nfv_rules_free(read);
	return err;
}

/* Every command over what is there. */
static int read_over(struct nfv_rules *rules)
{
	static const char text[] =
		"*filter\n:INPUT DROP [7:7]\n:web - [0:0]\n-N new\n[1:1] -A web -p udp -c 3 4\n-A new -p tcp --dport 1 -j "
		"web\n"
		"-I INPUT 2 -s 10.0.0.1,10.0.0.2 -j new\n-D INPUT 1\n-R INPUT 1 -p esp\n-D INPUT -s 10.0.0.1 -j new\n-E web "
		"pages\n"
		"-Z\n-F free\n-X free\n-N free\n-C new -p tcp --dport 1 -j pages\n-P INPUT ACCEPT\nCOMMIT\n"
		"*nat\n-A OUTPUT -m comment --comment \"a b\"\n:own - [0:0]\nCOMMIT\n";

	return nfv_rules_read(rules, text, strlen(text), NULL, NULL);
}

/* The last line fails: all before it is undone, also when memory runs out on the way. */
static int read_and_undo(struct nfv_rules *rules)
{
	static const char text[] =
		"iptables -F\niptables -X\niptables -N web\niptables -A web -s 10.0.0.1,10.0.0.2 -m comment \\\n"
		"\t--comment 'it'\\''s'\niptables -t nat -P OUTPUT DROP\niptables -E none other\n";
	int err = nfv_rules_read(rules, text, strlen(text), NULL, NULL);

	return err == -ENOENT ? 0 : err ? err : -EPERM;
}

static int read_kernel(struct nfv_rules *rules)
{
	static const char text[] =
		"*filter\n:INPUT ACCEPT [0:0]\n:a - [0:0]\n[1:1] -A INPUT -m comment --comment \"a\nb\" -j a\nodd\n"
		"[1:1] -A a -j DROP\nCOMMIT\n";
	struct nfv_rules *fresh = nfv_rules_new(NFV_FAMILY_IPV4);
	int err = got(fresh);

	(void)rules;
	if (!err)
		err = read_live(fresh, text, strlen(text), NULL);
	nfv_rules_free(fresh);
	return err;
}

static int print_all(struct nfv_rules *rules)
{
	return got_text(nfv_rules_print(rules, NFV_PRINT_CANONICAL | NFV_PRINT_COMMANDS | NFV_PRINT_ANNOTATED, NULL));
}

static int print_rule(struct nfv_rules *rules)
{
	return got_text(nfv_rule_command(nfv_chain_rule(chain(rules, "web"), 0)));
}

static const struct operation {
	const char *name;
	int (*run)(struct nfv_rules *rules);
} operations[] = {
	{ "copy", copy },
	{ "add tables", add_tables },
	{ "add chain", add_chain },
	{ "add chain again", add_chain_again },
	{ "rename", rename_chain },
	{ "remove chain", remove_chain },
	{ "flush table", flush_table },
	{ "set policy", set_policy },
	{ "append list", append_list },
	{ "append built", append_built },
	{ "append all", append_all },
	{ "insert", insert },
	{ "replace", replace },
	{ "delete", delete_at },
	{ "delete equal", delete_equal },
	{ "take", take },
	{ "move", move },
	{ "build", build },
	{ "build from arguments", build_arguments },
	{ "specialise", specialise },
	{ "from spec", from_spec },
	{ "to JSON", to_json },
	{ "rule to JSON", rule_to_json },
	{ "from JSON", from_json },
	{ "read", read_over },
	{ "read and undo", read_and_undo },
	{ "read the kernel's", read_kernel },
	{ "print", print_all },
	{ "print a rule", print_rule },
};

/* ---- each allocation in turn ---- */

static const char start[] =
	"*filter\n:INPUT ACCEPT [1:2]\n:web - [0:0]\n:free - [0:0]\n-A INPUT -p tcp -m tcp --dport 22 -j web\n"
	"-A INPUT -m mark --mark 0x1 -g web -m mark --mark 0x2\n-A INPUT -s 10.9.0.1/32 -j web\n"
	"-A INPUT -s 10.9.0.2/32 -j web\n-A web -m comment --comment \"a \\\" b\" -j RETURN\n"
	"-A free -j DROP\nCOMMIT\n";

static struct nfv_rules *make(bool live)
{
	static int kernel; /* its address stands for the way to the kernel */
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);
	struct nfv_rules_error error;

	if (nfv_rules_read(rules, start, strlen(start), NULL, &error))
		fail_msg("%s", error.text);
	if (live)
		rules->live = (struct nfv_live *)&kernel;
	return rules;
}

static char *print(const struct nfv_rules *rules)
{
	char *text = nfv_rules_print(rules, NFV_PRINT_COUNTERS, NULL);

	assert_non_null(text);
	return text;
}

/* False when the operation needs fewer allocations. */
static bool fail_one(const struct operation *operation, bool live, unsigned long at)
{
	struct nfv_rules *rules = make(live);
	char *before = print(rules), *after;
	int err;

	memory.at = at;
	memory.failed = false;
	err = operation->run(rules);
	memory.at = 0;
	if (!memory.failed && err)
		fail_msg("%s: %s", operation->name, strerror(-err));
	/* Some do without, where memory was only to make them faster. */
	if (memory.failed && err && err != -ENOMEM)
		fail_msg("%s: allocation %lu failed: %s", operation->name, at, strerror(-err));
	after = print(rules);
	if (err && operation->run != add_chain_again && strcmp(before, after) != 0)
		fail_msg("%s: allocation %lu failed and left:\n%s", operation->name, at, after);
	free(before);
	free(after);
	nfv_rules_free(rules);
	return memory.failed;
}

static void run(bool live)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		unsigned long at = 1;
		long blocks = memory.blocks;

		while (fail_one(&operations[i], live, at)) {
			if (memory.blocks != blocks)
				fail_msg("%s: allocation %lu failed: %ld blocks leaked", operations[i].name, at,
					 memory.blocks - blocks);
			at++;
		}
		assert_int_equal(memory.blocks, blocks);
		assert_true(at < 100000);
		print_message("%s: %lu allocations\n", operations[i].name, at - 1);
	}
}

static void test_memory(void **state)
{
	(void)state;
	run(false);
}

static void test_memory_live(void **state)
{
	(void)state;
	run(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_memory), cmocka_unit_test(test_memory_live) };

	json_set_alloc_funcs(malloc, free);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
