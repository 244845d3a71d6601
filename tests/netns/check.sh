#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What `nfverdictd -t` says of wrong configurations, word for word: every mistake, with file, line and column, and nothing is changed.
#
#	alone: a host without a network
. "$(dirname "$0")/lib.sh"

host alone
file=$tmp/nfverdict.yaml
plugins=$(find "$top_builddir/plugins/accept" -name accept.so -printf '%h\n')

# wrong WHAT: the configuration in $tmp/nfverdict.yaml must be refused with the lines of standard input.
wrong() {
	local status=0

	sed "s|^@|$file:|" >"$tmp/wanted"
	at alone "$nfverdictd" -t --allow-unsafe-files -c "$file" >"$tmp/out" 2>"$tmp/err" || status=$?
	grep -vE '^nfverdictd: (warning|notice|info): ' "$tmp/err" | sed "s|$top_builddir|BUILD|g; s|$tmp|TMP|g" >"$tmp/got" || [ $? -eq 1 ]
	sed -i "s|$top_builddir|BUILD|g; s|$tmp|TMP|g" "$tmp/wanted"
	diff "$tmp/wanted" "$tmp/got" || fail "$1: not the lines that were wanted (-), see above"
	equal "$1: exit status" "$status" 1
}

# ---- several mistakes of every kind in one file: all are told ----

cat >"$file" <<END
plugin-path: $plugins
plugin-pth: x
handlers:
  good: { plugin: accept }
  noplugin: {}
queues:
  edge:
    numbers: 0-3
    range: 70000
    max-length: many
    when-full: perhaps
    batch: 0
    coalesce: yes
    uid-gid: yes
    handlers: [good, undefined]
    steer:
      - { chain: INPUT, table: raw }
      - { chain: INPUT, match: -p tcp --dport 23 -j ACCEPT }
      - { match: -p udp }
  second: { numbers: 3, handlers: [good, good], cpus: [0, x] }
  very-long-name-of-a-queue-x: { numbers: 9, handlers: [good] }
  reversed: { numbers: 7-5, handlers: [good] }
  none: { handlers: [good] }
END
wrong "many mistakes" <<'END'
@2:1: unknown key plugin-pth (did you mean plugin-path?)
@5:3: handler noplugin: plugin: is missing
@9:12: queue edge: range: 70000 is above 65531
@10:17: queue edge: max-length: wanted a number, found many
@11:16: queue edge: when-full: wanted accept or drop, found perhaps
@12:12: queue edge: batch: 0 is below 1
@13:15: queue edge: coalesce: wanted auto, off, or a number, found yes
@14:14: queue edge: uid-gid: wanted true or false, found yes
@15:22: queue edge: handlers 2: undefined is not defined
@17:18: queue edge: steer 1: chain: INPUT is no built-in chain of table raw, which has PREROUTING and OUTPUT
@18:32: queue edge: steer 2: match: -j cannot stand in a match: a match carries no target: the daemon adds its own
@19:9: queue edge: steer 3: chain: is missing
@20:22: queue second: numbers: 3 belongs to queue edge already
@20:42: queue second: handlers 2: good is listed twice
@20:59: queue second: cpus 2: wanted a number or a range such as 0-3, found x
@21:3: queue very-long-name-of-a-queue-x: wanted a name of 1 to 24 letters, digits, '_' and '-'
@22:24: queue reversed: numbers: 7-5: 7 is above 5, wanted the smaller number first
@23:3: queue none: numbers: is missing
END

# ---- YAML that cannot be read: the place and what was expected ----

printf 'queues:\n  edge: [1, 2\n  x: 3\n' >"$file"
wrong "a list without end" <<'END'
@3:4: expected ',' or ']' in the list that began at line 2, column 9
END
printf 'handlers:\n\tx: 1\n' >"$file"
wrong "a tab" <<'END'
@2:1: found a tab, expected blanks for indentation
END
printf 'queues: { one: { numbers: 1 }, one: { numbers: 2 } }\n' >"$file"
wrong "a key twice" <<'END'
@1:32: duplicate key one, expected it once: it stands at line 1 already
END
printf 'handlers: &x { a: { plugin: accept, colour: red } }\nqueues: *x\nplugin-path: [%s]\n' "$plugins" >"$file"
wrong "an alias, and what else is wrong" <<'END'
@1:11: found the anchor &x, expected a plain value: anchors are not taken
@1:37: handler a: unknown key colour
@2:9: found the alias *x, expected the value itself: aliases are not taken
END
: >"$file"
wrong "an empty file" <<'END'
@1:1: queues: no queue is defined
END
rm "$file"
wrong "no file" <<'END'
@ No such file or directory
END
printf 'include: [nowhere.yaml]\nqueues: { one: { numbers: 1, handlers: [] } }\n' >"$file"
wrong "an included file that is not there" <<'END'
@1:11: include: TMP/nowhere.yaml: No such file or directory
END

