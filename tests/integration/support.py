"""Shared by the integration tests: a scratch HOME and workspace, and the program under test. Standard library only.

Each test works on the real kernel: real namespaces, Landlock and seccomp. The program is $BAILIWICK (set by ctest)."""
import os, pty, pwd, select, shutil, signal, subprocess, sys, tempfile, time, unittest

PROGRAM = os.environ.get('BAILIWICK') or os.path.join(os.path.dirname(__file__), '..', '..', 'build', 'dev', 'bin', 'bailiwick')
PROGRAM = os.path.abspath(PROGRAM)
DEADLINE = int(os.environ.get('BAILIWICK_TEST_DEADLINE') or 30)  # more where the machine is emulated


def wait_until(condition, seconds=10, what='a condition'):
    """Polls; the deadline only bounds a failure."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f'{what} did not come true within {seconds} s')


def children(pid):
    out = []
    try:
        for task in os.listdir(f'/proc/{pid}/task'):
            with open(f'/proc/{pid}/task/{task}/children') as f:
                out += [int(x) for x in f.read().split()]
    except OSError:
        pass
    return out


def descendants(pid):
    todo, out = [pid], []
    while todo:
        for child in children(todo.pop()):
            out.append(child)
            todo.append(child)
    return out


def alive(pid):
    try:
        with open(f'/proc/{pid}/stat') as f:
            return f.read().rsplit(')', 1)[1].split()[0] != 'Z'
    except OSError:
        return False


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        # Not below /tmp: a session has its own.
        self.base = os.path.realpath(tempfile.mkdtemp(prefix='bwit-', dir=pwd.getpwuid(os.geteuid()).pw_dir))
        self.home = os.path.join(self.base, 'home')
        self.ws = os.path.join(self.home, 'src', 'app')
        os.makedirs(self.ws)
        self.write('home/.gitconfig', '[user]\n\tname = T\n\temail = t@example.test\n[init]\n\tdefaultBranch = main\n')
        self.env = {'HOME': self.home, 'PATH': '/usr/local/bin:/usr/bin:/bin', 'LANG': 'C.UTF-8', 'USER': 'tester', 'TERM': 'xterm'}
        self.addCleanup(self.clean)

    def clean(self):
        for directory, names, _ in os.walk(self.base):
            try:
                os.chmod(directory, 0o700)
            except OSError:
                pass
        shutil.rmtree(self.base, ignore_errors=True)

    def write(self, path, text, mode=0o644):
        full = os.path.join(self.base, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, 'wb') as f:
            f.write(text.encode() if isinstance(text, str) else text)
        os.chmod(full, mode)
        return full

    def read(self, path):
        with open(os.path.join(self.base, path), 'rb') as f:
            return f.read().decode('utf8', 'replace')

    def git(self, *words, cwd=None):
        subprocess.run(['git', *words], cwd=cwd or self.ws, env=self.env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def make_repository(self, cwd=None):
        cwd = cwd or self.ws
        os.makedirs(cwd, exist_ok=True)
        self.git('init', '-q', cwd=cwd)
        with open(os.path.join(cwd, 'README'), 'w') as f:
            f.write('hello\n')
        self.git('add', '-A', cwd=cwd)
        self.git('commit', '-qm', 'first', cwd=cwd)

    def run_program(self, *words, cwd=None, env=None, stdin=subprocess.DEVNULL, **more):
        return subprocess.run([PROGRAM, *words], cwd=cwd or self.ws, env=env or self.env, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=DEADLINE, **more)

    def exec(self, script, *options, **more):
        """Runs a shell script inside; returns (code, stdout, stderr) as text."""
        r = self.run_program('exec', *options, '--', 'sh', '-c', script, **more)
        return r.returncode, r.stdout.decode('utf8', 'replace'), r.stderr.decode('utf8', 'replace')

    def inside(self, script, *options, **more):
        """The output of a script that must succeed."""
        code, out, err = self.exec(script, *options, **more)
        self.assertEqual(code, 0, f'{script!r}: {out}{err}')
        return out

    def refused(self, script, *options, **more):
        code, out, err = self.exec(script, *options, **more)
        self.assertNotEqual(code, 0, f'{script!r} was not refused: {out}{err}')
        return out + err

    def start(self, *words, **more):
        more.setdefault('stdin', subprocess.DEVNULL)
        more.setdefault('stdout', subprocess.PIPE)
        more.setdefault('stderr', subprocess.PIPE)
        p = subprocess.Popen([PROGRAM, *words], cwd=self.ws, env=self.env, **more)
        self.addCleanup(self.stop, p)
        return p

    @staticmethod
    def stop(p):
        if p.poll() is None:
            p.kill()
        p.wait()
        for stream in (p.stdout, p.stderr, p.stdin):
            if stream:
                stream.close()

    def assert_error(self, result, code, *needles):
        text = result.stderr.decode('utf8', 'replace')
        self.assertEqual(result.returncode, code, text)
        lines = [line for line in text.splitlines() if line]
        self.assertTrue(lines and lines[0].startswith('bailiwick: '), text)
        for needle in needles:
            self.assertIn(needle, text)
        return text


class Terminal:
    """A program on a terminal of its own, as a shell would start it: session leader, foreground."""

    def __init__(self, argv, cwd, env, size=(24, 80)):
        import fcntl, struct, termios
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', size[0], size[1], 0, 0))
        self.before = termios.tcgetattr(slave)

        def become():
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        self.process = subprocess.Popen(argv, cwd=cwd, env=env, stdin=slave, stdout=slave, stderr=slave, start_new_session=True, preexec_fn=become)
        self.slave = slave
        self.output = b''

    def read_until(self, needle, seconds=15):
        end = time.monotonic() + seconds
        while needle not in self.output:
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError(f'{needle!r} did not appear in {self.output!r}')
            ready, _, _ = select.select([self.master], [], [], left)
            if ready:
                self.pump()
        return self.output

    def pump(self):
        try:
            data = os.read(self.master, 65536)
        except OSError:
            data = b''
        self.output += data
        return data

    def type(self, data):
        os.write(self.master, data)

    def wait(self, seconds=15):
        end = time.monotonic() + seconds
        while self.process.poll() is None:
            if time.monotonic() > end:
                raise AssertionError(f'did not end: {self.output!r}')
            ready, _, _ = select.select([self.master], [], [], 0.02)
            if ready:
                self.pump()
        while select.select([self.master], [], [], 0)[0] and self.pump():
            pass
        return self.process.returncode

    def settings(self):
        import termios
        return termios.tcgetattr(self.slave)

    def hang_up(self):
        """The terminal window is closed."""
        for name in ('slave', 'master'):
            if getattr(self, name) >= 0:
                os.close(getattr(self, name))
                setattr(self, name, -1)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.hang_up()


def main():
    unittest.main(verbosity=2, buffer=False)
