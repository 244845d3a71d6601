#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every command of `nfverdict rules` as a user runs it, with both backends, each in a network namespace without links of its own:
#
#	[ nothing but rules ]

set -eu -o pipefail

top_builddir=${top_builddir:-$PWD}
tool=$top_builddir/nfverdict
PATH=$PATH:/usr/sbin:/sbin # where iptables is, which is not in everybody's path

skip() {
	printf 'SKIP: %s\n' "$*"
	exit 77
}

if [ -z "${NFV_RULES_ISOLATED-}" ]; then
	[ -x "$tool" ] || skip "no nfverdict in $top_builddir"
	for program in unshare python3 iptables-nft iptables-legacy ip6tables-nft ip6tables-legacy; do
		command -v "$program" >/dev/null || skip "$program is not installed"
	done
	user=()
	[ "$(id -u)" -eq 0 ] || user=(--user --map-root-user)
	why=$(unshare ${user[@]+"${user[@]}"} --net true 2>&1) || skip "no namespaces for uid $(id -u): $why"
	tmp=$(mktemp -d "${TMPDIR:-/tmp}/nfv-tool.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	for backend in nft legacy; do
		status=0
		mkdir "$tmp/$backend"
		NFV_RULES_ISOLATED=$tmp/$backend XTABLES_LOCKFILE=$tmp/$backend/xtables.lock top_builddir=$top_builddir \
			unshare ${user[@]+"${user[@]}"} --net --pid --fork --kill-child --mount-proc \
			bash "$0" "$backend" </dev/null || status=$?
		[ "$status" -eq 0 ] || exit "$status"
	done
	exit 0
fi

backend=$1
tmp=$NFV_RULES_ISOLATED
unset NO_COLOR
trap 'printf "FAIL: line %d: %s\n" "$LINENO" "$BASH_COMMAND"' ERR
set -E
cd "$tmp"

fail() {
	trap - ERR
	printf 'FAIL: %s: %s\n' "$backend" "$*"
	printf -- '---- out\n'
	cat "$tmp/out" 2>/dev/null || :
	printf -- '---- err\n'
	cat "$tmp/err" 2>/dev/null || :
	exit 1
}

ok() {
	printf 'ok: %s: %s\n' "$backend" "$*"
}

# run STATUS COMMAND [ARG...]: nfverdict rules COMMAND; its output is in $tmp/out and $tmp/err.
run() {
	local wanted=$1 command=$2 status=0 where=()

	shift 2
	case $command in
	diff) [[ " $* " != *" live "* ]] || where=(--backend "$backend" --state "$tmp/state") ;;
	show | check | apply | confirm | rollback | delete | transaction | export | import | serve)
		where=(--backend "$backend" --state "$tmp/state")
		;;
	esac
	"$tool" rules "$command" ${where[@]+"${where[@]}"} "$@" >"$tmp/out" 2>"$tmp/err" || status=$?
	[ "$status" -eq "$wanted" ] || fail "rules $command $*: status $status, wanted $wanted"
}

# terminal COMMAND [ARG...]: the same on a terminal.
terminal() {
	TERM=xterm python3 -c 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' \
		"$tool" rules "$@" </dev/null >"$tmp/out" || fail "rules $* on a terminal: status $?"
}

# out TEXT, err TEXT: what the last run printed, whole.
out() {
	[ "$(cat "$tmp/out")" = "$1" ] || fail "standard output is not: $1"
}

err() {
	[ "$(cat "$tmp/err")" = "$1" ] || fail "standard error is not: $1"
}

# has FILE REGEX
has() {
	grep -qE -- "$2" "$tmp/$1" || fail "no line of $1 matches $2"
}

hasnt() {
	! grep -qE -- "$2" "$tmp/$1" || fail "a line of $1 matches $2"
}

# kernel [-6] CHAIN [TABLE]: the rules of a chain as the kernel has them, one a line without "-A CHAIN".
kernel() {
	local family=iptables

	if [ "$1" = -6 ]; then
		family=ip6tables
		shift
	fi
	"$family-$backend-save" -t "${2:-filter}" 2>/dev/null | sed -nE "s/^-A $1 ?//p"
}

# is WHAT GOT WANTED
is() {
	[ "$2" = "$3" ] || fail "$1: got: $2; wanted: $3"
	ok "$1"
}

