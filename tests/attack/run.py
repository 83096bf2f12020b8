#!/usr/bin/python3
"""Attack and look-alike harness, generic over the launcher (sandbox) under test.  See README.md.

  run.py --differential --launcher bailiwick --make-user --copy-program build/release/bin/bailiwick
  run.py --launcher bwrap-hard --out results-bwrap-hard.json [--only W01,resource,H1*]

For each case a fresh fake world is made OUTSIDE the sandbox (workspace, HOME with canary secrets, victim process, sockets, sinks), the
case's script runs INSIDE under the launcher, and an oracle looks at the world from outside.  --differential runs each case first without a
sandbox, where every attack must succeed and every look-alike work, then under the launcher, and gates: exit 1 when an attack escapes, a
look-alike breaks, a case shows nothing without the sandbox, or a result differs from what expectations-LAUNCHER.txt says.

Python standard library only.  Start it as root: it makes its own pid, mount, network and IPC namespaces and runs everything in them as
--user.  Exit 77 (skipped) when not root.
"""
import argparse
import json
import os
import platform
import re
import shutil
import sys
import tempfile
import time
import types

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import host, report, runner, shards              # noqa: E402
from harness.cases import load_cases, select                  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
GATED = 'fs-write,fs-read,host,syscall,resource,git,build,run,ipc,env'
REPORTED = 'persist,limit'                                        # run and counted, not yet gated: see README


def parse():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--launcher', required=True, help='name: launchers/NAME.sh unless --cmd says otherwise')
    ap.add_argument('--cmd', default='', help='template; {workspace} {home} {world} {opt} {cmd} {cmdline} are filled in')
    ap.add_argument('--differential', action='store_true', help='each case first with `none`, then with the launcher; gates')
    ap.add_argument('--groups', default='', help='groups to run and gate (default: %s)' % GATED)
    ap.add_argument('--report-groups', default=REPORTED, help='groups to run and count without gating (differential; default: %s)' % REPORTED)
    ap.add_argument('--expectations', default='', help='default: expectations-LAUNCHER.txt beside this file')
    ap.add_argument('--only', default='', help='ids or groups, comma separated; a trailing * matches a prefix')
    ap.add_argument('--cases', default=os.path.join(HERE, 'cases'))
    ap.add_argument('--out', default='', help='results as JSON')
    ap.add_argument('--merge', action='store_true', help='update the results already in --out')
    ap.add_argument('--verified', default='', help='results of launcher `none`; cases not seen to succeed there are left out')
    ap.add_argument('--features', default='', help='further concepts the launcher has: exec-policy, domain-policy, modes')
    ap.add_argument('--user', default='bwtest', help='user everything runs as; `root` selects the cases marked root')
    ap.add_argument('--make-user', action='store_true', help='make that user if there is none')
    ap.add_argument('--copy-program', action='append', default=[], metavar='PATH',
                    help='copy PATH to a place the user can read; the first one becomes $BAILIWICK')
    ap.add_argument('--base', default='', help='where the fake world is made (default: home directory of --user)')
    ap.add_argument('--slow', type=float, default=1.0, help='multiplies time limits')
    ap.add_argument('--keep', action='store_true', help='keep the world of each case')
    ap.add_argument('--no-skips', action='store_true', help='a skipped case that the expectations do not name is a failure')
    ap.add_argument('--jobs', type=int, default=1, help='differential: so many cases at once, but for those that must be alone')
    ap.add_argument('--pairs', default='', help=argparse.SUPPRESS)   # a part of a run with --jobs: results without and with the launcher
    ap.add_argument('--list', action='store_true', help='list the cases and stop')
    return ap.parse_args()


def launcher_of(name, cmd, features):
    path = os.path.join(HERE, 'launchers', name + '.sh')
    have = set(x for x in re.split(r'[ ,]+', features) if x)
    if os.path.exists(path):
        for ln in open(path):
            if ln.startswith('# features:'):
                have |= set(ln.split(':')[1].split())
    elif not cmd:
        raise SystemExit('no launchers/%s.sh: name the command with --cmd' % name)
    return types.SimpleNamespace(name=name, cmd=cmd or 'launchers/%s.sh {workspace} {home}' % name, features=have)


