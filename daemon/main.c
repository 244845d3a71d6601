/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nfverdictd: command line to master. */
#include "daemon/config/config.h"
#include "daemon/process/fd-store.h"
#include "daemon/process/keys.h"
#include "daemon/process/log.h"
#include "daemon/process/master.h"
#include "daemon/process/options.h"
#include "daemon/process/plan-kept.h"
#include "daemon/process/steering.h"
#include "daemon/process/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOAD_AGAIN    5 /* times, in the place of another one */
#define LOAD_PAUSE_MS 200

/* Exit codes, as the man page has them. */
enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static void print_report(struct report *report)
{
	report_sort(report);
	report_print(report, stderr);
	report_clear(report);
}

static void warn_unsafe(const struct trust *trust)
{
	if (trust->unsafe_seen)
		log_warning("--allow-unsafe-files: %s", trust->unsafe_why);
}

/* A plan that was read, or NULL. NULL after dropping it: it has mistakes, which are in the report or the log. */
static struct plan *judge(const struct options *options, struct plan *plan, const struct trust *trust, struct report *report)
{
	int err;

	if (!plan)
		return NULL;
	warn_unsafe(trust);
	plan_check(plan, report);
	err = steering_check(&plan->steering, report);
	if (err && err != -EPERM && report->count == 0)
		log_error("steering: rules cannot be checked: %s", strerror(-err));
	if (err == -EPERM && options->check)
		err = 0; /* told in the log; the rest was judged */
	else if (err == -EPERM)
		log_error("rules and queues need CAP_NET_ADMIN: start as root, or inside `unshare -Urn`");
	if (err == 0 && report->count == 0)
		return plan;
	report_sort(report);
	plan_drop(plan);
	return NULL;
}

static struct plan *load_file(const struct options *options, struct report *report)
{
	struct trust trust = options_trust(options);

	return judge(options, plan_read(options->config_file, &trust, report), &trust, report);
}

/* Everything that can be wrong with a configuration, judged before anything is touched. NULL after printing it. */
static struct plan *load(const struct options *options)
{
	struct report report = { 0 };
	struct plan *plan = load_file(options, &report);

	print_report(&report);
	return plan;
}

static void leave_terminal(bool keep_stderr)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	if (!keep_stderr)
		dup2(null, STDERR_FILENO);
	close(null);
}

struct ready {
	const struct options *options;
	const struct config *config;
	int fd; /* to the waiting parent; -1: nobody waits */
	bool background;
};

/* Until the daemon is ready its lines go to standard error, where the person who started it looks. */
static void on_ready(void *context)
{
	struct ready *ready = context;
	const struct config *config = ready->config;
	unsigned numbers = 0;
	bool to_syslog;

	for (size_t i = 0; i < config->queue_count; i++)
		numbers += config->queues[i].numbers.last - config->queues[i].numbers.first + 1;
	log_notice("ready: %u queue%s", numbers, numbers == 1 ? "" : "s");
	to_syslog = master_open_log(config, !ready->background);
	if (ready->fd < 0)
		return;
	(void)!write(ready->fd, "", 1);
	close(ready->fd);
	ready->fd = -1;
	leave_terminal(!to_syslog);
}

/* ---- Signals before the master takes them ---- */

static int early_status; /* what a signal that ends the start exits with */
static volatile pid_t daemon_pid; /* in the waiting parent */

/* Nothing is bound and no rule is in place: there is nothing to undo. A checker that is running ends with us. */
static void on_early_signal(int signal_number)
{
	(void)signal_number;
	_exit(early_status);
}

/* The daemon has a session of its own, which a Ctrl-C does not reach: it stops in order, and we wait for that. */
static void on_waiting_signal(int signal_number)
{
	kill(daemon_pid, signal_number);
}

static void handle_stop_signals(void (*handler)(int signal_number))
{
	const struct sigaction action = { .sa_handler = handler };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
}

static void block_stop_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(how, &set, NULL);
}

