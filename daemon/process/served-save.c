/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Has the packet that killed a worker saved for the handler's author. */
#include "daemon/process/child.h"
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
	const char *handler = progress.handler && progress.handler <= config->handlers.count ? names[progress.handler - 1] :
											       "none at that moment";
	char how[128];

	if (served->now.hung)
		snprintf(how, sizeof(how), "it hung");
	else if (WIFSIGNALED(status))
		snprintf(how, sizeof(how), "signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(how, sizeof(how), "exit status %d", WEXITSTATUS(status));
	snprintf(text, size, "queue %s, number %u, packet %u, handler %s: %s; on-error: %s", config->name, served->number,
		 progress.packet_id, handler, how,
		 config->on_error == PASS_ACCEPT ? "accept" : "drop");
}

static int start(struct served *served, struct served_saving *saving, int status)
{
	const struct plan *plan = served->now.plan;
	char comment[512];
	struct postmortem what = {
		.slots = &served->now.slots,
		.slot_size = served->now.slot_size,
		.packet_id = served->poison_id,
		.number = served->number,
		.comment = comment,
		.account = &plan->account,
	};
	pid_t pid;

	describe(served, status, comment, sizeof(comment));
	what.file = crash_files_create(served->crash_folder, (unsigned)plan->config->crash_files, served->number,
				       served->poison_id, saving->name, sizeof(saving->name));
	if (what.file < 0)
		return what.file;
	pid = postmortem_start(&what);
	close(what.file);
	if (pid < 0) {
		(void)unlinkat(served->crash_folder, saving->name, 0);
		return (int)pid;
	}
	saving->pid = pid;
	return 0;
}

static struct served_saving *free_saving(struct served *served)
{
	for (size_t i = 0; i < SERVED_SAVING_MAX; i++)
		if (served->saving[i].pid == 0)
			return &served->saving[i];
	return NULL;
}

void served_save(struct served *served, int status)
{
	struct served_saving *saving = free_saving(served);
	struct region fresh = { .fd = -1 };
	char name[32];
	int err;

	if (served->crash_folder < 0)
		return;
	/* The successor gets memory of its own, so that what the dead one had stays as it is. */
	snprintf(name, sizeof(name), "nfv-slots-%u", served->number);
	err = saving ? region_create(&fresh, name, served->now.slots.size) : -EBUSY;
	if (!err)
		err = start(served, saving, status);
	if (err) {
		log_warning("queue %u: packet %u cannot be saved in %s: %s", served->number, served->poison_id,
			    served->now.plan->config->crash_dir, strerror(-err));
		region_close(&fresh);
		return;
	}
	region_close(&served->now.slots);
	served->now.slots = fresh;
}

void served_save_core(struct served *served)
{
	const struct plan *plan = served->now.plan;
	char name[96];
	int err = crash_files_take_core(served->crash_folder, (unsigned)plan->config->crash_files, served->number,
					(uint32_t)served->now.pid, name, sizeof(name));

	if (!err)
		log_notice("queue %u: the core is saved as %s/%s", served->number, plan->config->crash_dir, name);
	else if (err != -ENOENT) /* kernel.core_pattern may send them elsewhere */
		log_warning("queue %u: the core could not be moved to %s: %s", served->number, plan->config->crash_dir,
			    strerror(-err));
}

static void tell(const struct served *served, const struct served_saving *saving, int status)
{
	const char *folder = served->now.plan->config->crash_dir, *cause;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		log_notice("queue %u: the packet is saved as %s/%s", served->number, folder, saving->name);
		return;
	}
	if (WIFSIGNALED(status))
		cause = strsignal(WTERMSIG(status));
	else if (WEXITSTATUS(status) == POSTMORTEM_NOT_FOUND)
		cause = "it is not in the packet buffers any more";
	else
		cause = strerror(WEXITSTATUS(status));
	log_warning("queue %u: the packet could not be saved as %s/%s: %s", served->number, folder, saving->name, cause);
	(void)unlinkat(served->crash_folder, saving->name, 0);
}

void served_saved(struct served *served, bool wait)
{
	for (size_t i = 0; i < SERVED_SAVING_MAX; i++) {
		struct served_saving *saving = &served->saving[i];
		int status;
		pid_t got;

		if (saving->pid <= 0)
			continue;
		got = wait ? child_wait(saving->pid, &status) : waitpid(saving->pid, &status, WNOHANG);
		if (got != saving->pid)
			continue;
		saving->pid = 0;
		tell(served, saving, status);
	}
}
