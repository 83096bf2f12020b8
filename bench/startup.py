"""How long a session takes to start: spawnbench runs, the same sandbox under bubblewrap, and Bailiwick's own steps."""
import json
import os
import shutil
import subprocess

import peer
from report import median

MIN_BINDS = 15


def quote(arguments):
    """For spawnbench's list, which knows quotes but no escapes."""
    words = []
    for argument in arguments:
        if "\n" in argument or "\t" in argument or ("'" in argument and '"' in argument):
            raise ValueError("cannot pass %r to spawnbench" % argument)
        words.append('"%s"' % argument if "'" in argument else "'%s'" % argument)
    return " ".join(words)


def spawnbench(context, commands, runs, rounds):
    """`commands`: name -> (descriptors, argv). Returns name -> measurements; in microseconds and KiB."""
    path = os.path.join(context.scratch, "spawn.list")
    with open(path, "w", encoding="utf-8") as out:
        for name, (files, argv) in commands.items():
            prefix = "".join("%d=%s " % (fd, file) for fd, file in files.items())
            out.write("%s\t%s%s\n" % (name, prefix, quote(argv)))
    printed = subprocess.run([os.path.join(context.scratch, "spawnbench"), "-n", str(runs), "-r", str(rounds), path],
                             stdout=subprocess.PIPE, text=True, check=True, env=context.environment, cwd=context.workspace).stdout
    results = {}
    for line in printed.splitlines()[1:]:
        name, *numbers = line.split("\t")
        results[name] = dict(zip(["runs", "min_us", "p50_us", "p90_us", "p99_us", "cpu_us", "maxrss_kib", "exit"], map(int, numbers)))
    for name, result in results.items():
        if result["exit"] != 0:
            files, argv = commands[name]
            fds = {fd: os.open(file, os.O_RDONLY) for fd, file in files.items()}
            for fd, opened in fds.items():
                os.dup2(opened, fd)
            again = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=context.environment,
                                   cwd=context.workspace, pass_fds=list(fds), check=False)
            context.report.note("`%s` ended with %d: %s" % (name, result["exit"], again.stderr.strip()[-300:]))
    return results


def print_runs(context, results, base):
    rows = []
    for name, r in results.items():
        rows.append([name, str(r["runs"]), str(r["min_us"]), str(r["p50_us"]), str(r["p90_us"]),
                     "%.2f" % (r["p50_us"] / max(1, results[base]["p50_us"])), str(r["cpu_us"]), "%.1f" % (r["maxrss_kib"] / 1024),
                     "ok" if r["exit"] == 0 else "exit %d" % r["exit"]])
    context.report.table(["what", ">runs", ">min us", ">p50 us", ">p90 us", ">x first", ">cpu us", ">RSS MiB", "status"], rows)


def calibration(context):
    load = os.getloadavg()
    context.report.heading("calibration: what starting anything costs here (load average %.2f %.2f %.2f on %d CPUs)" % (*load, os.cpu_count()))
    if load[0] > 0.5 * os.cpu_count():
        context.report.note("other work competes for the CPUs: trust the ratios and the minima, not the microseconds")
    results = spawnbench(context, {"bare /bin/true": ({}, ["/bin/true"]), "static C program": ({}, [context.true_static])},
                         10, context.rounds["calibration"])
    print_runs(context, results, "bare /bin/true")
    context.report.data["calibration"] = {"load_average": load, "runs": results}


def load_plan(context, extra_flags):
    run = subprocess.run([context.bailiwick, "sandbox", "plan", "--json", "-C", context.workspace, *extra_flags, "--", "/bin/true"],
                         capture_output=True, text=True, env=context.environment, cwd=context.workspace, check=False)
    if run.returncode != 0:
        context.report.note("`bailiwick sandbox plan --json` ended with %d: %s" % (run.returncode, run.stderr.strip()[-300:]))
        return None
    return json.loads(run.stdout)


def peer_command(context, extra_flags):
    """bubblewrap with our plan: (descriptors, argv, binds), or None with a note."""
    if not shutil.which("bwrap"):
        context.report.note("bwrap is not installed: no peer to compare with")
        return None
    plan = load_plan(context, extra_flags)
    if plan is None:
        return None
    arguments, binds = peer.bubblewrap_arguments(plan, context.environment, context.scratch)
    program = peer.seccomp_program(plan)
    path = os.path.join(context.scratch, "filter.bpf")
    with open(path, "wb") as out:
        out.write(program)
    return {10: path}, ["bwrap", "--seccomp", "10", *arguments, "--", "/bin/true"], binds, len(program) // 8