/* In the parent: waits until the daemon is ready or gone, which without being ready is a failure, whatever its status. */
static int wait_for_daemon(int fd, pid_t pid)
{
	char byte;
	ssize_t got;
	int status;

	do
		got = read(fd, &byte, 1);
	while (got < 0 && errno == EINTR);
	if (got == 1)
		return EXIT_OK;
	do
		got = waitpid(pid, &status, 0);
	while (got < 0 && errno == EINTR);
	if (got == pid && WIFSIGNALED(status))
		log_error("start failed: the daemon was killed by signal %d (%s)", WTERMSIG(status),
			  strsignal(WTERMSIG(status)));
	return got == pid && WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : EXIT_FAILED;
}

/* Leaves the terminal. Returns in the daemon with the descriptor to tell when ready; the parent waits for that and exits. */
static int detach(void)
{
	int pair[2];
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return -errno;
	fflush(NULL);
	block_stop_signals(SIG_BLOCK);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid > 0) {
		close(pair[1]);
		daemon_pid = pid;
		handle_stop_signals(on_waiting_signal);
		block_stop_signals(SIG_UNBLOCK);
		_exit(wait_for_daemon(pair[0], pid));
	}
	close(pair[0]);
	setsid();
	block_stop_signals(SIG_UNBLOCK);
	return pair[1];
}

/* A reload reads the file again when the folder is another one. */
static const char *absolute(const char *path, char *buffer, size_t size)
{
	size_t len;

	if (path[0] == '/' || !getcwd(buffer, size))
		return path;
	len = strlen(buffer);
	if (len + 1 + strlen(path) >= size)
		return path;
	snprintf(buffer + len, size - len, "/%s", path);
	return buffer;
}

static int serve(struct options *options)
{
	static char config_file[PATH_MAX];
	struct ready ready = { .options = options, .fd = -1, .background = !options->foreground };
	struct plan *plan;

	/*
	 * In the foreground a stop was asked for and done; in the background whoever waits must learn that there is no
	 * daemon.
	 */
	early_status = options->foreground ? EXIT_OK : EXIT_FAILED;
	handle_stop_signals(on_early_signal);
	plan = load(options);
	if (!plan) {
		log_error("start failed: nothing was changed");
		return EXIT_FAILED;
	}
	ready.config = plan->config;
	options->config_file = absolute(options->config_file, config_file, sizeof(config_file));
	/* All files are read or open by now, and no folder is kept from being unmounted. */
	if (chdir("/"))
		log_warning("chdir /: %s", strerror(errno));
	if (!options->foreground) {
		ready.fd = detach();
		if (ready.fd < 0) {
			log_error("start failed: cannot go to the background: %s", strerror(-ready.fd));
			plan_drop(plan);
			return EXIT_FAILED;
		}
	}
	log_open(LOG_STDERR, (enum nfv_log_level)plan->config->log_level, "nfverdictd");
	return master_run(options, plan, NULL, on_ready, &ready);
}

/* What was in force until now is known, and nobody but us can start workers by it. */
static struct plan *load_kept(const struct options *options, const struct state *left, const struct report *refused)
{
	struct trust trust = options_trust(options);
	struct report report = { 0 };
	struct plan *plan = judge(options, plan_read_kept(left, refused, &trust, &report), &trust, &report);

	master_log_report(&report);
	return plan;
}

/* The file was good a moment ago: somebody may be writing it. When it stays bad, what was in force stays so. */
static struct plan *load_in_place(const struct options *options, const struct state *left)
{
	struct report report = { 0 };
	struct plan *plan;

	for (int again = 0; !(plan = load_file(options, &report)) && again < LOAD_AGAIN; again++) {
		if (again == 0)
			master_log_report(&report);
		report_clear(&report);
		if (upgrade_pause(LOAD_PAUSE_MS))
			continue;
		raise(SIGTERM); /* which the master takes; but it must become one */
		again = LOAD_AGAIN - 1;
	}
	if (plan)
		return plan;
	plan = load_kept(options, left, &report);
	master_log_report(&report);
	if (plan)
		log_error("upgrade: %s is refused: the configuration of before stays in force until a reload finds it good",
			  options->config_file);
	return plan;
}

/*
 * In the place of another executable, whose workers go on meanwhile. Signals stay blocked, as it had them, until the master
 * takes them.
 */
