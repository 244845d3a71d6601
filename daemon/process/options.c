/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "daemon/process/options.h"

#include <nfverdict/plugin.h>

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gnu/libc-version.h>
#include <seccomp.h>
#include <yaml.h>

enum { OPTION_KEYS = 256, OPTION_CLEANUP, OPTION_ALLOW_UNSAFE };

static const char short_options[] = "+:c:ftVh";

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "foreground", no_argument, NULL, 'f' },
	{ "check", no_argument, NULL, 't' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ "keys", no_argument, NULL, OPTION_KEYS },
	{ "cleanup", no_argument, NULL, OPTION_CLEANUP },
	{ "allow-unsafe-files", no_argument, NULL, OPTION_ALLOW_UNSAFE },
	{ 0 },
};

static int NFV_PRINTF(1, 2) wrong_usage(const char *format, ...)
{
	va_list args;

	fputs("nfverdictd: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("; see nfverdictd --help\n", stderr);
	return -EINVAL;
}

/*
 * Says what getopt_long() stumbled on. It has moved past a long option, but may still be inside a cluster of short ones,
 * so argv[optind - 1] is the culprit only for long ones. A short one that it knows is, with '?', a long one with a value
 * too many.
 */
static int refuse(int found, char **argv)
{
	const char *word = optind > 0 ? argv[optind - 1] : "";

	if (found == ':') {
		if (optopt == 'c')
			return wrong_usage("option %s needs a file name", strncmp(word, "--", 2) == 0 ? word : "-c");
		return wrong_usage("option %s needs an argument", word);
	}
	if (optopt >= OPTION_KEYS || (optopt != 0 && strchr(short_options, optopt)))
		return wrong_usage("option %.*s takes no argument", (int)strcspn(word, "="), word);
	if (optopt != 0)
		return wrong_usage("unknown option -%c", optopt);
	return wrong_usage("unknown or ambiguous option %s", word);
}

static int apply(struct options *options, int found, char **argv)
{
	switch (found) {
	case 'c':
		if (optarg[0] == '\0')
			return wrong_usage("option -c: the file name is empty");
		options->config_file = optarg;
		options->config_given = true;
		return 0;
	case 'f':
		options->foreground = true;
		return 0;
	case 't':
		options->check = true;
		return 0;
	case 'V':
		options->version = true;
		return 0;
	case 'h':
		options->help = true;
		return 0;
	case OPTION_KEYS:
		options->keys = true;
		return 0;
	case OPTION_CLEANUP:
		options->cleanup = true;
		return 0;
	case OPTION_ALLOW_UNSAFE:
		options->allow_unsafe_files = true;
		return 0;
	}
	return refuse(found, argv);
}

int options_parse(struct options *options, int argc, char **argv)
{
	int found, err;

	*options = (struct options){ .config_file = NFV_CONFIG_FILE };
	optind = 0; /* starts getopt_long() anew, as a second parse in one process needs it */
	opterr = 0;
	while ((found = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
		err = apply(options, found, argv);
		if (err)
			return err;
	}
	if (optind < argc)
		return wrong_usage("unexpected argument '%s'", argv[optind]);
	if (options->check && options->cleanup)
		return wrong_usage("--check and --cleanup exclude each other");
	return 0;
}

struct trust options_trust(const struct options *options)
{
	return (struct trust){ .allow_unsafe = options->allow_unsafe_files || geteuid() != 0 };
}

void options_print_help(FILE *out)
{
	fputs("Usage: nfverdictd [OPTION]...\n"
	      "Gives packets of NFQUEUE queues to handler plugins and returns their verdicts to the kernel.\n"
	      "\n"
	      "  -c, --config FILE         read the configuration from FILE instead of\n"
	      "                            " NFV_CONFIG_FILE "\n"
	      "  -f, --foreground          stay in the foreground, log to standard error\n"
	      "  -t, --check               check the configuration, print every mistake, exit\n"
	      "      --cleanup             remove rules that a killed daemon left behind, exit\n"
	      "      --keys                print the reference of all keys, those of plugins too, exit\n"
	      "      --allow-unsafe-files  load files that others than root could have changed\n"
	      "  -V, --version             print versions, exit\n"
	      "  -h, --help                print this, exit\n"
	      "\n"
	      "Exit code: 0 done, 1 wrong configuration or failed start, 2 wrong usage.\n"
	      "Manual: nfverdictd(8).\n",
	      out);
}

void options_print_version(FILE *out)
{
	const struct scmp_version *seccomp = seccomp_version();

	fprintf(out, "nfverdictd %s\n", PACKAGE_VERSION);
	fprintf(out, "plugin ABI %d.%d\n", NFV_ABI_MAJOR, NFV_ABI_MINOR);
	fprintf(out, "libmnl %s, libnetfilter_queue %s, libnfnetlink %s, libpcap %s (built with)\n", NFV_MNL_VERSION,
		NFV_NFQ_VERSION, NFV_NFNL_VERSION, NFV_PCAP_VERSION);
	fprintf(out, "libyaml %s", yaml_get_version_string());
	if (seccomp)
		fprintf(out, ", libseccomp %u.%u.%u", seccomp->major, seccomp->minor, seccomp->micro);
	fprintf(out, ", libc %s (in use)\n", gnu_get_libc_version());
	fprintf(out, "Licence GPL-2.0-or-later. There is no warranty.\n");
}
