"""The host side: namespaces of the run, the ordinary user, clean-up, and what the oracles measure."""
import ctypes
import hashlib
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time

from . import outside

LIBC = ctypes.CDLL(None, use_errno=True)
NEIGHBOUR = '/home/rt-neighbour-%d' % os.getpid()         # one for each run, named so that sweep() finds it
PRIVATE = []                                             # the places that private_namespaces() made the run's own
HARNESS = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))


def empty_temporary():
    """What a case left in the run's own temporary directories: the next one, or the same one under the launcher, must not trip over it."""
    for top in ('/tmp', '/var/tmp', '/dev/shm'):
        for d in os.listdir(top) if top in PRIVATE else ():
            if d != '.X11-unix':
                remove_tree(os.path.join(top, d))


def syscall(nr, *a):
    r = LIBC.syscall(ctypes.c_long(nr), *[ctypes.c_long(x) if isinstance(x, int) else x for x in a])
    if r < 0:
        e = ctypes.get_errno()
        raise OSError(e, os.strerror(e))
    return r


def sh(argv, **kw):
    r = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **kw)
    if r.returncode:
        raise SystemExit('`%s` failed: %s' % (' '.join(argv), r.stdout.decode('utf8', 'replace')[-800:]))
    return r.stdout


def unshare(flags):
    if LIBC.unshare(flags) != 0:
        raise SystemExit('unshare: ' + os.strerror(ctypes.get_errno()))


def ordinary_user(name, make):
    try:
        return pwd.getpwnam(name)
    except KeyError:
        if not make:
            raise SystemExit('no user `%s` here: start with --make-user to make it, or name another with --user' % name)
    sh(['useradd', '--create-home', '--home-dir', '/home/' + name, '--shell', '/bin/bash', name])
    return pwd.getpwnam(name)


def new_pid_namespace_child(body):
    """Runs body() as pid 1 of a new pid namespace, so that nothing it started can outlive it; returns its exit code."""
    ours = os.open('/proc/self/ns/pid', os.O_RDONLY | os.O_CLOEXEC)
    unshare(0x20000000)
    child = os.fork()
    if child == 0:
        LIBC.prctl(1, signal.SIGKILL, 0, 0, 0)      # PR_SET_PDEATHSIG
        code = 2
        try:
            body()
            code = 0
        except SystemExit as e:
            code = e.code if isinstance(e.code, int) else 2
            if not isinstance(e.code, int) and e.code is not None:
                print(e.code, flush=True)
        except KeyboardInterrupt:
            print('interrupted', flush=True)
            code = 130
        except BaseException:
            import traceback
            traceback.print_exc()
        finally:
            sys.stdout.flush()                       # what a pipe has not had yet goes with us otherwise
            os._exit(code)
    stop = {'n': 0}

    def forward(sig, frame):
        stop['n'] += 1
        try:
            os.kill(child, signal.SIGTERM if stop['n'] < 3 else signal.SIGKILL)
        except OSError:
            pass
    for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(s, forward)
    while True:
        try:
            _, st = os.waitpid(child, 0)
            break
        except InterruptedError:
            continue
    LIBC.setns(ours, 0)                              # its pid 1 is dead: children of ours need a living namespace again
    os.close(ours)
    return os.waitstatus_to_exitcode(st)


def read_only_but(writable):
    """Makes every mount of our namespace read-only but the directories `writable`.  The cases are attacks, some of them run as real root
    and without a sandbox, and clean-up runs as root after them: neither may be able to change the machine."""
    for d in writable:
        sh(['mount', '--bind', d, d])
    keep = [os.path.realpath(d) for d in writable]
    for m in mounts_below('/'):
        if m in keep or any(m == p or m.startswith(p + '/') for p in ('/proc', '/dev/pts', '/dev/shm')):
            continue
        # MS_REMOUNT | MS_BIND | MS_RDONLY changes this mount only, never the filesystem that others see
        if LIBC.mount(None, os.fsencode(m), None, 4096 | 32 | 1, None) != 0 and m == '/':
            raise SystemExit('cannot make the machine read-only for the run: ' + os.strerror(ctypes.get_errno()))
    for d in ('/', '/etc', '/usr', '/var', '/boot', '/home', '/root', '/dev', '/sys/fs/cgroup'):
        probe = '%s/.rt-write-probe-%d' % (d, os.getpid())
        try:
            os.close(os.open(probe, os.O_CREAT | os.O_WRONLY, 0o600))
        except OSError:
            continue
        os.unlink(probe)
        raise SystemExit('`%s` is still writable from the run: refusing to go on' % d)


