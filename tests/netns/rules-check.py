# SPDX-License-Identifier: GPL-2.0-or-later
"""
Puts many rules into each built-in chain of a text, lets diff-cli check it, and tries each rule with a finding with the
tools: both backends must refuse it. A rule that one of them takes and that was found wrong would keep people from what works.

	rules-check.py DIFF-CLI FOLDER
"""
import re
import subprocess
import sys

CLI, TMP = sys.argv[1:3]
TABLES = {
    "filter": ["INPUT", "FORWARD", "OUTPUT"],
    "nat": ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
    "mangle": ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
    "raw": ["PREROUTING", "OUTPUT"],
    "security": ["INPUT", "FORWARD", "OUTPUT"],
}
HOST = {4: "192.0.2.1", 6: "2001:db8::1"}
NET = {4: "192.0.2.0/24", 6: "2001:db8::/64"}


def rules(family):
    other = 10 - family
    targets = """ACCEPT; DROP; RETURN; AUDIT --type accept; CHECKSUM --checksum-fill; CLASSIFY --set-class 1:1; MASQUERADE;
        CONNMARK --set-mark 1; CONNSECMARK --save; CT --notrack; DSCP --set-dscp 1; ECN --ecn-tcp-remove; HL --hl-set 5;
        LOG; MARK --set-mark 1; NFLOG; NFQUEUE; NOTRACK; REDIRECT; REJECT; SYNPROXY; TCPMSS --set-mss 1000; TCPMSS
        --clamp-mss-to-pmtu; TCPOPTSTRIP --strip-options 2; TOS --set-tos 1; TPROXY --on-port 1; TRACE; TTL --ttl-set 4;
        INPUT; OUTPUT; nowhere"""
    targets = [" ".join(target.split()) for target in targets.split(";")]
    targets += [f"DNAT --to-destination {HOST[family]}", f"SNAT --to-source {HOST[family]}", f"NETMAP --to {NET[family]}"]
    targets += [f"TEE --gateway {HOST[family]}", "SNPT --src-pfx 2001:db8::/64 --dst-pfx 2001:db9::/64"]
    targets += ["DNPT --src-pfx 2001:db8::/64 --dst-pfx 2001:db9::/64"]
    matches = f"""-i lo; ! -i lo; -o lo; ! -o lo; -i +; -f; -p icmp; -p ipv6-icmp; -p tcp; -s {HOST[family]}; -s {HOST[other]};
        ! -d {HOST[other]}; -m addrtype --dst-type LOCAL; -m devgroup --src-group 1; -m devgroup --dst-group 1; -m eui64;
        -m owner --uid-owner 0; -m physdev --physdev-in e; -m rpfilter; -m socket; -m policy --dir in --pol none; -m
        realm --realm 1; -m policy --dir out --pol none; -m mac --mac-source 02:00:00:00:00:01; -m conntrack --ctstate
        NEW; -m state --state NEW; -m cgroup --cgroup 1; -p tcp -m osf --genre Linux; -p icmp -m icmp --icmp-type 8; -m
        icmp --icmp-type 8; -m ttl --ttl-eq 1; -p ipv6-icmp -m icmp6 --icmpv6-type 1; -m icmp6 --icmpv6-type 1; -p tcp
        -m tcp --dport 1; -m tcp --dport 1; -p udp -m tcp --dport 1; ! -p tcp -m tcp --dport 1; -p 6 -m tcp --dport 1;
        -p udplite -m udp --dport 1; -m hl --hl-eq 1; -m frag --fragid 1; -m rt --rt-type 0; -m ah --ahspi 1; -p ah -m
        ah --ahspi 1; -p esp -m esp --espspi 1; -m esp --espspi 1; -p sctp -m sctp --dport 1; -m sctp --dport 1; -m dccp
        --dport 1; -m ipv6header --header hop; -p all; -m comment --comment x"""
    matches = [" ".join(match.split()) for match in matches.split(";")]
    # Values, and options that are missing.
    values = """-p tcp --dport 65536; -p udp --dport 65536; -p udp --sport asdf; -p udp --sport -1; -p tcp --dport 5:3; -p udp
        --dport 5:3; -p tcp -m multiport --ports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16; -m multiport --ports 1; -m mark
        --mark 0xffffffffff; -m limit --limit asdf; -m limit --limit 0/s; -m limit --limit 5x/s; -m conntrack --ctstate
        FOO; -m conntrack --ctstate EST; -m state --state BLA; -m mac --mac-source zz; -j REJECT --reject-with foo; -j
        REJECT --reject-with icmp-net-unreachable; -j REJECT --reject-with icmp6-no-route; -j TOS --set-tos 0x1234; -p
        tcp -j REDIRECT --to-ports 2345-1234; -j LOG --log-prefix 123456789012345678901234567890123; -p nosuch-protocol;
        -m comment; -m string --string a; -m addrtype; -m recent --name a; -j MARK; -j DNAT; -m statistic --mode 1"""
    matches += [" ".join(value.split()) for value in values.split(";")]
    # Some of them are for TCP alone.
    jumps = [f"{'-p tcp ' if re.match('TCP|TPROXY|ECN|SYNPROXY', target) else ''}-j {target}" for target in targets]
    return matches + jumps + [f"-g {name}" for name in ("ACCEPT", "FORWARD", "nowhere")]


def found(family, lines):
    """(table, chain, rule) of each finding."""
    with open(f"{TMP}/rules", "w") as file:
        for table, chains in TABLES.items():
            file.write(f"*{table}\n")
            file.writelines(f"-A {chain} {line}\n" for chain in chains for line in lines)
            file.write("COMMIT\n")
    result = subprocess.run([CLI, "check", str(family), f"{TMP}/rules"], capture_output=True, text=True)
    assert result.returncode in (0, 1) and not result.stderr, result.stderr
    for line in result.stdout.splitlines():
        match = re.match(r"table (\S+), chain (\S+), rule (\d+): (.*)", line)
        yield match[1], match[2], lines[int(match[3]) - 1], match[4]


def main():
    for family, tool in ((4, "iptables"), (6, "ip6tables")):
        count, tried = 0, set()
        for table, chain, rule, text in found(family, rules(family)):
            count += 1
            # What does not depend on the chain is tried in one chain of one table.
            key = (rule, text, table, chain) if re.search(" works in | used in ", text) else (rule, text)
            if key in tried:
                continue
            tried.add(key)
            for backend in "nft", "legacy":
                script = f"*{table}\n-A {chain} {rule}\nCOMMIT\n"
                command = [f"{tool}-{backend}-restore", "--noflush"]
                if subprocess.run(command, input=script, capture_output=True, text=True).returncode == 0:
                    sys.exit(f"FAIL: {tool}-{backend} takes -t {table} -A {chain} {rule}, but: {text}")
        print(f"ok: {tool}: {count} findings, {len(tried)} of them tried, all refused", flush=True)
        if len(tried) < 150:
            sys.exit("FAIL: so few findings")


main()
