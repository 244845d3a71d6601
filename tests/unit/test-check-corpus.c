/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The checks over rules that are right: a corpus of rulesets in $NFV_CORPUS or beside the project, else a few of our own.
 */
#include "rules/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "rules-text.h"

#include <dirent.h>

static void note(void *context, const struct nfv_rules_error *error)
{
	text_printf(context, "%s\n", error->text);
}

static const char *top_folder(void)
{
	const char *top = getenv("top_srcdir");

	return top ? top : ".";
}

static char *corpus(void)
{
	const char *folder = getenv("NFV_CORPUS");
	static char path[4096];

	if (folder)
		snprintf(path, sizeof(path), "%s", folder);
	else
		snprintf(path, sizeof(path), "%s/../shared/corpus", top_folder());
	return path;
}

static int is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static size_t check_file(const char *path, enum nfv_family which)
{
	struct nfv_rules *rules = nfv_rules_new(which);
	struct text findings = { 0 };
	struct nfv_rules_error error;

	/* Some are commands or lists, not dumps. */
	if (nfv_rules_read_file(rules, path, NULL, &error)) {
		nfv_rules_free(rules);
		return 0;
	}
	if (nfv_rules_check(rules, NULL, note, &findings))
		fail_msg("%s: %s", path, findings.data);
	nfv_rules_free(rules);
	return 1;
}

