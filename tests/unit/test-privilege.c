/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each case runs in a child, since there is no way back. What needs root is tried as root, and once more as the only user of a
 * user namespace, where ids cannot change. Without either the test is skipped.
 */
#include "daemon/process/privilege.h"
#include "daemon/queue/names.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cmocka.h>

#define BIT(capability) (1ULL << (capability))
#define MASTER (BIT(CAP_NET_ADMIN) | BIT(CAP_NET_RAW) | BIT(CAP_SETUID) | BIT(CAP_SETGID) | BIT(CAP_KILL))

/* In a child: says what is wrong and ends it. */
#define EXPECT(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: not so: %s (%s)\n", __FILE__, __LINE__, #condition, why); \
			_exit(1); \
		} \
	} while (0)

static char why[512];

static int status_of(void (*child)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		child();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* A field of /proc/self/status, as text. Read through a descriptor from before: a process that is not dumpable may not open its own. */
static const char *status_field(FILE *file, const char *name)
{
	static char line[256];
	size_t len = strlen(name);

	rewind(file);
	fflush(file);
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, name, len) == 0 && line[len] == ':') {
			line[strcspn(line, "\n")] = '\0';
			return line + len + 1 + strspn(line + len + 1, "\t ");
		}
	}
	return "(none)";
}