def main():
    a = parse()
    a.cases = os.path.abspath(a.cases)
    a.out = os.path.abspath(a.out) if a.out else ''
    as_root = a.user == 'root'
    cases = load_cases(a.cases)
    order = [c.id for c in cases]
    gated = set((a.groups or GATED).split(','))
    if a.differential:
        groups = ','.join(sorted(gated | set(x for x in a.report_groups.split(',') if x)))
    else:
        groups = a.groups
    cases = select(cases, a.only, '' if a.only and not a.groups else groups, as_root)
    if a.list:
        for c in cases:
            print('%-5s %-8s %-6s %s' % (c.id, c.group, c.kind, c.title))
        return 0
    if os.geteuid() != 0:
        print('skipped: needs root (it makes namespaces; the launcher itself runs as --user)')
        return 77
    runner.check_tools()
    if a.verified:
        ok = {r['id'] for r in json.load(open(a.verified))['cases'] if r['result'] in ('escaped', 'works')}
        cases = [c for c in cases if c.id in ok]
    launcher = launcher_of(a.launcher, a.cmd, a.features)
    if a.launcher.startswith('bailiwick') and not a.copy_program:
        p = os.environ.get('BAILIWICK') or os.path.join(HERE, '../../build/release/bin/bailiwick')
        if not os.path.exists(p):
            raise SystemExit('no program at %s: build it, or name it with --copy-program' % os.path.normpath(p))
        a.copy_program = [p]
    for p in a.copy_program:
        if not os.path.isfile(p):
            raise SystemExit('--copy-program: no file `%s`' % p)
    pw = host.ordinary_user(a.user, a.make_user)
    if a.differential and a.jobs > 1:
        return parallel(a, pw, cases, launcher, order, gated)
    base = a.base or pw.pw_dir
    host.sweep(base)
    root = tempfile.mkdtemp(prefix='rt-%d-' % os.getpid(), dir=base)
    os.chmod(root, 0o755)
    cg = host.make_cgroup(pw.pw_uid, pw.pw_gid)
    os.makedirs(host.NEIGHBOUR, 0o755, exist_ok=True)

    def inside():
        if cg:
            with open(cg + '/main/cgroup.procs', 'w') as f:
                f.write('0')
        run = runner.Run(a, pw, root, cg)
        raise SystemExit((differential if a.differential else plain)(a, run, cases, launcher, order, gated))
    results = os.path.join(root, 'results')                   # the run can write nowhere else
    os.mkdir(results)
    wanted, old = a.out, a.out and os.path.exists(a.out) and a.merge
    if wanted:
        a.out = os.path.join(results, 'out.json')
        if old:
            shutil.copy(wanted, a.out)
    pairs = a.pairs
    if pairs:
        a.pairs = os.path.join(results, 'pairs.json')
    try:
        return host.new_pid_namespace_child(inside)
    finally:
        for f, to in (('out.json', wanted), ('out-none.json', wanted and none_name(wanted)), ('pairs.json', pairs)):
            if to and os.path.exists(os.path.join(results, f)):
                shutil.copy(os.path.join(results, f), to)
        if cg:
            host.remove_cgroup(cg)
        if not a.keep:
            host.remove_tree(root)
        host.remove_tree(host.NEIGHBOUR)


def safely(run, c, launcher):
    try:
        return run.run_case(c, launcher)
    except Exception as ex:
        return dict(id=c.id, group=c.group, kind=c.kind, title=c.title, result='error', note='harness: %r' % ex)


def write(path, launcher, run, results):
    doc = dict(launcher=launcher.name, cmd=launcher.cmd, features=sorted(launcher.features), user=run.user, uid=run.uid,
               kernel=platform.release(), date=time.strftime('%Y-%m-%d'), summary=report.summary(results), cases=results)
    with open(path, 'w') as f:
        json.dump(doc, f, indent=1, ensure_ascii=True)
        f.write('\n')


def plain(a, run, cases, launcher, order, gated):
    old = {}
    if a.merge and a.out and os.path.exists(a.out):
        old = {r['id']: r for r in json.load(open(a.out))['cases']}
    for c in cases:
        old[c.id] = safely(run, c, launcher)
        print(report.line(old[c.id]), flush=True)
    res = [old[i] for i in order if i in old]     # dropped cases fall out
    if a.out:
        write(a.out, launcher, run, res)
    for k, v in report.summary(res).items():
        print('%-22s %s' % (k, v))
    return 0


