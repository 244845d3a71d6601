# SPDX-License-Identifier: GPL-2.0-or-later
"""
Walks through states of a ruleset in a network namespace. For each step: what the kernel has now is saved with counters,
diff-cli makes the script to the next state, iptables-restore --noflush --counters takes it, and what is saved then must be
that state: the same rules in the same order, policies, rules that stayed with what they had counted, new ones with what they
brought, the other family untouched.

	rules-diff.py DIFF-CLI FOLDER CORPUS
"""
import os
import random
import re
import socket
import subprocess
import sys

CLI, TMP, CORPUS = sys.argv[1:4]
TABLES = {
    "filter": ["INPUT", "FORWARD", "OUTPUT"],
    "nat": ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
    "mangle": ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
    "raw": ["PREROUTING", "OUTPUT"],
}
LEGACY_STEPS = 60  # of the corpus, spread over it
FOREIGN = '-m comment --comment "not ours" -j ACCEPT'


class Chain:
    def __init__(self, policy, counters):
        self.policy = policy
        self.counters = counters
        self.rules = []  # (counters, text)


def parse(text):
    """Tables of chains; an empty table and one that is not there are the same."""
    tables = {}
    for line in text.splitlines():
        if line.startswith("*"):
            table = tables.setdefault(line[1:], {})
        elif line.startswith(":"):
            name, policy, counters = line[1:].split(" ")
            table[name] = Chain(policy, counters)
        elif match := re.match(r"(?:(\[\d+:\d+\]) )?-A (\S+) ?(.*)$", line):
            # Chains that are built in may be left out.
            chain = table.setdefault(match[2], Chain("ACCEPT", "[0:0]"))
            chain.rules.append((match[1] or "[0:0]", match[3]))
    return tables


def number(text, seed):
    """The same ruleset with counters that tell its rules apart."""
    count = seed

    def counted(match):
        nonlocal count
        count += 1
        return f"[{count}:{count * 100}] -A"

    return re.sub(r"^(?:\[\d+:\d+\] )?-A", counted, text, flags=re.M)


