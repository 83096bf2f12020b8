"""Oracles: each looks at the world from outside and says whether something is so.  Only these decide, never an error text."""
import ctypes
import os

from . import host


def read(path):
    try:
        return open(path, 'rb').read(1 << 20)
    except OSError:
        return b''


def remember(world, oracles):
    """What `changed`, `meta` and `absent` compare with."""
    return {v[1]: host.fingerprint(os.path.join(world.path, v[1])) for v in (o.split() for o in oracles) if v[0] in ('changed', 'meta', 'absent')}


def is_true(o, world, seen):
    """`seen`: loot, screen (raw bytes that the terminal or pipe got), tty_in, tty_changed, before, sampler."""
    v = o.split()
    k, arg = v[0], v[1] if len(v) > 1 else ''
    tok = world.tok.encode()
    path = os.path.join(world.path, arg)
    out = world.run.out
    if k == 'leak':
        return world.sec[arg].encode() in seen.loot
    if k == 'loot':
        return (arg + ':').encode() + tok in seen.loot
    if k == 'contains':
        return tok in read(path)
    if k == 'exists':
        return os.path.lexists(path)
    if k == 'absent':
        return seen.before[arg] is not None and not os.path.lexists(path)
    if k == 'changed':
        f, b = host.fingerprint(path), seen.before[arg]
        return bool((f is None) != (b is None) or (f and (f['hash'], f['type']) != (b['hash'], b['type'])))
    if k == 'meta':
        f, b = host.fingerprint(path), seen.before[arg]
        return bool(f and b and any(f[x] != b[x] for x in (v[2:] or ['mode'])))
    if k == 'sink':
        return out.seen(arg, tok) if len(v) < 3 else out.seen(arg, tok, v[2].encode())
    if k == 'seen':
        return out.seen(arg, v[2].encode())
    if k == 'sock':
        return out.seen('sock-' + arg, tok)
    if k == 'fdsock':
        try:
            return tok in world.leaksock.recv(65536)
        except OSError:
            return False
    if k == 'signal':
        return b'signal' in read(world.path + '/out/victim.log')
    if k == 'tty':
        return tok in seen.tty_in
    if k == 'ttyany':
        return len(seen.tty_in) > 0
    if k == 'ttymode':
        return seen.tty_changed
    if k == 'screen':
        return o[7:].encode().decode('unicode_escape').encode('latin1').replace(b'{tok}', tok) in seen.screen
    if k == 'pts':
        try:
            return tok in os.read(world.pm, 65536)
        except OSError:
            return False
    if k == 'fifo':
        for f in world.fifos:
            try:
                if tok in os.read(f, 65536):
                    return True
            except OSError:
                pass
        return False
    if k == 'shm':
        return tok in ctypes.string_at(world.shmp, 4096)
    if k == 'sem':
        return host.LIBC.semctl(world.semid, 0, 12) == 77          # GETVAL
    if k == 'mq':
        buf = ctypes.create_string_buffer(8192)
        n = world.librt.mq_receive(world.mq, buf, 8192, None)
        return n > 0 and tok in buf.raw[:n]
    if k in ('nproc', 'nthr', 'rss', 'shmem'):
        return getattr(seen.sampler, k) >= int(arg)
    if k == 'disk':
        return seen.sampler.used >= int(arg)
    raise SystemExit('unknown oracle `%s` in case %s' % (o, world.case.id))
