#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each call that can fail does, once, in any process, while the daemon starts, serves and stops: it starts not at all, with the cause
# named and nothing left behind, or serves every packet and stops in order. No crash, and all memory is given back.
#
# In the suite a call fails once for each pair of callers that it has, as far as the time goes; with NFV_NTH=all (make soak) for
# each time that it is made.
#
# What it found: a master that ended by SIGSEGV when a queue's memory could not be had; by SIGABRT for want of memory while it read its
# configuration; rules that stayed after a stop when one try to take them out failed; a worker that nobody told to go because
# its channel could not be watched; a start that waited for half a minute when one message was not received; ends without
# a cause.
. "$(dirname "$0")/lib.sh"
. "$lib_dir/nth-lib.sh"

# shellcheck disable=SC2119
nth_config
nth start 24 --depth 2 "$@"