static int serve_on(struct options *options, struct state *left)
{
	static char config_file[PATH_MAX];
	struct ready ready = { .options = options, .fd = -1, .background = left->background };
	struct plan *plan;

	options->foreground = !left->background;
	if (left->background)
		log_open(LOG_SYSLOG, NFV_LOG_INFO, "nfverdictd");
	if (chdir(left->folder))
		log_warning("upgrade: %s: %s", left->folder, strerror(errno));
	plan = load_in_place(options, left);
	if (!plan) {
		upgrade_failed(left, "its configuration cannot be used");
		return EXIT_FAILED;
	}
	ready.config = plan->config;
	options->config_file = absolute(options->config_file, config_file, sizeof(config_file));
	if (chdir("/"))
		log_warning("chdir /: %s", strerror(errno));
	log_open(left->background ? LOG_SYSLOG : LOG_STDERR, (enum nfv_log_level)plan->config->log_level, "nfverdictd");
	return master_run(options, plan, left, on_ready, &ready);
}

static int check(const struct options *options, const struct state *left)
{
	struct plan *plan = load(options);

	if (!plan)
		return EXIT_FAILED;
	printf("%s: good\n", options->config_file);
	if (left->program[0])
		printf("%s\n", UPGRADE_GOOD);
	plan_drop(plan);
	return EXIT_OK;
}

/* With a configuration, the plugins on its plugin-path; else those that are installed. */
static int keys(const struct options *options)
{
	static const char *const installed[] = { NFV_PLUGIN_DIR };
	struct trust trust = options_trust(options);
	struct report report = { 0 };
	struct config *config;
	int status;

	if (!options->config_given)
		return keys_print(installed, 1, &trust);
	config = config_load(options->config_file, &trust, &report);
	if (!config) {
		print_report(&report);
		return EXIT_FAILED;
	}
	status = keys_print(config->plugin_path.items, config->plugin_path.count, &trust);
	config_free(config);
	return status;
}

/* What the caller had ignored, blocked or open is not for us: a child's end must be seen, and no file of his held open. */
static void forget_caller(void)
{
	sigset_t none;

	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	fd_store_inherit();
	/* Those that the service manager gave us stand in a row. */
	(void)close_range(STDERR_FILENO + 1 + fd_store_count(), ~0u, 0);
}

/* True when another nfverdictd has left us its place. When that cannot be understood, it gets it back. */
static bool take_place(struct state *left, char **argv, bool checking)
{
	char why[1024];
	int found = upgrade_inherit(left, why, sizeof(why));

	if (found < 0) {
		log_error("%s", why);
		if (!checking)
			log_error("going back: %s", strerror(-upgrade_back_unread(argv, why)));
		exit(EXIT_FAILED);
	}
	if (found && !checking && upgrade_keep_descriptors(left) < 0)
		log_error("upgrade: descriptors that were left are not there");
	if (found && checking)
		(void)close_range(STDERR_FILENO + 1, ~0u, 0);
	return found > 0;
}

/* A standard descriptor that is missing would be taken by a socket, which a stray print would then write to. */
static void fill_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* Every queue number takes several descriptors. */
static void raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* Output that did not arrive was not printed. */
static int finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	log_error("standard output: %s", strerror(errno));
	return status ? status : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	struct options options;
	struct state left;
	bool placed;
	int status;

	if (options_parse(&options, argc, argv) < 0)
		return EXIT_USAGE;
	placed = take_place(&left, argv, options.check);
	if (!placed)
		forget_caller();
	upgrade_remember(argc, argv, placed ? left.folder : NULL);
	if (options.help) {
		options_print_help(stdout);
		return finish(EXIT_OK);
	}
	if (options.version) {
		options_print_version(stdout);
		return finish(EXIT_OK);
	}
	fill_descriptors();
	umask(077);
	signal(SIGXFSZ, SIG_IGN); /* a file that may not become larger, mostly the log, is an error of that write */
	raise_limits();
	log_open(LOG_STDERR, NFV_LOG_INFO, "nfverdictd");
	if (options.keys)
		return finish(keys(&options));
	if (options.cleanup)
		return finish(steering_cleanup());
	if (options.check)
		status = finish(check(&options, &left));
	else
		status = placed ? serve_on(&options, &left) : serve(&options);
	state_free(&left);
	return status;
}