# What a developer who runs agents has at home and in a project: toolchains, small configuration, a repository with editor and agent settings.
AGENT_HOME = [".local/bin", ".local/lib", ".cargo/bin", ".cargo/registry", ".cargo/git", ".rustup", ".nvm", ".npm-global", ".cache/node/corepack",
              ".pyenv", ".local/share/uv/python", ".local/share/uv/tools", "go/bin", "go/pkg", ".sdkman", ".m2/repository", ".m2/wrapper",
              ".gradle/wrapper", ".dotnet/tools", ".rbenv"]
AGENT_FILES = [".gitconfig", ".npmrc", ".profile", ".bashrc", ".config/git/ignore", ".config/pip/pip.conf"]
AGENT_PROJECT = [".vscode/settings.json", ".vscode/tasks.json", ".mcp.json", ".claude/settings.json", ".envrc", "package.json", "src/main.c"]


def agent_like(context):
    """A home and a project as above: (home, project)."""
    home = os.path.join(context.scratch, "home")
    project = os.path.join(home, "project")
    for path in AGENT_HOME + [".git/hooks", ".git/refs/heads", ".git/objects"]:
        os.makedirs(os.path.join(project if path.startswith(".git/") else home, path), exist_ok=True)
    for root, paths in ((home, AGENT_FILES), (project, AGENT_PROJECT + [".git/config", ".git/HEAD"])):
        for path in paths:
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as out:
                out.write("ref: refs/heads/main\n" if path == ".git/HEAD" else "")
    return home, project


def startup(context):
    bare_home, bare_workspace = context.environment.get("HOME"), context.workspace
    compare(context, "start-up of a sandboxed /bin/true, in an empty directory of this user", "bare", "", None)
    home, project = agent_like(context)
    context.environment["HOME"], context.workspace = home, project
    compare(context, "the same with an agent-like profile: toolchains at home, a repository with editor and agent settings", "agent-like",
            "agent-like profile, ", 0.6)
    context.workspace = bare_workspace
    if bare_home is None:
        del context.environment["HOME"]
    else:
        context.environment["HOME"] = bare_home


def compare(context, heading, key, prefix, bound):
    report = context.report
    report.heading(heading)
    # The plan of this host may hold fewer binds than the comparison asks for: then both sides get more.
    plan = load_plan(context, [])
    missing = 0 if plan is None else max(0, MIN_BINDS - peer.bubblewrap_arguments(plan, context.environment, context.scratch)[1])
    flags = []
    for i in range(missing):
        extra = os.path.join(context.scratch, "extra-%d" % i)
        os.makedirs(extra, exist_ok=True)
        flags += ["--read", extra]
    same = peer_command(context, flags)
    workspace = context.workspace
    commands = {
        "bare /bin/true": ({}, ["/bin/true"]),
        "bailiwick exec": ({}, [context.bailiwick, "exec", *flags, "-C", workspace, "--", "/bin/true"]),
        "bailiwick run": ({}, [context.bailiwick, "run", *flags, "-C", workspace, "--", "/bin/true"]),
    }
    if same:
        version = subprocess.run(["bwrap", "--version"], capture_output=True, text=True, check=False).stdout.strip()
        report.note("%s with the plan of `bailiwick exec`: %d binds, the same environment, its filter of %d instructions" % (version, same[2], same[3]))
        commands["bwrap, same sandbox"] = (same[0], same[1])
        commands["bwrap, ro-bind /"] = ({}, ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp",
                                             "--bind", workspace, workspace, "--unshare-all", "--die-with-parent", "--new-session",
                                             "--cap-drop", "ALL", "--", "/bin/true"])
    results = spawnbench(context, commands, 10, context.rounds["startup"])
    print_runs(context, results, "bare /bin/true")
    report.note("cpu: of the process and of what it waited for; bwrap leaves its child to init, so its own figure is only a part")
    report.data.setdefault("startup", {})[key] = {"runs": results, "binds": same[2] if same else None, "flags": flags}
    ours, theirs = results["bailiwick exec"], results.get("bwrap, same sandbox")
    is_fair = ours["exit"] == 0 and theirs and theirs["exit"] == 0
    ratio = ours["p50_us"] / theirs["p50_us"] if is_fair else None
    if is_fair:
        report.note("exec / bwrap with the same sandbox: %.2f at p50, %.2f at the minimum, %.2f at p90" % (
            ratio, ours["min_us"] / theirs["min_us"], ours["p90_us"] / theirs["p90_us"]))
    if bound is not None:
        report.must_reach(prefix + "exec of true / bwrap with the same sandbox, p50", ratio, bound, "x")
    report.must_reach(prefix + "peak memory of exec", ours["maxrss_kib"] / 1024 if ours["exit"] == 0 else None, 8, "MiB")


