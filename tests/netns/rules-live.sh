#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Rulesets of the kernel read, changed and committed through the library, with both backends, between rules of others:
#
#	[ nothing but rules: no packet flows, so every counter stays as it is ]

. "${srcdir:-.}/tests/netns/lib.sh"
. "$lib_dir/rules-lib.sh"

count_lines() {
	grep -c "$@" || [ $? -eq 1 ]
}

# What is there without what the test put in.
without_ours() {
	ruleset | grep -vE 'ours|OURS'
}

read_and_print() {
	local family number

	foreign_rules
	for family in iptables ip6tables; do
		number=4
		[ "$family" = iptables ] || number=6
		"$family-$backend-save" -c | sed '/^#/d' >"$tmp/wanted"
		printf 'read %s\nprint %s\nchanged %s\n' $number $number $number | "$live_cli" backend "$backend" | grep -v '^=' >"$tmp/got"
		# The order of tables is not the same in two runs of the tool.
		sort "$tmp/wanted" >"$tmp/a"
		sort "$tmp/got" >"$tmp/b"
		same_rules "$family: what is read prints as the tool prints it" a b
	done
	cli <<-'END'
		read 4 filter
		print 4
		read 4 nosuch
		commit
	END
	outcomes_are "one table alone" 0 EINVAL 0
	equal "tables read" "$(count_lines '^\*' "$tmp/cli")" 1
}

commit_and_refresh() {
	foreign_rules
	without_ours >"$tmp/before"
	cli <<-END
		read 4
		read 6
		append 4 filter INPUT -p tcp --dport 22 -m comment --comment "ours 1" -j ACCEPT
		text 4 *filter;-N OURS;-I INPUT 1 -m comment --comment ours -j OURS;-A OURS -m comment --comment ours -j DROP;COMMIT
		text 6 *filter;-N OURS;-A OURS -p ipv6-icmp -m comment --comment ours -j ACCEPT;COMMIT;*mangle;-I FORWARD -m comment --comment ours;COMMIT
		changed 4
		commit
		changed 4
		commit
		refresh 4
		print 4 filter
	END
	outcomes_are "a commit over tables and families" 0 0 0 0 0 1 0 0 0 0
	without_ours >"$tmp/after"
	same_rules "rules of others and their counters are as they were" before after
	"iptables-$backend-save" -t filter | grep -E '^-A (INPUT|OURS)' >"$tmp/got"
	cat >"$tmp/wanted" <<-'END'
		-A INPUT -m comment --comment ours -j OURS
		-A INPUT -s 10.1.0.0/16 -m comment --comment "it\'s \"quoted\" \\ and back\\slashed" -j THEIRS
		-A INPUT -i lo -j ACCEPT
		-A INPUT -p tcp -m tcp --dport 22 -m comment --comment "ours 1" -j ACCEPT
		-A OURS -m comment --comment ours -j DROP
	END
	same_rules "what was put in stands where it should" wanted got
	no_journal "after a commit"

	cli <<-END
		read 4
		text 4 *filter;-D INPUT 1;-D INPUT 3;-F OURS;-X OURS;COMMIT
		read 6
		text 6 *filter;-F OURS;-X OURS;COMMIT;*mangle;-D FORWARD 1;COMMIT
		commit
	END
	outcomes_are "taken out again" 0 0 0 0 0
	ruleset >"$tmp/after"
	same_rules "all is as before" before after
}

# Rules that the tools print in a way that they do not read as the same are deleted and replaced too.
odd_rules() {
	foreign_rules
	ruleset plain | grep -vE -e '^-A THEIRS -m connlimit|recent' >"$tmp/before"
	cli <<-'END'
		read 4
		read 6
		delete 4 filter THEIRS 1
		delete 6 filter THEIRS 1
		delete 4 filter zz.odd+name 0
		delete 6 filter zz.odd+name 0
		commit
	END
	outcomes_are "odd rules deleted" 0 0 0 0 0 0 0
	ruleset plain >"$tmp/after"
	same_rules "they alone are gone" before after
}

conflicts() {
	foreign_rules
	cli <<-END
		read 4
		shell iptables-$backend -A FORWARD -p gre
		append 4 filter INPUT -m comment --comment ours
		commit
		shell iptables-$backend -A INPUT -p gre
		append 4 filter INPUT -m comment --comment ours2
		commit
		resync 4
		append 4 filter OUTPUT -m comment --comment ours3
		text 4 *nat;-N OURS;-X THEIRS;COMMIT
		text 4 *nat;-F THEIRS;-D PREROUTING 1;-X THEIRS;-N OURS;COMMIT
		refresh 4
		changed 4
		append 4 filter OUTPUT -m comment --comment ours4
		text 4 *nat;-F THEIRS;-D PREROUTING 1;-X THEIRS;-N OURS;COMMIT
		shell iptables-$backend -A INPUT -p esp
		resync 4
		print 4 filter
		commit
		print 4 filter
	END
	outcomes_are "changes of others" 0 0 0 0 0 0 "EAGAIN: chain INPUT of table filter" "EAGAIN: chain INPUT of table filter" 0 EBUSY 0 0 0 0 0 0 0 0
	equal "rules that were in conflict" "$(ruleset | count_lines ours2)" 0
	equal "rules that were not" "$(ruleset | grep -cE 'ours(|4)( |$)')" 2
	equal "the rule of others after a resync" "$(count_lines -- '-A INPUT -p esp' "$tmp/cli")" 2
	equal "chains of table nat" "$("iptables-$backend-save" -t nat | grep -E '^:(OURS|THEIRS)' | cut -d' ' -f1)" :OURS
}

