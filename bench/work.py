"""The same work inside a sandbox and outside, in turns: what governing costs once a session has started.

Beside the two, the floor: bubblewrap with all of the host's files and a filter of one instruction, which allows everything. What no sandbox
with a system call filter can save is in it (the kernel's slower way into each call), and it differs between machines.
"""
import os
import resource
import struct
import subprocess
import time

from report import median

CXX = """#include <algorithm>
#include <iostream>
#include <map>
#include <regex>
#include <string>
#include <vector>
int main(int argc, char** argv) {
  std::map<std::string, std::vector<int>> m;
  std::regex r("a+b*c");
  for (int i = 0; i < argc; i++)
    if (std::regex_search(std::string(argv[i]), r)) m[argv[i]].push_back(i);
  for (auto& [k, v] : m) std::sort(v.begin(), v.end()), std::cout << k << v.size();
}
"""
BUDGET_SECONDS = 30  # per workload: a slow disk gets fewer pairs, at least three
TIMES = "i=0; while [ $i -lt %d ]; do %s; i=$((i+1)); done"
# name, programs it needs, command, is it held to the bound. Each is long enough (0.3 s and more) for the start of the session to vanish in it.
WORKLOADS = [
    ("git status x200, 3,500 files", ["git"], "cd repo && " + TIMES % (200, "git status --porcelain >/dev/null"), True),
    ("g++, one file with <regex>", ["g++"], "mkdir -p t && TMPDIR=$PWD/t g++ -std=c++20 -O1 -o t/a a.cpp", True),
    ("find /usr x3", ["find"], TIMES % (3, "find /usr >/dev/null"), True),
    ("tar of 5,300 files x20", ["tar"], TIMES % (20, "tar cf o.tar -C tree . && rm o.tar"), True),
    ("cp -r + rm -r of 5,300 files", ["cp"], "cp -r tree copy && rm -r copy", True),
    ("sh starting true x1500", ["sh"], TIMES % (1500, "/bin/true"), True),
    ("find / (but /proc and /sys)", ["find"], "find / \\( -path /proc -o -path /sys \\) -prune -o -print >/dev/null 2>&1; true", False),
]


def write_tree(root, directories, files_each, size):
    content = b"x" * size
    for d in range(directories):
        path = os.path.join(root, "d%02d" % (d % 20), "s%03d" % d)
        os.makedirs(path)
        for f in range(files_each):
            with open(os.path.join(path, "f%03d.txt" % f), "wb") as out:
                out.write(content + b"%d/%d\n" % (d, f))


def prepare(context):
    """A directory of its own, so that start-up is measured on an empty workspace."""
    where = os.path.join(context.scratch, "work")
    os.makedirs(where)
    with open(os.path.join(where, "a.cpp"), "w", encoding="utf-8") as out:
        out.write(CXX)
    write_tree(os.path.join(where, "tree"), 53, 100, 2000)
    if context.has(["git"]):
        repo = os.path.join(where, "repo")
        write_tree(repo, 70, 50, 500)
        git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.invalid", "-c", "commit.gpgsign=false"]
        for arguments in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "3,500 files"]):
            subprocess.run(git + arguments, cwd=repo, check=True, env=context.environment)
    return where


def timed(context, where, command, place):
    argv = ["sh", "-c", command]
    files = ()
    if place == "inside":
        argv = [context.bailiwick, "exec", "-C", where, "--"] + argv
    elif place == "floor":
        reading, writing = os.pipe()
        os.write(writing, struct.pack("=HBBI", 0x06, 0, 0, 0x7fff0000))  # BPF_RET | BPF_K, SECCOMP_RET_ALLOW
        os.close(writing)
        files = (reading,)
        argv = ["bwrap", "--bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--seccomp", str(reading), "--"] + argv
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    run = subprocess.run(argv, cwd=where, env=context.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE, check=False, pass_fds=files)
    for fd in files:
        os.close(fd)
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)  # a session reports its whole tree, its own supervisor included
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, cpu, run.returncode, run.stderr.decode(errors="replace")


def work(context):
    report = context.report
    report.heading("work inside against outside (in turns, the session's start included; ratio: median over the pairs, +-: their median deviation)")
    report.note("floor: the same ratio for a sandbox whose filter allows everything; the bound is 3 % above the larger of that and 1")
    report.note("cpu ratio: CPU seconds of everything inside, the supervisor too; it holds where a busy machine blurs the wall clock")
    where = prepare(context)
    rows, data = [], {}
    places = ["outside", "inside"] + (["floor"] if context.has(["bwrap"]) else [])
    for name, programs, command, is_bounded in WORKLOADS:
        if not context.has(programs):
            report.note("%s: left out, no `%s` here" % (name, programs[0]))
            continue
        taken, cpu_ratios, problem = {place: [] for place in places}, [], None
        began = time.perf_counter()
        for round_number in range(-1, context.rounds["work"]):
            cpus = {}
            for place in places if round_number % 2 else reversed(places):
                seconds, cpus[place], status, stderr = timed(context, where, command, place)
                if status != 0:
                    problem = "%s ended with %d: %s" % (place, status, stderr.strip()[-200:])
                elif round_number >= 0:
                    taken[place].append(seconds)
            if round_number >= 0 and not problem:
                cpu_ratios.append(cpus["inside"] / max(1e-6, cpus["outside"]))
            if problem or (len(taken["inside"]) >= 3 and time.perf_counter() - began > BUDGET_SECONDS):
                break
        if problem:
            report.note("%s: %s" % (name, problem))
            if is_bounded:
                report.must_reach("inside / outside: " + name, None, 1.03, "x")
            continue
        # Neighbours in time share what else the machine does: the ratio of each pair, then the median of those.
        outside, inside = taken["outside"], taken["inside"]
        ratios = sorted(a / b for a, b in zip(inside, outside))
        floor = median([a / b for a, b in zip(taken["floor"], outside)]) if "floor" in taken else None
        ratio = median(ratios)
        noise = median([abs(r - ratio) for r in ratios])
        figures = [median(outside), median(inside), ratio, noise, min(inside) / min(outside), median(cpu_ratios)]
        rows.append([name, str(len(ratios)), *("%.3f" % figure for figure in figures), "-" if floor is None else "%.3f" % floor,
                     "" if is_bounded else "not compared: fewer files are visible inside"])
        data[name] = {"outside_s": outside, "inside_s": inside, "ratio": ratio, "noise": noise, "cpu_ratio": median(cpu_ratios), "floor_s": taken.get("floor")}
        if is_bounded:
            report.must_reach("inside / outside: " + name, ratio, 1.03 if floor is None else max(1.03, floor * 1.03), "x", noise)
    report.table(["work", ">pairs", ">outside s", ">inside s", ">ratio", ">+-", ">ratio of minima", ">cpu ratio", ">floor", ""], rows)
    report.data["work"] = data
