/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon and its command agree on: a Unix stream socket that root alone may use, one request a connection. The
 * request is a JSON object on one line, {"command": "status"}; the answer is lines of JSON objects, of which the last
 * one has "done": true when the request was carried out and false when it was refused ("error" tells why), and "exit",
 * the exit code of the command.
 */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#define CONTROL_SOCKET      "/run/nfverdict/control.sock"
#define CONTROL_REQUEST_MAX 65536 /* bytes of a request with its end of line */
#define CONTROL_CLIENTS     16    /* at a time */

/* Exit codes of the commands; nfverdict(8) has them. */
enum control_exit {
	CONTROL_WELL = 0,        /* done; all is well */
	CONTROL_WRONG = 1,       /* refused; something is wrong */
	CONTROL_USAGE = 2,       /* the request cannot be understood */
	CONTROL_UNREACHABLE = 3, /* there is no daemon to ask */
};

#endif