autocommit() {
	foreign_rules
	ruleset >"$tmp/before"
	cli autocommit <<-END
		read 4
		append 4 filter INPUT -m comment --comment ours
		shell iptables-$backend-save | grep -c 'comment ours'
		append 4 filter INPUT -j NOSUCH
		append 4 raw PREROUTING -p tcp -j CT --helper nosuch
		changed 4
		append 4 filter INPUT -m comment --comment ours
		shell iptables-$backend-save | grep -c 'comment ours'
		auto 4 off
		append 4 filter INPUT -m comment --comment ours
		changed 4
		auto 4 on
		delete 4 filter INPUT 3
		changed 4
	END
	outcomes_are "each change commits at once" 0 0 0 EINVAL EINVAL 0 0 0 0 1 0 0
	ruleset | grep -v 'comment ours' >"$tmp/after"
	same_rules "a change that was refused is undone" before after
	equal "rules of ours" "$(ruleset | count_lines 'comment ours')" 2
}

blame() {
	foreign_rules
	ruleset >"$tmp/before"
	cli <<-END
		read 4
		text 4 *raw;-A PREROUTING -p tcp;-A PREROUTING -p tcp -j CT --helper nosuch;-A PREROUTING -p udp;COMMIT
		commit
		refresh 4
		text 4 *filter;-A INPUT -p tcp;-A INPUT -p udp -m rpfilter;-A INPUT -m owner --uid-owner 1;COMMIT
		commit
		refresh 4
		dry on
		text 4 *filter;-A INPUT -p tcp --dport 1;-A INPUT -p tcp --nosuch;COMMIT
		commit
		refresh 4
		append 4 filter INPUT -p tcp --dport 1
		commit
	END
	outcomes_are "what is refused" 0 0 "EINVAL: typed:3: iptables: table raw: " 0 0 "EINVAL: typed:" 0 0 "EINVAL: typed:3:" 0 0 0
	ruleset >"$tmp/after"
	same_rules "nothing was changed" before after
	no_journal "after a refusal"
}

# Several ways to the kernel at once: the locks.
locks() {
	local held

	mkdir -p "$rules_state"
	chmod 700 "$rules_state"
	printf 'read 4\nappend 4 filter INPUT -p tcp\ncommit\n' | "$live_cli" backend "$backend" >/dev/null
	exec {held}>"$rules_state/lock-$(stat -L -c %i /proc/self/ns/net)"
	flock "$held"
	cli wait 200 <<-'END'
		read 4
		append 4 filter INPUT -p tcp
		commit
	END
	outcomes_are "the lock of the library is somebody's" 0 0 "ETIMEDOUT: lock $rules_state/lock-"
	exec {held}>&-
	if [ "$backend" = legacy ]; then
		exec {held}>/run/xtables.lock
		flock "$held"
		cli wait 200 <<-'END'
			read 4
			append 4 filter INPUT -p tcp
			commit
		END
		outcomes_are "the lock of the tools is somebody's" 0 0 "ETIMEDOUT: lock /run/xtables.lock"
		exec {held}>&-
	fi
	equal "rules" "$(ruleset | count_lines 'INPUT -p tcp')" 1
	chmod 777 "$rules_state"
	cli <<-'END'
		read 4
		append 4 filter INPUT -p tcp
		commit
	END
	outcomes_are "a folder that others may write to" 0 0 "EPERM: folder $rules_state: others may write to it"
	chmod 700 "$rules_state"
}

# Policy counters are what the kernel counted, not what was read long ago.
policy_counters() {
	cli <<-END
		read 4
		shell ping -c 3 -i 0.01 -q 127.0.0.1 >/dev/null
		append 4 filter FORWARD -m comment --comment ours
		commit
	END
	outcomes_are "packets between reading and committing" 0 0 0 0
	equal "packets counted by the policy" "$("iptables-$backend-save" -c -t filter | sed -nE 's/^:OUTPUT ACCEPT \[([0-9]+):.*/\1/p')" 6
}

verify_always() {
	foreign_rules
	cli verify always <<-'END'
		read 4
		text 4 *filter;-N OURS;-A OURS -p tcp --dport 1:5 -j LOG --log-prefix "a b";-I INPUT 2 -s 10.0.0.1 -m conntrack --ctstate NEW,ESTABLISHED -j OURS;COMMIT
		commit
		text 4 *filter;-R INPUT 2 -m set --match-set x src;-F OURS;COMMIT
		refresh 4
		text 4 *filter;-D INPUT 2;-A OURS -m statistic --mode random --probability 0.25 -j ACCEPT;COMMIT
		commit
	END
	outcomes_are "commits that are always read again" 0 0 0 0 0 0 0
}

both_backends() {
	local other=legacy

	[ "$backend" = nft ] || other=nft
	printf 'read 4\n' | "$live_cli" backend "$backend" >"$tmp/cli"
	! grep 'both backends' "$tmp/cli" || fail "a warning without rules of the other backend"
	"iptables-$other" -A INPUT -p tcp
	printf 'read 4\nread 6\n' | "$live_cli" backend "$backend" >"$tmp/cli"
	equal "warnings about rules of both backends" "$(count_lines "log: warning: both backends hold rules: $backend .* $other" "$tmp/cli")" 1
	"iptables-$other" -D INPUT -p tcp
}

# Somebody cleans up while the way to the kernel is open.
folder_removed() {
	cli state "$tmp/state-$backend" <<-END
		read 4
		append 4 filter INPUT -p gre
		commit
		shell rm -r $tmp/state-$backend
		append 4 filter INPUT -p esp
		commit
	END
	outcomes_are "the folder of locks was removed" 0 0 0 0 0 0
	[ -d "$tmp/state-$backend" ] || fail "it was not made anew"
}

for_backends folder_removed read_and_print commit_and_refresh odd_rules conflicts autocommit blame locks policy_counters verify_always both_backends
