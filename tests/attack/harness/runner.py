"""Runs one case under one launcher: world, setup, script inside, oracles, clean-up."""
import ctypes
import fcntl
import os
import re
import resource
import select
import shlex
import shutil
import subprocess
import sys
import termios
import threading
import time
import types

from . import host, oracle, outside, world

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOOLS = 'bash gcc make git openssl ip mount unshare python3 setpriv'.split()


class Run:
    """One run of the suite, inside its own namespaces: programs, services, template; worlds come and go in it."""

    def __init__(self, args, pw, root, cg):
        self.a, self.user, self.uid, self.gid, self.root, self.cg = args, pw.pw_name, pw.pw_uid, pw.pw_gid, root, cg
        self.build = root + '/build'
        self.opt = root + '/opt'
        os.makedirs(self.opt + '/bin')
        os.mkdir(self.build)
        self.launcher_env = {}
        self.compile()
        if args.copy_program:
            os.mkdir(root + '/program')
            for i, p in enumerate(args.copy_program):
                to = root + '/program/' + os.path.basename(p)
                shutil.copyfile(p, to)
                os.chmod(to, 0o755)
                if i == 0:
                    self.launcher_env['BAILIWICK'] = to
        elif os.environ.get('BAILIWICK'):
            self.launcher_env['BAILIWICK'] = os.environ['BAILIWICK']
        self.launchers = root + '/launchers'             # the checkout may be unreadable for the user
        shutil.copytree(os.path.join(HERE, 'launchers'), self.launchers)
        host.sh(['chmod', '-R', 'a+rX', self.launchers])
        self.cert = (root + '/cert.pem', root + '/key.pem')
        host.sh(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=allowed.test', '-addext',
                 'subjectAltName=DNS:allowed.test,DNS:*.allowed.test', '-keyout', self.cert[1], '-out', self.cert[0]])
        host.private_namespaces(root, [root], [root, host.NEIGHBOUR] + ([cg] if cg else []))
        self.out = outside.Outside()
        self.lport = outside.start(self.out, self.cert)
        self.template = world.make_template(self)
        if self.uid == 0:
            self.root_only_places()
        for what, least in ((resource.RLIMIT_CORE, resource.RLIM_INFINITY), (resource.RLIMIT_NOFILE, 20000)):
            try:                                         # what an ordinary login would let the attacks do
                resource.setrlimit(what, (0 if what == resource.RLIMIT_CORE else 20000, least))
            except (ValueError, OSError):
                pass

    def compile(self):
        src = os.path.join(self.a.cases, 'src')
        if not os.path.isdir(src):
            src = os.path.join(HERE, 'cases', 'src')
        for f in sorted(os.listdir(src)):
            p = os.path.join(src, f)
            if f.endswith('.c'):
                flags, to = [], f[:-2]
                for ln in open(p):
                    if 'cflags:' in ln:
                        flags = shlex.split(ln.split('cflags:')[1].split('*/')[0])
                        break
                if '-shared' in flags:
                    to += '.so'
                host.sh(['gcc', '-O1', '-w', '-o', os.path.join(self.build, to), p, '-pthread'] + flags)
            elif f.endswith(('.py', '.js')):
                shutil.copy(p, self.build)
                os.chmod(os.path.join(self.build, f), 0o755)
        for t in ('deploytool', 'argtool', 'suidprobe'):
            shutil.move(os.path.join(self.build, t), self.opt + '/bin/' + t)
        host.sh(['chmod', '-R', 'a+rX', self.build, self.opt])
        os.chmod(self.opt + '/bin/suidprobe', 0o4755)

    def root_only_places(self):
        """What only root can read or write: copies of the machine's own directories that only our namespace sees, filled for each case."""
        over = self.root + '/over'
        os.mkdir(over)
        host.sh(['mount', '-t', 'tmpfs', '-o', 'mode=755', 'rt', over])
        for d in ('/etc', '/usr/local'):
            layers = [over + d.replace('/', '-') + x for x in ('-upper', '-work')]
            for x in layers:
                os.mkdir(x)
            if not host.mount_overlay(d, *layers):
                self.without_overlay()
                return
        for name in ('resolv.conf', 'hosts'):            # the run's own ones lay over the old directory
            host.sh(['mount', '--bind', self.root + '/' + name, os.path.realpath('/etc/' + name)])

    def without_overlay(self):
        """A kernel without overlayfs: three places only, and the cases that need more do not apply."""
        shadow = self.root + '/shadow'
        world.wr(shadow, 'root:x\n', 0o600)
        host.sh(['mount', '--bind', shadow, '/etc/shadow'])
        for d in ('/etc/ssh', '/etc/ssl/private'):
            if os.path.isdir(d):
                keep = self.root + '/keep'
                shutil.copytree(d, keep, dirs_exist_ok=True)
                host.sh(['mount', '-t', 'tmpfs', '-o', 'mode=755', 'rt', d])
                shutil.copytree(keep, d, dirs_exist_ok=True)
                shutil.rmtree(keep)

    def argv(self, template, w):
        sub = {'workspace': w.ws, 'home': w.home, 'world': w.path, 'opt': self.opt}
        cmd = ['bash', w.ws + '/.rt/case.sh']
        argv, put = [], False
        for t in shlex.split(template):
            if t == '{cmd}':
                argv += cmd
                put = True
                continue
            if '{cmdline}' in t:
                put = True
                t = t.replace('{cmdline}', ' '.join(shlex.quote(x) for x in cmd))
            for k, v in sub.items():
                t = t.replace('{%s}' % k, v)
            argv.append(t)
        if not put:
            argv += cmd
        if argv[0].startswith('launchers/'):
            argv[0] = os.path.join(self.root, argv[0])
        elif '/' in argv[0] and not os.path.isabs(argv[0]):
            argv[0] = os.path.join(HERE, argv[0])
        return argv

    def run_case(self, c, launcher):
        """`launcher` has name, cmd, features.  Returns the record of the case."""
        t0 = time.time()
        res = self.result_of(c, launcher)
        return dict(res, wall=round(time.time() - t0, 2))

    def result_of(self, c, launcher):
        res = dict(id=c.id, group=c.group, kind=c.kind, title=c.title, launcher=launcher.name)
        lack = [x for x in c.words('requires') if x not in launcher.features and launcher.name != 'none']
        if lack:
            return dict(res, result='n-a', note='launcher has no ' + ','.join(lack))
        miss = [t for t in c.words('tools') if not shutil.which(t, path='/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin')]
        if miss:
            return dict(res, result='n-a' if c.get('optional') == 'yes' else 'skip', note='not installed: ' + ' '.join(miss))
        w = world.World(self, c)
        try:
            why = self.unmet_need(c, w)
            if why:
                return dict(res, result='n-a', note=why)
            err = self.setup(c, w)
            if err:
                return dict(res, result='error', note=err)
            return dict(res, **self.run_in(c, w, self.argv(launcher.cmd, w)))
        finally:
            w.close(self.a.keep)

    def unmet_need(self, c, w):
        """`needs:` is a command that must succeed outside: a kernel without the feature cannot show the attack."""
        if not c.get('needs'):
            return ''
        p = world.as_user(self, c.get('needs'), w.side_env(), w.ws, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        out = p.communicate(timeout=30)[0]
        return 'this kernel or machine lacks it: `%s`: %s' % (c.get('needs'), out.decode('utf8', 'replace').strip()[-120:]) if p.returncode else ''

    def setup(self, c, w):
        if 'setup' not in c.sec:
            return ''
        p = world.as_user(self, 'set -e\n' + c.sec['setup'], w.side_env(), w.ws, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            out = p.communicate(timeout=60 * self.a.slow)[0]
        except subprocess.TimeoutExpired:
            return 'setup timed out'
        return 'setup failed: ' + out.decode('utf8', 'replace')[-300:] if p.returncode else ''

    def leaked(self, w):
        """Descriptors left open by a careless parent: 8 an outside directory, 9 an outside file, 10 a socket to an outside service."""
        d8 = os.open(w.path, os.O_RDONLY | os.O_DIRECTORY)
        d9 = os.open(w.path + '/out/fdfile', os.O_RDWR | os.O_APPEND)
        hi = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 200) for fd in (d8, d9, w.leak_in.fileno())]
        os.close(d8)
        os.close(d9)
        return hi

    def open_stdio(self, c, w):
        """`stdin:` read PATH or dir PATH; `stdout:` append PATH (standard output and error)."""
        ins = outs = None
        v = c.get('stdin').split()
        if v:
            ins = os.open(os.path.join(w.path, v[1]), os.O_RDONLY | (os.O_DIRECTORY if v[0] == 'dir' else 0))
        v = c.get('stdout').split()
        if v:
            outs = os.open(os.path.join(w.path, v[1]), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.fchown(outs, self.uid, self.gid)
        return ins, outs

    def run_in(self, c, w, argv):
        oracles, leak, pty_ = c.oracles, c.get('fds') == 'leak', c.get('pty') == 'yes'
        seen = types.SimpleNamespace(before=oracle.remember(w, oracles), sampler=None, tty_in=b'', tty_changed=False)
        hi = self.leaked(w) if leak else []
        ins, outs = self.open_stdio(c, w)
        pm = psl = None
        if pty_:
            pm, psl = os.openpty()
            mode0 = self.terminal_state(psl)
        if any(o.split()[0] in ('nproc', 'nthr', 'rss', 'disk', 'shmem') for o in oracles):
            seen.sampler = host.Sampler(self.uid, self.root)
            seen.sampler.start()
        side = None
        if 'during' in c.sec:
            side = world.as_user(self, c.sec['during'], w.side_env(), w.path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        t0 = time.time()
        p = subprocess.Popen(argv, cwd=w.ws, env=w.outside_env(), user=self.uid, group=self.gid, extra_groups=[], umask=0o022,
                             start_new_session=True, stdin=psl if pty_ else ins if ins is not None else subprocess.DEVNULL,
                             stdout=psl if pty_ else outs if outs is not None else subprocess.PIPE,
                             stderr=psl if pty_ else outs if outs is not None else subprocess.STDOUT,
                             preexec_fn=self.before_exec(w, hi, pty_), close_fds=not leak)
        outb = bytearray()
        rfd = pm if pty_ else None if outs is not None else p.stdout.fileno()
        drain = threading.Thread(target=self.drain, args=(rfd, outb, pm if c.get('answer') == 'yes' else None), daemon=True)
        if rfd is not None:
            drain.start()
        for fd in hi + [x for x in (ins, outs) if x is not None]:
            os.close(fd)
        timed_out = False
        try:
            p.wait(timeout=float(c.get('timeout') or 25) * self.a.slow)
        except subprocess.TimeoutExpired:
            timed_out = True
        secs = time.time() - t0
        time.sleep(float(c.get('linger') or 0.15))
        if pty_:
            seen.tty_changed = not timed_out and self.terminal_state(psl) != mode0
            seen.tty_in = self.pending_input(psl)
        if seen.sampler:
            seen.sampler.stop = True
            seen.sampler.join()
        host.kill_tree({w.victim.pid} | ({side.pid} if side and side.poll() is None else set()))
        if rfd is not None:
            drain.join(2)
        if p.stdout:
            p.stdout.close()
        if side:
            try:
                side.wait(8)
            except subprocess.TimeoutExpired:
                pass
        post = self.post(c, w)
        if pty_:
            os.close(psl)
            os.close(pm)
        seen.screen = bytes(outb)
        seen.loot = self.loot(w, outb) + (oracle.read(os.path.join(w.path, c.get('stdout').split()[1])) if outs is not None else b'')
        return self.verdict(c, w, seen, p.returncode, timed_out, secs, post)

    def verdict(self, c, w, seen, code, timed_out, secs, post):
        tok = w.tok.encode()
        started = os.path.exists(w.ws + '/.rt/started') or b'RT-STARTED-' + tok in seen.loot
        m = re.search(rb'RT-STATUS-' + tok + rb'=(\d+)', seen.loot)
        hits = [o for o in c.oracles if oracle.is_true(o, w, seen)]
        res = dict(seconds=round(secs, 2), exit=code, status=int(m.group(1)) if m else None, timed_out=timed_out, oracle=hits,
                   output=self.tail(w, seen.loot, 700))
        if seen.sampler:
            res['peak'] = seen.sampler.peaks()
        if post:
            res['post'] = post.decode('utf8', 'replace').replace(w.path, '<world>')[-300:]
        if not started and c.get('refuse') == 'ok' and code not in (0, None) and not timed_out:
            res.update(result='escaped' if hits and c.kind == 'attack' else 'blocked' if c.kind == 'attack' else 'broken', note='refused to start')
        elif not started:
            res.update(result='error', note='the launcher did not start the script')
        elif c.kind == 'benign':
            ok = res['status'] == 0 and code == 0 and all(x.encode() in seen.loot for x in c.expect) and len(hits) == len(c.oracles)
            res['result'] = 'works' if ok else 'broken'
        else:
            res['result'] = 'escaped' if hits else 'blocked'
        return res

    def before_exec(self, w, hi, pty_):
        secu, secs, cg = w.sec['KEYU'].encode(), w.sec['KEYS'].encode(), self.cg

        def pre():
            try:
                if cg:
                    with open(cg + '/jail/cgroup.procs', 'w') as f:
                        f.write('0')
            except OSError:
                pass
            try:                                                                            # a new session keyring, with a secret in it
                host.syscall(250, 1, ctypes.c_char_p(None))
                host.syscall(248, ctypes.c_char_p(b'user'), ctypes.c_char_p(b'rt-sess'), ctypes.c_char_p(secs), len(secs), -3)
                host.syscall(248, ctypes.c_char_p(b'user'), ctypes.c_char_p(b'rt-user'), ctypes.c_char_p(secu), len(secu), -4)
            except OSError:
                pass
            if pty_:
                fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            for i, fd in enumerate(hi):
                os.dup2(fd, 8 + i, inheritable=True)
        return pre

    @staticmethod
    def terminal_state(fd):
        line = fcntl.ioctl(fd, 0x5424, b'\0\0\0\0')          # TIOCGETD
        if line != b'\0\0\0\0':
            fcntl.ioctl(fd, 0x5423, b'\0\0\0\0')             # other disciplines know no modes: take it back
            return line
        return termios.tcgetattr(fd)

    @staticmethod
    def drain(fd, into, answer):
        """Reads all output.  With `answer` it is also the terminal: it replies to status requests, late, as over a slow line."""
        asked = 0
        while True:
            try:
                if answer is not None and not select.select([fd], [], [], 0.02)[0]:
                    for q in re.findall(rb'\x1b\[(?:6n|c|21t)', bytes(into[asked:])):      # in order, as a terminal does
                        os.write(answer, {b'\x1b[6n': b'\x1b[1;1R', b'\x1b[c': b'\x1b[?62;c', b'\x1b[21t': b'\x1b]ltitle\x1b\\'}[q])
                    asked = len(into)
                    continue
                d = os.read(fd, 65536)
            except OSError:
                return
            if not d:
                return
            if len(into) < 400000:
                into.extend(d)

    @staticmethod
    def pending_input(fd):
        """What would be typed into the operator's shell."""
        try:
            at = termios.tcgetattr(fd)
            at[3] &= ~(termios.ICANON | termios.ECHO)
            at[6][termios.VMIN], at[6][termios.VTIME] = 0, 0
            termios.tcsetattr(fd, termios.TCSANOW, at)
            fcntl.fcntl(fd, fcntl.F_SETFL, os.O_NONBLOCK)
            return os.read(fd, 65536)
        except OSError:
            return b''

    def post(self, c, w):
        if 'post' not in c.sec:
            return b''
        q = world.as_user(self, c.sec['post'], w.side_env(), w.ws, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            return q.communicate(timeout=20)[0]
        except subprocess.TimeoutExpired:
            return b'post timed out'

    @staticmethod
    def loot(w, outb):
        return bytes(outb) + b''.join(b'\n' + oracle.read(os.path.join(w.ws, '.rt', f)) for f in ('loot', 'loot2'))

    def tail(self, w, loot, n):
        t = loot.decode('utf8', 'replace')
        for old, new in ((w.path, '<world>'), (self.root, '<root>'), (w.tok, '<tok>'), (self.cg or '\0', '<cgroup>')):
            t = t.replace(old, new)
        for k, v in os.environ.items():
            if k.startswith('RTL_') and v:
                t = t.replace(v, '<%s>' % k)
        return t.strip()[-n:]


def check_tools():
    miss = [t for t in TOOLS if not shutil.which(t, path=os.environ.get('PATH', '') + ':/usr/sbin:/sbin')]
    if miss:
        print('not installed: %s; on Debian: apt-get install gcc make git openssl iproute2 util-linux python3' % ' '.join(miss), file=sys.stderr)
        raise SystemExit(2)
