"""Case files: a value per case.  The format is described in ../README.md."""
import os
import re


class Case:
    """One case: keys, oracles and script sections, exactly as written."""

    def __init__(self, cid, title, defaults, src):
        self.id, self.title, self.src = cid, title, src
        self.meta = dict(defaults)
        self.oracles, self.expect, self.env = [], [], []
        self.sec = {}

    def get(self, key, default=''):
        return self.meta.get(key, default)

    def words(self, key):
        return [x for x in re.split(r'[ ,]+', self.get(key)) if x]

    @property
    def kind(self):
        return self.get('kind')

    @property
    def group(self):
        return self.get('group')


REPEATED = ('oracle', 'expect', 'env')
KEYS = set('kind group layer ref requires tools timeout linger fds pty stdin stdout wsname read write mode root refuse needs answer '
           'serial optional'.split()) | set(REPEATED)
SECTIONS = {'setup', 'run', 'during', 'post'}


def load_cases(path):
    files = sorted(os.path.join(path, f) for f in os.listdir(path) if f.endswith('.cases')) if os.path.isdir(path) else [path]
    out = []
    for f in files:
        out += load_file(f)
    seen = set()
    for c in out:
        if c.id in seen:
            raise SystemExit('%s: case id `%s` is used twice' % (c.src, c.id))
        seen.add(c.id)
        if c.kind not in ('attack', 'benign') or not c.group or 'run' not in c.sec:
            raise SystemExit('%s: case `%s` needs kind (attack, benign), group and a run section' % (c.src, c.id))
        if c.kind == 'attack' and not c.oracles:
            raise SystemExit('%s: attack `%s` has no oracle' % (c.src, c.id))
    return out


def load_file(f):
    src, out = os.path.basename(f), []
    defaults, cur, sec = {}, None, None
    for n, ln in enumerate(open(f, encoding='utf-8'), 1):
        ln = ln.rstrip('\n')
        if ln.startswith('=== '):
            cid, _, title = ln[4:].partition(' ')
            cur, sec = Case(cid, title.strip(), defaults, src), None
            out.append(cur)
        elif cur is not None and ln.startswith('--- '):
            sec = ln[4:].strip()
            if sec not in SECTIONS:
                raise SystemExit('%s:%d: unknown section `%s`' % (src, n, sec))
            cur.sec[sec] = ''
        elif sec is not None:
            cur.sec[sec] += ln + '\n'
        elif ln.strip() and not ln.startswith('#'):
            k, _, v = ln.partition(':')
            k, v = k.strip(), v.strip()
            if k not in KEYS:
                raise SystemExit('%s:%d: unknown key `%s`' % (src, n, k))
            if cur is None:
                defaults[k] = v
            elif k == 'oracle':
                cur.oracles.append(v)
            elif k in ('expect', 'env'):
                getattr(cur, k).append(v)
            else:
                cur.meta[k] = v
    return out


def select(cases, only='', groups='', as_root=False):
    """`only`: ids, groups or PREFIX*; `groups`: groups.  Cases with `root: only` run as root only, those without `root:` never do."""
    out = []
    for c in cases:
        root = c.get('root')
        if (as_root and root not in ('yes', 'only')) or (not as_root and root == 'only'):
            continue
        if groups and c.group not in re.split(r'[ ,]+', groups):
            continue
        if only and not any(c.id == x or c.group == x or (x.endswith('*') and c.id.startswith(x[:-1])) for x in only.split(',')):
            continue
        out.append(c)
    return out