def parse_timings(stderr):
    """The line of JSON that the hidden flag --timings prints at the end, `{"<step>_us": 12.5, ...}`: [(step, microseconds)], or None."""
    for line in reversed(stderr.splitlines()):
        if line.startswith("{"):
            try:
                return [(name.removesuffix("_us"), float(micros)) for name, micros in json.loads(line).items()]
            except ValueError:
                return None
    return None


def steps(context):
    report = context.report
    report.heading("start-up by step")
    workspaces = {"empty workspace": context.workspace, "100,000 entries": context.large_workspace()}
    results = spawnbench(context, {name: ({}, [context.bailiwick, "exec", "-C", path, "--", "/bin/true"]) for name, path in workspaces.items()},
                         5, context.rounds["steps"])
    print_runs(context, results, "empty workspace")
    report.data["steps"] = {"runs": results}
    tables = {name: {} for name in workspaces}
    order = []
    for _ in range(context.rounds["timings"]):
        for name, path in workspaces.items():
            run = subprocess.run([context.bailiwick, "exec", "--timings", "-C", path, "--", "/bin/true"], stdin=subprocess.DEVNULL,
                                 capture_output=True, text=True, env=context.environment, cwd=context.workspace, check=False)
            measured = parse_timings(run.stderr) if run.returncode == 0 else None
            if measured is None:
                report.note("no breakdown: `bailiwick exec --timings` printed none (exit %d%s)" % (
                    run.returncode, ": " + run.stderr.strip()[-200:] if run.returncode else ""))
                return
            for step, micros in measured:
                tables[name].setdefault(step, []).append(micros)
                if step not in order:
                    order.append(step)
    medians = {name: {step: median(values) for step, values in table.items()} for name, table in tables.items()}
    rows = [[step] + ["%.0f" % medians[name][step] if step in medians[name] else "-" for name in workspaces] for step in order]
    report.table(["step"] + [">%s us" % name for name in workspaces], rows)
    report.data["steps"]["medians_us"] = medians


def linking(context):
    """Which libraries the path of `exec` loads or contains."""
    report = context.report
    report.heading("what the binary of exec links: no TLS, HTTP, SQL or D-Bus")
    unwanted = ("libssl", "libcrypto", "libgnutls", "libcurl", "libnghttp", "libboost", "libsqlite", "libpq", "libdbus", "libsystemd", "libsdbus")
    markers = (b"OPENSSL_init_ssl", b"SSL_CTX_new", b"curl_easy_init", b"sqlite3_open", b"PQconnectdb", b"dbus_bus_get", b"sd_bus_open")
    dynamic = subprocess.run(["readelf", "-d", context.bailiwick], capture_output=True, text=True, check=False).stdout
    needed = [line.split("[")[1].rstrip("]") for line in dynamic.splitlines() if "(NEEDED)" in line]
    loaded = subprocess.run(["ldd", context.bailiwick], capture_output=True, text=True, check=False).stdout
    bad = [name for name in needed + loaded.split() if name.startswith(unwanted)]
    with open(context.bailiwick, "rb") as binary:
        content = binary.read()
    bad += [marker.decode() for marker in markers if marker in content]
    report.note("%s, %.1f MiB: %s" % (os.path.basename(context.bailiwick), len(content) / 2**20,
                                      "links statically" if not needed else "needs " + " ".join(needed)))
    report.note("found: %s" % (", ".join(bad) if bad else "none of " + ", ".join(unwanted)))
    report.data["linking"] = {"needed": needed, "unwanted": bad, "bytes": len(content)}
    report.must_reach("TLS, HTTP, SQL and D-Bus libraries in the path of exec", len(bad), 0, "")
