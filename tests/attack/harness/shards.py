"""A differential run in several processes at once.  Each is a whole run of its own, with its own namespaces and worlds, for a part of the
cases; what they share is the kernel, the user and the machine's memory.  So the cases that look at budgets of the user, at memory or at
moments (group resource and limit, those marked `serial: yes`) come after the others, alone."""
import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading

ALONE = ('resource', 'limit')


def is_alone(case):
    return case.group in ALONE or case.get('serial') == 'yes'


def run(cases, jobs, argv, base):
    """Runs `argv` (a command line of run.py) for every part of `cases`; what they hand over goes through a directory in `base` that
    host.sweep() knows.  Returns {id: (result without a sandbox, result with the launcher)} and whether every process ended well.  Lines of
    the parts are printed as they come."""
    together = [c.id for c in cases if not is_alone(c)]
    alone = [c.id for c in cases if is_alone(c)]
    pairs, well = {}, True
    with tempfile.TemporaryDirectory(prefix='rt-%d-' % os.getpid(), dir=base) as d:
        for batch in ([together[i::jobs] for i in range(jobs)], [alone]):
            parts = [start(argv, ids, os.path.join(d, '%s.json' % ids[0])) for ids in batch if ids]
            stopped = forward([p for p, _, _ in parts])
            for p, t, _ in parts:
                well = p.wait() == 0 and well
                t.join()
            for _, _, to in parts:
                if os.path.exists(to):
                    pairs.update({b['id']: (b, g) for b, g in json.load(open(to))})
            if stopped:
                raise SystemExit(130)
    return pairs, well


def start(argv, ids, to):
    def pre():
        ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)          # PR_SET_PDEATHSIG
    p = subprocess.Popen([sys.executable] + argv + ['--jobs', '1', '--only', ','.join(ids), '--pairs', to], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, preexec_fn=pre)

    def copy():
        for ln in p.stdout:
            sys.stdout.write(ln.decode('utf8', 'replace'))
            sys.stdout.flush()
    t = threading.Thread(target=copy, daemon=True)
    t.start()
    return p, t, to


def forward(processes):
    stopped = []

    def stop(sig, frame):
        stopped.append(sig)
        for p in processes:
            try:
                p.send_signal(signal.SIGTERM)
            except OSError:
                pass
    for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(s, stop)
    return stopped
