#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Steering on real rulesets, with both backends and both families, in one network namespace without links:
#
#	[ nothing but rules: steer-cli puts chains and jumps between foreign ones and takes them out ]
#
# No packet flows, so every counter is to stay as it is.

set -eu -o pipefail

top_builddir=${top_builddir:-$PWD}
cli=$top_builddir/tests/rules/steer-cli
PATH=$PATH:/usr/sbin:/sbin # where iptables is, which is not in everybody's path

skip() {
	printf 'SKIP: %s\n' "$*"
	exit 77
}

if [ -z "${NFV_RULES_ISOLATED-}" ]; then
	[ -x "$cli" ] || skip "no steer-cli in $top_builddir/tests/rules"
	for tool in unshare setpriv iptables-nft iptables-legacy ip6tables-nft ip6tables-legacy; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
	user=()
	[ "$(id -u)" -eq 0 ] || user=(--user --map-root-user)
	why=$(unshare ${user[@]+"${user[@]}"} --net true 2>&1) || skip "no namespaces for uid $(id -u): $why"
	tmp=$(mktemp -d "${TMPDIR:-/tmp}/nfv-rules.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	status=0
	NFV_RULES_ISOLATED=$tmp XTABLES_LOCKFILE=$tmp/lock top_builddir=$top_builddir \
		unshare ${user[@]+"${user[@]}"} --net --pid --fork --kill-child --mount-proc bash "$0" </dev/null || status=$?
	exit "$status"
fi

tmp=$NFV_RULES_ISOLATED
mount -t tmpfs none /run # where the lock of those who change rules is
trap 'printf "FAIL: line %d: %s\n" "$LINENO" "$BASH_COMMAND"' ERR
set -E
families="iptables ip6tables"
tables="raw mangle nat filter security"

fail() {
	trap - ERR
	printf 'FAIL: %s: %s\n' "$backend" "$*"
	exit 1
}

ok() {
	printf 'ok: %s: %s\n' "$backend" "$*"
}

# ---- the ruleset ----

# Both families' rulesets with counters. Table by table, because the order of tables is not stable; without dates.
ruleset() {
	local family table

	for family in $families; do
		for table in $tables; do
			"$family-$backend-save" -c -t "$table" | sed '/^#/d'
		done
	done
}

# ours FAMILY [TABLE]: lines that speak of our chains
ours() {
	"$1-$backend-save" ${2:+-t "$2"} | grep -F NFV- || test $? -eq 1
}

same() {
	diff -u "$tmp/$1" "$tmp/$2" || fail "$3: the ruleset differs"
	ok "$3"
}

clear_all() {
	local family table

	for family in $families; do
		for table in $tables; do
			"$family-$backend" -t "$table" -F
			"$family-$backend" -t "$table" -X
		done
	done
}

# What others have: quotes, backslashes, counters, chains of their own, names that look like ours, every table.
foreign() {
	local family address

	for family in $families; do
		address=10.1.0.0/16
		[ "$family" = iptables ] || address=fd00:1::/32
		"$family-$backend-restore" -c <<-END
			*raw
			:PREROUTING ACCEPT [0:0]
			:OUTPUT ACCEPT [0:0]
			[1:40] -A PREROUTING -i "eth0" -m comment --comment "it's \"quoted\" \\\\ and back\\\\slashed"
			COMMIT
			*mangle
			:PREROUTING ACCEPT [0:0]
			:INPUT ACCEPT [0:0]
			:FORWARD ACCEPT [0:0]
			:OUTPUT ACCEPT [0:0]
			:POSTROUTING ACCEPT [0:0]
			[18446744073709551615:7] -A FORWARD -m mark --mark 0x1/0xff -j RETURN
			COMMIT
			*nat
			:PREROUTING ACCEPT [0:0]
			:INPUT ACCEPT [0:0]
			:OUTPUT ACCEPT [0:0]
			:POSTROUTING ACCEPT [0:0]
			:DOCKER - [0:0]
			[5:300] -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
			COMMIT
			*filter
			:INPUT DROP [0:0]
			:FORWARD ACCEPT [0:0]
			:OUTPUT ACCEPT [0:0]
			:nfv-edge - [0:0]
			:zz.odd+name - [0:0]
			[12:3456] -A INPUT -s $address ! -i lo+ -p tcp -m tcp ! --dport 22 -m comment --comment "nfv:edge" -j nfv-edge
			[0:0] -A INPUT -m comment --comment "-j NFV-edge" -j zz.odd+name
			[7:8] -A INPUT -m comment --comment "caf\303\251 \$(x) \`y\`" -j ACCEPT
			[0:0] -A INPUT -m comment --comment "" -j ACCEPT
			[9:90] -A nfv-edge -p udp -m multiport --dports 53,67:68 -j DROP
			[0:0] -A zz.odd+name -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j REJECT --reject-with tcp-reset
			COMMIT
			*security
			:INPUT ACCEPT [0:0]
			:FORWARD ACCEPT [0:0]
			:OUTPUT ACCEPT [0:0]
			COMMIT
		END
	done
}

edge=(queue edge 0 3 bypass
	steer filter INPUT 46 first '-p tcp --dport 23'
	steer filter INPUT 4 first '-s 10.9.0.1,10.9.0.2 -m comment --comment "it'"'"'s \"mine\" \\ own"'
	steer mangle FORWARD 46 last '! -i eth0+ -p udp -m multiport --dports 53,5353')
one=(queue one 7 7
	steer filter INPUT 46 first ''
	steer raw OUTPUT 6 first '-p tcp'
	steer security OUTPUT 4 last '-m mark --mark 1')

# ---- what is to be there ----

expected() {
	cat >"$tmp/wanted" <<-'END'
		iptables raw
		iptables mangle
		:NFV-edge - [0:0]
		-A FORWARD ! -i eth0+ -p udp -m multiport --dports 53,5353 -m comment --comment "nfv:edge" -j NFV-edge
		-A NFV-edge -j NFQUEUE --queue-balance 0:3 --queue-bypass
		iptables filter
		:NFV-edge - [0:0]
		:NFV-one - [0:0]
		-A INPUT -p tcp -m tcp --dport 23 -m comment --comment "nfv:edge" -j NFV-edge
		-A INPUT -s 10.9.0.1/32 -m comment --comment "it\'s \"mine\" \\ own" -m comment --comment "nfv:edge" -j NFV-edge
		-A INPUT -s 10.9.0.2/32 -m comment --comment "it\'s \"mine\" \\ own" -m comment --comment "nfv:edge" -j NFV-edge
		-A INPUT -m comment --comment "nfv:one" -j NFV-one
		-A INPUT -m comment --comment "-j NFV-edge" -j zz.odd+name
		-A NFV-edge -j NFQUEUE --queue-balance 0:3 --queue-bypass
		-A NFV-one -j NFQUEUE --queue-num 7
		iptables security
		:NFV-one - [0:0]
		-A OUTPUT -m mark --mark 0x1 -m comment --comment "nfv:one" -j NFV-one
		-A NFV-one -j NFQUEUE --queue-num 7
		ip6tables raw
		:NFV-one - [0:0]
		-A OUTPUT -p tcp -m comment --comment "nfv:one" -j NFV-one
		-A NFV-one -j NFQUEUE --queue-num 7
		ip6tables mangle
		:NFV-edge - [0:0]
		-A FORWARD ! -i eth0+ -p udp -m multiport --dports 53,5353 -m comment --comment "nfv:edge" -j NFV-edge
		-A NFV-edge -j NFQUEUE --queue-balance 0:3 --queue-bypass
		ip6tables filter
		:NFV-edge - [0:0]
		:NFV-one - [0:0]
		-A INPUT -p tcp -m tcp --dport 23 -m comment --comment "nfv:edge" -j NFV-edge
		-A INPUT -m comment --comment "nfv:one" -j NFV-one
		-A INPUT -m comment --comment "-j NFV-edge" -j zz.odd+name
		-A NFV-edge -j NFQUEUE --queue-balance 0:3 --queue-bypass
		-A NFV-one -j NFQUEUE --queue-num 7
		ip6tables security
	END
	for family in $families; do
		for table in raw mangle filter security; do
			echo "$family $table"
			ours "$family" "$table"
		done
	done >"$tmp/got"
	diff -u "$tmp/wanted" "$tmp/got" || fail "what was installed is not what was wanted"
	# Ours come first, or last, as asked for.
	"iptables-$backend-save" -t filter | grep -m 1 -e '^-A INPUT' | grep -qF -- '--dport 23 -m comment --comment "nfv:edge" -j NFV-edge'
	"iptables-$backend-save" -t mangle | grep -e '^-A FORWARD' | tail -n 1 | grep -qF -- '-j NFV-edge'
	ok "installed as wanted, in order"
}

# run STATUS WORDS...: steer-cli, its output in $tmp/out
run() {
	local wanted=$1 got=0 what=$2

	shift 2
	"$cli" "$what" "$backend" "$@" >"$tmp/out" 2>&1 || got=$?
	[ "$got" -eq "$wanted" ] || {
		cat "$tmp/out"
		fail "$what $*: status $got, wanted $wanted"
	}
}

says() {
	grep -qFx -- "$1" "$tmp/out" || {
		cat "$tmp/out"
		fail "no line: $1"
	}
	ok "told: $1"
}

# ---- listeners ----

listen() {
	coproc LISTENER { exec "$cli" listen "$1"; }
	local line

	read -r -u "${LISTENER[0]}" line
	[ "$line" = ready ] || fail "no listener on queue $1"
}

# As after a crash: no last words.
kill_listener() {
	local pid=$LISTENER_PID

	kill -KILL "$pid"
	wait "$pid" 2>/dev/null || true
}

# ---- the tests ----

install_and_sweep() {
	foreign
	ruleset >"$tmp/before"
	run 0 check "${edge[@]}" "${one[@]}"
	run 0 sweep
	says "removed 0 kept 0"
	ruleset >"$tmp/after"
	same before after "a check and a sweep of nothing change nothing"

	run 0 install "${edge[@]}" "${one[@]}"
	expected
	ruleset | grep -vE '(-j NFV-(edge|one)$|-A NFV-|:NFV-)' >"$tmp/after"
	same before after "foreign rules are untouched while ours are there"

	ruleset >"$tmp/installed"
	run 1 install "${edge[@]}"
	says "-: iptables: table filter: chain NFV-edge is there already and in use: is another daemon running with this queue?"
	ruleset >"$tmp/after"
	same installed after "a second installation changes nothing"

	# Others go on meanwhile.
	for family in $families; do
		"$family-$backend" -I INPUT 1 -p tcp --dport 8080 -m comment --comment 'nfv:one' -j DROP
		"$family-$backend" -t raw -A OUTPUT -m comment --comment "late \"one\"" -j ACCEPT
		"$family-$backend" -N LATE
	done
	# And somebody copies one of ours.
	iptables-"$backend" -A INPUT -p tcp --dport 23 -m comment --comment nfv:edge -j NFV-edge

	listen 7
	run 0 sweep
	grep -q ' kept 4$' "$tmp/out" || fail "kept: $(cat "$tmp/out")"
	[ "$(ours iptables filter | grep -c 'NFV-edge')" -eq 1 ] || fail "the dead queue's rules are still there"
	[ "$(ours ip6tables raw | wc -l)" -eq 3 ] || fail "the rules of the living listener are gone"
	ok "a living listener's chains are kept, a dead one's and copies are gone"
	kill_listener
	run 0 sweep
	grep -q ' kept 0$' "$tmp/out" || fail "kept: $(cat "$tmp/out")"
	ruleset >"$tmp/after"
	for family in $families; do
		"$family-$backend" -D INPUT 1
		"$family-$backend" -t raw -D OUTPUT 1
		"$family-$backend" -X LATE
	done
	[ "$(diff "$tmp/before" "$tmp/after" | grep -c '^>')" -eq 6 ] || fail "other lines than the six late ones: $(diff "$tmp/before" "$tmp/after")"
	ruleset >"$tmp/after"
	same before after "foreign rules are byte-identical after all"

	listen 7
	run 0 install "${one[@]}"
	run 0 sweep own 7
	grep -q ' kept 0$' "$tmp/out" || fail "kept: $(cat "$tmp/out")"
	kill_listener
	ruleset >"$tmp/after"
	same before after "the caller's own numbers are no reason to keep"
}

all_or_none() {
	run 1 install queue edge 0 3 steer filter INPUT 46 first '-p tcp --dport 1' steer mangle INPUT 46 first '-p icmp -m icmp --icmp-type 8'
	grep -q '^entry 2: .*ip6tables' "$tmp/out" || fail "$(cat "$tmp/out")"
	ruleset >"$tmp/after"
	same before after "a failure in IPv6 takes IPv4 back"

	# The kernel refuses owner on INPUT, which no test of the text tells: the engine's own checks do.
	run 1 install queue edge 0 3 steer raw OUTPUT 46 first '' steer mangle OUTPUT 4 last '' \
		steer filter INPUT 46 first '-m owner --uid-owner 0'
	grep -q '^entry 3: table filter, chain INPUT, rule 1: match owner works in ' "$tmp/out" || fail "$(cat "$tmp/out")"
	ruleset >"$tmp/after"
	same before after "a failure in a later table takes the earlier ones back"

	run 1 install queue edge 0 3 steer raw OUTPUT 4 first '' steer filter INPUT 4 first '-p tcp' \
		steer filter INPUT 4 first '-m owner --uid-owner 0'
	grep -q '^entry 3: ' "$tmp/out" || fail "$(cat "$tmp/out")"
	[ "$(wc -l <"$tmp/out")" -eq 2 ] || fail "others are blamed too: $(cat "$tmp/out")"
	ruleset >"$tmp/after"
	same before after "so does one that the tool does not explain"

	# A chain that is there already, empty, for a rule of somebody else leads to it.
	"iptables-$backend" -N NFV-edge
	"iptables-$backend" -A nfv-edge -j NFV-edge
	ruleset >"$tmp/installed"
	run 1 install queue edge 0 3 steer filter INPUT 4 first '-m owner --uid-owner 0' \
		queue one 7 7 steer filter FORWARD 4 last '' steer filter INPUT 4 last '-m owner --uid-owner 1'
	grep -q '^entry 1: ' "$tmp/out" || fail "$(cat "$tmp/out")"
	if grep -q '^entry 2' "$tmp/out"; then
		fail "the right entry is blamed: $(cat "$tmp/out")"
	fi
	ruleset >"$tmp/after"
	same installed after "what is refused leaves nothing"
	"iptables-$backend" -D nfv-edge -j NFV-edge
	"iptables-$backend" -X NFV-edge

	run 1 install queue edge 0 3 steer filter INPUT 4 first '-m rpfilter'
	grep -q '^entry 1: ' "$tmp/out" || fail "$(cat "$tmp/out")"
	# An option of a match that no check of ours knows, and only the kernel refuses.
	run 1 install queue edge 0 3 steer filter INPUT 4 first '-p tcp' \
		steer filter INPUT 4 first '-m bpf --bytecode "1,6 0 0 0"' steer filter INPUT 4 first '-m bpf --bytecode "1,255 9 9 9"'
	grep -qE '^entry 3: iptables: table filter: ' "$tmp/out" || fail "$(cat "$tmp/out")"
	ruleset >"$tmp/after"
	same before after "a single entry is blamed for what the kernel refuses"
}

mistakes() {
	run 1 check queue a 1 1 steer filter INPUT 46 first '-p tcp --dprt 1' steer mangle INPUT 46 first '-p tcp --dport 1' \
		queue b 2 2 steer filter INPUT 46 first '-p icmp --icmp-type 8' steer filter INPUT 46 first '-s 300.1.1.1' \
		steer raw OUTPUT 46 last '-m nosuch' steer raw OUTPUT 46 last '-p icmpv6 --icmpv6-type 128' \
		steer raw INPUT 46 last '' steer filter INPUT 46 first '-p tcp foo'
	says 'entry 1: iptables: unknown option "--dprt"'
	says 'entry 3: ip6tables: unknown option "--icmp-type" (family: ipv4?)'
	says "entry 4: iptables: host/network \`300.1.1.1' not found"
	says "entry 5: iptables: Couldn't load match \`nosuch':No such file or directory"
	says 'entry 6: iptables: unknown option "--icmpv6-type" (family: ipv6?)'
	says 'entry 7: table raw has no built-in chain "INPUT"'
	says "entry 8: iptables: Bad argument \`foo'"
	if grep -q '^entry 2' "$tmp/out"; then
		fail "the right entry is blamed: $(cat "$tmp/out")"
	fi
	# What an option without its value swallows is not the user's.
	run 1 check queue a 1 1 steer filter INPUT 4 first '-p tcp --dport' steer filter INPUT 4 last '-m mark --mark' \
		steer filter INPUT 4 last '-p tcp --tcp-flags SYN'
	says 'entry 1: iptables: option "--dport" requires an argument'
	says 'entry 2: iptables: option "--mark" requires an argument'
	grep -q '^entry 3: iptables: .*--tcp-flags' "$tmp/out" || fail "$(cat "$tmp/out")"
	ruleset >"$tmp/after"
	same before after "checks change nothing"
}

injections() {
	local match long

	printf -v long 'x%.0s' {1..1100}
	for match in \
		$'-p tcp\n-A INPUT -j ACCEPT' $'-m comment --comment "x\n-A INPUT -j ACCEPT"' $'-p tcp\r-j DROP' \
		'-m comment --comment "open' '-p tcp -j DROP' '-p tcp "-j" DROP' '-p tcp -jDROP' '-fjDROP' '--jum DROP' '-g nfv-edge' \
		'-p tcp -A INPUT' '-t nat' '-D INPUT 1' '-F' '--flush' '-4' '-6' '-c 1 1' '-- -j DROP' "--modprobe=$tmp/evil" "-M$tmp/evil" \
		'-m comment --comment -j' "-m comment --comment $long" '-p tcp !' '-p tcp --dport' '-m comment --comment' '-i' \
		'; touch '"$tmp/evil" '| touch' '$(touch '"$tmp/evil)" '\' '"\' '*nat' 'COMMIT' ':X - [0:0]' '#'; do
		for what in check install; do
			run 1 "$what" queue q 1 1 steer filter INPUT 46 first "$match"
			grep -q '^entry 1: ' "$tmp/out" || fail "no entry is blamed for $match: $(cat "$tmp/out")"
		done
	done
	for name in $'a\nb' 'a b' 'a"b' '' 'aaaaaaaaaaaaaaaaaaaaaaaaa' '../x'; do
		run 1 install queue "$name" 1 1 steer filter INPUT 46 first ''
	done
	ruleset >"$tmp/after"
	same before after "no match gets anything else into the ruleset"
	[ ! -e "$tmp/evil" ] || fail "something was run"
}

foreign_jump() {
	run 0 install "${one[@]}"
	iptables-"$backend" -A nfv-edge -p tcp -j NFV-one
	run 0 sweep
	says "-: iptables: table filter: chain NFV-one: a rule that is not ours leads to it: emptied, not removed"
	[ "$(ours iptables filter)" = ":NFV-one - [0:0]
-A INPUT -m comment --comment \"-j NFV-edge\" -j zz.odd+name
-A nfv-edge -p tcp -j NFV-one" ] || fail "$(ours iptables filter)"
	run 0 sweep
	says "removed 0 kept 0"
	run 0 install "${one[@]}"
	[ "$(ours iptables filter | grep -c -- '-A NFV-one -j NFQUEUE')" -eq 1 ] || fail "the emptied chain was not used again"
	iptables-"$backend" -D nfv-edge -p tcp -j NFV-one
	run 0 sweep
	ruleset >"$tmp/after"
	same before after "a chain that a foreign rule leads to is emptied, used again, removed when it can be"

	# Others put rules into a chain of ours.
	run 0 install "${one[@]}"
	iptables-"$backend" -I NFV-one 1 -p tcp -j ACCEPT
	iptables-"$backend" -A NFV-one -p udp -j NFQUEUE --queue-num 9
	run 0 sweep
	says "-: iptables: table filter: chain NFV-one: rules that are not ours stand in it: they stay, and the chain with them"
	[ "$(ours iptables filter)" = ":NFV-one - [0:0]
-A INPUT -m comment --comment \"-j NFV-edge\" -j zz.odd+name
-A NFV-one -p tcp -j ACCEPT
-A NFV-one -p udp -j NFQUEUE --queue-num 9" ] || fail "$(ours iptables filter)"
	run 0 sweep
	says "removed 0 kept 0"
	iptables-"$backend" -F NFV-one
	iptables-"$backend" -X NFV-one
	ruleset >"$tmp/after"
	same before after "of a chain of ours that holds others' rules only ours goes"

	# Chains that only bear such a name.
	iptables-"$backend" -N NFV-suricata
	iptables-"$backend" -A INPUT -j NFV-suricata
	iptables-"$backend" -A NFV-suricata -p tcp -j NFQUEUE --queue-num 7
	iptables-"$backend" -A NFV-suricata -p udp -j ACCEPT
	ruleset >"$tmp/installed"
	run 0 sweep
	says "removed 0 kept 0"
	ruleset >"$tmp/after"
	same installed after "a chain of others whose name begins like ours is left alone"
	iptables-"$backend" -F NFV-suricata
	iptables-"$backend" -A NFV-suricata -j NFQUEUE --queue-num 7
	run 0 sweep
	says "removed 0 kept 0"
	iptables-"$backend" -D INPUT -j NFV-suricata
	iptables-"$backend" -F NFV-suricata
	iptables-"$backend" -X NFV-suricata
	ruleset >"$tmp/after"
	same before after "so is one with one plain rule that their own rule leads to"
	iptables-"$backend" -N NFV-else
	iptables-"$backend" -A NFV-else -p tcp -j DROP
	run 0 sweep
	says "removed 0 kept 0"
	iptables-"$backend" -F NFV-else
	iptables-"$backend" -X NFV-else
}

# Matches that the tool prints in a way that it does not read as the same rule.
by_number() {
	run 0 install queue q 1 1 steer filter INPUT 46 first '-m connlimit --connlimit-above 10' \
		steer filter INPUT 46 last '-m recent --set' steer filter INPUT 46 last ''
	[ "$(ours iptables filter | grep -c -- '-j NFV-q$')" -eq 3 ] || fail "not installed: $(ours iptables filter)"
	# The guard: a wrong number leaves a jump, so the chain cannot go, so nothing happens.
	ruleset >"$tmp/installed"
	if printf '*filter\n-D INPUT 7\n-D INPUT 3\n-D INPUT 1\n-F NFV-q\n-X NFV-q\nCOMMIT\n' |
		"iptables-$backend-restore" --noflush -w 5 2>"$tmp/out"; then
		fail "a wrong number was taken"
	fi
	ruleset >"$tmp/after"
	same installed after "a wrong number undoes the whole text"
	run 0 sweep
	ruleset >"$tmp/after"
	same before after "jumps that cannot be deleted by their text are removed"
}

# From one steering to another. What stays is not put in anew: its number in the kernel and its counters tell.
changes() {
	local q=(queue q 1 1 steer filter INPUT 46 first '-p tcp' steer filter INPUT 4 last '-p udp' steer raw OUTPUT 4 first '')
	local q2=(queue q 1 1 steer filter INPUT 46 first '-p tcp' steer filter INPUT 4 last '-p udp' steer mangle INPUT 6 first '-p 99')
	local odd=(queue odd 2 5 steer filter INPUT 46 first '-m connlimit --connlimit-above 10' steer filter INPUT 4 last '-m recent --set'
		steer filter FORWARD 4 first '-s 10.0.0.1,10.0.0.2 -p tcp --dport 80')

	run 0 change "${q[@]}"
	says "changed 10"
	run 0 sweep own 1
	ruleset >"$tmp/after"
	same before after "a change from nothing is undone by a sweep"

	run 0 install "${q[@]}"
	ruleset >"$tmp/installed"
	for known in no yes; do
		was=()
		[ "$known" = no ] || was=("${q[@]}" then)
		run 0 change own 1 ${was[@]+"${was[@]}"} "${q[@]}"
		grep -q '^changed 0' "$tmp/out" || fail "$(cat "$tmp/out")"
	done
	says "changed 0, the same"
	ruleset >"$tmp/after"
	same installed after "what is there already is taken over"

	# Counters that no packet made, so that they tell who was put in anew.
	"iptables-$backend-restore" --noflush -c <<-'END'
		*filter
		-D INPUT -p tcp -m comment --comment nfv:q -j NFV-q
		[5:50] -I INPUT -p tcp -m comment --comment "nfv:q" -j NFV-q
		-F NFV-q
		[6:60] -A NFV-q -j NFQUEUE --queue-num 1
		COMMIT
	END
	# And somebody else is at it, too.
	iptables-"$backend" -I INPUT 1 -p tcp --dport 9 -j ACCEPT
	ruleset >"$tmp/installed"
	run 0 change own 1 "${q[@]}" then "${q2[@]}"
	says "changed 6"
	ruleset >"$tmp/after"
	diff "$tmp/installed" "$tmp/after" >"$tmp/diff" || true
	[ "$(sed -n 's/^[<>] //p' "$tmp/diff")" = ':NFV-q - [0:0]
[0:0] -A OUTPUT -m comment --comment "nfv:q" -j NFV-q
[0:0] -A NFV-q -j NFQUEUE --queue-num 1
:NFV-q - [0:0]
[0:0] -A INPUT -p 99 -m comment --comment "nfv:q" -j NFV-q
[0:0] -A NFV-q -j NFQUEUE --queue-num 1' ] || fail "$(cat "$tmp/diff")"
	ok "nothing but the difference is touched"

	run 0 change own 1 own 2 own 3 own 4 own 5 "${q2[@]}" then "${q2[@]}" "${odd[@]}"
	ruleset >"$tmp/installed"
	run 0 change own 1 own 2 own 3 own 4 own 5 "${q2[@]}" "${odd[@]}"
	says "changed 0"
	ruleset >"$tmp/after"
	same installed after "matches that the tool prints otherwise than they were written are known again"

	# The queue number changes: one rule in each table of each family.
	run 0 change own 1 own 2 own 3 own 4 own 5 own 7 "${q2[@]}" "${odd[@]}" then queue q 7 7 bypass "${q2[@]:4}" "${odd[@]}"
	says "changed 6"
	[ "$(ours iptables filter | grep -cF -- '-A NFV-q -j NFQUEUE --queue-num 7 --queue-bypass')" -eq 1 ] || fail "$(ours iptables filter)"
	iptables-"$backend-save" -c -t filter | grep -qF '[5:50] -A INPUT -p tcp -m comment --comment "nfv:q" -j NFV-q' ||
		fail "the jump's counters are gone"
	ok "the queue number changes, jumps stay"

	# Others' rules in the chain, and a rule that leads to it.
	iptables-"$backend" -I NFV-odd 1 -p sctp -j RETURN
	run 0 change own 2 own 3 own 4 own 5 own 6 own 7 "${odd[@]}" then "${odd[@]:0:3}" 6 "${odd[@]:4}"
	says "changed 14"
	[ "$(iptables-"$backend-save" | grep -F -A 1 -e '-A NFV-odd -p sctp -j RETURN')" = '-A NFV-odd -p sctp -j RETURN
-A NFV-odd -j NFQUEUE --queue-balance 2:6' ] || fail "$(ours iptables filter)"
	ok "rules that others put into our chain are no obstacle"
	run 0 change own 2 own 3 own 4 own 5 own 6 own 7
	says "-: iptables: table filter: chain NFV-odd: rules that are not ours stand in it: they stay, and the chain with them"
	iptables-"$backend" -D NFV-odd 1
	run 0 change own 2 own 3 own 4 own 5 own 7 "${odd[@]}"
	ok "a chain that was left is used again"

	# What is refused changes nothing: in IPv4 it would have worked.
	ruleset >"$tmp/installed"
	run 1 change own 2 own 3 own 4 own 5 own 7 queue q 7 7 steer filter INPUT 46 first '-p icmp -m icmp --icmp-type 8' "${odd[@]}"
	grep -q '^entry 1: .*ip6tables' "$tmp/out" || fail "$(cat "$tmp/out")"
	run 1 change own 2 own 3 own 4 own 5 own 7 queue q 7 7 steer raw OUTPUT 4 first '' \
		steer filter INPUT 4 first '-m bpf --bytecode "1,255 9 9 9"'
	grep -q '^entry 2: ' "$tmp/out" || fail "$(cat "$tmp/out")"
	ruleset >"$tmp/after"
	same installed after "a change that is refused changes nothing"

	# Somebody else has a chain of that name, and listens.
	run 0 install queue other 9 9 steer filter INPUT 4 first '-p esp'
	listen 9
	ruleset >"$tmp/installed"
	run 1 change own 2 own 3 own 4 own 5 own 7 own 8 "${odd[@]}" queue other 8 8 steer filter INPUT 4 first '-p esp'
	says "-: iptables: table filter: chain NFV-other is there already and in use: is another daemon running with this queue?"
	ruleset >"$tmp/after"
	same installed after "what another daemon has is left to it"
	run 0 change own 2 own 3 own 4 own 5 own 7 "${odd[@]}"
	[ "$(ours iptables filter | grep -c other)" -eq 3 ] || fail "$(ours iptables filter)"
	kill_listener
	run 0 change own 2 own 3 own 4 own 5 own 7
	iptables-"$backend" -D INPUT -p tcp --dport 9 -j ACCEPT
	ruleset >"$tmp/after"
	same before after "to nothing: foreign rules are byte-identical"
}

unprivileged() {
	local status=0

	setpriv --bounding-set=-all --inh-caps=-all "$cli" check "$backend" "${edge[@]}" >"$tmp/out" 2>&1 || status=$?
	[ "$status" -eq 1 ] || fail "status $status: $(cat "$tmp/out")"
	says "= Operation not permitted"
	[ "$(grep -c '^-: iptables: ' "$tmp/out")" -eq 1 ] && [ "$(wc -l <"$tmp/out")" -eq 2 ] || fail "$(cat "$tmp/out")"
}

for backend in nft legacy; do
	# A kernel may be without the legacy tables.
	if ! "iptables-$backend" -t security -L -n >"$tmp/out" 2>&1; then
		cat "$tmp/out"
		[ "$backend" = legacy ] || skip "the kernel has no $backend tables"
		printf 'left out: legacy: the kernel has no such tables\n'
		continue
	fi
	install_and_sweep
	all_or_none
	mistakes
	injections
	foreign_jump
	by_number
	changes
	unprivileged
	clear_all
done

# What a run with the other backend left is found too.
case $(readlink -f "$(command -v iptables-save)") in
*nft*) backend=legacy ;;
*) backend=nft ;;
esac
if "iptables-$backend" -t security -L -n >/dev/null 2>&1; then
	run 0 install "${one[@]}"
	"$cli" sweep auto >"$tmp/out"
	[ -z "$(ours iptables)$(ours ip6tables)" ] || fail "rules of the other backend are left: $(cat "$tmp/out")"
	ok "automatic choice of the backend sweeps the other one too"
fi
