"""How fast policy is: judging in the process, and `policy explain` as a whole one, against Codex's own check if it is installed."""
import glob
import json
import os
import subprocess

from startup import print_runs, spawnbench

# what the benchmarks of src/ call it -> what the issue asks for: (in words, bound, unit, from nanoseconds)
BOUNDS = {
    "JudgeGitPush/100": ("judge an exec, 100 rules", 0.5, "us", 1e3),
    "JudgeLs/100": ("judge another exec, 100 rules", 0.5, "us", 1e3),
    "ShellPlain": ("shell string of 90 characters, plain", 25, "us", 1e3),
    "ShellExpands": ("shell string of 90 characters, loop and substitution", 25, "us", 1e3),
    "Load/10000": ("load 10,000 rules", 50, "ms", 1e6),
}


def nanoseconds(line):
    return line["cpu_time"] * {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}[line["time_unit"]]


def inside(context):
    """Google Benchmark's own figures, median of three."""
    program = os.path.join(os.path.dirname(context.bailiwick), "judge_bench")
    if not os.access(program, os.X_OK):
        context.report.note("judge_bench is not beside the program: left out")
        return
    printed = subprocess.run([program, "--benchmark_format=json", "--benchmark_repetitions=3", "--benchmark_report_aggregates_only=true"],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout
    took = {line["run_name"]: nanoseconds(line) for line in json.loads(printed)["benchmarks"] if line["aggregate_name"] == "median"}
    base = took["JudgeGitPush/100"]
    context.report.heading("judging, on one core (x: against one judged `git push` under 100 rules)")
    context.report.table(["what", ">ns", ">a second", ">x"], [[name, "%.0f" % ns, "%.3g" % (1e9 / ns), "%.2f" % (ns / base)] for name, ns in took.items()])
    for name, (what, bound, unit, divisor) in BOUNDS.items():
        context.report.must_reach(what, took[name] / divisor if name in took else None, bound, unit)
    context.report.must_reach("the same with 10,000 rules", took["JudgeGitPush/10000"] / base, 2, "x", noise=0.1)
    context.report.data["judging_ns"] = took


def codex_program():
    caches = [os.environ.get("XDG_CACHE_HOME") or "/var/cache", os.path.expanduser("~/.cache")]
    found = [path for cache in caches for path in glob.glob(os.path.join(cache, "bailiwick-agents/*/node_modules/@openai/codex-*/vendor/*/bin/codex"))]
    return next((path for path in found if os.access(path, os.X_OK)), None)


def whole(context):
    rules = os.path.join(context.scratch, "bench.rules")
    ours = os.path.join(context.scratch, "bench.toml")
    with open(rules, "w", encoding="utf-8") as out, open(ours, "w", encoding="utf-8") as toml:
        toml.write("schema = 1\n")
        for i in range(100):
            out.write('prefix_rule(pattern=["tool%d", "verb"], decision="prompt")\n' % i)
            toml.write('[[command]]\nprefix = ["tool%d", "verb"]\ndecision = "ask"\n' % i)
    commands = {
        "true_static": ({}, [context.true_static]),
        "explain exec -- true": ({}, [context.bailiwick, "policy", "explain", "exec", "--", "true"]),
        "explain, 100 rules": ({}, [context.bailiwick, "policy", "explain", "--policy", ours, "exec", "--", "true"]),
        "explain, 100 .rules": ({}, [context.bailiwick, "policy", "explain", "--policy", rules, "exec", "--", "true"]),
    }
    codex = codex_program()
    if codex:
        commands["codex execpolicy check"] = ({}, [codex, "execpolicy", "check", "--rules", rules, "--", "true"])
    context.report.heading("`policy explain` as a whole process" + ("" if codex else " (codex is not installed: make agents)"))
    results = spawnbench(context, commands, 20, context.rounds["startup"])
    print_runs(context, results, "true_static")
    context.report.must_reach("policy explain exec -- true, p50", results["explain exec -- true"]["p50_us"] / 1e3, 3, "ms")
    if codex:
        context.report.note("against codex execpolicy check with the same 100 rules: %.2fx" % (results["explain, 100 .rules"]["p50_us"] / max(1, results["codex execpolicy check"]["p50_us"])))
    context.report.data["explain"] = results


def judging(context):
    inside(context)
    whole(context)
