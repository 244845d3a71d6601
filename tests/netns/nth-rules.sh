#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each call that can fail does, once, in `nfverdict rules` show, export, check, diff and apply: it does what it is to do, or changes nothing
# and names what failed; it gives all memory back. See nth-start.sh.
#
# What it found: references to chains that were not counted for want of memory, and `show` printed the table as if there were fewer.
. "$(dirname "$0")/lib.sh"
. "$lib_dir/nth-lib.sh"

config_file=$tmp/before.rules
cat >"$config_file" <<-END
	*mangle
	:PREROUTING ACCEPT [0:0]
	:foreign - [0:0]
	-A PREROUTING -p tcp -m tcp --dport 22 -m comment --comment "not ours" -j foreign
	-A foreign -s 10.0.0.0/8 -j MARK --set-xmark 0x1/0xffffffff
	COMMIT
	*filter
	:INPUT ACCEPT [0:0]
	:old - [0:0]
	-A INPUT -p icmp -j ACCEPT
	-A INPUT -i lo -j old
	-A old -p udp -m udp --dport 53 -j ACCEPT
	COMMIT
END
cat >"$tmp/wanted.rules" <<-END
	*mangle
	:PREROUTING ACCEPT [0:0]
	:foreign - [0:0]
	-A PREROUTING -p tcp -m tcp --dport 22 -m comment --comment "not ours" -j foreign
	-A foreign -s 10.0.0.0/8 -j MARK --set-xmark 0x1/0xffffffff
	COMMIT
	*filter
	:INPUT ACCEPT [0:0]
	:new - [0:0]
	:old - [0:0]
	-A INPUT -p icmp -j ACCEPT
	-A INPUT -p tcp -m multiport --dports 80,443 -j new
	-A INPUT -i lo -j old
	-A new -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
	-A new -p tcp -m tcp --dport 443 -j DROP
	-A old -p udp -m udp --dport 5353 -j ACCEPT
	COMMIT
END
nth rules 14 --other "$tmp/wanted.rules" --depth 1 "$@"
