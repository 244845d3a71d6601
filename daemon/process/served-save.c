/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Has the packet that killed a worker saved for the handler's author. */
#include "daemon/process/crash-files.h"
#include "daemon/process/log.h"
#include "daemon/process/postmortem.h"
#include "daemon/process/served.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void describe(const struct served *served, int status, char *text, size_t size)
{
	const struct chain_progress progress = served_shared(served)->progress;
	const struct config_queue *config = served_config(served);
	const char *const *names = config->handlers.items;
	char how[128];

	if (served->hung)
		snprintf(how, sizeof(how), "it hung");
	else if (WIFSIGNALED(status))
		snprintf(how, sizeof(how), "signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(how, sizeof(how), "exit status %d", WEXITSTATUS(status));
	snprintf(text, size, "queue %s, number %u, packet %u, handler %s: %s; on-error: %s", config->name, served->number,
		 progress.packet_id, names[progress.handler - 1], how,
		 config->on_error == PASS_ACCEPT ? "accept" : "drop");
}

static int start(struct served *served, int status)
{
	const struct config *config = served->plan->config;
	const struct plan *plan = served->plan;
	char comment[512];
	struct postmortem what = {
		.slots = &served->slots,
		.slot_size = served->slot_size,
		.packet_id = served->poison_id,
		.number = served->number,
		.comment = comment,
		.account = &plan->account,
	};
	pid_t pid;

	describe(served, status, comment, sizeof(comment));
	what.file = crash_files_create(served->crash_folder, (unsigned)config->crash_files, served->number, served->poison_id,
				       served->crash_name, sizeof(served->crash_name));
	if (what.file < 0)
		return what.file;
	pid = postmortem_start(&what);
	close(what.file);
	if (pid < 0) {
		(void)unlinkat(served->crash_folder, served->crash_name, 0);
		return (int)pid;
	}
	served->postmortem = pid;
	return 0;
}

void served_save(struct served *served, int status)
{
	struct region fresh = { .fd = -1 };
	char name[32];
	int err;

	if (served->crash_folder < 0)
		return;
	if (served->postmortem > 0) {
		log_warning("queue %u: packet %u is not saved: the one before it still is", served->number, served->poison_id);
		return;
	}
	/* The successor gets memory of its own, so that what the dead one had stays as it is. */
	snprintf(name, sizeof(name), "nfv-slots-%u", served->number);
	err = region_create(&fresh, name, served->slots.size);
	if (!err)
		err = start(served, status);
	if (err) {
		log_warning("queue %u: packet %u cannot be saved in %s: %s", served->number, served->poison_id,
			    served->plan->config->crash_dir, strerror(-err));
		region_close(&fresh);
		return;
	}
	region_close(&served->slots);
	served->slots = fresh;
}

void served_saved(struct served *served, bool wait)
{
	int status;

	if (served->postmortem <= 0 || waitpid(served->postmortem, &status, wait ? 0 : WNOHANG) != served->postmortem)
		return;
	served->postmortem = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		log_notice("queue %u: the packet is saved as %s/%s", served->number, served->plan->config->crash_dir,
			   served->crash_name);
		return;
	}
	log_warning("queue %u: the packet could not be saved as %s/%s", served->number, served->plan->config->crash_dir,
		    served->crash_name);
	(void)unlinkat(served->crash_folder, served->crash_name, 0);
}
