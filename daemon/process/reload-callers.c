/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who asked for a reload, and what they are told. */
#include "daemon/process/log.h"
#include "daemon/process/reload-private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEARD_MAX (64 * 1024)

int reload_add_caller(struct reload_callers *callers, reload_done_fn *done, void *context)
{
	struct reload_caller *items;

	if (!done)
		return 0;
	items = reallocarray(callers->items, callers->count + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	callers->items = items;
	items[callers->count++] = (struct reload_caller){ .done = done, .context = context };
	return 0;
}

void reload_answer(struct reload *reload, bool ok, const char *text)
{
	struct reload_callers callers = reload->callers;

	reload->callers = (struct reload_callers){ 0 };
	for (size_t i = 0; i < callers.count; i++)
		if (callers.items[i].done)
			callers.items[i].done(callers.items[i].context, ok, text);
	free(callers.items);
}

static void forget_in(struct reload_callers *callers, const void *context)
{
	for (size_t i = 0; i < callers->count; i++)
		if (callers->items[i].context == context)
			callers->items[i].done = NULL;
}

void reload_forget(struct master *master, const void *context)
{
	forget_in(&master->reload.callers, context);
	forget_in(&master->reload.waiting, context);
}

void reload_complain(struct master *master, const char *format, ...)
{
	struct reload *reload = &master->reload;
	size_t len = reload->heard ? strlen(reload->heard) : 0;
	char text[1024];
	va_list args;
	char *more;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_error("%s", text);
	if (len > HEARD_MAX)
		return;
	more = realloc(reload->heard, len + strlen(text) + 2);
	if (!more)
		return;
	sprintf(more + len, "%s\n", text);
	reload->heard = more;
}

char *reload_mistakes(struct reload *reload)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	report_sort(&reload->report);
	report_print(&reload->report, out);
	if (reload->heard)
		fputs(reload->heard, out);
	fclose(out);
	return text;
}