def mount_overlay(place, upper, work):
    """Lays a writable layer over `place`, for our mount namespace only.  False where the kernel has no overlayfs."""
    shutil.copystat(place, upper)
    options = 'lowerdir=%s,upperdir=%s,workdir=%s' % (place, upper, work)
    return LIBC.mount(b'rt', place.encode(), b'overlay', 0, options.encode()) == 0


def private_namespaces(tmp, keep_visible, writable):
    """As pid 1 of the run: a network with loopback only, own IPC objects and host name, a read-only machine, and scratch copies of the
    places that cases write to.  Everything made here goes with the namespaces, however the run ends."""
    unshare(0x40000000 | 0x00020000 | 0x08000000 | 0x04000000)
    sh(['mount', '--make-rprivate', '/'])
    read_only_but(writable)
    sh(['mount', '-t', 'proc', 'proc', '/proc'])
    sh(['ip', 'link', 'set', 'lo', 'up'])
    for r in ('93.184.215.0/24', outside.META4 + '/32', '10.77.0.0/24'):
        sh(['ip', 'route', 'add', 'local', r, 'dev', 'lo'])
    if os.path.exists('/proc/net/if_inet6'):
        sh(['ip', '-6', 'route', 'add', 'local', '2001:db8:77::/64', 'dev', 'lo'])
    open('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'w').write('0')
    try:
        open('/proc/sys/net/ipv4/tcp_fastopen', 'w').write('3')
    except OSError:
        pass
    for name, text in (('resolv.conf', 'nameserver %s\noptions timeout:1 attempts:1\n' % outside.DNS4),
                       ('hosts', '127.0.0.1 localhost\n::1 localhost\n')):
        p = os.path.join(tmp, name)
        with open(p, 'w') as f:
            f.write(text)
        os.chmod(p, 0o644)
        sh(['mount', '--bind', p, os.path.realpath('/etc/' + name)])
    for place, mode in (('/dev/shm', '1777'), ('/tmp', '1777'), ('/var/tmp', '1777'), ('/run', '755'), ('/mnt', '755'), ('/srv', '755'),
                        ('/media', '755'), ('/var/mail', '1777')):
        if os.path.isdir(place) and not any((v + '/').startswith(place + '/') for v in keep_visible):
            # a clone of the project may lie there: its cases and launchers stay where they are, read-only as all else
            ours = os.open(HARNESS, os.O_PATH) if (HARNESS + '/').startswith(os.path.realpath(place) + '/') else -1
            sh(['mount', '-t', 'tmpfs', '-o', 'mode=' + mode, 'rt', os.path.realpath(place)])
            PRIVATE.append(place)
            if ours >= 0:
                os.makedirs(HARNESS, 0o755)
                if LIBC.mount(b'/proc/self/fd/%d' % ours, os.fsencode(HARNESS), None, 4096, None) != 0:  # MS_BIND
                    raise SystemExit('cannot keep %s visible: %s' % (HARNESS, os.strerror(ctypes.get_errno())))
                os.close(ours)
    for d, mode in (('/run/lock', 0o1777), ('/run/user', 0o755), ('/tmp/.X11-unix', 0o1777)):
        os.makedirs(d, exist_ok=True)
        os.chmod(d, mode)


def sweep(base):
    """Removes what a run that was killed by SIGKILL left behind (its directory names the process)."""
    for d in os.listdir(base):
        m = re.match(r'rt-(\d+)-', d)
        if m and not os.path.exists('/proc/' + m.group(1)):
            remove_tree(os.path.join(base, d))
    for d in os.listdir('/home'):
        m = re.match(r'rt-neighbour-(\d+)$', d)
        if m and not os.path.exists('/proc/' + m.group(1)):
            remove_tree('/home/' + d)
    for ln in open('/proc/self/mounts'):
        f = ln.split()
        if f[2] == 'cgroup2':
            for d in os.listdir(f[1]):
                m = re.match(r'rt-(\d+)$', d)
                if m and not os.path.exists('/proc/' + m.group(1)):
                    remove_cgroup(os.path.join(f[1], d))


def remove_tree(path):
    """Removes a tree that a case has had its hands on.  A case run as root may have mounted something of the machine inside it, and
    removing through a mount removes the original: so every mount below is taken off first, nothing is removed while one is left, and no
    other filesystem is entered."""
    for _ in range(3):
        below = mounts_below(path)
        for m in sorted(below, reverse=True):
            LIBC.umount2(os.fsencode(m), 2)              # MNT_DETACH
    if mounts_below(path):
        print('left in place, because something is mounted in it: ' + path, flush=True)
        return
    subprocess.run(['rm', '-rf', '--one-file-system', '--', path], stderr=subprocess.DEVNULL)


def mounts_below(path):
    out = []
    for ln in open('/proc/self/mountinfo', errors='surrogateescape'):
        m = re.sub(r'\\([0-7]{3})', lambda x: chr(int(x.group(1), 8)), ln.split()[4])
        if m == path or m.startswith(path.rstrip('/') + '/'):
            out.append(m)
    return out


def make_cgroup(uid, gid):
    """A delegated cgroup v2 subtree: launchers start in jail, `free` is the place to flee to.  None where there is no cgroup v2."""
    for ln in open('/proc/self/mounts'):
        f = ln.split()
        if f[2] == 'cgroup2':
            top = os.path.join(f[1], 'rt-%d' % os.getpid())
            try:
                for d in ('', 'main', 'jail', 'free'):
                    p = os.path.join(top, d)
                    os.mkdir(p)
                    os.chown(p, uid, gid)
                    os.chown(p + '/cgroup.procs', uid, gid)
                return top
            except OSError:
                remove_cgroup(top)
                return None
    return None


def remove_cgroup(top):
    for d in ('jail', 'free', 'main', ''):
        for _ in range(20):
            try:
                os.rmdir(os.path.join(top, d))
                break
            except FileNotFoundError:
                break
            except OSError:
                time.sleep(0.05)


def kill_tree(keep=()):
    """Everything in our pid namespace but ourselves and `keep`."""
    for _ in range(200):
        left = [int(d) for d in os.listdir('/proc') if d.isdigit() and int(d) != 1 and int(d) not in keep]
        if not left:
            return
        for p in left:
            try:
                os.kill(p, signal.SIGKILL)
            except OSError:
                pass
        for p in left:
            try:
                os.waitpid(p, os.WNOHANG)
            except OSError:
                pass
        time.sleep(0.01)


class Sampler(threading.Thread):
    """Peaks while a resource case runs: processes, threads and memory of the user, free disk of the world, shared memory of the host."""

    def __init__(self, uid, base):
        super().__init__(daemon=True)
        self.uid, self.base, self.stop = uid, base, False
        self.n0, self.t0, self.r0 = self.count()
        self.d0, self.s0 = self.disk()
        self.nproc = self.nthr = self.rss = self.used = self.shmem = 0

    def count(self):
        n = t = r = 0
        for d in os.listdir('/proc'):
            if d.isdigit():
                try:
                    if os.stat('/proc/' + d).st_uid == self.uid:
                        n += 1
                        st = open('/proc/%s/stat' % d).read()
                        f = st[st.rindex(')') + 2:].split()
                        t += int(f[17])
                        r += int(f[21])
                except (OSError, IndexError, ValueError):
                    pass
        return n, t, r * 4 // 1024

    def disk(self):
        v = os.statvfs(self.base)
        shm = [int(ln.split()[1]) for ln in open('/proc/meminfo') if ln.startswith('Shmem:')][0] // 1024
        return v.f_bavail * v.f_frsize >> 20, shm

    def run(self):
        while not self.stop:
            n, t, r = self.count()
            d, s = self.disk()
            self.nproc = max(self.nproc, n - self.n0)
            self.nthr = max(self.nthr, t - self.t0)
            self.rss = max(self.rss, r - self.r0)
            self.shmem = max(self.shmem, s - self.s0)
            self.used = max(self.used, self.d0 - d, s - self.s0)
            time.sleep(0.1)

    def peaks(self):
        return dict(nproc=self.nproc, nthr=self.nthr, rss_mb=self.rss, disk_mb=self.used, shmem_mb=self.shmem)


def remove_ipc():
    """What cases left in the run's own IPC namespace: segments and queues outlive their makers and use up the user's budgets."""
    for kind, remove in (('shm', LIBC.shmctl), ('msg', LIBC.msgctl)):
        for ln in open('/proc/sysvipc/' + kind).readlines()[1:]:
            if kind != 'shm' or ln.split()[6] == '0':        # attached ones are the world's own
                remove(int(ln.split()[1]), 0, None)


def fingerprint(path):
    try:
        st = os.lstat(path)
    except OSError:
        return None
    h = ''
    if stat.S_ISREG(st.st_mode):
        h = hashlib.sha256(open(path, 'rb').read()).hexdigest()
    elif stat.S_ISLNK(st.st_mode):
        h = os.readlink(path)
    elif stat.S_ISDIR(st.st_mode):
        h = ','.join(sorted(os.listdir(path)))
    try:
        x = sorted((a, os.getxattr(path, a, follow_symlinks=False).hex()) for a in os.listxattr(path, follow_symlinks=False))
    except OSError:
        x = []
    return dict(type=stat.S_IFMT(st.st_mode), mode=st.st_mode, mtime=st.st_mtime_ns, hash=h, xattr=x)
