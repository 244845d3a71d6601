/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket in the master: what `nfverdict status` and the like ask for, and who gets the answer. */
#ifndef PROCESS_COMMANDS_H
#define PROCESS_COMMANDS_H

#include "daemon/control/control-server.h"

#include <stdbool.h>

struct master;

struct commands {
	struct control_server *server; /* NULL: none */
	uint64_t stopper;              /* who asked for the end; 0: nobody */
	struct commands_asker {
		uint64_t client;
		bool text;
	} askers[CONTROL_CLIENTS];     /* for statistics, while the rules' counters are read */
	size_t asker_count;
	struct commands_waiter {
		struct master *master;
		uint64_t client;       /* 0: free */
	} reloads[CONTROL_CLIENTS];    /* who waits for the end of a reload */
	uint64_t upgrader;             /* who waits for the end of an upgrade; 0: nobody */
};

/* While root may still do what it likes. Without it the daemon goes on: why is told. */
void commands_open(struct master *master);

/* Who waits for the upgrade, which goes on in another executable: the descriptor, for control_finish(). -1: nobody. */
int commands_detach(struct master *master);

/* Another configuration is in force: the socket goes where it says. What goes wrong is told, and it stays where it is. */
void commands_move(struct master *master);

/* What the rules counted was read, or it takes too long: whoever waits for statistics gets them. */
void commands_counted(struct master *master);

/* The end: whoever asked for it is told that it is over, or that something was left. */
void commands_close(struct master *master, bool clean);

#endif
