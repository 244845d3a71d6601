/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way of a reload, from one phase to the next. */
#include "daemon/process/log.h"
#include "daemon/process/notify.h"
#include "daemon/process/reload-private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define READY_LIMIT_NS 30000000000u
#define BUSY_LIMIT_NS  10000000000u
#define QUIET_LIMIT_NS 5000000000u /* for keeper and rules server to end */
#define TURN_NS        20000000u
#define ABORT_LIMIT_NS 12000000000u

/* ---- From phase to phase ---- */

static void enter(struct master *master, enum reload_phase phase, uint64_t limit_ns)
{
	master->reload.phase = phase;
	master->reload.limit_ns = events_now_ns() + limit_ns;
}

/* ---- The end ---- */

static void reset(struct master *master)
{
	struct reload *reload = &master->reload;

	events_timer_cancel(&master->events, reload->timer);
	reload->timer = -1;
	report_clear(&reload->report);
	free(reload->heard);
	reload->heard = NULL;
	free(reload->turns);
	reload->turns = NULL;
	bypass_close(&reload->bypass);
	plan_drop(reload->plan);
	reload->plan = NULL;
	if (reload->crash_folder >= 0)
		close(reload->crash_folder);
	reload->crash_folder = -1;
	reload->phase = RELOAD_NONE;
}

/* Nothing was changed, or everything was undone. */
static void fail(struct master *master)
{
	struct reload *reload = &master->reload;
	char *text;

	reload_workers_undo(master);
	if (reload->new_rules && master->keeper.child.pid <= 0)
		master_start_keeper(master);
	text = reload_mistakes(reload);
	master_log_report(&reload->report);
	log_error("reload: nothing was changed");
	master_tell_manager(master);
	reload_answer(reload, false, text ? text : "");
	free(text);
	reset(master);
}

/* Every worker serves by the new plan: it is the one in force. */
static void succeed(struct master *master)
{
	struct reload *reload = &master->reload;
	struct plan *before = master->plan;
	char text[160];

	master->plan = reload->plan;
	reload->plan = NULL;
	steering_disown(&master->plan->steering);
	reload_put_in_force(master);
	(void)master_watch_deadlines(master);
	snprintf(text, sizeof(text), "reloaded: %zu queue%s, %zu added, %zu removed, steering %s", master->count,
		 master->count == 1 ? "" : "s", reload->added, reload->removed, reload->new_rules ? "changed" : "unchanged");
	log_notice("%s, in %llu ms", text, (unsigned long long)((events_now_ns() - reload->started_ns) / 1000000));
	plan_drop(before);
	master_tell_manager(master);
	reload_answer(reload, true, text);
	reset(master);
}

static void on_timer(void *argument, uint64_t now_ns)
{
	(void)argument;
	(void)now_ns; /* reload_step() comes after each wait */
}

static void begin(struct master *master)
{
	struct reload *reload = &master->reload;
	struct trust trust = options_trust(master->options);
	char text[80];

	reload->again = false;
	reload->callers = reload->waiting;
	reload->waiting = (struct reload_callers){ 0 };
	reload->started_ns = events_now_ns();
	reload->new_rules = false;
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)(reload->started_ns / 1000));
	(void)notify_send(text);
	enter(master, RELOAD_CHECKING, 0);
	reload->plan = plan_read(master->options->config_file, &trust, &reload->report);
	if (!reload->plan)
		reload_complain(master, "reload: no memory");
	if (trust.unsafe_seen)
		log_warning("--allow-unsafe-files: %s", trust.unsafe_why);
	if (!reload->plan || reload_check_start(master))
		fail(master);
}

/* The timer wakes the loop, for what no event tells. */
static void stand_by(struct master *master)
{
	struct reload *reload = &master->reload;

	enter(master, RELOAD_STANDING_BY, READY_LIMIT_NS);
	if (master_open_crash_folder(reload->plan, &reload->crash_folder, &reload->report) < 0 ||
	    reload_workers_start(master) < 0)
		fail(master);
}

