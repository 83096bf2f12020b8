"""bubblewrap given the same sandbox as a Bailiwick plan: the peer that start-up is measured against.

Where the two differ, bubblewrap gets the cheaper side, so that the ratio never flatters us: our private directories become plain
directories of its root (only /tmp a tmpfs, as every profile has it), a copied file becomes one bind of a file made beforehand, and
Landlock, the resource limits and the session keyring, which it does not have, cost it nothing.
"""
import os
import struct


def bubblewrap_arguments(plan, environment, scratch):
    """The arguments before the command, and how many binds are among them. `environment` gives the values of the variables that the plan
    names. Files that the arguments need are made below `scratch`."""
    arguments = ["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    if plan["network"] == "host":
        arguments.append("--share-net")
    binds = 0
    has_dev = False
    for step in plan["root"]:
        kind, target = step["kind"], step["target"]
        if target == "/":
            continue
        if target == "/dev" or target.startswith("/dev/"):
            if not has_dev:
                arguments += ["--dev", "/dev"]
                has_dev = True
            continue
        if target == "/proc" or target.startswith("/proc/"):
            continue
        if kind == "bind":
            arguments += ["--bind" if step["access"] == "read-write" else "--ro-bind", target, target]
            binds += 1
        elif kind == "scratch" and target == "/tmp":
            arguments += ["--tmpfs", "/tmp"]
        elif kind in ("directory", "scratch"):
            arguments += ["--dir", target]
        elif kind == "symlink":
            arguments += ["--symlink", step["to"], target]
        elif kind == "copy":
            path = os.path.join(scratch, "copy-%d" % len(arguments))
            with open(path, "w", encoding="utf-8") as out:
                out.write("x" * step["bytes"])
            arguments += ["--ro-bind", path, target]
            binds += 1
    if not has_dev:
        arguments += ["--dev", "/dev"]
    arguments += ["--proc", "/proc"]
    for cover in plan["covers"]:
        kind, target = cover["kind"], cover["target"]
        if kind == "hide":
            arguments += ["--tmpfs", target] if cover["is_directory"] else ["--ro-bind", "/dev/null", target]
        else:
            arguments += ["--bind" if kind == "pin" else "--ro-bind", target, target]
        binds += 1
    arguments.append("--clearenv")
    for name in plan["environment"]:
        arguments += ["--setenv", name, environment.get(name, "set by bailiwick")]
    arguments += ["--chdir", plan["directory"]]
    return arguments, binds


def seccomp_program(plan):
    """The plan's own filter as the bytes that `bwrap --seccomp FD` reads: an array of struct sock_filter."""
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in plan["seccomp"]["program"])