class Walk:
    def __init__(self, backend, family):
        self.backend, self.family = backend, family
        self.tool = ("iptables" if family == 4 else "ip6tables") + "-" + backend
        self.other = ("ip6tables" if family == 4 else "iptables") + "-" + backend
        self.steps = self.lines = self.foreign = 0
        # ip6tables-nft 1.8.9 drops the counters that a rule is put in with.
        self.restore("*filter\n[7:700] -A INPUT\nCOMMIT\n")
        self.sets_counters = "[7:700] -A INPUT" in self.save()
        self.restore("*filter\nCOMMIT\n")

    def clear(self):
        """Policies of one backend hold for the packets of the next one's walk as well."""
        for table, chains in TABLES.items():
            self.restore(f"*{table}\n" + "".join(f":{name} ACCEPT [0:0]\n" for name in chains) + "COMMIT\n")

    def run(self, what, *args, text=None):
        return subprocess.run([f"{self.tool}{what}", *args], input=text, capture_output=True, text=True)

    def save(self):
        result = self.run("-save", "-c")
        assert result.returncode == 0, result.stderr
        return result.stdout

    def saved_other(self):
        text = subprocess.run([f"{self.other}-save", "-c"], capture_output=True, text=True, check=True).stdout
        return re.sub(r"^#.*\n", "", text, flags=re.M)

    def fail(self, name, why, script):
        now = self.save()
        sys.exit(f"FAIL: {self.tool}: {name}: {why}\n---- before\n{self.before}---- script\n{script}---- after\n{now}")

    def restore(self, text):
        result = self.run("-restore", "--counters", text=text)
        assert result.returncode == 0, result.stderr

    def judge_counters(self, old, new, chain, flags):
        """Why the counters of a chain are wrong; None when they are right."""
        before = {}
        for counters, text in old.rules if old else []:
            before.setdefault(text, []).append(counters)
        wanted = {}
        for counters, text in new.rules:
            wanted.setdefault(text, []).append(counters)
        for counters, text in chain.rules:
            there = before.get(text, [])
            right = wanted[text] if "counters" in flags or not there else there
            # Of equal rules nobody can say which is which.
            if len(wanted[text]) > len(there) and len(wanted[text]) > 1:
                right = right + wanted[text]
            if counters not in right and (self.sets_counters or counters != "[0:0]"):
                return f"{text}: {counters} instead of {right}"
        return None

    def judge(self, before, wanted, after, flags):
        """Why the state after a step is wrong; None when it is right."""
        for table in set(before) | set(wanted) | set(after):
            olds, news, nows = (x.get(table, {}) for x in (before, wanted, after))
            for name in set(news) | set(nows):
                empty = Chain("ACCEPT" if name in TABLES.get(table, []) else "-", "[0:0]")
                new, now = news.get(name), nows.get(name)
                if now is None and (name not in TABLES[table] or new.rules):
                    return f"{table} {name} is missing"
                if new is None and name not in TABLES.get(table, []):
                    return f"{table} {name} is still there"
                new, now = new or empty, now or empty
                if [text for _, text in new.rules] != [text for _, text in now.rules]:
                    return f"{table} {name}: other rules"
                if new.policy != now.policy:
                    return f"{table} {name}: policy {now.policy}"
                old = olds.get(name)
                kept = news.get(name, old) if "counters" in flags else old
                if now.policy != "-" and kept and kept.counters != now.counters:
                    return f"{table} {name}: policy counters {now.counters} instead of {kept.counters}"
                if why := self.judge_counters(old, new, now, flags):
                    return f"{table} {name}: {why}"
        return None

    def script(self, wanted, flags):
        with open(f"{TMP}/from", "w") as file:
            file.write(self.before)
        with open(f"{TMP}/to", "w") as file:
            file.write(wanted)
        command = [CLI, str(self.family), f"{TMP}/from", f"{TMP}/to", *flags]
        result = subprocess.run(command, capture_output=True, text=True)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def step(self, name, wanted, flags):
        if self.backend == "legacy":
            flags = flags + ["legacy"]
        self.before = self.save()
        script = self.script(wanted, flags)
        result = self.run("-restore", "--noflush", "--counters", text=script)
        if result.returncode:
            self.fail(name, f"status {result.returncode}: {result.stderr}", script)
        if why := self.judge(parse(self.before), parse(wanted), parse(self.save()), flags):
            self.fail(name, f"{why} ({' '.join(flags)})", script)
        self.steps += 1
        self.lines += script.count("\n")

    def step_foreign(self, name, wanted, dice):
        """Somebody puts a rule in between: by value it survives, in whatever chain it is."""
        self.before = self.save()
        script = self.script(wanted, ["by-value"] + (["legacy"] if self.backend == "legacy" else []))
        tables = parse(self.before)
        table = dice.choice(sorted(tables))
        chain = dice.choice(sorted(tables[table]))
        place = str(dice.randrange(len(tables[table][chain].rules) + 1) + 1)
        put = subprocess.run(f"{self.tool} -t {table} -I '{chain}' {place} {FOREIGN}", shell=True, capture_output=True)
        assert put.returncode == 0, put.stderr
        result = self.run("-restore", "--noflush", "--counters", text=script)
        after = parse(self.save())
        count = [text for _, text in after[table][chain].rules].count(FOREIGN) if chain in after.get(table, {}) else 0
        if count != 1:
            self.fail(name, f"the foreign rule in {table} {chain} is gone", script)
        # Only a chain that was to go may have kept it from being done.
        if result.returncode and chain in parse(wanted).get(table, {}):
            self.fail(name, f"status {result.returncode}: {result.stderr}", script)
        self.foreign += 1
        self.restore(wanted)  # from here on as if nothing had been

    def count_packets(self):
        """Rules that count packets of their own keep them, whatever is done around them."""
        address = "127.0.0.1" if self.family == 4 else "::1"
        port = "-p udp -m udp --dport {} -j ACCEPT"
        lines = [f"-A INPUT {port.format(n)}\n" for n in range(1001, 1031)]
        head, tail = "*filter\n:INPUT ACCEPT [0:0]\n:U - [0:0]\n-A OUTPUT -j U\n-A U -p udp\n", "COMMIT\n"
        self.restore(head + "".join(lines) + tail)
        with socket.socket(socket.AF_INET if self.family == 4 else socket.AF_INET6, socket.SOCK_DGRAM) as sender:
            for n in range(1001, 1031):
                for _ in range(n - 1000):
                    sender.sendto(b"x", (address, n))
        counted = {text: counters for counters, text in parse(self.save())["filter"]["INPUT"].rules}
        if not counted[port.format(1007)].startswith("[7:"):
            self.fail("packets", f"counted {counted[port.format(1007)]} instead of 7", "")
        random.Random(3).shuffle(gone := list(lines))
        fewer = [line for line in lines if line not in gone[:5]]
        for flags in [], ["by-value"]:
            now = [f"-A INPUT {port.format(2001)}\n"] + fewer[:10] + [f"-A INPUT {port.format(2002)}\n"] + fewer[10:]
            for name, state in ("fewer", fewer), ("more", now):
                self.before = self.save()
                script = self.script(head + "".join(state) + tail, flags + (["legacy"] if self.backend == "legacy" else []))
                result = self.run("-restore", "--noflush", "--counters", text=script)
                after = parse(self.save())["filter"]
                if result.returncode or [text for _, text in after["INPUT"].rules] != [line[9:-1] for line in state]:
                    self.fail(name, f"other rules: {result.stderr}", script)
                for counters, text in after["INPUT"].rules:
                    if counters != counted.get(text, "[0:0]"):
                        self.fail(name, f"{text}: {counters}", script)
                if after["U"].rules[0][0].startswith("[0:"):
                    self.fail(name, "a chain that was not to change has lost its counters", script)
        self.restore("*filter\nCOMMIT\n")

    def walk(self, states, by_value_too=True):
        dice = random.Random(7)
        other = self.saved_other()
        name, text = states[0]
        self.restore(number(text, 100000))
        kinds = [[], ["counters"]] + ([["by-value"], ["by-value", "counters"]] if by_value_too else [])
        for count, (name, text) in enumerate(states[1:]):
            wanted = number(text, 1000 * count)
            if by_value_too and count % 7 == 6:
                self.step_foreign(name, wanted, dice)
            else:
                self.step(name, wanted, kinds[count % len(kinds)])
        if self.saved_other() != other:
            sys.exit(f"FAIL: {self.tool}: the other family is changed")