static unsigned long long set_of(FILE *file, const char *name)
{
	return strtoull(status_field(file, name), NULL, 16);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	EXPECT(fd >= 0);
	EXPECT(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

/* As `unshare -Urn` does. */
static void enter_user_namespace(void)
{
	char map[64];
	uid_t uid = geteuid();
	gid_t gid = getegid();

	EXPECT(unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0);
	write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", uid);
	write_file("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %u 1", gid);
	write_file("/proc/self/gid_map", map);
}

static void probe_user_namespace(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		_exit(1);
}

/* ---- accounts ---- */

static void accounts(void **state)
{
	struct account account;

	(void)state;
	assert_int_equal(account_find("nobody-has-this-name", &account, why, sizeof(why)), -ENOENT);
	assert_string_equal(why, "user nobody-has-this-name: does not exist");
	assert_int_equal(account_find("nobody", &account, why, sizeof(why)), 0);
	if (geteuid() == 0 && account.change) {
		assert_string_equal(why, "");
		assert_string_equal(account.name, "nobody");
		assert_int_equal(account.uid, 65534);
		assert_int_equal(account_find("root", &account, why, sizeof(why)), -EPERM);
		assert_int_equal(account_find(NULL, &account, why, sizeof(why)), 0);
		assert_true(account.change && account.uid != 0);
		if (account.uid == 65534)
			assert_non_null(strstr(why, "nobody"));
	} else {
		assert_false(account.change);
		assert_true(why[0] != '\0' || geteuid() == 65534);
		assert_int_equal(account.uid, geteuid());
	}
}

static void child_account_in_namespace(void)
{
	struct account account;

	enter_user_namespace();
	EXPECT(account_find("nobody", &account, why, sizeof(why)) == 0);
	EXPECT(!account.change && account.uid == 0 && strstr(why, "user namespace"));
}

static void need_user_namespace(void)
{
	if (status_of(probe_user_namespace) != 0) {
		print_message("user namespaces cannot be made here\n");
		skip();
	}
}

static void account_in_namespace(void **state)
{
	(void)state;
	need_user_namespace();
	assert_int_equal(status_of(child_account_in_namespace), 0);
}

/* ---- workers ---- */

static void check_worker(FILE *status, unsigned long long keep, unsigned long long bounding)
{
	EXPECT(set_of(status, "CapPrm") == keep);
	EXPECT(set_of(status, "CapEff") == keep);
	EXPECT(set_of(status, "CapInh") == 0);
	EXPECT(set_of(status, "CapAmb") == 0);
	EXPECT(set_of(status, "CapBnd") == bounding);
	EXPECT(set_of(status, "NoNewPrivs") == 1);
	EXPECT(prctl(PR_GET_DUMPABLE) == 0);
	EXPECT(prctl(PR_GET_KEEPCAPS) == 0);
}

static void become(bool keep_net_admin, bool as_master)
{
	FILE *status = fopen("/proc/self/status", "re");
	struct account account;
	gid_t groups[] = { 0, 4, 27 };

	EXPECT(status && account_find("nobody", &account, why, sizeof(why)) == 0);
	EXPECT(setgroups(3, groups) == 0);
	if (as_master)
		EXPECT(privilege_limit_master(why, sizeof(why)) == 0);
	EXPECT(privilege_become(&account, keep_net_admin, why, sizeof(why)) == 0);
	check_worker(status, keep_net_admin ? BIT(CAP_NET_ADMIN) : 0, as_master ? MASTER : 0);
	EXPECT(strcmp(status_field(status, "Uid"), "65534\t65534\t65534\t65534") == 0);
	EXPECT(strcmp(status_field(status, "Gid"), "65534\t65534\t65534\t65534") == 0);
	EXPECT(status_field(status, "Groups")[0] == '\0');
	EXPECT(setuid(0) == -1 && errno == EPERM);
	EXPECT(setgid(0) == -1 && errno == EPERM);
	EXPECT(setgroups(3, groups) == -1 && errno == EPERM);
	EXPECT(kill(getppid(), 0) == -1 && errno == EPERM);
	EXPECT(privilege_become(&account, true, why, sizeof(why)) != 0); /* no way to do it again */
}

static void child_fast(void)
{
	become(true, false);
}

static void child_strict(void)
{
	become(false, false);
}

static void child_fast_of_master(void)
{
	become(true, true);
}

static void child_strict_of_master(void)
{
	become(false, true);
}

static void workers(void **state)
{
	(void)state;
	assert_int_equal(status_of(child_fast), 0);
	assert_int_equal(status_of(child_strict), 0);
	assert_int_equal(status_of(child_fast_of_master), 0);
	assert_int_equal(status_of(child_strict_of_master), 0);
}

/* User id 0 of a namespace that has no other: exec must not give capabilities back. */
static void child_in_namespace(void)
{
	FILE *status;
	struct account account;

	enter_user_namespace();
	status = fopen("/proc/self/status", "re");
	EXPECT(status && account_find(NULL, &account, why, sizeof(why)) == 0 && !account.change);
	EXPECT(privilege_limit_master(why, sizeof(why)) == 0);
	EXPECT(set_of(status, "CapPrm") == MASTER && set_of(status, "CapEff") == MASTER);
	EXPECT(set_of(status, "CapBnd") == MASTER && set_of(status, "CapInh") == 0 && set_of(status, "CapAmb") == 0);
	EXPECT(privilege_become(&account, true, why, sizeof(why)) == 0);
	check_worker(status, BIT(CAP_NET_ADMIN), MASTER);
	execl("/bin/sh", "sh", "-c", "while read -r name set; do case $name in CapEff:|CapPrm:) echo $set ;; esac; done </proc/self/status |"
	      " { read -r a; read -r b; test \"$a $b\" = '0000000000001000 0000000000001000'; }", NULL);
	_exit(127);
}

static void worker_in_namespace(void **state)
{
	(void)state;
	need_user_namespace();
	assert_int_equal(status_of(child_in_namespace), 0);
}

static void child_lacks(void)
{
	struct account account;

	EXPECT(account_find("nobody", &account, why, sizeof(why)) == 0);
	EXPECT(privilege_become(&account, false, why, sizeof(why)) == 0);
	EXPECT(privilege_limit_master(why, sizeof(why)) == -EPERM);
	EXPECT(strstr(why, "CAP_NET_ADMIN is missing"));
	account.change = false;
	EXPECT(privilege_become(&account, true, why, sizeof(why)) == -EPERM);
	EXPECT(strcmp(why, "capabilities: CAP_NET_ADMIN is not held") == 0);
}

static void lacking(void **state)
{
	(void)state;
	assert_int_equal(status_of(child_lacks), 0);
}

/* ---- the master's tools, with what it kept ---- */

/* Asks for a change that needs CAP_NET_ADMIN: to set lo up. The kernel's answer, 0 or an errno. */
static int set_up(int fd)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg link;
	} request = {
		.head = { .nlmsg_len = sizeof(request), .nlmsg_type = RTM_NEWLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.link = { .ifi_index = 1, .ifi_flags = IFF_UP, .ifi_change = IFF_UP },
	};
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
		char rest[256];
	} answer;

	EXPECT(send(fd, &request, sizeof(request), 0) == sizeof(request));
	EXPECT(recv(fd, &answer, sizeof(answer), 0) >= (ssize_t)(sizeof(answer.head) + sizeof(answer.error)));
	EXPECT(answer.head.nlmsg_type == NLMSG_ERROR);
	return -answer.error.error;
}

static void child_sockets(void)
{
	struct names *names;
	int with, without;

	EXPECT(unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0);
	with = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	EXPECT(with >= 0);
	EXPECT(privilege_use_net_admin(false) == 0);
	without = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	EXPECT(without >= 0);
	names = names_open();
	EXPECT(names);
	EXPECT(set_up(with) == EPERM);
	EXPECT(privilege_use_net_admin(true) == 0);
	EXPECT(set_up(without) == EPERM);
	EXPECT(set_up(names_fd(names)) == EPERM);
	EXPECT(set_up(with) == 0);
	names_update(names);
	EXPECT(names_find(names, 1) && strcmp(names_find(names, 1), "lo") == 0);
	names_close(names);
}