static size_t check_folder(const char *folder)
{
	struct dirent **names;
	int count = scandir(folder, &names, is_shown, alphasort);
	size_t checked = 0;

	for (int i = 0; i < count; i++) {
		const char *name = names[i]->d_name;
		bool six = strstr(name, "ip6tables") || strstr(name, "6.golden");
		char path[8192];

		snprintf(path, sizeof(path), "%s/%s", folder, name);
		if (names[i]->d_type == DT_DIR)
			checked += check_folder(path);
		else
			checked += check_file(path, six ? NFV_FAMILY_IPV6 : NFV_FAMILY_IPV4);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
	return checked;
}

/* Dumps of rulesets that a kernel had: nothing is wrong with them. */
static void test_dumps(void **state)
{
	char *folder = corpus(), path[5000];
	size_t dumps, more = 0;

	(void)state;
	snprintf(path, sizeof(path), "%s/tests/rules/dumps", top_folder());
	dumps = check_folder(path);
	assert_true(dumps >= 6);
	snprintf(path, sizeof(path), "%s/moby-golden", folder);
	more += check_folder(path);
	snprintf(path, sizeof(path), "%s/iptables-shell-dumps", folder);
	more += check_folder(path);
	print_message("%zu dumps of our own, %zu of a corpus\n", dumps, more);
	assert_true(more == 0 || more > 100);
}

/* Words between semicolons: "args;expected;OK;LEGACY;other". */
static bool is_case(char *line, char **args, const char *wanted)
{
	char *result;

	line[strcspn(line, "\n")] = '\0';
	*args = strsep(&line, ";");
	strsep(&line, ";");
	result = line ? strsep(&line, ";") : NULL;
	return result && !strcmp(result, wanted);
}

static bool is_good_case(char *line, char **args)
{
	return is_case(line, args, "OK");
}

static bool is_refused_case(char *line, char **args)
{
	return is_case(line, args, "FAIL");
}

/* Files of both families have a few cases that ip6tables does not take. */
static bool is_for_ipv4(const char *args)
{
	for (const char *at = args; (at = strchr(at, ' ')); at++) {
		unsigned bytes[4];

		if (sscanf(at + 1, "%3u.%3u.%3u.%3u", &bytes[0], &bytes[1], &bytes[2], &bytes[3]) == 4)
			return true;
	}
	return strstr(args, "-m osf ") != NULL;
}

/* One case in each of its chains, which are separated by commas. */
static void check_case(const char *file, unsigned line, enum nfv_family which, const char *table, const char *chains,
		       const char *args)
{
	char names[256], *rest = names, *name;

	snprintf(names, sizeof(names), "%s", chains);
	while ((name = strsep(&rest, ","))) {
		struct nfv_rules *rules = nfv_rules_new(which);
		struct nfv_table *on = nfv_rules_add_table(rules, table);
		struct nfv_chain *chain = on ? nfv_table_ensure_chain(on, name) : NULL;
		struct text findings = { 0 };
		struct nfv_rules_error error;

		assert_non_null(chain);
		if (nfv_chain_append_text(chain, args, &error))
			print_message("%s:%u: not read: %s\n", file, line, error.text);
		else if (nfv_rules_check(rules, NULL, note, &findings))
			fail_msg("%s:%u: %s: %s", file, line, args, findings.data);
		nfv_rules_free(rules);
	}
}

static size_t check_cases(const char *path, const char *file, enum nfv_family which)
{
	char line[4096], table[256] = "filter", chains[256] = "INPUT", *args;
	FILE *stream = fopen(path, "re");
	size_t cases = 0;

	assert_non_null(stream);
	for (unsigned number = 1; fgets(line, sizeof(line), stream); number++) {
		if (*line == '*' || *line == ':') {
			line[strcspn(line, "\n")] = '\0';
			snprintf(*line == '*' ? table : chains, sizeof(table), "%.*s", (int)sizeof(table) - 1, line + 1);
			continue;
		}
		if (strchr("#@%", *line) || !is_good_case(line, &args))
			continue;
		if (which == NFV_FAMILY_IPV6 && is_for_ipv4(args))
			continue;
		check_case(file, number, which, table, chains, args);
		cases++;
	}
	fclose(stream);
	return cases;
}

/* Rules that the tools take: nothing is wrong with them. */
static void test_cases(void **state)
{
	char *folder = corpus(), path[5000], file[6000];
	struct dirent **names;
	size_t own, cases = 0;
	int count;

	(void)state;
	snprintf(path, sizeof(path), "%s/tests/rules/cases/ipv4.t", top_folder());
	own = check_cases(path, "ipv4.t", NFV_FAMILY_IPV4);
	snprintf(path, sizeof(path), "%s/tests/rules/cases/ipv6.t", top_folder());
	own += check_cases(path, "ipv6.t", NFV_FAMILY_IPV6);
	assert_true(own > 400);
	snprintf(path, sizeof(path), "%s/iptables-1.8.9-extensions-t", folder);
	count = scandir(path, &names, is_shown, alphasort);
	for (int i = 0; i < count; i++) {
		const char *name = names[i]->d_name;
		bool all = !strncmp(name, "libxt_", 6);

		snprintf(file, sizeof(file), "%s/%s", path, name);
		if (all || !strncmp(name, "libipt_", 7))
			cases += check_cases(file, name, NFV_FAMILY_IPV4);
		if (all || !strncmp(name, "libip6t_", 8))
			cases += check_cases(file, name, NFV_FAMILY_IPV6);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
	print_message("%zu cases of our own, %zu of a corpus\n", own, cases);
	assert_true(count < 0 || cases > 500);
}

/* Rules that the tools refuse. Some only the kernel can tell. */
static void count_refused(const char *path, enum nfv_family which, size_t *cases, size_t *found)
{
	char line[4096], table[256] = "filter", chains[256] = "INPUT", *args;
	FILE *stream = fopen(path, "re");

	assert_non_null(stream);
	while (fgets(line, sizeof(line), stream)) {
		struct nfv_rules *rules;
		struct nfv_chain *chain;

		if (*line == '*' || *line == ':') {
			line[strcspn(line, "\n")] = '\0';
			snprintf(*line == '*' ? table : chains, sizeof(table), "%.*s",
				 (int)strcspn(line + 1, *line == ':' ? "," : ""), line + 1);
			continue;
		}
		if (strchr("#@%", *line) || !is_refused_case(line, &args))
			continue;
		rules = nfv_rules_new(which);
		chain = nfv_table_ensure_chain(nfv_rules_add_table(rules, table), chains);
		assert_non_null(chain);
		++*cases;
		if (nfv_chain_append_text(chain, args, NULL) || nfv_rules_check(rules, NULL, NULL, NULL))
			++*found;
		else
			print_message("not found: %s\n", args);
		nfv_rules_free(rules);
	}
	fclose(stream);
}

/* Our own, where no corpus is. */
static const char *const refused[] = {
	"-p tcp --dport 70000 -j ACCEPT", "-p udp -m udp --sport asdf", "-m limit --limit asdf", "-m conntrack --ctstate FOO",
	"-m mac --mac-source zz", "-j REJECT --reject-with foo", "-p nosuch", "-m comment", "-m mark --mark 0xfffffffff",
	"-p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16",
};

static bool is_refused(const char *args)
{
	struct nfv_rules *rules = nfv_rules_new(NFV_FAMILY_IPV4);
	struct nfv_chain *chain = nfv_table_chain(nfv_rules_add_table(rules, "filter"), "INPUT");
	bool found = nfv_chain_append_text(chain, args, NULL) || nfv_rules_check(rules, NULL, NULL, NULL);

	nfv_rules_free(rules);
	return found;
}

static void test_refused(void **state)
{
	char *folder = corpus(), path[5000], file[6000];
	struct dirent **names;
	size_t cases = 0, found = 0;
	int count;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (!is_refused(refused[i]))
			fail_msg("not found: %s", refused[i]);
	snprintf(path, sizeof(path), "%s/iptables-1.8.9-extensions-t", folder);
	count = scandir(path, &names, is_shown, alphasort);
	for (int i = 0; i < count; i++) {
		bool six = !strncmp(names[i]->d_name, "libip6t_", 8);

		snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
		if (six || !strncmp(names[i]->d_name, "libxt_", 6) || !strncmp(names[i]->d_name, "libipt_", 7))
			count_refused(file, six ? NFV_FAMILY_IPV6 : NFV_FAMILY_IPV4, &cases, &found);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
	print_message("%zu of %zu refused cases of a corpus found\n", found, cases);
	assert_true(count < 0 || (cases > 200 && found * 5 >= cases * 4));
}

/* Those that everybody has, where no corpus is. */
static void test_own(void **state)
{
	static const char *const four =
		"*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A PREROUTING -m rpfilter --invert -j DROP\n"
		"-A OUTPUT -p udp -m udp --dport 53 -j CT --notrack\nCOMMIT\n"
		"*mangle\n:PREROUTING ACCEPT [0:0]\n:DIVERT - [0:0]\n-A PREROUTING -p tcp -m socket -j DIVERT\n"
		"-A PREROUTING -p tcp -m tcp --dport 80 -j TPROXY --on-port 3129 --on-ip 0.0.0.0 --tproxy-mark 0x1/0x1\n"
		"-A FORWARD -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu\n"
		"-A DIVERT -j MARK --set-xmark 0x1/0xffffffff\n-A DIVERT -j ACCEPT\nCOMMIT\n"
		"*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n:DOCKER - [0:0]\n"
		"-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n-A OUTPUT ! -d 127.0.0.0/8 -j DOCKER\n"
		"-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE\n"
		"-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80\nCOMMIT\n"
		"*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:LOGDROP - [0:0]\n"
		"-A INPUT -i lo -j ACCEPT\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
		"-A INPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT\n-A INPUT -g LOGDROP\n"
		"-A FORWARD -i eth0 -o eth1 -j NFQUEUE --queue-num 0 --queue-bypass\n"
		"-A OUTPUT -m owner --uid-owner 0 -j ACCEPT\n-A LOGDROP -j LOG --log-prefix \"drop: \"\n"
		"-A LOGDROP -j REJECT --reject-with icmp-host-prohibited\nCOMMIT\n";
	static const char *const six =
		"*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
		"-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 135 -m hl --hl-eq 255 -j ACCEPT\n"
		"-A INPUT -s fe80::/10 -p udp -m udp --dport 546 -j ACCEPT\n-A INPUT -m rt --rt-type 0 -j DROP\n"
		"-A FORWARD -j REJECT --reject-with icmp6-adm-prohibited\nCOMMIT\n"
		"*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -o eth0 -j MASQUERADE\nCOMMIT\n";

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct nfv_rules *rules = rules_of(i ? six : four, i ? NFV_FAMILY_IPV6 : NFV_FAMILY_IPV4);
		struct text findings = { 0 };

		if (nfv_rules_check(rules, NULL, note, &findings))
			fail_msg("%s", findings.data);
		nfv_rules_free(rules);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_dumps),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
