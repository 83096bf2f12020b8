"""bubblewrap given the same sandbox as a Bailiwick plan: the peer that start-up is measured against.

Where the two differ, bubblewrap gets the cheaper side, so that the ratio never flatters us: our private directories become plain
directories of its root (only /tmp a tmpfs, as every profile has it), a copied file becomes one bind of a file made beforehand, and
Landlock, the resource limits and the session keyring, which it does not have, cost it nothing.
"""
import os
import struct


def fields(step):
    return step.get("kind"), step.get("target"), step.get("source", "")


def bubblewrap_arguments(plan, scratch):
    """The arguments before the command, and how many binds are among them. Files they need are made below `scratch`."""
    arguments = ["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    if plan.get("network") == "host":
        arguments.append("--share-net")
    binds = 0
    has_dev = False
    for step in plan["root"]:
        kind, target, source = fields(step)
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
            arguments += ["--bind" if "write" in str(step.get("access", "")).replace("-", "_") else "--ro-bind", source or target, target]
            binds += 1
        elif kind == "scratch" and target == "/tmp":
            arguments += ["--tmpfs", "/tmp"]
        elif kind in ("directory", "scratch"):
            arguments += ["--dir", target]
        elif kind == "symlink":
            arguments += ["--symlink", source, target]
        elif kind == "copy":
            path = os.path.join(scratch, "copy-%d" % len(arguments))
            with open(path, "w", encoding="utf-8") as out:
                out.write(step.get("content", source) or "")
            arguments += ["--ro-bind", path, target]
            binds += 1
    if not has_dev:
        arguments += ["--dev", "/dev"]
    arguments += ["--proc", "/proc"]
    for cover in plan.get("covers", []):
        kind, target, _ = fields(cover)
        if kind == "hide":
            arguments += ["--tmpfs", target] if cover.get("is_directory") else ["--ro-bind", "/dev/null", target]
        else:
            arguments += ["--bind" if kind == "pin" else "--ro-bind", target, target]
        binds += 1
    arguments.append("--clearenv")
    for entry in plan.get("environment", []):
        name, _, value = entry.partition("=")
        arguments += ["--setenv", name, value]
    arguments += ["--chdir", plan.get("directory") or plan["workspace"]]
    return arguments, binds


def seccomp_program(plan):
    """The plan's own filter as the bytes that `bwrap --seccomp FD` reads, or None if the plan does not show it."""
    program = (plan.get("seccomp") or {}).get("program")
    if not program:
        return None
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