# All rules, chains and policies without counters. A table without any of them is none: even --test makes legacy load it.
everything() {
	local family table

	for family in iptables ip6tables; do
		for table in raw mangle nat filter security; do
			"$family-$backend-save" -t "$table" 2>/dev/null | sed -E 's/\[[0-9]+:[0-9]+\]//' |
				awk -v where="$family $table" '/^-|^:.* (-|DROP)/ { print where, $0 }'
		done
	done
}

# json EXPRESSION: of the last output; it must be true.
json() {
	python3 -c 'import json, sys
v = json.load(open(sys.argv[1]))
sys.exit(not eval(sys.argv[2]))' "$tmp/out" "$1" || fail "not so in the JSON: $1"
}

wait_for() {
	local what=$1 end=$((SECONDS + $2 + 1))

	shift 2
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || fail "waited in vain for: $what"
		sleep 0.05
	done
}

cat >web.rules <<'END'
*filter
:INPUT DROP [0:0]
:web - [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -p tcp -m multiport --dports 80,443 -j web
-A web -s 192.0.2.0/255.255.255.0 -j DROP
-A web -j ACCEPT
COMMIT
END

# ---- files alone ----

run 0 format web.rules
out "*filter
:INPUT DROP [0:0]
:web - [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -p tcp -m multiport --dports 80,443 -j web
-A web -s 192.0.2.0/24 -j DROP
-A web -j ACCEPT
COMMIT"
cp out canonical.rules
run 0 format canonical.rules
cmp -s out canonical.rules || fail "format: what it printed is not what it prints of that"
run 0 format - <web.rules
cmp -s out canonical.rules || fail "format: standard input"
run 0 format --annotated web.rules
has out '^# web\.rules:4$'
run 0 format --commands web.rules
has out '^iptables -t filter -A web -s 192\.0\.2\.0/24 -j DROP$'
run 0 format --commands --ipv6 - <<'END'
*filter
-A INPUT -s fe80::/10 -j DROP
COMMIT
END
has out '^ip6tables -t filter -A INPUT -s fe80::/10 -j DROP$'
printf 'iptables -N web\niptables -A web -s 192.0.2.0/24 -j DROP\niptables -t nat -A OUTPUT -j RETURN\n' >commands
run 0 format commands
has out '^-A web -s 192\.0\.2\.0/24 -j DROP$'
has out '^\*nat$'
ok "format"

printf '# Generated by iptables-save v1.8.9\n*filter\n-A INPUT -s 10.0.0.1/32 -j DROP\nCOMMIT\n# Generated by ip6tables-save v1.8.9\n*filter\n-A INPUT -s fe80::1/128 -j DROP\nCOMMIT\n' >both.rules
run 0 format both.rules
has out '^# family ipv4$'
has out '^# family ipv6$'
has out '^-A INPUT -s fe80::1/128 -j DROP$'
is "format: both families, each line once" "$(grep -c '^-A' out)" 2
cp out both2.rules
run 0 format both2.rules
cmp -s out both2.rules || fail "format: the text for both families is not read as it is printed"
run 0 format --table nat both.rules
is "format: only a table that is not there" "$(grep -c '^-A' out || :)" 0

cat >wrong.rules <<'END'
*filter
-A INPUT -p tcp --dport 22 -m comment --comment "ssh -j ACCEPT
-A INPUT -p
COMMIT
END
run 2 format wrong.rules
err 'wrong.rules:2:49: a quote that is not closed
    -A INPUT -p tcp --dport 22 -m comment --comment "ssh -j ACCEPT
                                                    ^
wrong.rules:3:10: -p: its value is missing
    -A INPUT -p
             ^'
out ""
ok "format: mistakes with their places"
run 2 format --json wrong.rules
json 'v["ok"] is False and v["exit"] == 2 and v["error"]["line"] == 2 and v["error"]["column"] == 49 and len(v["findings"]) == 2'
err ""
run 2 format "$tmp"
err "nfverdict: $tmp: Is a directory"
"$tool" rules export web.rules >/dev/full 2>err && fail "export: to a full disk: status 0"
err "nfverdict: standard output: No space left on device"
run 2 format nothing.rules
err "nfverdict: nothing.rules: No such file or directory"

run 0 show web.rules
out "filter, IPv4
INPUT  policy DROP
  #1 ACCEPT -i lo
  #2 web    -p tcp -m multiport --dports 80,443
web  1 reference
  #1 DROP   -s 192.0.2.0/24
  #2 ACCEPT"
run 0 show --color always web.rules
has out $'policy \033\\[31mDROP\033\\[0m'
run 0 show web.rules
hasnt out $'\033'
terminal show web.rules
has out $'policy \033\\[31mDROP\033\\[0m'
NO_COLOR=1 terminal show web.rules
hasnt out $'\033'
ok "colours: on a terminal, unless NO_COLOR is set"
run 0 show --text web.rules
has out '^-A web -j ACCEPT$'
ok "show: a file"

run 0 check web.rules
err ""
printf '*filter\n-A INPUT -j nowhere\n-A FORWARD -j nowhere2\nCOMMIT\n' >bad.rules
run 1 check bad.rules
has err '^bad\.rules:2:'
has err '^bad\.rules:3:'
run 1 check --json bad.rules
json 'v["ok"] and v["exit"] == 1 and [f["line"] for f in v["findings"]] == [2, 3]'
run 2 check wrong.rules
ok "check"

sed 's/192.0.2/198.51.100/' canonical.rules >other.rules
run 0 diff web.rules canonical.rules
out ""
run 1 diff web.rules other.rules
out "*filter
-R web 1 -s 198.51.100.0/24 -j DROP
COMMIT"
run 1 diff --human canonical.rules other.rules
has out '^-.*192\.0\.2\.0/24'
has out '^\+.*198\.51\.100\.0/24'
run 1 diff --json web.rules other.rules
json 'v["equal"] is False and v["changes"][0]["script"].startswith("*filter\n")'
run 2 diff web.rules wrong.rules
run 2 diff - -
ok "diff: files"

# ---- mistakes in the command line ----

for words in "" "shwo" "show --famly ipv4" "show --family ip4" "diff a" "apply" "delete INPUT" "delete --owner a --chain b" \
	"delete INPUT #1 x" "apply web.rules --exact --owner a" "apply web.rules --first" "serve" "apply live"; do
	# shellcheck disable=SC2086 # words without blanks
	"$tool" rules $words >out 2>err && fail "nfverdict rules $words: status 0"
	is "'$words': one line of explanation" "$(wc -l <err)" 1
done
run 0 help
has out '^  transaction '
run 0 help apply
has out '--confirm SECONDS'
"$tool" version | grep -q '^nfverdict ' || fail "version"

# ---- the kernel ----

"iptables-$backend" -A OUTPUT -m comment --comment "others \"rule\"" -j ACCEPT
"iptables-$backend" -t mangle -A PREROUTING -j MARK --set-mark 5
before=$(everything)

run 0 apply --dry-run web.rules
has out '^\+.*-i lo -j ACCEPT'
has err 'dry run: nothing was changed'
is "apply --dry-run changes nothing" "$(everything)" "$before"
run 0 check --live --test web.rules

run 0 apply web.rules
is "apply: chain" "$(kernel web)" "-s 192.0.2.0/24 -j DROP
-j ACCEPT"
is "apply: chains of others stay" "$(kernel OUTPUT)" "-m comment --comment \"others \\\"rule\\\"\" -j ACCEPT"
is "apply: policy" "$("iptables-$backend-save" -t filter 2>/dev/null | grep -c '^:INPUT DROP')" 1
run 0 apply web.rules
has err 'nothing to change'
run 0 diff --named live web.rules
run 1 diff live web.rules
has out '^-[DF] OUTPUT'
run 0 apply --json web.rules
json 'v["ok"] and v["changed"] is False and v["dry_run"] is False'

run 0 show --counters
has out '^filter, IPv4$'
has out '#2 +0 +0 web +-p tcp'
run 0 show --json --family ipv4
json '"filter" in json.dumps(v)'
run 0 show --text -t filter -4
has out '^-A web -s 192\.0\.2\.0/24 -j DROP$'
ok "show: the kernel"

run 3 apply bad.rules
has err 'nowhere'
has err '^bad\.rules:2'
ok "apply: a mistake is told with its place, and nothing is changed"
run 3 apply --json bad.rules
json 'v["ok"] is False and v["exit"] == 3 and v["error"]["line"] == 2'

# Both families in one file, and JSON out and in.
run 0 apply both.rules
is "apply: IPv6" "$(kernel -6 INPUT)" "-s fe80::1/128 -j DROP"
is "apply: IPv4" "$(kernel INPUT)" "-s 10.0.0.1/32 -j DROP"
run 0 export
cp out state.json
json '[r["family"] for r in v] == ["ipv4", "ipv6"]'
run 0 apply web.rules
run 0 import --dry-run state.json
run 0 import state.json
is "import" "$(kernel INPUT)" "-s 10.0.0.1/32 -j DROP"
run 0 import --print --family ipv6 state.json
has out '^-A INPUT -s fe80::1/128 -j DROP$'
run 0 format state.json
has out '^-A INPUT -s fe80::1/128 -j DROP$'
cp out state.rules
run 0 diff state.rules state.json
run 1 diff web.rules state.json
run 0 check -4 state.json
run 2 format --table filter state.json
err "nfverdict: state.json: --table does not go with JSON"
run 2 import web.rules
printf '[{"family":"ipv4"},3]' >odd.json
run 2 import --print odd.json
err "nfverdict: odd.json: a list of rulesets has something else in it"
printf '[{"family":"ipv4"},{"family":"ipv4"}]' >odd.json
run 2 import --print odd.json
err "nfverdict: odd.json: there are two rulesets of the family ipv4"
ok "export, import"

# Whole tables.
run 0 apply --exact web.rules
is "apply --exact: other chains of the table are empty" "$(kernel OUTPUT)" ""
is "apply --exact: other tables stay" "$(kernel PREROUTING mangle)" "-j MARK --set-xmark 0x5/0xffffffff"

# Owners.
"iptables-$backend" -A INPUT -p udp -j ACCEPT
printf '*filter\n-A INPUT -s 203.0.113.1 -j DROP\n-A INPUT -s 203.0.113.2 -j DROP\nCOMMIT\n' >mine.rules
foreign=$(kernel INPUT)
run 0 apply --owner shop mine.rules
is "apply --owner: rules of others stay" "$(kernel INPUT | grep -v 'nfv:shop:')" "$foreign"
is "apply --owner: tagged" "$(kernel INPUT | grep -c 'nfv:shop:')" 2
sed -i 2d mine.rules
run 0 apply --owner shop --first mine.rules
is "apply --owner: replaced" "$(kernel INPUT | grep -c 'nfv:shop:')" 1
run 0 delete --owner shop
is "delete --owner" "$(kernel INPUT)" "$foreign"

# Deleting.
run 0 delete INPUT --protocol 17 -j ACCEPT
is "delete: through spelling" "$(kernel INPUT | grep -c udp || :)" 0
run 5 delete INPUT --protocol 17 -j ACCEPT
err "nfverdict: table filter, IPv4: chain INPUT has no such rule"
run 5 delete INPTU '#1'
err "nfverdict: table filter, IPv4: there is no chain 'INPTU'; did you mean 'INPUT'?"
run 5 delete INPUT '#9'
run 2 delete INPUT -p
run 0 delete web '#1' '#2'
is "delete: numbers" "$(kernel web)" ""
run 3 delete --chain INPUT
run 0 delete --chain web
is "delete --chain: rules that led to it" "$(kernel INPUT)" "-i lo -j ACCEPT"
run 5 delete --chain web
run 0 delete -t mangle PREROUTING -j MARK --set-mark 0x5
is "delete: a table" "$(kernel PREROUTING mangle)" ""

# Transactions.
cat >edits <<'END'
-N web
-A INPUT -p tcp --dport 80 -j web
-I INPUT 1 -p icmp -j ACCEPT
*nat
-4 -A PREROUTING -p tcp --dport 8080 -j REDIRECT --to-ports 80
COMMIT
*filter
-A web -j RETURN
-P FORWARD DROP
COMMIT
END
before=$(everything)
run 0 transaction --dry-run edits
is "transaction --dry-run" "$(everything)" "$before"
run 0 transaction --family ipv4 edits
is "transaction: filter" "$(kernel INPUT)" "-p icmp -j ACCEPT
-i lo -j ACCEPT
-p tcp -m tcp --dport 80 -j web"
is "transaction: nat" "$(kernel PREROUTING nat)" "-p tcp -m tcp --dport 8080 -j REDIRECT --to-ports 80"
before=$(everything)
printf '*nat\n-A OUTPUT -j RETURN\nCOMMIT\n*filter\n-D INPUT -p 99\nCOMMIT\n' >late
run 3 transaction late
has err '^late:5:'
is "transaction: a late mistake, nothing is done" "$(everything)" "$before"

# Several at the same time: each begins anew when another one was faster, and no rule is lost.
many() {
	local i

	for i in 1 2 3 4; do
		printf -- '-A INPUT -m comment --comment "writer-%s-%s" -j ACCEPT\n' "$1" "$i" |
			"$tool" rules transaction --backend "$backend" --state "$tmp/state" - >"$tmp/many.$1" 2>&1 || return
	done
}
writers=()
for writer in 1 2 3 4 5; do
	many "$writer" &
	writers+=("$!")
done
for writer in "${writers[@]}"; do
	wait "$writer" || fail "a transaction beside others: status $?: $(cat "$tmp"/many.*)"
done
is "transaction: beside others" "$(kernel INPUT | grep -c writer-)" 20
printf -- '-6 -D INPUT 1\n-F INPUT\n-4 -A INPUT -i lo -j ACCEPT\n' >both.edits
run 0 transaction both.edits
is "transaction: both families" "$(kernel INPUT)$(kernel -6 INPUT)" "-i lo -j ACCEPT"
printf '*raw\n:mine - [0:0]\n-A mine -p tcp -j ACCEPT\nCOMMIT\n' >raw.rules
run 0 apply --family both --json raw.rules
json '[c["family"] for c in v["changes"]] == ["ipv4", "ipv6"] and all("-A mine" in c["script"] for c in v["changes"])'
is "apply --family both" "$(kernel mine raw)$(kernel -6 mine raw)" "-p tcp -j ACCEPT-p tcp -j ACCEPT"
run 2 apply --owner 'no good' raw.rules
has err 'owner'

# A change that is undone by itself, one that is confirmed, one that is rolled back.
run 5 confirm
err "nfverdict: no change waits to be confirmed"
before=$(everything)
printf '*filter\n:OUTPUT DROP [0:0]\nCOMMIT\n' >locked.rules
run 0 apply --confirm 1 locked.rules
has err 'undone in 1 s unless you run: nfverdict rules confirm'
undone() {
	[ "$(everything)" = "$before" ]
}
wait_for "the rollback" 10 undone
ok "apply --confirm: undone by itself"
run 5 confirm
run 0 apply --confirm 60 locked.rules
run 0 confirm
undone && fail "confirm: the change is gone"
ok "confirm: the change stays"
run 0 apply --confirm 60 --json web.rules
json 'v["confirm_s"] == 60'
run 0 rollback
is "rollback" "$("iptables-$backend-save" -t filter 2>/dev/null | grep -c '^:OUTPUT DROP')" 1
run 5 rollback

# Through a server.
"$tool" rules serve --backend "$backend" --state "$tmp/state" --socket "$tmp/socket" >serve.log 2>&1 &
server=$!
wait_for "the server" 10 test -S "$tmp/socket"
is "serve: the socket's mode" "$(stat -c %a "$tmp/socket")" 600
"$tool" rules apply --server "$tmp/socket" canonical.rules >out 2>err || fail "apply --server: status $?"
is "apply --server" "$(kernel web)" "-s 192.0.2.0/24 -j DROP
-j ACCEPT"
kill -TERM "$server"
wait "$server" || fail "serve: status $?: $(cat serve.log)"
"$tool" rules show --server "$tmp/socket" >out 2>err && fail "show: a server that is gone"
"$tool" rules serve --backend "$backend" --state "$tmp/state" --socket "$tmp/socket" --idle-exit 1 >serve.log 2>&1 ||
	fail "serve --idle-exit: status $?: $(cat serve.log)"
ok "serve"

# Without the rights to it.
if setpriv --reuid 65534 --clear-groups true 2>/dev/null; then
	chmod 755 "$tmp" "$tmp/.."
	mkdir "$tmp/theirs" # else their folder is made in /tmp, and stays
	chown 65534 "$tmp/theirs"
	setpriv --bounding-set -all --inh-caps -all --reuid 65534 --clear-groups env XDG_RUNTIME_DIR="$tmp/theirs" \
		"$tool" rules show --backend "$backend" >out 2>err && fail "show without rights: status 0"
	is "show without rights: one line" "$(wc -l <err)" 1
	setpriv --reuid 65534 --clear-groups "$tool" rules format - <web.rules >out || fail "format without rights"
fi
