/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/keys.h"

#include "daemon/config/config.h"
#include "daemon/handler/plugin.h"
#include "daemon/process/log.h"
#include "daemon/process/privilege.h"
#include "daemon/process/sandbox.h"

#include <errno.h>
#include <fnmatch.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_BYTES 4096

/* In a child of its own: a plugin's constructors run here. */
static int describe(int fd, const char *path)
{
	struct account account;
	struct plugin plugin;
	char why[1024];

	if (account_find(NULL, &account, why, sizeof(why)) < 0 || privilege_become(&account, false, why, sizeof(why)) < 0 ||
	    sandbox_no_children(why, sizeof(why)) < 0) {
		log_error("keys: %s", why);
		return 1;
	}
	if (plugin_load(&plugin, fd, path, why, sizeof(why)) < 0) {
		log_warning("plugin: %s: %s", path, why);
		return 1;
	}
	printf("\nOf a handler with plugin: %s", plugin.ops->name);
	if (plugin.ops->description)
		printf(" (%s)", plugin.ops->description);
	printf(":\n\n");
	if (plugin.ops->options)
		schema_print(plugin.ops->options, 2, stdout);
	else
		printf("  It takes no options.\n");
	plugin_unload(&plugin);
	return fflush(stdout) == 0 ? 0 : 1;
}

static void describe_apart(int fd, const char *path)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		_exit(describe(fd, path));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		log_error("plugin: %s: %s", path, strerror(errno));
	else if (WIFSIGNALED(status))
		log_error("plugin: %s: killed by signal %d (%s)", path, WTERMSIG(status), strsignal(WTERMSIG(status)));
}

static int is_plugin(const struct dirent *entry)
{
	return fnmatch("*.so", entry->d_name, FNM_PERIOD) == 0;
}

static void describe_folder(const char *folder, struct trust *trust)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_plugin, alphasort);

	for (int i = 0; i < count; i++) {
		char path[PATH_BYTES], why[1024];
		int fd = -ENAMETOOLONG;

		if (snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name) < (int)sizeof(path))
			fd = trust_open(trust, path, why, sizeof(why));
		free(entries[i]);
		if (fd < 0) {
			log_warning("plugin: %s: %s", path, fd == -ENAMETOOLONG ? strerror(ENAMETOOLONG) : why);
			continue;
		}
		describe_apart(fd, path);
		close(fd);
	}
	if (count >= 0)
		free(entries);
}

int keys_print(const char *const *folders, size_t count, struct trust *trust)
{
	config_print_keys(stdout);
	for (size_t i = 0; i < count; i++)
		describe_folder(folders[i], trust);
	return fflush(stdout) == 0 ? 0 : 1;
}