# ---- states ----


def own_rules(family):
    host = "192.0.2.{}/32" if family == 4 else "2001:db8::{:x}/128"
    rules = [f"-s {host.format(i)} -j ACCEPT" for i in range(1, 13)]
    rules += [f"-p tcp -m tcp --dport {i} -j RETURN" for i in range(20, 26)]
    rules += ["-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", '-m comment --comment "a b"', "", "-p udp"]
    return rules


def own_chain(dice, rules, targets):
    lines = dice.choices(rules, k=dice.randrange(14))
    return lines + [f"-j {target}" for target in targets if dice.random() < 0.4]


def own_states(family, count):
    """Each like the one before but for a few rules, chains and policies, some altogether others."""
    dice, rules, states, state = random.Random(family), own_rules(family), [], None
    for number_of in range(count):
        fresh = state is None or dice.random() < 0.2
        state = {} if fresh else {table: dict(chains) for table, chains in state.items()}
        for table in ("filter", "mangle"):
            chains = state.setdefault(table, {})
            users = [f"user{i}" for i in range(5) if (f"user{i}" in chains) != (dice.random() < 0.15)]
            for gone in [name for name in chains if name.startswith("user") and name not in users]:
                del chains[gone]
            for name in TABLES[table] + users:
                later = [user for user in users if name not in users or user > name]
                if name not in chains or dice.random() < 0.15:
                    chains[name] = own_chain(dice, rules, later)
                chain = [line for line in chains[name] if not line.startswith("-j user") or line[3:] in later]
                for _ in range(dice.choice([0, 0, 0, 1, 2, 5])):
                    at = dice.randrange(len(chain) + 1)
                    chain[at : at + dice.randrange(2)] = dice.choices(rules, k=dice.randrange(3))
                chains[name] = chain
        text = ""
        for table, chains in state.items():
            text += f"*{table}\n"
            for name in chains:
                policy = "-" if name.startswith("user") else dice.choice(["ACCEPT", "ACCEPT", "DROP"])
                counters = "0:0" if policy == "-" else f"{dice.randrange(9)}:{dice.randrange(900)}"
                text += f":{name} {policy} [{counters}]\n"
            for name, lines in chains.items():
                text += "".join(f"-A {name} {line}".rstrip() + "\n" for line in lines)
            text += "COMMIT\n"
        states.append((f"own state {number_of}", text))
    return states


def corpus_states(family):
    folder = f"{CORPUS}/moby-golden/TestIptabler"
    if not os.path.isdir(folder):
        return []
    states = []
    for name in sorted(os.listdir(folder)):
        if name.endswith("ip6tables.golden" if family == 6 else "__iptables.golden"):
            with open(f"{folder}/{name}") as file:
                states.append((name, file.read()))
    return states


def main():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for backend in ("nft", "legacy"):
        for family in (4, 6):
            walk = Walk(backend, family)
            walk.count_packets()
            walk.walk(own_states(family, 40))
            states = corpus_states(family)
            if backend == "legacy":
                states = states[:: max(1, len(states) // LEGACY_STEPS)]
            if states:
                walk.walk(states)
            what = f"{walk.steps} steps, {walk.lines} lines, {walk.foreign} with a rule of somebody else"
            print(f"ok: {walk.tool}: {what}", flush=True)
            walk.clear()
    if not corpus_states(4):
        print("no corpus: own states only")


main()