static void wait_for_others(struct master *master)
{
	struct reload *reload = &master->reload;

	/* When it takes too long, those that only close their handlers are ended. */
	(void)reload_workers_close(master);
	if (!reload_workers_busy(master)) {
		stand_by(master);
	} else if (events_now_ns() > reload->limit_ns) {
		reload_complain(master, "reload: workers are still being replaced");
		fail(master);
	}
}

/* The keeper would put back what is taken out. */
static void steer(struct master *master)
{
	struct reload *reload = &master->reload;

	reload->new_rules = !steering_same(&master->plan->steering, &reload->plan->steering);
	if (!reload->new_rules) {
		enter(master, RELOAD_HANDING_OVER, 0);
		return;
	}
	if (bypass_open(&reload->bypass, &reload->plan->steering))
		log_warning("packets that pass by are not counted any more: no memory");
	/* Before rules lead there: ids that were given until then do not matter. */
	bypass_note(&reload->bypass, BYPASS_BEGIN);
	child_leave(&master->keeper.child);
	enter(master, RELOAD_STEERING, QUIET_LIMIT_NS);
}

static void wait_for_keeper(struct master *master)
{
	if (!child_gone(&master->keeper.child)) {
		if (events_now_ns() < master->reload.limit_ns)
			return;
		child_kill(&master->keeper.child);
	}
	if (reload_steer_start(master, false))
		fail(master);
}

static void wait_for_ready(struct master *master)
{
	int ready = reload_workers_ready(master);

	if (!ready && events_now_ns() > master->reload.limit_ns) {
		reload_complain(master, "reload: workers are not ready after %llu s",
				(unsigned long long)(READY_LIMIT_NS / 1000000000u));
		ready = -ETIMEDOUT;
	}
	if (ready < 0)
		fail(master);
	else if (ready > 0)
		steer(master);
}

/* One step. True when the next phase has come. */
static bool advance(struct master *master)
{
	struct reload *reload = &master->reload;
	const enum reload_phase before = reload->phase;

	switch (before) {
	case RELOAD_NONE:
		if (reload->again)
			begin(master);
		break;
	case RELOAD_CHECKING:
	case RELOAD_UNDOING:
	case RELOAD_ABORTED:
		break; /* reload_reap() goes on, or nobody */
	case RELOAD_WAITING:
		wait_for_others(master);
		break;
	case RELOAD_STANDING_BY:
		wait_for_ready(master);
		break;
	case RELOAD_STEERING:
		if (reload->task.pid == 0)
			wait_for_keeper(master);
		break;
	case RELOAD_HANDING_OVER:
		if (reload_workers_hand_over(master))
			enter(master, RELOAD_DRAINING, RELOAD_DRAIN_NS);
		break;
	case RELOAD_DRAINING:
		if (reload_workers_drain(master))
			enter(master, RELOAD_CLOSING, RELOAD_CLOSE_NS);
		break;
	case RELOAD_CLOSING:
		if (reload_workers_close(master)) {
			reload_settle(master);
			enter(master, RELOAD_SETTLING, QUIET_LIMIT_NS);
		}
		break;
	case RELOAD_SETTLING:
		if (reload_settled(master))
			succeed(master);
		break;
	}
	return reload->phase != before;
}

void reload_step(struct master *master)
{
	struct reload *reload = &master->reload;

	if (!master->started || master->stop)
		return;
	while (advance(master))
		;
	if (reload->phase > RELOAD_CHECKING && reload->timer < 0)
		reload->timer = events_timer(&master->events, TURN_NS, TURN_NS, on_timer, master);
}

int reload_start(struct master *master, reload_done_fn *done, void *context)
{
	int err = reload_add_caller(&master->reload.waiting, done, context);

	if (!err)
		master->reload.again = true;
	return err;
}

/* ---- Its children ---- */

