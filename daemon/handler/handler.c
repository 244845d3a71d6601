/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/handler/handler.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#define LINE_MAX_LEN 1024

static const struct nfv_option no_options[] = { { .name = NULL } };

/* ---- Host functions ---- */

static struct handler *handler_of(const struct nfv_host *host)
{
	return (struct handler *)((const char *)host - offsetof(struct handler, host));
}

static void __attribute__((format(printf, 3, 4)))
host_log(const struct nfv_host *host, enum nfv_log_level level, const char *format, ...)
{
	const struct handler *handler = handler_of(host);
	char line[LINE_MAX_LEN];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if ((unsigned)level > NFV_LOG_DEBUG)
		level = NFV_LOG_DEBUG;
	handler->env->log(handler->env->context, handler->name, level, line);
}

static void host_print(const struct nfv_host *host, const char *line)
{
	const struct handler *handler = handler_of(host);

	if (handler->env->print)
		handler->env->print(handler->env->context, line);
	else
		handler->env->log(handler->env->context, handler->name, NFV_LOG_INFO, line);
}

/* "handler no-telnet: rules 2: match", as a report's object. */
static void describe(const struct handler *handler, const char *path, char *object, size_t object_size)
{
	snprintf(object, object_size, "handler %s%s%s", handler->name, *path ? ": " : "", path);
}

static int __attribute__((format(printf, 3, 4)))
host_error(const struct nfv_host *host, const void *value, const char *format, ...)
{
	struct handler *handler = handler_of(host);
	struct place place = handler->place;
	char line[LINE_MAX_LEN], object[256];
	const char *path = "";
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (!handler->report) {
		handler->env->log(handler->env->context, handler->name, NFV_LOG_ERROR, line);
		return -EINVAL;
	}
	if (value && handler->values) {
		values_place(handler->values, value, &place);
		path = values_path(handler->values, value);
		if (!place.file)
			place = handler->place;
	}
	describe(handler, path, object, sizeof(object));
	report_add(handler->report, place, object, "%s", line);
	return -EINVAL;
}

static bool host_given(const struct nfv_host *host, const void *value)
{
	const struct handler *handler = handler_of(host);
	struct place place;

	return handler->values && value && values_place(handler->values, value, &place);
}

static void host_need(const struct nfv_host *host, uint32_t bytes, uint32_t metadata)
{
	struct handler *handler = handler_of(host);

	if (handler->opened)
		return;
	if (bytes > NFV_NEEDS_ALL)
		bytes = NFV_NEEDS_ALL;
	if (bytes > handler->needs_bytes)
		handler->needs_bytes = bytes;
	handler->needs_metadata |= metadata;
}

