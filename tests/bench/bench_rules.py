# SPDX-License-Identifier: GPL-2.0-or-later
"""Measures the rule engine: each of its programs (rules-*.c) in turn, several rounds, and the medians of what they tell."""
import os
import statistics
import subprocess
import sys

# name: program and arguments, those for a quick look, the figures that are told
PROGRAMS = {
    "text": ("rules-text", [], ["50000", "3"],
             {"parse_mb_s": "MB/s", "print_mb_s": "MB/s", "parse_print_mb_s": "MB/s", "bytes_a_rule": "bytes",
              "to_json_ms": "ms", "from_json_ms": "ms"}),
    "diff": ("rules-diff", [], ["50000", "3"],
             {"one_in_1_ms": "ms", "by_value_in_1_ms": "ms", "moved_in_1_ms": "ms", "check_in_1_ms": "ms",
              "one_in_500_ms": "ms", "by_value_in_500_ms": "ms", "check_in_500_ms": "ms"}),
    "commit": ("rules-commit", [], ["-n", "10"], {"tool_ms": "ms", "commit_ms": "ms", "ratio": "", "read_ms": "ms"}),
}

# what, program, figure, at most or at least, target
TARGETS = [
    ("parse plus print, MB/s", "text", "parse_print_mb_s", ">=", 100),
    ("memory, bytes a rule", "text", "bytes_a_rule", "<=", 400),
    ("diff of 50,000, 500 chains, ms", "diff", "one_in_500_ms", "<=", 60),
    ("diff of 50,000, one chain, ms", "diff", "one_in_1_ms", "<=", 60),
    ("commit of one / bare tool, nft", "commit", "ratio", "<=", 1.3),
]


def measure_once(build, name, quick):
    """{figure: value} of one run of a program, or None when the machine does not let it run."""
    program, usual, short, _ = PROGRAMS[name]
    command = [os.path.join(build, "tests/bench", program), *(short if quick else usual)]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if result.returncode == 77:
        print(f"SKIP: {name}: {result.stdout.strip()}", file=sys.stderr)
        return None
    result.check_returncode()
    return {key: float(value) for key, value in (pair.split("=") for pair in result.stdout.split())
            if key in PROGRAMS[name][3]}


def measure(build, rounds, quick):
    """{program: {figure: values}}. The programs in turn, so that a busy minute hits all of them."""
    figures = {name: {key: [] for key in wanted} for name, (_, _, _, wanted) in PROGRAMS.items()}
    for _ in range(rounds):
        for name in list(figures):
            values = measure_once(build, name, quick)
            if values is None:
                del figures[name]
                continue
            for key, value in values.items():
                figures[name][key].append(value)
    print(f"rules: {rounds} runs of each program", file=sys.stderr)
    return figures


def judge(figures):
    """The targets that were measured."""
    rows = []
    for what, name, key, relation, target in TARGETS:
        if name not in figures:
            continue
        values = figures[name][key]
        value, best = statistics.median(values), (min if relation == "<=" else max)(values)
        rows.append({"what": what, "value": round(value, 2), "best": round(best, 2), "target": f"{relation} {target}",
                     "met": value <= target if relation == "<=" else value >= target})
    return rows


def show(figures, rows):
    print(f"\n{'program':10} {'figure':20} {'median':>10} {'least':>10} {'most':>10}")
    for name, keys in figures.items():
        for key, values in keys.items():
            print(f"{name:10} {key:20} {statistics.median(values):10.2f} {min(values):10.2f} {max(values):10.2f} "
                  f"{PROGRAMS[name][3][key]}")
    print(f"\n{'the rule engine and its targets':32} {'medians':>8} {'best':>8}   target")
    for row in rows:
        met = "met" if row["met"] else "MISSED"
        print(f"{row['what']:32} {row['value']:8.2f} {row['best']:8.2f}   {row['target']}  {met}")