static void explain_end(struct master *master, const char *what, int status)
{
	if (WIFSIGNALED(status))
		reload_complain(master, "reload: the process that %s was killed by signal %d (%s)", what, WTERMSIG(status),
				strsignal(WTERMSIG(status)));
	else
		reload_complain(master, "reload: the process that %s ended with status %d", what, WEXITSTATUS(status));
}

static void checked(struct master *master, int status)
{
	struct reload *reload = &master->reload;

	if (!reload->through)
		explain_end(master, "checks", status);
	if (!reload->through || reload->report.count > 0)
		fail(master);
	else
		enter(master, RELOAD_WAITING, BUSY_LIMIT_NS);
}

static void steered(struct master *master, int status)
{
	struct reload *reload = &master->reload;

	if (reload->through && !reload->refused) {
		enter(master, RELOAD_HANDING_OVER, 0);
	} else if (reload->through) {
		fail(master);
	} else {
		/* It may have got anywhere. */
		explain_end(master, "changes the rules", status);
		enter(master, RELOAD_UNDOING, 0);
		if (reload_steer_start(master, true))
			fail(master);
	}
}

void reload_reap(struct master *master)
{
	struct reload *reload = &master->reload;
	int status;

	if (!task_ended(&reload->task, &status))
		return;
	reload_task_close(master);
	switch (reload->phase) {
	case RELOAD_CHECKING:
		checked(master, status);
		break;
	case RELOAD_STEERING:
		steered(master, status);
		break;
	case RELOAD_UNDOING:
		if (!reload->through || reload->refused)
			reload_complain(master, "steering: rules of the configuration that was refused may be left");
		fail(master);
		break;
	case RELOAD_NONE:
	case RELOAD_WAITING:
	case RELOAD_STANDING_BY:
	case RELOAD_HANDING_OVER:
	case RELOAD_DRAINING:
	case RELOAD_CLOSING:
	case RELOAD_SETTLING:
	case RELOAD_ABORTED:
		break;
	}
}

/* A commit is interrupted, and takes back what it did; a tool that went on by itself would put rules in behind our back. */
static void wait_for_task(struct master *master)
{
	const uint64_t limit = events_now_ns() + ABORT_LIMIT_NS;

	while (master->reload.task.pid > 0 && events_now_ns() < limit)
		if (events_wait(&master->events, 10) < 0)
			break;
}

/* Who was told to leave has left; what waits is for the one that stands by. */
static void end_hand_over(struct master *master)
{
	const uint64_t limit = events_now_ns() + ABORT_LIMIT_NS;

	while (!reload_workers_hand_over(master) && events_now_ns() < limit)
		if (events_wait(&master->events, 10) < 0)
			break;
}

void reload_abort(struct master *master)
{
	struct reload *reload = &master->reload;
	const enum reload_phase phase = reload->phase;

	if (phase == RELOAD_NONE)
		return;
	log_notice("reload: called off");
	reload->phase = RELOAD_ABORTED;
	if (reload->task.channel >= 0)
		events_unwatch(&master->events, reload->task.channel);
	task_leave(&reload->task);
	if (phase == RELOAD_STANDING_BY)
		reload_workers_call_off(master);
	if (phase == RELOAD_STEERING || phase == RELOAD_UNDOING)
		wait_for_task(master);
	if (phase == RELOAD_HANDING_OVER)
		end_hand_over(master);
	task_kill(&reload->task);
	/* Numbers that were added stay bound until all rules are gone, as the others do. */
	reload_answer(reload, false, "nfverdictd stops\n");
}

void reload_free(struct reload *reload)
{
	report_clear(&reload->report);
	free(reload->heard);
	free(reload->turns);
	free(reload->callers.items);
	free(reload->waiting.items);
	bypass_close(&reload->bypass);
	plan_drop(reload->plan);
	if (reload->crash_folder >= 0)
		close(reload->crash_folder);
}
