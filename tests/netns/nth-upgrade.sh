#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each call that can fail does, once, in any process, while another executable takes the place of the master, or another master
# that of one that was killed: it does, or the queues stay whose they were, with the cause named. All packets are served and counted
# once, the next try works, and in the end nothing is left. See nth-start.sh.
#
# What it found: a master that waited for ever for a service manager that reads nothing; a worker without a master whom nobody could
# take the queue over from, for its door could not be watched; one that ended because the kernel had no memory for it.
. "$(dirname "$0")/lib.sh"
. "$lib_dir/nth-lib.sh"

nth_config "orphan-time: 60s"
nth upgrade 12 --other "$top_builddir/tests/netns/nfverdictd-other" --depth 2 "$@"
nth orphans 12 --depth 2 "$@"
