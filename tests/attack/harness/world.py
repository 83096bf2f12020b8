"""The fake world of a case: a workspace, a HOME with canary secrets, daemons' sockets, a victim process, shared kernel objects."""
import ctypes
import ctypes.util
import fcntl
import os
import random
import shlex
import shutil
import socket
import subprocess
import tempfile

from . import host
from .outside import ATT4, ATT6, CDN4, DNS4, INTRA4, META4, UnixSrv

LIBC = host.LIBC
SECRETS = ('SSH AWS GH NPM DOTENV ODD HIST NETRC PGPASS ENVTOK ENVAWS VENV VMEM VFD SOCKD SOCKA SOCKB SOCKX META LOCAL INTRA '
           'KEYS KEYU SHM DEVSHM ROT LATE TMP VARTMP RUN MAIL NEIGH MNT SHADOW HOSTKEY SSLKEY RDENV RDSSH SOCKW SOCKR STATE STATEK CRED '
           'ENVURL ENVJSON ENVODD BROWSER KEYRING SEM STDIN ROOTHOME NEIGHP').split()


def wr(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8', errors='surrogateescape') as f:
        f.write(text)
    os.chmod(path, mode)


def chown_r(path, uid, gid):
    for d, ds, fs in os.walk(path):
        os.lchown(d, uid, gid)
        for f in fs + [x for x in ds if os.path.islink(os.path.join(d, x))]:
            os.lchown(os.path.join(d, f), uid, gid)


def as_user(run, script, env, cwd, **kw):
    return subprocess.Popen(['bash', '-c', script], cwd=cwd, env=env, user=run.uid, group=run.gid, extra_groups=[], umask=0o022,
                            stdin=subprocess.DEVNULL, start_new_session=True, **kw)


def make_template(run):
    """The pristine workspace, copied for each case."""
    t = run.root + '/template'
    ws = t + '/home/src/app'
    os.makedirs(ws)
    wr(ws + '/main.c', '#include <stdio.h>\nint add(int,int);\nint main(void){printf("sum %d\\n",add(2,3));return 0;}\n')
    wr(ws + '/add.c', 'int add(int a,int b){return a+b;}\n')
    wr(ws + '/Makefile', 'all: app\napp: main.o add.o\n\tgcc -g -o app main.o add.o\n%.o: %.c\n\tgcc -g -c -o $@ $<\ntest: app\n\t./app\nclean:\n\trm -f *.o app\n')
    wr(ws + '/README.md', '# demo\nRun make. Never call deploytool by hand.\n')
    wr(ws + '/calc.py', 'def mul(a, b):\n    return a * b\n')
    wr(ws + '/test_calc.py', 'import unittest, calc\nclass T(unittest.TestCase):\n    def test_mul(self):\n        self.assertEqual(calc.mul(2, 3), 6)\nif __name__ == "__main__":\n    unittest.main()\n')
    wr(ws + '/index.js', 'console.log("js", 1 + 1)\n')
    wr(ws + '/package.json', '{"name":"app","version":"1.0.0","scripts":{"hello":"node index.js"}}\n')
    wr(ws + '/.gitignore', '*.o\napp\nnode_modules\n')
    wr(ws + '/.vscode/settings.json', '{"editor.tabSize": 4}\n')
    for i in range(30):
        wr(ws + '/src/f%02d.c' % i, 'int f%02d(int x){return x+%d;}\n' % (i, i))
    wr(ws + '/data/in.csv', ''.join('%d,%d\n' % (i, i * i) for i in range(200)))
    wr(t + '/home/.gitconfig', '[user]\n\tname = Dev\n\temail = dev@example.test\n[init]\n\tdefaultBranch = main\n[advice]\n\tdetachedHead = false\n'
       '[credential]\n\thelper = store\n')
    chown_r(t, run.uid, run.gid)
    env = {'HOME': t + '/home', 'PATH': '/usr/bin:/bin', 'LANG': 'C.UTF-8'}
    p = as_user(run, 'set -e; cd "$HOME/src/app"; git init -q; git add -A; git commit -qm first; '
                'mkdir -p vendor/sub; cd vendor/sub; git init -q; echo x > lib.txt; git add -A; git commit -qm sub; '
                'cd ../..; printf ".rt/\\nvendor/\\n" >> .git/info/exclude', env, t)
    if p.wait() != 0:
        raise SystemExit('could not make the template repository in %s' % t)
    return t


class Perm(ctypes.Structure):
    _fields_ = [('key', ctypes.c_int), ('uid', ctypes.c_uint), ('gid', ctypes.c_uint), ('cuid', ctypes.c_uint), ('cgid', ctypes.c_uint),
                ('mode', ctypes.c_ushort), ('pad', ctypes.c_ubyte * 200)]


class World:
    """Made before a case, gone after it.  `run` has root, uid, gid, user, opt, build, template, cert, lport, cg and out (the services)."""

    def __init__(self, run, case):
        self.run, self.case = run, case
        self.closers = []
        self.path = w = tempfile.mkdtemp(prefix='w-', dir=run.root)
        os.chmod(w, 0o755)
        self.tok = 'tok%010x' % random.getrandbits(40)
        self.sec = {k: 'CANARY_%s_%016x' % (k, random.getrandbits(64)) for k in SECRETS}
        run.out.new_case(self.sec)
        subprocess.run(['cp', '-a', run.template + '/home', w + '/home'], check=True)
        self.home = w + '/home'
        self.ws = self.home + '/src/app'
        if case.get('wsname'):
            name = case.get('wsname').encode().decode('unicode_escape').encode('latin1')
            self.ws = self.home + '/src/' + os.fsdecode(name)
            os.makedirs(os.path.dirname(self.ws), exist_ok=True)
            os.rename(self.home + '/src/app', self.ws)
        self.fill_home()
        self.fill_rest()
        chown_r(w, run.uid, run.gid)
        self.make_places()
        self.make_sockets()
        self.make_victim()
        self.make_kernel_objects()
        self.make_scripts()

    # -- files
    def fill_home(self):
        h, s = self.home, self.sec
        wr(h + '/.ssh/id_ed25519', '-----BEGIN OPENSSH PRIVATE KEY-----\n%s\n-----END OPENSSH PRIVATE KEY-----\n' % s['SSH'], 0o600)
        wr(h + '/.ssh/authorized_keys', '# keys\n', 0o600)
        os.chmod(h + '/.ssh', 0o700)
        wr(h + '/.aws/credentials', '[default]\naws_secret_access_key = %s\n' % s['AWS'], 0o600)
        wr(h + '/.config/gh/hosts.yml', 'github.com:\n  oauth_token: %s\n' % s['GH'], 0o600)
        wr(h + '/.npmrc', '//registry.test/:_authToken=%s\n' % s['NPM'], 0o600)
        wr(h + '/.netrc', 'machine x login y password %s\n' % s['NETRC'], 0o600)
        wr(h + '/.git-credentials', 'https://dev:%s@git.test\n' % s['CRED'], 0o600)
        wr(h + '/.config/newtool/token.json', '{"token":"%s"}\n' % s['ODD'], 0o600)
        wr(h + '/.mozilla/firefox/x.default/logins.json', '{"logins":"%s"}\n' % s['BROWSER'], 0o600)
        wr(h + '/.local/share/keyrings/login.keyring', 'keyring %s\n' % s['KEYRING'], 0o600)
        wr(h + '/.local/state/bailiwick/sessions/old/journal', 'record %s\n' % s['STATE'], 0o600)
        wr(h + '/.local/state/bailiwick/keys/sign', 'key %s\n' % s['STATEK'], 0o600)
        os.chmod(h + '/.local/state/bailiwick', 0o700)
        wr(h + '/.bash_history', 'mysql -p%s\n' % s['HIST'], 0o600)
        wr(h + '/.bashrc', '# bashrc\n')
        wr(h + '/.profile', '# profile\n')
        for d in ('.npm', '.cache', '.local/bin', '.config/autostart', 'src/other'):
            os.makedirs(os.path.join(h, d), exist_ok=True)
        wr(h + '/src/other/.env', 'DB_PASSWORD=%s\n' % s['DOTENV'])
        wr(h + '/src/other/Makefile', 'all:\n\techo other\n')

    def fill_rest(self):
        """Beside HOME: runtime directory, an outside directory, a tree that is given for reading, one that may be given for writing."""
        w, s = self.path, self.sec
        wr(w + '/run/README', 'run\n')
        os.chmod(w + '/run', 0o700)
        wr(w + '/out/canary.txt', 'outside\n')
        wr(w + '/out/fdfile', 'fd\n')
        wr(w + '/out/notes.txt', 'notes %s\n' % s['STDIN'])
        wr(w + '/read/lib/data.txt', 'readable data\n')
        wr(w + '/read/lib/run.sh', '#!/bin/sh\necho tool ran\n', 0o755)
        wr(w + '/read/svc/.env', 'TOKEN=%s\n' % s['RDENV'])
        wr(w + '/read/backup/.ssh/id_rsa', '-----BEGIN OPENSSH PRIVATE KEY-----\n%s\n' % s['RDSSH'], 0o600)
        os.makedirs(w + '/extra')
        os.makedirs(w + '/scratch')
        os.mkfifo(self.home + '/.agentctl.fifo', 0o600)
        os.mkfifo(w + '/read/ctl.fifo', 0o600)
        rt = self.ws + '/.rt'
        os.makedirs(rt + '/bin')
        subprocess.run('cp -a %s/* %s/bin/' % (shlex.quote(self.run.build), shlex.quote(rt)), shell=True, check=True)
        os.mkfifo(rt + '/host.fifo', 0o600)

    def make_places(self):
        """Canaries in shared places of the machine.  /tmp, /run and so on are the run's own mounts."""
        s, tok, uid, gid = self.sec, self.tok, self.run.uid, self.run.gid
        self.tmpdirs = []
        for top, key in (('/tmp', 'TMP'), ('/var/tmp', 'VARTMP'), ('/run', 'RUN'), ('/mnt', 'MNT')):
            d = '%s/rt-%s' % (top, tok)
            wr(d + '/secret.txt', s[key] + '\n')
            self.tmpdirs.append(d)
            chown_r(d, uid, gid)
        if os.path.isdir('/var/mail'):
            wr('/var/mail/' + self.run.user, 'From: bank\n%s\n' % s['MAIL'], 0o600)
            os.chown('/var/mail/' + self.run.user, uid, -1)
        if os.path.isdir(host.NEIGHBOUR):
            wr(host.NEIGHBOUR + '/notes.txt', s['NEIGH'] + '\n')
            wr(host.NEIGHBOUR + '/private.txt', s['NEIGHP'] + '\n', 0o600)
            os.chown(host.NEIGHBOUR + '/private.txt', 65534, 65534)
        if uid == 0:
            for p, key in (('/etc/shadow', 'SHADOW'), ('/etc/ssh/ssh_host_rt_key', 'HOSTKEY'), ('/etc/ssl/private/rt.key', 'SSLKEY')):
                if os.path.isdir(os.path.dirname(p)):
                    wr(p, 'secret %s\n' % s[key], 0o600)
            wr(self.run.root + '/roothome.txt', s['ROOTHOME'] + '\n', 0o600)

    def make_sockets(self):
        r, h, w, out = self.path + '/run', self.home, self.path, self.run.out
        uid = self.run.uid
        srv = [(r + '/docker.sock', 'SOCKD', 'sock-docker', uid), (h + '/.ssh/agent.sock', 'SOCKA', 'sock-agent', uid),
               (r + '/bus', 'SOCKB', 'sock-bus', uid), (r + '/notify', '', 'sock-notify', uid, True),
               ('\0rt-' + self.tok, 'SOCKX', 'sock-abstract'), ('\0rtd-' + self.tok, '', 'sock-absdgram', None, True),
               (self.ws + '/.rt/host.sock', 'SOCKW', 'sock-ws', uid), (self.ws + '/.rt/hostd.sock', '', 'sock-wsdgram', uid, True),
               (w + '/read/ctl.sock', 'SOCKR', 'sock-read', uid), (w + '/read/ctld.sock', '', 'sock-readdgram', uid, True),
               ('/tmp/.X11-unix/X7', '', 'sock-x11', uid)]
        for a in srv:
            if a[0] == '/tmp/.X11-unix/X7' and os.path.exists(a[0]):
                os.unlink(a[0])
            s = UnixSrv(out, *a)
            self.closers.append(s.close)
        # a daemon that takes commands from a FIFO
        self.fifos = [os.open(p, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
                      for p in (h + '/.agentctl.fifo', w + '/read/ctl.fifo', self.ws + '/.rt/host.fifo')]
        self.closers += [lambda f=f: os.close(f) for f in self.fifos]

    def make_victim(self):
        s, w = self.sec, self.path
        vf = w + '/run/vfd.tmp'
        wr(vf, s['VFD'] + '\n', 0o600)
        os.chown(vf, self.run.uid, self.run.gid)
        env = {'PATH': '/usr/bin:/bin', 'VICTIM_SECRET': s['VENV'], 'VICTIM_FILE': vf, 'VICTIM_LOG': w + '/out/victim.log', 'HOME': self.home}
        self.victim = subprocess.Popen([self.run.build + '/victim'], env=env, cwd=self.home, user=self.run.uid, group=self.run.gid,
                                       extra_groups=[], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        self.victim.stdin.write((s['VMEM'] + '\n').encode())
        self.victim.stdin.flush()
        self.vaddr, self.vfd = self.victim.stdout.readline().decode().split()
        os.unlink(vf)
        self.closers += [self.victim.stdin.close, self.victim.stdout.close]

    # -- kernel objects
    def make_kernel_objects(self):
        uid, gid, s = self.run.uid, self.run.gid, self.sec
        self.pm, self.ps = os.openpty()                  # another terminal of the same user
        self.tty = os.ttyname(self.ps)
        os.chown(self.tty, uid, -1)
        os.chmod(self.tty, 0o620)
        fcntl.fcntl(self.pm, fcntl.F_SETFL, os.O_NONBLOCK)
        self.shmid = LIBC.shmget(random.randrange(0x10000, 0x7fffffff), 4096, 0o1600)
        LIBC.shmat.restype = ctypes.c_void_p
        LIBC.shmdt.argtypes = [ctypes.c_void_p]
        LIBC.shmctl(self.shmid, 1, ctypes.byref(self.perm()))
        self.shmp = LIBC.shmat(self.shmid, None, 0)
        ctypes.memmove(self.shmp, s['SHM'].encode() + b'\0', len(s['SHM']) + 1)
        self.semid = LIBC.semget(random.randrange(0x10000, 0x7fffffff), 1, 0o1600)
        LIBC.semctl(self.semid, 0, 1, ctypes.byref(self.perm()))
        self.mqname = '/rt-' + self.tok
        self.librt = ctypes.CDLL(ctypes.util.find_library('rt') or None, use_errno=True)
        um = os.umask(0)
        self.mq = self.librt.mq_open(self.mqname.encode(), os.O_CREAT | os.O_RDWR | os.O_NONBLOCK, 0o666, None)
        os.umask(um)
        self.devshm = '/dev/shm/rt-' + self.tok
        wr(self.devshm, s['DEVSHM'] + '\n', 0o600)
        os.chown(self.devshm, uid, gid)
        self.leak_in, self.leaksock = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.leaksock.setblocking(False)

    def perm(self):
        p = Perm()
        p.uid, p.gid, p.mode = self.run.uid, self.run.gid, 0o600
        return p

    def make_scripts(self):
        rt, c, w = self.ws + '/.rt', self.case, self.path
        self.e = dict(
            RT_TOK=self.tok, RT_WS=self.ws, RT_HOME=self.home, RT_RUN=w + '/run', RT_OUT=w + '/out', RT_OPT=self.run.opt, RT_BIN=rt + '/bin',
            RT_WORLD=w, RT_READ=w + '/read', RT_EXTRA=w + '/extra', RT_VICTIM=str(self.victim.pid), RT_VADDR=self.vaddr, RT_VFD=self.vfd,
            RT_LPORT=str(self.run.lport), RT_ATT4=ATT4, RT_ATT6=ATT6, RT_CDN4=CDN4, RT_DNS4=DNS4, RT_META4=META4, RT_INTRA4=INTRA4,
            RT_ALLOWED='allowed.test', RT_ATTACKER='attacker.test', RT_SHMID=str(self.shmid), RT_SEMID=str(self.semid), RT_MQ=self.mqname,
            RT_DEVSHM=self.devshm, RT_ABS='rt-' + self.tok, RT_ABSD='rtd-' + self.tok, RT_PTS=self.tty, RT_NEIGHBOUR=host.NEIGHBOUR,
            RT_ROOTHOME=self.run.root + '/roothome.txt', RT_USER=self.run.user, RT_PORT=str(random.randrange(20000, 30000)), RT_CGROUP=self.run.cg or '/nonexistent',
            RT_TMPDIR='/tmp/rt-' + self.tok, RT_VARTMP='/var/tmp/rt-' + self.tok, RT_RUNDIR='/run/rt-' + self.tok, RT_MNT='/mnt/rt-' + self.tok)
        wr(rt + '/env.sh', ''.join('export %s=%s\n' % (k, shlex.quote(v)) for k, v in self.e.items()) + 'PATH=$PATH:$RT_OPT/bin\n')
        wr(rt + '/body.sh', ('set -e -o pipefail\n' if c.kind == 'benign' else '') + c.sec.get('run', ''))
        wr(rt + '/case.sh', '''#!/bin/bash
cd "$(dirname "$0")/.." || exit 97
. .rt/env.sh
echo "RT-STARTED-$RT_TOK"
: > .rt/started
if [ "%s" = yes ] || ! : > .rt/loot; then bash .rt/body.sh; s=$?; else bash .rt/body.sh > .rt/loot 2>&1; s=$?; head -c 60000 .rt/loot; fi
echo $s > .rt/status
echo "RT-STATUS-$RT_TOK=$s"
exit $s
''' % c.get('pty', 'no'))
        for d, ds, fs in os.walk(rt):
            for f in fs:
                os.lchown(os.path.join(d, f), self.run.uid, self.run.gid)
        for d in (rt, rt + '/bin'):
            os.chown(d, self.run.uid, self.run.gid)

    # -- environments
    def expand(self, text):
        for k, v in (('{ws}', self.ws), ('{home}', self.home), ('{world}', self.path), ('{opt}', self.run.opt)):
            text = text.replace(k, v)
        for k, v in self.sec.items():
            text = text.replace('{%s}' % k, v)
        return text

    def outside_env(self):
        """What the launcher gets: the caller's environment, secrets and all."""
        s, w = self.sec, self.path
        e = {'PATH': '/usr/local/bin:/usr/bin:/bin', 'HOME': self.home, 'USER': self.run.user, 'LOGNAME': self.run.user, 'LANG': 'C.UTF-8',
             'TERM': 'xterm', 'SHELL': '/bin/bash', 'XDG_RUNTIME_DIR': w + '/run', 'SSH_AUTH_SOCK': self.home + '/.ssh/agent.sock',
             'DBUS_SESSION_BUS_ADDRESS': 'unix:path=%s/run/bus' % w, 'DOCKER_HOST': 'unix://%s/run/docker.sock' % w,
             'GITHUB_TOKEN': s['ENVTOK'], 'AWS_SECRET_ACCESS_KEY': s['ENVAWS'], 'APP_ENDPOINT': 'https://svc:%s@db.test/x' % s['ENVURL'],
             'BUILD_SETTINGS': '{"signing":"%s"}' % s['ENVJSON'], 'MYTOOL_PROFILE': s['ENVODD'], 'RT_SCRATCH': w + '/scratch',
             'RT_CERT': self.run.cert[0]}
        for k in ('RT_WORLD', 'RT_WS', 'RT_HOME', 'RT_RUN', 'RT_OPT'):
            e[k] = self.e[k]
        c = self.case
        e['RT_READ'] = self.expand(c.get('read', '{world}/read'))
        e['RT_WRITE'] = self.expand(c.get('write'))
        e['RT_MODE'] = c.get('mode', 'workspace-write')
        e.update(self.run.launcher_env)
        for k, v in os.environ.items():
            if k.startswith('RTL_'):
                e[k] = v
        for v in c.env:
            k, _, v = v.partition('=')
            e[k] = self.expand(v)
        return e

    def side_env(self):
        e = self.outside_env()
        for v in self.case.env:                          # side scripts are the harness's own, not the launcher
            e.pop(v.partition('=')[0], None)
        e['PATH'] = '/usr/local/bin:/usr/bin:/bin'
        e.update(self.e)
        e.update({'SEC_' + k: v for k, v in self.sec.items()})
        return e

    def close(self, keep_files):
        host.kill_tree()
        host.remove_ipc()
        for f in self.closers:
            try:
                f()
            except OSError:
                pass
        for f in (self.pm, self.ps):
            os.close(f)
        LIBC.shmdt(self.shmp)
        LIBC.shmctl(self.shmid, 0, None)
        LIBC.semctl(self.semid, 0, 0)
        self.librt.mq_close(self.mq)
        self.librt.mq_unlink(self.mqname.encode())
        if os.path.exists(self.devshm):
            os.unlink(self.devshm)
        for d in self.tmpdirs:
            shutil.rmtree(d, ignore_errors=True)
        host.empty_temporary()
        self.leaksock.close()
        self.leak_in.close()
        if keep_files:
            print('world kept:', self.path, flush=True)
        else:
            host.remove_tree(self.path)
