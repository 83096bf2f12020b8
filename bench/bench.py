#!/usr/bin/env python3
"""Runs the parts of the benchmark and prints them; called by run.sh, which says the options."""
import argparse
import os
import platform
import shutil
import subprocess
import sys
import time

import judging
import startup
import work
from report import Report

PARTS = ["calibration", "startup", "steps", "work", "judging", "linking"]


class Context:
    def __init__(self, arguments, bailiwick):
        self.bailiwick = bailiwick
        self.scratch = arguments.scratch
        self.true_static = os.path.join(arguments.scratch, "true_static")
        self.workspace = os.path.join(arguments.scratch, "empty")
        os.makedirs(self.workspace, exist_ok=True)
        self.report = Report()
        # The user's own environment, but for where sessions are recorded, and for what spawnbench's list cannot say (an exported function).
        plain = {name: value for name, value in os.environ.items() if not set("\n\t\"") & set(value) and "%" not in name}
        self.environment = dict(plain, XDG_STATE_HOME=os.path.join(arguments.scratch, "state"))
        os.makedirs(self.environment["XDG_STATE_HOME"], mode=0o700, exist_ok=True)
        few = arguments.quick
        self.rounds = {"calibration": 5 if few else 10, "startup": 5 if few else 30, "steps": 5 if few else 10,
                       "timings": 5 if few else 31, "work": 2 if few else 6}
        if arguments.rounds:
            self.rounds = dict.fromkeys(self.rounds, arguments.rounds)

    def has(self, programs):
        return all(shutil.which(program) for program in programs)

    def large_workspace(self):
        path = os.path.join(self.scratch, "large")
        if not os.path.isdir(path):
            for d in range(990):
                inner = os.path.join(path, "d%02d" % (d // 100), "s%03d" % d)
                os.makedirs(inner)
                for f in range(100):
                    os.close(os.open(os.path.join(inner, "f%02d" % f), os.O_CREAT | os.O_WRONLY, 0o644))
        return path


def find_bailiwick(named):
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for candidate in (named, os.environ.get("BAILIWICK"), os.path.join(root, "build/release/bin/bailiwick"),
                      os.path.join(root, "build/dev/bin/bailiwick")):
        if candidate and os.access(candidate, os.X_OK):
            return os.path.realpath(candidate)
    return None


def parse_arguments():
    parser = argparse.ArgumentParser(prog="bench/run.sh", description="start-up, steps and work inside, as ratios in one run")
    parser.add_argument("--scratch", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="few rounds: a minute, less certain")
    parser.add_argument("--rounds", type=int, metavar="N", help="N rounds of everything")
    parser.add_argument("--only", metavar="PARTS", help="comma-separated: " + ", ".join(PARTS))
    parser.add_argument("--json", metavar="FILE", help="also write the figures there")
    parser.add_argument("bailiwick", nargs="?", help="the binary; else BAILIWICK, else the release build, else the dev build")
    arguments = parser.parse_args()
    arguments.parts = arguments.only.split(",") if arguments.only else PARTS
    for part in arguments.parts:
        if part not in PARTS:
            parser.error("unknown part `%s`; use %s" % (part, ", ".join(PARTS)))
    return arguments


def main():
    arguments = parse_arguments()
    bailiwick = find_bailiwick(arguments.bailiwick)
    if not bailiwick:
        print("bench: bailiwick is not built; run make build, or name the binary")
        return 0
    context = Context(arguments, bailiwick)
    report = context.report
    began = time.monotonic()
    print("bailiwick %s on Linux %s, %d CPUs, uid %d" % (bailiwick, platform.release(), os.cpu_count(), os.getuid()))
    version = subprocess.run([bailiwick, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    report.data["machine"] = {"kernel": platform.release(), "cpus": os.cpu_count(), "uid": os.getuid(), "binary": bailiwick,
                              "version": version, "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    run = {"calibration": startup.calibration, "startup": startup.startup, "steps": startup.steps, "work": work.work, "judging": judging.judging, "linking": startup.linking}
    for part in PARTS:
        if part in arguments.parts:
            run[part](context)
    report.print_must_reach()
    report.note("took %.0f s; load average now %.2f %.2f %.2f" % (time.monotonic() - began, *os.getloadavg()))
    if arguments.json:
        report.save(arguments.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