static void sockets_without_right(void **state)
{
	(void)state;
	if (status_of(probe_user_namespace))
		skip();
	assert_int_equal(status_of(child_sockets), 0);
}

static const char *tool_backend;

/* Installs a rule, then looks whether it is there, as the limited master executes the tools. */
static void run_tools(void)
{
	static const char script[] =
		"t=$1; printf '*mangle\\n:NFV-t - [0:0]\\n-A NFV-t -j NFQUEUE --queue-num 5 --queue-bypass\\n-A INPUT -j NFV-t\\n"
		"COMMIT\\n' | $t-restore --noflush -w 5 && $t-save -t mangle | grep -q -- '-A NFV-t -j NFQUEUE --queue-num 5 --queue-bypass'";
	char tool[256];
	int status;

	for (int family = 4; family <= 6; family += 2) {
		pid_t pid = fork();

		if (pid == 0) {
			snprintf(tool, sizeof(tool), "%s/%s-%s", NFV_IPTABLES_DIR, family == 4 ? "iptables" : "ip6tables",
				 tool_backend);
			execl("/bin/sh", "sh", "-c", script, "sh", tool, NULL);
			_exit(127);
		}
		EXPECT(waitpid(pid, &status, 0) == pid);
		snprintf(why, sizeof(why), "%s family %d: status 0x%x", tool_backend, family, status);
		EXPECT(status == 0);
	}
}

static void child_tools(void)
{
	EXPECT(unshare(CLONE_NEWNET) == 0);
	EXPECT(privilege_limit_master(why, sizeof(why)) == 0);
	EXPECT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0); /* as NoNewPrivileges= of a service does */
	run_tools();
}

static void child_tools_in_namespace(void)
{
	enter_user_namespace();
	EXPECT(privilege_limit_master(why, sizeof(why)) == 0);
	run_tools();
}

/* The tools' own lock is the machine's: another user cannot open it, and a test neither waits for it nor leaves it behind. */
static int status_with_lock(void (*child)(void))
{
	char lock[] = "/tmp/nfv-test-privilege-XXXXXX";
	int fd = mkstemp(lock), status;

	assert_true(fd >= 0);
	close(fd);
	setenv("XTABLES_LOCKFILE", lock, 1);
	status = status_of(child);
	unsetenv("XTABLES_LOCKFILE");
	unlink(lock);
	return status;
}

static void tools(void **state)
{
	static const char *const backends[] = { "nft", "legacy" };
	char path[256];
	int tried = 0;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		tool_backend = backends[i];
		snprintf(path, sizeof(path), "%s/ip6tables-%s-restore", NFV_IPTABLES_DIR, tool_backend);
		if (access(path, X_OK))
			continue;
		assert_int_equal(status_with_lock(child_tools), 0);
		if (status_of(probe_user_namespace) == 0)
			assert_int_equal(status_with_lock(child_tools_in_namespace), 0);
		tried++;
	}
	if (!tried) {
		print_message("iptables is not installed in " NFV_IPTABLES_DIR "\n");
		skip();
	}
}

/* What the tests of root need: a container's root may be without it. */
static void probe_root(void)
{
	if (prctl(PR_CAPBSET_READ, CAP_NET_ADMIN, 0, 0, 0) != 1 || unshare(CLONE_NEWNET))
		_exit(1);
}

int main(void)
{
	const struct CMUnitTest anybody[] = {
		cmocka_unit_test(accounts),
		cmocka_unit_test(account_in_namespace),
		cmocka_unit_test(worker_in_namespace),
	};
	const struct CMUnitTest root[] = {
		cmocka_unit_test(workers),
		cmocka_unit_test(lacking),
		cmocka_unit_test(sockets_without_right),
		cmocka_unit_test(tools),
	};
	struct account account;
	int failed = cmocka_run_group_tests(anybody, NULL, NULL);

	if (failed)
		return failed;
	if (account_find("nobody", &account, why, sizeof(why)) || !account.change) {
		printf("skipped: becoming another user needs root outside of a user namespace%s%s\n", why[0] ? ": " : "", why);
		return 77;
	}
	if (status_of(probe_root) != 0) {
		printf("skipped: root is without CAP_NET_ADMIN or CAP_SYS_ADMIN here, as in a container\n");
		return 77;
	}
	return cmocka_run_group_tests(root, NULL, NULL);
}