static uint64_t host_now_ns(const struct nfv_host *host)
{
	struct timespec now;

	(void)host;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* A counter that a predecessor registered goes on from where it was. */
static uint64_t *host_counter(const struct nfv_host *host, const char *name)
{
	struct handler *handler = handler_of(host);
	char wanted[HANDLER_COUNTER_NAME];

	if (handler->opened || !name || !*name)
		return NULL;
	snprintf(wanted, sizeof(wanted), "%s", name);
	for (size_t i = 0; i < HANDLER_COUNTERS; i++) {
		if (!handler->counters->own[i].name[0])
			memcpy(handler->counters->own[i].name, wanted, sizeof(wanted));
		if (!strcmp(handler->counters->own[i].name, wanted))
			return &handler->counters->own[i].value;
	}
	return NULL;
}

static int host_timer(const struct nfv_host *host, uint64_t after_ns, uint64_t every_ns, nfv_timer_fn fn, void *argument)
{
	const struct handler *handler = handler_of(host);
	const struct handler_env *env = handler->env;

	if (!fn)
		return -EINVAL;
	return env->timer ? env->timer(env->context, handler, after_ns, every_ns, fn, argument) : -ENOSYS;
}

static void host_timer_cancel(const struct nfv_host *host, int timer)
{
	const struct handler *handler = handler_of(host);

	if (handler->env->timer_cancel)
		handler->env->timer_cancel(handler->env->context, handler, timer);
}

static int host_watch(const struct nfv_host *host, int fd, uint32_t events, nfv_watch_fn fn, void *argument)
{
	const struct handler *handler = handler_of(host);
	const struct handler_env *env = handler->env;

	if (!fn || fd < 0)
		return -EINVAL;
	return env->watch ? env->watch(env->context, handler, fd, events, fn, argument) : -ENOSYS;
}

static void host_unwatch(const struct nfv_host *host, int fd)
{
	const struct handler *handler = handler_of(host);

	if (handler->env->unwatch)
		handler->env->unwatch(handler->env->context, handler, fd);
}

static void fill_host(struct handler *handler)
{
	handler->host = (struct nfv_host){
		.size = sizeof(handler->host),
		.checking = handler->env->checking,
		.queue = handler->env->queue,
		.mark_mask = handler->env->mark_mask,
		.handler = handler->name,
		.log = host_log,
		.print = host_print,
		.error = host_error,
		.given = host_given,
		.need = host_need,
		.now_ns = host_now_ns,
		.counter = host_counter,
		.timer = host_timer,
		.timer_cancel = host_timer_cancel,
		.watch = host_watch,
		.unwatch = host_unwatch,
	};
}

/* ---- Opening ---- */

/* Calls the plugin's open(). Whatever it does, a failure has a line in the report. */
static int open_instance(struct handler *handler, const struct plugin *plugin, struct report *report)
{
	const struct nfv_plugin *ops = handler->ops;
	size_t lines = report->count;
	char object[256];
	int err;

	if (!ops->open)
		return 0;
	handler->report = report;
	err = ops->open(&handler->host, ops->options ? values_data(handler->values) : NULL, &handler->state);
	handler->report = NULL;
	if (err == 0 && report->count == lines)
		return 0;
	describe(handler, "", object, sizeof(object));
	if (err == 0) {
		/* It reported a mistake and went on all the same: the instance is whole, but must not run. */
		if (ops->close)
			ops->close(handler->state);
		err = -EINVAL;
	} else if (err > 0) {
		report_add(report, handler->place, object, "plugin %s: open() returned %d, wanted 0 or -errno", plugin->path,
			   err);
		err = -EINVAL;
	} else if (report->count == lines) {
		report_add(report, handler->place, object, "plugin %s: open: %s", plugin->path, strerror(-err));
	}
	handler->state = NULL;
	return err;
}

int handler_open(struct handler *handler, const struct plugin *plugin, const char *name, const struct node *options,
		 struct place place, const struct handler_env *env, struct handler_counters *counters, struct report *report)
{
	static const char *const skip[] = { "plugin", NULL };
	const struct nfv_plugin *ops = plugin->ops;
	char object[256];
	int err;

	*handler = (struct handler){
		.ops = ops,
		.name = name,
		.env = env,
		.place = place,
		.counters = counters,
		.needs_bytes = ops->needs_bytes,
		.needs_metadata = ops->needs_metadata,
	};
	fill_host(handler);
	/* A truncated packet cannot be changed: whoever may change packets needs the whole of each. */
	if (ops->may & NFV_MAY_REWRITE)
		handler->needs_bytes = NFV_NEEDS_ALL;

	describe(handler, "", object, sizeof(object));
	handler->values = schema_apply(ops->options ? ops->options : no_options, ops->options ? ops->options_size : 0,
				       options, place, object, skip, report);
	if (!handler->values)
		return -EINVAL;
	err = open_instance(handler, plugin, report);
	if (err) {
		values_free(handler->values);
		handler->values = NULL;
		return err;
	}
	handler->opened = true;
	return 0;
}

static nfv_verdict go_on(void *state, struct nfv_packet *packet)
{
	(void)state;
	(void)packet;
	return NFV_CONTINUE;
}

void handler_skip(struct handler *handler, const char *name, struct handler_counters *counters)
{
	static const struct nfv_plugin nobody = { .packet = go_on };

	*handler = (struct handler){ .ops = &nobody, .name = name, .counters = counters };
}

void handler_close(struct handler *handler)
{
	if (!handler)
		return;
	if (handler->opened && handler->ops->close)
		handler->ops->close(handler->state);
	values_free(handler->values);
	handler->values = NULL;
	handler->state = NULL;
	handler->opened = false;
}
