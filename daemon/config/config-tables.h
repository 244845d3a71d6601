/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of the daemon's own keys. Inside daemon/config only. */
#ifndef CONFIG_TABLES_H
#define CONFIG_TABLES_H

#include "daemon/config/config.h"

#define CONFIG_QUEUE_NAME_MAX 24
#define CONFIG_HANDLER_NAME_MAX 64
#define CONFIG_HANDLERS_MAX 64   /* in a queue's chain */
#define CONFIG_MATCH_MAX 4096    /* bytes: the tool's line has at most 10240 */

/* What one file says at its top level. */
struct config_top {
	const char *user;
	struct nfv_list plugin_path;
	int log_level;
	int log_to;
	int backend;
	int recovery;
	int when_flushed;
	const char *rules_socket;
	const char *control_socket;
	const char *crash_dir;
	uint64_t crash_files;
	bool core_dumps;
	uint64_t orphan_time;
	struct nfv_list include;     /* of const char * */
	const struct node *handlers;
	const struct node *queues;
};

extern const char *const config_table_names[];         /* by enum config_table, then NULL */
extern const struct nfv_option config_top_table[];
extern const struct nfv_option config_queue_table[];   /* struct config_queue */
extern const struct nfv_option config_steer_table[];   /* struct config_steer */
extern const struct nfv_option config_handler_table[]; /* struct config_handler; all other keys are the plugin's */

#endif
