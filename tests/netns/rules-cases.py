# SPDX-License-Identifier: GPL-2.0-or-later
"""Sends rules through the tool and compares what comes back with their canonical form.

Usage: rules-cases.py CANONICAL-CLI NAME FILE - lines of the file are "family|table|rule". Each rule goes into a chain of its
own. What the tool or the kernel refuses is left out and counted. Where the backends differ, the canonical form is that of
iptables-nft; what iptables-legacy prints must be equal to the rule.
"""

import collections
import re
import subprocess
import sys

cli, name, path = sys.argv[1:]

# iptables-nft does not keep an option that the tool itself calls without effect, and keeps more of a text than the kernel's
# own target.
NOT_KEPT = re.compile(r"--nflog-range|--nflog-prefix \S{64}")
# Matches look for it; its chain keeps the name of the built-in one.
ESTIMATOR = "*filter\n-A INPUT -j RATEEST --rateest-name RE1 --rateest-interval 250ms --rateest-ewmalog 500ms\nCOMMIT\n"


def run(args, text=""):
    done = subprocess.run(args, input=text, capture_output=True, text=True, errors="surrogateescape")
    return done.returncode, done.stdout, done.stderr


def restore(tool, table, rules):
    """The number of the rule to blame, None when all are in, -1 when nobody knows."""
    lines = ["*" + table] + [":c%d - [0:0]" % i for i, _ in rules] + ["-A c%d %s" % rule for rule in rules] + ["COMMIT\n"]
    status, _, said = run([tool + "-restore", "-n"], "\n".join(lines))
    if status == 0:
        return None
    line = re.search(r"(?:occurred at line: |\bline )(\d+)", said)
    at = int(line.group(1)) - 2 - len(rules) if line else -1
    return at if 0 <= at < len(rules) else -1


def put(tool, table, rules):
    """Puts in what is taken; returns what is not."""
    refused = []
    while rules:
        at = restore(tool, table, rules)
        if at is None:
            break
        if at >= 0 or len(rules) == 1:
            refused.append(rules.pop(max(at, 0)))
            continue
        # The kernel refused the whole without saying why.
        half = len(rules) // 2
        refused += put(tool, table, rules[:half])
        rules = rules[half:]
    return refused


def canonical(family, rules):
    lines = run([cli, family], "".join(rule + "\n" for rule in rules))[1].split("\n")[:-1]
    assert len(lines) == len(rules)
    return lines


def check(family, backend, rules):
    tool = ("ip6tables-" if family == "6" else "iptables-") + backend
    tables = collections.defaultdict(list)
    for i, (table, rule) in enumerate(rules):
        tables[table].append((i, rule))
    run([tool + "-restore", "-n"], ESTIMATOR)
    refused = [rule for table in tables for rule in put(tool, table, tables[table])]
    saved = {}
    for line in run([tool + "-save"])[1].split("\n"):
        match = re.match(r"-A c(\d+) ?(.*)$", line)
        if match:
            saved[int(match.group(1))] = match.group(2).rstrip()
    order = sorted(saved)
    wanted = canonical(family, [rules[i][1] for i in order])
    equal = canonical(family, ["%s \t %s" % (rules[i][1], saved[i]) for i in order])
    different = 0
    for i, form, same in zip(order, wanted, equal):
        differs = backend == "legacy" or NOT_KEPT.search(rules[i][1])
        if same != "equal" or (not differs and form != saved[i]):
            different += 1
            print("%s: rule      %s\n    saved     %s\n    canonical %s" % (tool, rules[i][1], saved[i], form))
    print("%s, %s: %d rules, %d the same through the tool, %d refused here, %d different"
          % (name, tool, len(rules), len(order) - different, len(refused), different))
    for table in list(tables) + ["filter"]:
        run([tool, "-t", table, "-F"])
        run([tool, "-t", table, "-X"])
    # A test that compares next to nothing would be none.
    return different == 0 and len(order) + len(refused) == len(rules) and len(order) > len(rules) / 2


def main():
    families = collections.defaultdict(list)
    for line in open(path, errors="surrogateescape"):
        family, table, rule = line.rstrip("\n").split("|", 2)
        families[family].append((table, rule))
    good = [check(family, backend, rules) for family, rules in families.items() for backend in ("nft", "legacy")]
    sys.exit(not (good and all(good)))


main()
