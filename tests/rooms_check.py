#!/usr/bin/env python3
"""Holds every #include of src/ against the table of allowed arrows (ARCHITECTURE.md, "Rooms"). Run by ctest.

A room may include itself and the rooms of lower floors. Between rooms of one floor only what the table names, with its reason.
Also: raw system calls stay in kernel/, networking libraries in net/, heavy libraries out of headers, and no file speaks of one machine's paths."""
import os, re, sys

ROOT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'src')
FLOOR = {'base': 0, 'kernel': 0, 'net': 0,
         'policy': 1, 'shell': 1, 'record': 1, 'identity': 1,
         'referee': 2,
         'sandbox': 3, 'gate': 3, 'egress': 3, 'mcp': 3, 'agents': 3,
         'session': 4, 'surface': 4, 'fleet': 4, 'triage': 4,
         'apps': 5}
SAME_FLOOR = {
    ('kernel', 'base'): 'errors and text are below every other room of the ground floor',
    ('net', 'base'): 'errors and text',
    ('session', 'surface'): 'the supervisor stands between the program and the terminal: its one loop drives the relay',
}
# Rooms that are pure may not reach down to the kernel.
NOT = {('policy', 'kernel'): 'policy is pure: it looks at values, never at the machine',
       ('referee', 'kernel'): 'judging is pure'}
HEAVY = re.compile(r'<(boost/|openssl/|libpq|nlohmann/|sodium|toml\+\+/|CLI/)')
SYSCALL = re.compile(r'\b(::)?syscall\(')
SYSCALL_OUTSIDE = {'sandbox/scan.cc': 'getdents64: libc allocates for each directory'}


def repeated_types():
    """Two types of one name in one namespace are undefined behaviour that no compiler sees, if two rooms have one each."""
    where = {}
    for directory, _, files in os.walk(ROOT):
        for name in sorted(files):
            if not name.endswith(('.h', '.cc')) or name.endswith(('_test.cc', '_bench.cc', '_fuzz.cc')):
                continue
            path = os.path.relpath(os.path.join(directory, name), ROOT)
            space = []  # '' is an unnamed one
            for line in open(os.path.join(ROOT, path), encoding='utf-8'):
                opened = re.match(r'namespace ?([\w:]*) \{', line)
                if opened:
                    space.append(opened.group(1))
                elif line.startswith('}  // namespace') and space:
                    space.pop()
                m = re.match(r'(?:struct|class|enum class) (?:\[\[nodiscard\]\] )?(\w+)(?: final)?(?: :[^;]*)? \{', line)
                if m and '' not in space:
                    where.setdefault('::'.join(space + [m.group(1)]), []).append('src/' + path)
    return [f'{name} is defined in {" and in ".join(paths)}: one of them needs another name' for name, paths in sorted(where.items()) if len(set(paths)) > 1]


def main():
    bad, seen = [], 0
    for directory, _, files in os.walk(ROOT):
        for name in sorted(files):
            if not name.endswith(('.h', '.cc')):
                continue
            path = os.path.join(directory, name)
            rel = os.path.relpath(path, ROOT)
            room = rel.split(os.sep)[0]
            if room not in FLOOR:
                bad.append(f'{rel}: the folder {room} is not a room')
                continue
            is_test = name.endswith(('_test.cc', '_bench.cc', '_fuzz.cc'))
            for number, line in enumerate(open(path, encoding='utf-8'), 1):
                seen += 1
                at = f'src/{rel}:{number}'
                m = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
                if m:
                    to = m.group(1).split('/')[0]
                    if '/' not in m.group(1):
                        if room != 'apps':
                            bad.append(f'{at}: include by the full path below src/: "{m.group(1)}"')
                    elif to not in FLOOR:
                        bad.append(f'{at}: {to} is not a room')
                    elif (room, to) in NOT:
                        bad.append(f'{at}: {room} may not include {to}: {NOT[(room, to)]}')
                    elif to != room and FLOOR[to] >= FLOOR[room] and (room, to) not in SAME_FLOOR:
                        bad.append(f'{at}: {room} (floor {FLOOR[room]}) may not include {to} (floor {FLOOR[to]})')
                if name.endswith('.h') and HEAVY.search(line):
                    bad.append(f'{at}: a heavy library in a header')
                if room != 'kernel' and not is_test and SYSCALL.search(line) and rel not in SYSCALL_OUTSIDE:
                    bad.append(f'{at}: raw system calls belong in kernel/')
    bad += repeated_types()
    for line in bad:
        print(line)
    print(f'{seen} lines looked at, {len(bad)} wrong')
    return 1 if bad or seen == 0 else 0


if __name__ == '__main__':
    sys.exit(main())
