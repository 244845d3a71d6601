#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Packets wait in a queue while rules are committed in every way. None is lost, with both backends:
#
#	sender --- lo --- [ mangle INPUT: NFQUEUE ] --- receiver (UDP, IPv4 and IPv6)
#
# To the kernel a packet that waits belongs to the hooks of its table: where one is unregistered, all that wait are dropped, uncounted.

. "${srcdir:-.}/tests/netns/lib.sh"
. "$lib_dir/rules-lib.sh"

hold=$top_builddir/tests/rules/hold
[ -x "$hold" ] || skip "no hold in $top_builddir/tests/rules"
for program in nfverdict tests/rules/server-cli; do
	[ -x "$top_builddir/$program" ] || skip "no $program in $top_builddir"
done
packets=40 # of each family
ip -6 address show dev lo | grep -q ::1 || skip "no IPv6 on lo"

cat >"$tmp/udp.py" <<'END'
import socket, sys

count = int(sys.argv[1])
socks = []
for family, address in (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"):
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.bind((address, 5555))
    s.settimeout(5)
    for i in range(count):
        s.sendto(b"%d" % i, (address, 5555))
    socks.append(s)
print("sent", flush=True)
sys.stdin.readline()
got = 0
for s in socks:
    seen = set()
    try:
        while len(seen) < count:
            seen.add(s.recv(100))
    except TimeoutError:
        pass
    got += len(seen)
print(got, flush=True)
END

waiting() {
	awk '$1 == 5 { print $3 }' /proc/self/net/netfilter/nfnetlink_queue
}

all_wait() {
	[ "$(waiting)" = $((2 * packets)) ]
}

# kind WHAT OUTCOMES: commands for live-cli from standard input
kind() {
	local what=$1

	shift
	cli
	outcomes_are "$what" "$@"
	all_wait || fail "$what: $(waiting) packets wait, $((2 * packets)) did"
}

hold_packets() {
	local line

	foreign_rules
	for family in iptables ip6tables; do
		printf '*mangle\n:WAIT - [0:0]\n-A INPUT -p udp -m udp --dport 5555 -j WAIT\n-A WAIT -j NFQUEUE --queue-num 5\nCOMMIT\n' |
			"$family-$backend-restore" --noflush
	done
	coproc HOLD { exec "$hold" 5; }
	hold_pid=$HOLD_PID
	read -r -u "${HOLD[0]}" line
	[ "$line" = ready ] || fail "no queue"
	# A coproc at a time: this one speaks through files.
	mkfifo "$tmp/udp.in"
	python3 -B "$tmp/udp.py" "$packets" <"$tmp/udp.in" >"$tmp/udp.out" 2>&1 &
	udp_pid=$!
	exec {udp_in}>"$tmp/udp.in"
	wait_for "all packets to wait" 10 all_wait
}

release_packets() {
	local line

	echo >&"${HOLD[1]}"
	read -r -u "${HOLD[0]}" line
	equal "packets that waited" "$line" $((2 * packets))
	echo >&"$udp_in"
	exec {udp_in}>&-
	wait "$udp_pid"
	rm "$tmp/udp.in"
	equal "packets that arrived" "$(tail -n 1 "$tmp/udp.out")" $((2 * packets))
	wait "$hold_pid" || fail "hold"
}

every_kind() {
	hold_packets
	kind "a new chain and rules" 0 0 0 0 0 <<-'END'
		read 4
		read 6
		text 4 *mangle;-N OURS;-A OURS -p tcp -j ACCEPT;-I INPUT 1 -j OURS;COMMIT
		text 6 *mangle;-N OURS;-A OURS -p tcp -j ACCEPT;-I INPUT 1 -j OURS;COMMIT
		commit
	END
	kind "a chain filled anew" 0 0 0 0 0 <<-'END'
		read 4
		read 6
		text 4 *mangle;-F OURS;-A OURS -p udp --dport 1;-A OURS -p udp --dport 2;-A OURS -p udp --dport 3;COMMIT
		text 6 *mangle;-F OURS;-A OURS -p udp --dport 1;-A OURS -p udp --dport 2;COMMIT
		commit
	END
	kind "policies" 0 0 0 0 0 <<-'END'
		read 4
		read 6
		text 4 *mangle;-P FORWARD DROP;COMMIT;*filter;-P FORWARD DROP;COMMIT
		text 6 *mangle;-P FORWARD DROP;COMMIT
		commit
	END
	kind "tables that were not there" 0 0 0 0 0 <<-'END'
		read 4
		read 6
		text 4 *raw;-A PREROUTING -p gre;COMMIT;*security;-A INPUT -p gre;COMMIT;*nat;-A INPUT -p gre;COMMIT
		text 6 *raw;-A PREROUTING -p gre;COMMIT;*security;-A INPUT -p gre;COMMIT;*nat;-A INPUT -p gre;COMMIT
		commit
	END
	kind "tables that become empty" 0 0 0 0 0 <<-'END'
		read 4
		read 6
		text 4 *raw;-F;COMMIT;*security;-F;COMMIT;*nat;-F;-X;COMMIT
		text 6 *raw;-F;COMMIT;*security;-F;COMMIT;*nat;-F;-X;COMMIT
		commit
	END
	kind "a later table that is refused" 0 0 0 0 EINVAL <<-'END'
		read 4
		read 6
		text 4 *mangle;-A INPUT -p esp;-N MORE;COMMIT
		text 6 *raw;-A PREROUTING -p tcp -j CT --helper nosuch;COMMIT
		commit
	END
	kind "one that is rolled back" 0 0 0 0 0 0 <<-'END'
		read 4
		read 6
		text 4 *mangle;-A INPUT -p esp;-N MORE;COMMIT
		text 6 *mangle;-A INPUT -p esp;-N MORE;COMMIT
		confirming 600
		commit
		rollback
	END
	kind "a sweep" 0 0 0 0 0 0 1 1 0 <<-'END'
		read 4
		read 6
		append 4 mangle INPUT -p ah
		append 6 mangle INPUT -p esp
		tag 4 mangle INPUT 2 me
		tag 6 mangle INPUT 2 me
		sweep 4 me
		sweep 6 me
		commit
	END
	kind "a transaction" 0 0 <<-'END'
		transaction 4 mangle INPUT -p esp
		transaction 6 mangle INPUT -p esp
	END
	printf '*mangle\n:INPUT ACCEPT [0:0]\n-A INPUT -p gre\n-A INPUT -p udp -m udp --dport 5555 -j WAIT\nCOMMIT\n' >"$tmp/wanted"
	kind "a table as it is wanted" 0 0 <<-END
		apply 4 $tmp/wanted
		apply 6 $tmp/wanted
	END
	kind "chains that go, the one of the queue too" 0 0 0 0 0 <<-'END'
		read 4
		read 6
		text 4 *mangle;-F;-X;COMMIT;*filter;-F;-X;COMMIT
		text 6 *mangle;-F;-X;COMMIT;*filter;-F;-X;COMMIT
		commit
	END
	release_packets
}

keeps() {
	[ -e "$rules_state/keep-$(stat -L -c %i /proc/self/ns/net)" ]
}

# The kernel drops what waits when the last rule that needs connection tracking goes, and its hooks with it.
last_conntrack() {
	local family

	hold_packets
	for family in iptables ip6tables; do
		"$family-$backend-restore" --noflush <<-'END'
			*nat
			-F PREROUTING
			-F THEIRS
			COMMIT
			*filter
			-F INPUT
			-F THEIRS
			-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
			COMMIT
		END
	done
	# That alone can have lost some already: what counts is what waits from here on.
	kind "the last rule with connection tracking" 0 0 0 0 0 <<-'END'
		read 4
		read 6
		text 4 *filter;-D INPUT 1;COMMIT
		text 6 *filter;-D INPUT 1;COMMIT
		commit
	END
	kind "a first one that is taken back" 0 0 0 0 0 0 0 0 EINVAL <<-'END'
		read 4
		read 6
		append 4 raw OUTPUT -m conntrack --ctstate NEW
		append 6 raw OUTPUT -m conntrack --ctstate NEW
		confirming 600
		commit
		rollback
		confirming 0
		refresh 4
		append 4 raw PREROUTING -p tcp -j CT --helper nosuch
		commit
	END
	keeps || fail "nothing was kept"
	release_packets
	printf 'read 4\nappend 4 raw OUTPUT -p gre\ncommit\n' | "$live_cli" backend "$backend" >/dev/null
	! keeps || fail "something is kept though there is no queue"
	note "ok: what was kept is given up"
}

# tool COMMAND [ARGUMENT...]: nfverdict rules COMMAND, after which all packets wait still
tool() {
	local command=$1

	shift
	"$top_builddir/nfverdict" rules "$command" --backend "$backend" --state "$rules_state" "$@" >"$tmp/out" 2>"$tmp/err" || {
		cat "$tmp/err"
		fail "nfverdict rules $command $*"
	}
	all_wait || fail "nfverdict rules $command $*: $(waiting) packets wait, $((2 * packets)) did"
	note "ok: nfverdict rules $command"
}

every_command() {
	local family

	hold_packets
	printf '*mangle\n:OURS - [0:0]\n-A OURS -p gre -j ACCEPT\n-A OURS -p tcp -j ACCEPT\nCOMMIT\n' >"$tmp/ours"
	for family in ipv4 ipv6; do
		tool apply --family "$family" "$tmp/ours"
		tool export --family "$family"
		cp "$tmp/out" "$tmp/exported"
		tool delete --family "$family" -t mangle OURS -p gre -j ACCEPT
		tool import --family "$family" "$tmp/exported"
		printf '*mangle\n-A INPUT -p esp -j OURS\n-P FORWARD DROP\nCOMMIT\n' >"$tmp/edits"
		tool transaction --family "$family" "$tmp/edits"
	done
	for family in iptables ip6tables; do
		"$family-$backend-save" -t mangle | grep -q '^-A INPUT -p esp -j OURS' || fail "$family: no rule of the transaction"
		"$family-$backend-save" -t mangle | grep -q '^-A OURS -p gre -j ACCEPT' || fail "$family: nothing was imported"
	done
	by_server
	release_packets
}

by_server() {
	local server server_cli=$top_builddir/tests/rules/server-cli

	"$top_builddir/nfverdict" rules serve --socket "$tmp/socket" --backend "$backend" --state "$rules_state" >"$tmp/server" 2>&1 &
	server=$!
	wait_for "the server" 10 "$server_cli" status "$tmp/socket" >/dev/null
	"$server_cli" put "$tmp/socket" mangle INPUT '-p ah -j ACCEPT' >"$tmp/out" 2>&1 || fail "put: $(cat "$tmp/out" "$tmp/server")"
	"iptables-$backend-save" -t mangle | grep -q '^-A INPUT -p ah -j ACCEPT' || fail "nothing was put in by the server"
	all_wait || fail "a commit by a server: $(waiting) packets wait, $((2 * packets)) did"
	kill "$server"
	wait "$server" || fail "the server ended with $?"
	note "ok: a commit by a server"
}

# The test would see a loss: what the tool does without --noflush.
control() {
	[ "$backend" = nft ] || return 0
	hold_packets
	iptables-nft-save -t mangle | iptables-nft-restore
	! all_wait || fail "packets outlive a table that is made anew: this test proves nothing"
	exec {udp_in}>&-
	wait "$udp_pid" || :
	rm "$tmp/udp.in"
	kill "$hold_pid"
	wait "$hold_pid" 2>/dev/null || :
	note "ok: a restore without --noflush loses packets, and that is seen"
}

for_backends every_kind every_command last_conntrack control
