#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# From a bare Debian machine to a running demo, or to a finished test run, with one command:
#
#	contrib/quickstart.sh demo    two hosts, real packets, each with its verdict; under 20 s once built
#	contrib/quickstart.sh check   the whole test suite
#
# Both install what is missing (Debian packages), build in build/, and leave the machine as it was otherwise. Neither needs
# root once the packages are there: as a normal user everything runs in a user namespace. With CI=true in the
# environment a skipped test is a failure.

set -eu -o pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build
# Debian leaves the folders of iptables out of an ordinary user's path, and `su` keeps that path.
export PATH=$PATH:/usr/sbin:/sbin

build_packages="autoconf automake make gcc libc6-dev pkg-config libmnl-dev libnetfilter-queue-dev libnfnetlink-dev libyaml-dev
	libpcap-dev libseccomp-dev libcap-ng-dev libjansson-dev"
run_packages="iptables iproute2 iputils-ping python3"
check_packages="libcmocka-dev g++" # the public headers are C++ too. For the demo as well: it is configured only once

usage() {
	sed -n '4,12s/^# \{0,1\}//p' "$0"
}

say() {
	printf '==> %s\n' "$*"
}

die() {
	printf 'quickstart: %s\n' "$*" >&2
	exit 1
}

# ---- packages ----

# The packages of $@ that are not installed, one a line.
missing_packages() {
	local package

	for package; do
		case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
		installed) ;;
		*) echo "$package" ;;
		esac
	done
}

# Runs apt-get quietly; shows what it said only when it fails.
apt() {
	local log status=0

	log=$(mktemp)
	# shellcheck disable=SC2086 # $as_root is empty or one word
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@" </dev/null >"$log" 2>&1 || status=$?
	[ "$status" -eq 0 ] || tail -n 20 "$log" >&2
	rm -f "$log"
	return "$status"
}

# cannot_install WHY: names $missing, as a command where that helps.
cannot_install() {
	# shellcheck disable=SC2086 # a list of words
	set -- "$1" $missing
	if command -v apt-get >/dev/null; then
		printf 'quickstart: %s. Install them as root, and start again:\n\n    apt-get install %s\n' "$1" "${*:2}" >&2
	else
		printf 'quickstart: %s. Install these, and start again:\n\n' "$1" >&2
		printf '    %s\n' "${@:2}" >&2
	fi
	exit 1
}

install_packages() {
	# shellcheck disable=SC2086 # lists of words
	set -- $build_packages $run_packages $check_packages
	if ! command -v dpkg-query >/dev/null; then
		missing=$*
		cannot_install "this is not a Debian system, and the packages have Debian's names"
	fi
	missing=$(missing_packages "$@")
	[ -n "$missing" ] || return 0
	# shellcheck disable=SC2086
	set -- $missing
	as_root=
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null || cannot_install "$# packages are missing, and there is no sudo to install them with"
		as_root=sudo
	fi
	say "installing" "$@"
	apt update && apt install --no-install-recommends "$@" || cannot_install "apt-get could not install what is missing"
	missing=$(missing_packages "$@")
	[ -z "$missing" ] || cannot_install "apt-get installed less than was asked"
}

# ---- build ----

# Runs a build step with its output in a log; shows the end of the log when the step fails.
step() {
	local log=$build/quickstart.log name=$1

	shift
	say "$name"
	"$@" >"$log" 2>&1 || {
		tail -n 40 "$log" >&2
		die "$name: failed, the whole output is in $log"
	}
}

# Once configured, make itself notices changed makefiles and starts autoconf and configure again.
build_tree() {
	mkdir -p "$build"
	if [ "$(id -u)" -ne 0 ] && [ -n "$(find "$build" ! -user "$(id -u)" -print -quit)" ]; then
		die "$build has files of another user, such as root: remove it as that user, and start again"
	fi
	cd "$top"
	[ -f configure ] || step "autoreconf" autoreconf -fi
	cd "$build"
	[ -f Makefile ] || step "configure" ../configure -q
	step "make" make -j2 "$@"
}

# ---- namespaces ----