def none_name(path):
    return re.sub(r'(\.json)?$', '-none.json', path, count=1)


def parallel(a, pw, cases, launcher, order, gated):
    """The same run in several processes: each judges nothing, it only hands back what it saw."""
    argv = [os.path.abspath(__file__)] + sys.argv[1:]
    if not os.environ.get('BAILIWICK') and '--copy-program' not in ' '.join(argv):
        argv += [x for p in a.copy_program for x in ('--copy-program', p)]
    pairs, well = shards.run(cases, a.jobs, argv, a.base or pw.pw_dir)
    lost = [c for c in cases if c.id not in pairs]
    for c in lost:
        print('FAILED %s %s: its process ended before it was run' % (c.id, c.title))
    cases = [c for c in cases if c.id in pairs]
    run = types.SimpleNamespace(user=pw.pw_name, uid=pw.pw_uid)
    return conclude(a, run, cases, launcher, order, gated, {i: p[0] for i, p in pairs.items()}, {i: p[1] for i, p in pairs.items()},
                    len(lost) + (not well and not lost))


def judged(a, c, base, got, expected, gated):
    word, why = report.judge(c, base, got, expected, c.group in gated)
    if word == 'skip' and a.no_skips and expected.get(c.id, ('',))[0] != 'skip':
        word, why = 'fail', 'skipped: ' + why
    return word, why


def expectations(a, launcher):
    return report.load_expectations(a.expectations or os.path.join(HERE, 'expectations-%s.txt' % launcher.name))


def differential(a, run, cases, launcher, order, gated):
    none, expected = launcher_of('none', '', ''), expectations(a, launcher)
    base, got = {}, {}
    for c in cases:
        # What raced or timed out on a busy machine gets two more tries. An escape never does: once is enough.
        for last in (False, False, True):
            base[c.id] = safely(run, c, none)
            got[c.id] = safely(run, c, launcher) if base[c.id]['result'] not in ('skip', 'n-a') else dict(base[c.id])
            word, why = judged(a, c, base[c.id], got[c.id], expected, gated)
            if last or word != 'fail' or got[c.id]['result'] == 'escaped':
                break
            print('%s: %s; once more' % (c.id, why), flush=True)
            time.sleep(2)
        print(report.line(got[c.id], *judged(a, c, base[c.id], got[c.id], expected, gated)), flush=True)
    if a.pairs:
        with open(a.pairs, 'w') as f:
            json.dump([(base[c.id], got[c.id]) for c in cases], f)
        return 0
    return conclude(a, run, cases, launcher, order, gated, base, got, 0)


def conclude(a, run, cases, launcher, order, gated, base, got, failed):
    """What the run says: failures in full, the table, the counts.  `failed`: what went wrong besides the cases."""
    expected = expectations(a, launcher)
    unknown = [i for i in expected if i not in order]
    fails, n, away = [], {}, []
    for c in cases:
        word, why = judged(a, c, base[c.id], got[c.id], expected, gated)
        n[word] = n.get(word, 0) + 1
        if word == 'fail':
            fails.append((c, why))
        if word in ('n-a', 'skip'):
            away.append('%-7s %s %s: %s' % (word, c.id, c.title, why))
    if a.out:
        write(a.out, launcher, run, [got[c.id] for c in cases])
        write(none_name(a.out), launcher_of('none', '', ''), run, [base[c.id] for c in cases])
    for c, why in fails:
        print('\nFAILED %s %s: %s' % (c.id, c.title, why))
        r = got[c.id]
        print('  oracle %s, exit %s, status %s%s' % (r.get('oracle'), r.get('exit'), r.get('status'), ', timed out' if r.get('timed_out') else ''))
        print('  ' + r.get('output', '').replace('\n', '\n  '))
    for i in unknown:
        print('FAILED expectation names no case: `%s`' % i)
    print('\n' + '\n'.join(away))
    print('\n' + report.differential_table(cases, base, got, launcher.name))
    for word, text in (('expected', 'known exceptions (expectations-%s.txt)' % launcher.name), ('report', 'counted, not gated'),
                       ('n-a', 'cannot apply on this machine or to this launcher')):
        if n.get(word):
            print('%d %s' % (n[word], text))
    failed += len(fails) + len(unknown)
    print('%d passed, %d failed, %d skipped' % (n.get('pass', 0) + n.get('expected', 0), failed, n.get('skip', 0)))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
