"""What a run says at the end: gate, expectations, counts."""
import os

GOOD = {'attack': 'blocked', 'benign': 'works'}
SHOWN = {'attack': 'escaped', 'benign': 'works'}


def load_expectations(path):
    """Lines `ID RESULT reason`: cases whose result under this launcher is known not to be the good one, and why."""
    out = {}
    if not path or not os.path.exists(path):
        return out
    for n, ln in enumerate(open(path, encoding='utf-8'), 1):
        ln = ln.strip()
        if not ln or ln.startswith('#'):
            continue
        f = ln.split(None, 2)
        if len(f) < 3 or f[1] not in ('escaped', 'blocked', 'works', 'broken', 'skip', 'error'):
            raise SystemExit('%s:%d: want `ID RESULT reason`' % (path, n))
        if f[0] in out:
            raise SystemExit('%s:%d: case `%s` is named twice' % (path, n, f[0]))
        out[f[0]] = (f[1], f[2])
    return out


def judge(case, base, got, expected, gate):
    """The verdict on one case of a differential run: (word, why) with word one of pass, fail, skip, n-a, expected, report."""
    for word in ('skip', 'n-a'):
        if word in (got['result'], base['result']):
            return (word, got.get('note') or base.get('note') or '')
    if base['result'] != SHOWN[case.kind]:
        return ('fail', 'without a sandbox: %s, so the case shows nothing here%s' % (base['result'], note(base)))
    want = expected.get(case.id)
    good = got['result'] == GOOD[case.kind]
    if not gate:
        return ('report', '')
    if want:
        if got['result'] == want[0]:
            return ('expected', want[1])
        return ('fail', 'expected %s (%s): take it out of the expectations if that is now right%s' % (want[0], want[1], note(got)))
    return ('pass', '') if good else ('fail', got['result'] + note(got))


def note(r):
    return ' [%s]' % r['note'] if r.get('note') else ''


def line(r, word='', why=''):
    return '%-5s %-9s %-8s %5.1fs %s%s%s' % (r['id'], word, r['result'], r.get('seconds', 0), r['title'], note(r), '  -- ' + why if why and word not in ('skip', 'n-a') else '')


def summary(results):
    g = {}
    for r in results:
        d = g.setdefault((r['kind'], r['group']), {})
        d[r['result']] = d.get(r['result'], 0) + 1
    return {'%s/%s' % k: v for k, v in sorted(g.items())}


def differential_table(cases, base, got, launcher):
    rows = ['| group | cases | none | %s |' % launcher, '|---|---|---|---|']
    groups = []
    for c in cases:
        if (c.kind, c.group) not in groups:
            groups.append((c.kind, c.group))
    for kind, g in groups:
        ids = [c.id for c in cases if (c.kind, c.group) == (kind, g)]
        live = [i for i in ids if got[i]['result'] not in ('skip', 'n-a') and base[i]['result'] not in ('skip', 'n-a')]
        left = '' if len(live) == len(ids) else ' (%d left out)' % (len(ids) - len(live))
        rows.append('| %s %s | %d%s | %d %s | %d/%d %s |' % (
            kind, g, len(ids), left, sum(base[i]['result'] == SHOWN[kind] for i in live), SHOWN[kind],
            sum(got[i]['result'] == GOOD[kind] for i in live), len(live), GOOD[kind]))
    return '\n'.join(rows)
