#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The books balance with isolation: strict, too.
set -eu
NFV_TEST_ISOLATION=strict
export NFV_TEST_ISOLATION
for test in kill deaths calls odd stop; do
	printf -- '-- %s\n' "$test"
	status=0
	"$(dirname "$0")/conserve-$test.sh" || status=$?
	[ "$status" -eq 0 ] || [ "$status" -eq 77 ] || exit "$status"
done
