#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Everything works without root of the machine: verdicts, rewriting and full queues again, as root of a user namespace only.
set -eu
NFV_TEST_USERNS=1
export NFV_TEST_USERNS
for test in verdicts rewrite full; do
	printf -- '-- %s\n' "$test"
	"$(dirname "$0")/$test.sh"
done