# ---- plugins ----

echo "just a text" >"$tmp/text.so"
cat >"$file" <<END
plugin-path: [$plugins, $top_builddir/tests/plugins]
handlers:
  nowhere: { plugin: no-such-plugin }
  text: { plugin: ./text.so }
  magic: { plugin: wrong-magic }
  symbol: { plugin: undefined-symbol }
  function: { plugin: no-function }
  right: { plugin: accept }
  option: { plugin: accept, colour: red }
queues:
  edge: { numbers: 3, handlers: [magic, symbol, function, right, option] }
END
wrong "plugins" <<'END'
@3:22: handler nowhere: plugin: no-such-plugin.so: not found in BUILD/plugins/accept, BUILD/tests/plugins
@4:19: handler text: plugin: TMP/text.so: is not a shared object
@5:20: handler magic: plugin: BUILD/tests/plugins/wrong-magic.so: magic is 0x12345678, wanted 0x6e667664
@6:21: handler symbol: plugin: BUILD/tests/plugins/undefined-symbol.so: undefined symbol: nobody_has_this_function
@7:23: handler function: plugin: BUILD/tests/plugins/no-function.so: has neither packet() nor batch()
@9:29: handler option: unknown key colour
END

# ---- matches that iptables refuses: its words, with our line ----

cat >"$file" <<END
plugin-path: $plugins
handlers:
  right: { plugin: accept }
queues:
  edge:
    numbers: 3
    handlers: [right]
    steer:
      - { chain: INPUT, match: -p tcp --dport 22 }
      - { chain: INPUT, match: -p tcp --no-such-option 3 }
      - chain: FORWARD
        match: -m nosuchmatch
      - { chain: INPUT, match: -p icmp --icmp-type echo-request }
END
wrong "matches" <<'END'
@10:32: queue edge: steer: iptables: unknown option "--no-such-option"
@12:16: queue edge: steer: iptables: Couldn't load match `nosuchmatch':No such file or directory
@13:32: queue edge: steer: ip6tables: unknown option "--icmp-type" (family: ipv4?)
END

rules alone nft >"$tmp/rules"
if grep -E 'NFV|NFQUEUE' "$tmp/rules"; then
	fail "checking changed the rules"
fi
no_queues alone || fail "checking left a queue"

# ---- and a right one ----

cat >"$file" <<END
plugin-path: $plugins
include: [more.d/*.yaml]
handlers:
  right: { plugin: accept }
END
mkdir -p "$tmp/more.d"
printf 'queues:\n  edge: { numbers: 3, handlers: right, steer: [ { chain: INPUT, match: "-p tcp --dport 22" } ] }\n' >"$tmp/more.d/one.yaml"
at alone "$nfverdictd" --check --allow-unsafe-files --config "$file" >"$tmp/out" 2>"$tmp/err" || {
	cat "$tmp/out" "$tmp/err"
	fail "a right configuration was refused"
}
note "ok: a right configuration, in two files"

# The same mistakes keep the daemon from starting, with nothing changed.
printf 'queues:\n  edge: { numbers: 3, handlers: wrong }\n' >>"$tmp/more.d/two.yaml"
status=0
at alone timeout 10 "$nfverdictd" -f --allow-unsafe-files -c "$file" >"$tmp/out" 2>"$tmp/err" || status=$?
equal "exit status of a start with mistakes" "$status" 1
has "the mistake, at a start" "$tmp/err" "^$tmp/more.d/two.yaml:2:3: queue edge: is defined twice"
no_queues alone || fail "a start that failed left a queue"
no_rules_of_ours() { ! rules alone nft | grep -qE 'NFV|NFQUEUE'; }
no_rules_of_ours || fail "a start that failed left rules"

# ---- the command line ----

for arguments in "-x" "--no-such-option" "-c" "extra"; do
	status=0
	# shellcheck disable=SC2086 # words
	"$nfverdictd" $arguments >"$tmp/out" 2>"$tmp/err" || status=$?
	equal "exit status of nfverdictd $arguments" "$status" 2
	has "what it says" "$tmp/err" '^nfverdictd: .*see nfverdictd --help$'
done
"$nfverdictd" -h >"$tmp/out"
has "help names the options" "$tmp/out" '--allow-unsafe-files'
"$nfverdictd" -V >"$tmp/out"
has "version" "$tmp/out" '^nfverdictd [0-9]'
"$nfverdictd" --keys >"$tmp/out"
for key in user plugin-path include numbers copy range max-length when-full when-down default on-error coalesce batch mark-mask uid-gid \
	secctx conntrack receive-buffer cpus cpu-fanout isolation handlers steer chain table family match plugin; do
	grep -qE "^ *$key: " "$tmp/out" || fail "--keys does not tell of $key"
done
note "ok: --keys tells of every key"