# Sets the array `isolated` to a command that runs another as root with network, mounts and processes of its own, so that nothing
# it makes outlives it. /run is empty there: `ip netns` and iptables keep their files in it. Returns 1, with the reason in
# `why`, when this machine does not allow it.
find_isolation() {
	local user=()

	[ "$(id -u)" -eq 0 ] || user=(--user --map-root-user)
	# shellcheck disable=SC2016 # expanded by the inner shell
	isolated=(unshare ${user[@]+"${user[@]}"} --net --mount --pid --fork --kill-child --mount-proc --propagation private
		sh -c 'mount -t tmpfs none /run && export TMPDIR=/tmp && exec "$@"' sh)
	why=$("${isolated[@]}" true 2>&1)
}

# ---- check ----

# Prints the end of the log of each test that failed.
print_failures() {
	local trs

	for trs in $(grep -lE '^:global-test-result: (FAIL|XPASS|ERROR)' "${results[@]}"); do
		printf '\n---- %s (the last 40 lines of %s) ----\n' "${trs%.trs}" "$build/${trs%.trs}.log"
		tail -n 40 "${trs%.trs}.log"
	done
}

# Tests that skip say why in their last line; the test driver adds one of its own.
print_skips() {
	local trs

	printf '\n'
	for trs in $(grep -l '^:global-test-result: SKIP' "${results[@]}"); do
		printf 'skipped: %s: %s\n' "${trs%.trs}" "$(tail -n 2 "${trs%.trs}.log" | sed -E '1s/^(SKIP|skipped): //; q')"
	done
}

# A program of unit tests passes also when it skipped some of them: the names of such programs.
partly_skipped() {
	local trs

	for trs in $(grep -lE '^:global-test-result: PASS' "${results[@]}"); do
		! grep -q '^\[  SKIPPED \]' "${trs%.trs}.log" || echo "${trs%.trs}"
	done
}

# What they skipped, each test after the line in which it says why.
print_partly_skipped() {
	local program

	for program in "$@"; do
		printf '\n---- %s passed, but skipped a part ----\n' "$program"
		sed '/ test(s) run\.$/q' "$program.log" | grep --no-group-separator -B 1 '^\[  SKIPPED \]' | grep -v '^\[ RUN '
	done
}

count_results() {
	cat "${results[@]}" </dev/null | grep -cE "^:global-test-result: ($1)$" || [ $? -eq 1 ]
}

check() {
	local status=0 passed failed skipped results parts isolated=()

	build_tree all
	cd "$build"
	find . -name '*.trs' -delete
	say "make check"
	# Root's tests isolate themselves one by one; those of anybody else need what a user namespace gives.
	if [ "$(id -u)" -ne 0 ]; then
		find_isolation || {
			say "no user namespaces here, tests that need root will be skipped: ${why:-unshare failed}"
			isolated=()
		}
	fi
	${isolated[@]+"${isolated[@]}"} make -s -j2 -k check </dev/null || status=$?
	mapfile -t results < <(find . -name '*.trs' -printf '%P\n' | sort)
	passed=$(count_results 'PASS|XFAIL')
	failed=$(count_results 'FAIL|XPASS|ERROR')
	skipped=$(count_results SKIP)
	[ "$failed" -eq 0 ] || print_failures
	[ "$skipped" -eq 0 ] || print_skips
	mapfile -t parts < <(partly_skipped)
	print_partly_skipped ${parts[@]+"${parts[@]}"}
	if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
		printf '\nquickstart: make check itself failed (status %d): see above\n' "$status"
	elif [ $((skipped + ${#parts[@]})) -ne 0 ] && [ "${CI-}" = true ]; then
		printf '\nquickstart: tests were skipped, which CI=true does not allow\n'
		status=1
	elif [ "$passed" -eq 0 ]; then
		printf '\nquickstart: no test ran\n'
		status=1
	fi
	printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
	[ "$failed" -eq 0 ] && [ "$status" -eq 0 ]
}

# ---- main ----

[ $# -eq 1 ] || { usage >&2; exit 1; }
case $1 in
demo)
	install_packages
	build_tree all
	find_isolation || die "this machine does not let ${USER:-uid $(id -u)} make namespaces (${why:-unshare failed}):" \
		"run it as root, and not in a container without CAP_SYS_ADMIN"
	exec "${isolated[@]}" "$top/contrib/demo/demo.sh" "$build"
	;;
check)
	install_packages
	check
	;;
-h | --help | help)
	usage
	;;
*)
	usage >&2
	exit 1
	;;
esac
