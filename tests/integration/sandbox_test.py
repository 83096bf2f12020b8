"""What the sandbox holds, sentence by sentence, on the real kernel."""
import json, os, socket, subprocess, sys, time, unittest
from support import Case, PROGRAM, main, wait_until


class Identity(Case):
    def test_own_uid_and_gid_no_privilege(self):
        out = self.inside('id -u; id -g; grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status')
        lines = out.split('\n')
        self.assertEqual(lines[:2], [str(os.geteuid()), str(os.getegid())])
        for name in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'):
            self.assertIn(f'{name}:\t0000000000000000', out)
        self.assertIn('NoNewPrivs:\t1', out)
        self.assertIn('Seccomp:\t2', out)

    def test_every_namespace_is_new(self):
        inside = dict(line.split(' ') for line in self.inside('for n in user mnt pid ipc uts net cgroup; do echo $n $(readlink /proc/self/ns/$n); done').strip().split('\n'))
        for name, value in inside.items():
            self.assertNotEqual(value, os.readlink(f'/proc/self/ns/{name}'), name)

    def test_only_own_processes_are_seen(self):
        pids = [int(x) for x in self.inside('ls /proc').split() if x.isdigit()]
        self.assertIn(1, pids)
        self.assertLess(len(pids), 6)

    def test_no_supplementary_group_of_root(self):
        if os.geteuid() != 0:
            self.assertTrue(True)
            return
        r = self.run_program('exec', '--', 'grep', 'Groups', '/proc/self/status', preexec_fn=lambda: os.setgroups([4, 27]))
        self.assertEqual(r.stdout.split(), [b'Groups:'])

    def test_init_is_not_readable(self):
        for what in ('environ', 'maps', 'mem', 'fd/0', 'root', 'cwd', 'exe'):
            self.refused(f'cat /proc/1/{what} || ls /proc/1/{what}/')
        env = dict(self.env, INNOCENT='canary-in-environment')
        code, out, err = self.exec('cat /proc/1/cmdline /proc/1/environ', '--env', 'A=canary-in-arguments', env=env)
        self.assertNotIn('canary', out)


class Files(Case):
    def test_home_is_not_there(self):
        self.write('home/.ssh/id_ed25519', 'canary-key')
        self.write('home/.bash_history', 'canary-history')
        self.write('home/other/file', 'canary-other')
        names = self.inside('ls -A ~').split()
        self.assertNotIn('.ssh', names)
        self.assertNotIn('other', names)
        self.assertNotIn('canary', self.refused('cat ~/.ssh/id_ed25519 ~/.bash_history ~/other/file'))

    def test_configuration_enters_as_a_copy(self):
        self.assertIn('name = T', self.inside('cat ~/.gitconfig'))
        self.refused('echo x >> ~/.gitconfig')
        self.assertNotEqual(self.inside('stat -c %d:%i ~/.gitconfig').strip(), '%d:%d' % (os.stat(self.home + '/.gitconfig').st_dev, os.stat(self.home + '/.gitconfig').st_ino))

    def test_home_can_be_written_and_is_gone_afterwards(self):
        self.inside('mkdir -p ~/.cache/x && echo y > ~/.cache/x/y')
        self.assertFalse(os.path.exists(self.home + '/.cache'))

    def test_private_scratch(self):
        with open('/tmp/bwit-host-file', 'w') as f:
            f.write('host')
        self.addCleanup(os.unlink, '/tmp/bwit-host-file')
        self.refused('cat /tmp/bwit-host-file')
        self.inside('for d in /tmp /var/tmp /dev/shm; do echo x > $d/bwit-made || exit 1; done')
        for directory in ('/tmp', '/var/tmp', '/dev/shm'):
            self.assertFalse(os.path.exists(directory + '/bwit-made'))

    def test_minimal_dev(self):
        self.assertEqual(sorted(self.inside('ls /dev').split()),
                         ['fd', 'full', 'null', 'ptmx', 'pts', 'random', 'shm', 'stderr', 'stdin', 'stdout', 'tty', 'urandom', 'zero'])
        self.assertEqual(self.inside('ls /dev/pts').split(), ['ptmx'])

    def test_what_is_not_bound(self):
        for path in ('/sys', '/boot', '/mnt', '/srv', '/run/user', '/var/log', '/var/lib/postgresql'):
            self.assertNotEqual(self.exec(f'test -e {path}')[0], 0, path)

    def test_system_is_read_only(self):
        for path in ('/usr/x', '/etc/x', '/x', '/run/x', '/var/x', '/dev/x'):
            self.refused(f'touch {path}')

    def test_etc_secrets_are_left_out_also_for_root(self):
        for path in ('/etc/shadow', '/etc/gshadow', '/etc/sudoers'):
            self.refused(f'cat {path}')
        self.inside('getent passwd root >/dev/null; cat /etc/passwd >/dev/null')

    def test_read_and_write_let_paths_in(self):
        self.write('data/file', 'readable\n')
        self.assertEqual(self.inside(f'cat {self.base}/data/file', '--read', f'{self.base}/data'), 'readable\n')
        self.refused(f'echo x > {self.base}/data/new', '--read', f'{self.base}/data')
        self.inside(f'echo x > {self.base}/data/new', '--write', f'{self.base}/data')
        self.assertEqual(self.read('data/new'), 'x\n')

    def test_secrets_win_over_reading_a_parent(self):
        self.write('data/.env', 'canary\n')
        self.write('data/sub/id_ed25519', 'canary\n', 0o600)
        self.write('home/.aws/credentials', 'canary\n')
        out = self.exec(f'cat {self.base}/data/.env {self.base}/data/sub/id_ed25519 ~/.aws/credentials', '--read', f'{self.base}/data', '--read', self.home)[1]
        self.assertNotIn('canary', out)
        self.assertEqual(self.inside(f'cat {self.base}/data/.env', '--read', f'{self.base}/data', '--read', f'{self.base}/data/.env'), 'canary\n')

    def test_home_given_for_reading_has_no_write_rule(self):
        plan = json.loads(self.run_program('sandbox', 'plan', '--json', '--read', self.home, '--', 'true').stdout)
        self.assertNotIn(self.home, [rule['path'] for rule in plan['landlock']['rules'] if rule['access'] == 'write'])
        self.refused('touch ~/x', '--read', self.home)

    def test_deny_read_holds_in_the_workspace(self):
        self.write('home/src/app/conf/.env.production', 'canary')
        self.write('home/src/app/conf/other', 'fine')
        self.refused('cat conf/.env.production', '--deny-read', '**/.env.production')
        self.assertEqual(self.inside('cat conf/other', '--deny-read', '**/.env.production'), 'fine')
        self.assertEqual(self.read('home/src/app/conf/.env.production'), 'canary')

    def test_read_only_mode(self):
        self.make_repository()
        self.refused('touch new', '--mode', 'read-only')
        self.assertEqual(self.inside('cat README', '--mode', 'read-only'), 'hello\n')

    def test_full_access(self):
        self.write('home/other/file', 'visible\n')
        self.write('home/.ssh/id_ed25519', 'canary', 0o600)
        self.assertEqual(self.inside(f'cat {self.home}/other/file; echo y > {self.home}/other/new', '--mode', 'full-access'), 'visible\n')
        self.assertEqual(self.read('home/other/new'), 'y\n')
        self.refused('cat ~/.ssh/id_ed25519', '--mode', 'full-access')
        os.makedirs(self.home + '/.local/state/bailiwick/keys', exist_ok=True)
        self.refused(f'ls {self.home}/.local/state/bailiwick/keys', '--mode', 'full-access')

    def test_sockets_and_fifos_of_the_host_are_covered(self):
        s = socket.socket(socket.AF_UNIX)
        self.addCleanup(s.close)
        s.bind(self.ws + '/host.sock')
        s.listen()
        os.mkfifo(self.ws + '/host.fifo')
        connect = 'python3 -c "import socket; s=socket.socket(socket.AF_UNIX); s.connect(\'host.sock\')"'
        self.refused(connect)
        self.refused('timeout 2 sh -c "echo x > host.fifo"')
        self.inside(connect, '--socket', self.ws + '/host.sock')

    def test_proc_is_read_only(self):
        self.refused('echo 1 > /proc/self/oom_score_adj')
        self.refused('echo x > /proc/sys/kernel/hostname')
        self.assertIn(' ro', self.inside('grep " /proc " /proc/mounts'))
        self.assertEqual(self.inside('cat /proc/sys/user/max_user_namespaces').strip(), '0')


class Repositories(Case):
    def test_ordinary_git_works(self):
        self.make_repository()
        self.inside('''set -e
            echo a > a; git add a; git commit -qm a; git checkout -qb feature; echo b > b; git add b; git commit -qm b
            git switch -q main; echo c > c; git add c; git commit -qm c; git switch -q feature; git rebase -q main
            echo d >> a; git stash -q; git stash pop -q; git worktree add -q .wt -b other; git worktree remove .wt
            git tag v1; git cherry-pick --abort 2>/dev/null || true; git gc -q; git status --porcelain''')

    def test_fetch_from_a_local_remote(self):
        self.make_repository(self.base + '/upstream')
        self.git('clone', '-q', self.base + '/upstream', self.ws + '/clone')
        self.write('upstream/new', 'x')
        self.git('add', '-A', cwd=self.base + '/upstream')
        self.git('commit', '-qm', 'second', cwd=self.base + '/upstream')
        self.assertIn('second', self.inside('git fetch -q && git log --oneline origin/main', '--read', self.base + '/upstream', cwd=self.ws + '/clone'))

    def test_the_workspace_is_the_top_level(self):
        self.make_repository()
        os.makedirs(self.ws + '/deep/er')
        self.assertEqual(self.inside('pwd; cat ../../README', cwd=self.ws + '/deep/er'), self.ws + '/deep/er\nhello\n')

    def test_executable_configuration_is_protected(self):
        self.make_repository()
        os.makedirs(self.ws + '/vendor/sub')
        self.make_repository(self.ws + '/vendor/sub')
        self.write('home/src/app/.vscode/settings.json', '{}')
        for script in ('echo x > .git/hooks/pre-commit', 'echo x >> .git/config', 'git config a.b c', 'mv .git .git2', 'rm -rf .git/hooks', 'echo x > vendor/sub/.git/hooks/post-checkout',
                       'mv vendor/sub/.git vendor/g', 'echo x > .vscode/settings.json', 'mv .git/config x', 'ln -f /dev/null .git/config', 'sed -i s/a/b/ .vscode/settings.json'):
            self.refused(script)
        self.inside('echo y > vendor/sub/file; mkdir n; git init -q n')

    def test_a_bare_repository_of_any_name(self):
        self.git('init', '-q', '--bare', 'mirror')
        self.refused('echo x > mirror/hooks/post-receive')
        self.refused('git -C mirror config core.fsmonitor x')

    def test_a_parent_of_a_protected_name_cannot_be_moved_aside(self):
        self.write('home/src/app/.vscode/settings.json', '{}')
        self.refused('mv .vscode .vscode-old')
        self.refused('python3 -c "import ctypes; exit(ctypes.CDLL(None).renameat2(-100, b\'.vscode\', -100, b\'x\', 0) != 0)"')

    def test_a_login_shell_keeps_the_path(self):
        self.assertIn('/opt/mine/bin', self.inside('bash -lc "echo \\$PATH"', env=dict(self.env, PATH='/opt/mine/bin:/usr/bin:/bin')))

    def test_a_program_in_the_workspace_gets_no_profile(self):
        self.write('home/.codex/auth.json', 'canary')
        self.write('home/src/app/codex', '#!/bin/sh\ncat ~/.codex/auth.json\n', 0o755)
        r = self.run_program('exec', '--', './codex')
        self.assertNotIn(b'canary', r.stdout)

    def test_nothing_shows_in_git_status_or_stays_behind(self):
        self.make_repository()
        before = sorted(os.listdir(self.ws)) + sorted(os.listdir(self.ws + '/.git'))
        self.assertEqual(self.inside('git status --porcelain'), '')
        p = self.start('exec', '--', 'sleep', '600')
        wait_until(lambda: len(os.listdir('/proc/%d/task' % p.pid)) and True)
        p.kill()
        p.wait()
        self.assertEqual(sorted(os.listdir(self.ws)) + sorted(os.listdir(self.ws + '/.git')), before)

    def test_a_linked_worktree(self):
        self.make_repository(self.base + '/main')
        self.git('worktree', 'add', '-q', self.ws + '/wt', '-b', 'wt', cwd=self.base + '/main')
        wt = self.ws + '/wt'
        self.inside('echo a > a; git add a; git commit -qm inside', cwd=wt)
        self.refused(f'echo x > {self.base}/main/.git/hooks/post-commit', cwd=wt)
        self.refused(f'echo x >> {self.base}/main/.git/config', cwd=wt)
        self.refused('echo "gitdir: /tmp" > .git', cwd=wt)
        self.refused(f'cat {self.base}/main/README', cwd=wt)

    def test_a_git_file_that_points_elsewhere_opens_nothing(self):
        self.make_repository(self.base + '/victim')
        self.write('home/src/app/.git', f'gitdir: {self.base}/victim/.git\n')
        self.refused(f'cat {self.base}/victim/.git/HEAD')

    def test_a_cover_that_was_torn_off_is_put_back(self):
        self.make_repository()
        p = self.start('run', '--', 'sh', '-c', '''touch up
            while [ ! -e replaced ]; do sleep 0.01; done
            for i in $(seq 500); do if ! echo "$i" 2>/dev/null >> .git/config; then echo covered > result; exit 0; fi; sleep 0.01; done; echo open > result; exit 1''')
        wait_until(lambda: os.path.exists(self.ws + '/up'), what='the program')
        with open(self.ws + '/.git/config.new', 'w') as f:
            f.write('[core]\n\tbare = false\n')
        os.rename(self.ws + '/.git/config.new', self.ws + '/.git/config')
        open(self.ws + '/replaced', 'w').close()
        self.assertEqual(p.wait(20), 0)
        self.assertEqual(self.read('home/src/app/result'), 'covered\n')
        self.assertRegex(p.stderr.read().decode(), r'put back|restored')

    def test_a_symlinked_hooks_directory(self):
        self.make_repository()
        import shutil
        shutil.rmtree(self.ws + '/.git/hooks')
        os.makedirs(self.ws + '/tools/hooks')
        os.symlink('../tools/hooks', self.ws + '/.git/hooks')
        self.refused('echo x > tools/hooks/pre-commit')

    def test_ten_thousand_protected_names(self):
        for i in range(100):
            for j in range(100):
                os.makedirs(f'{self.ws}/d{i}/e{j}')
                open(f'{self.ws}/d{i}/e{j}/.envrc', 'w').close()
        self.assertEqual(self.exec('echo x > d99/e99/.envrc && exit 3; exit 0')[0], 0)
        open(f'{self.ws}/.envrc', 'w').close()
        self.assert_error(self.run_program('exec', '--', 'true'), 3, '10000')


class Kernel(Case):
    """Reachability is in tests/attack; here what must stay possible and what is denied by name."""

    def test_debuggers_work_on_own_children(self):
        self.assertIn('exited normally', self.inside('gdb -batch -ex run /bin/true 2>&1'))
        self.assertIn('execve("/bin/true"', self.inside('strace -f -e trace=execve /bin/true 2>&1'))

    def test_core_dumps_cannot_be_had(self):
        self.assertEqual(self.inside('ulimit -c 0; ulimit -c unlimited 2>/dev/null; grep "core file" /proc/self/limits').split()[4:6], ['1', '1'])

    def test_foreign_binaries_and_sockets(self):
        script = '''import socket, errno
bad = [(socket.AF_PACKET, socket.SOCK_RAW, 0), (40, 1, 0), (38, 5, 0), (socket.AF_NETLINK, socket.SOCK_RAW, 12), (socket.AF_NETLINK, socket.SOCK_RAW, 16),
       (socket.AF_NETLINK, socket.SOCK_RAW, 6), (socket.AF_INET, socket.SOCK_STREAM, 262), (socket.AF_INET, socket.SOCK_RAW, 1), (socket.AF_INET, socket.SOCK_DGRAM, 1)]
for args in bad:
    try: socket.socket(*args)
    except OSError: continue
    raise SystemExit("opened %r" % (args,))
for args in [(socket.AF_UNIX, 1, 0), (socket.AF_INET, 1, 0), (socket.AF_INET6, 2, 0), (socket.AF_INET, 1, 6), (socket.AF_NETLINK, socket.SOCK_RAW, 0)]: socket.socket(*args).close()'''
        self.write('home/src/app/s.py', script)
        self.inside('/usr/bin/python3 s.py')

    def test_message_queues_are_its_own(self):
        script = '''import ctypes, os
r = ctypes.CDLL("librt.so.1", use_errno=True)
q = r.mq_open(b"/bwit-own", os.O_CREAT | os.O_RDWR, 0o600, None)
assert q >= 0 and r.mq_send(q, b"m", 1, 0) == 0, ctypes.get_errno()
assert r.mq_open(b"/bwit-host", os.O_RDWR) < 0'''
        self.write('home/src/app/q.py', script)
        import ctypes
        librt = ctypes.CDLL('librt.so.1', use_errno=True)
        if librt.mq_open(b'/bwit-host', os.O_CREAT | os.O_RDWR, 0o600, None) >= 0:
            self.addCleanup(librt.mq_unlink, b'/bwit-host')
        self.inside('/usr/bin/python3 q.py')

    def test_network_off_and_host(self):
        server = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(server.close)
        port = server.getsockname()[1]
        script = f'/usr/bin/python3 -c "import socket; socket.create_connection((\'127.0.0.1\', {port}), 5)"'
        self.refused(script)
        self.inside(script, '--network', 'host')
        self.assertEqual(self.inside('ls /proc/sys/net/ipv4/conf').split(), ['all', 'default', 'lo'])

    def test_abstract_sockets_of_the_host(self):
        s = socket.socket(socket.AF_UNIX)
        self.addCleanup(s.close)
        s.bind('\0bwit-%d' % os.getpid())
        s.listen()
        script = f'/usr/bin/python3 -c "import socket; socket.socket(socket.AF_UNIX).connect(chr(0)+\'bwit-{os.getpid()}\')"'
        self.refused(script)
        plan = json.loads(self.run_program('sandbox', 'plan', '--json', '--', 'true').stdout)
        if plan['landlock']['abi'] >= 6:
            self.refused(script, '--network', 'host')


class Environment(Case):
    def test_allowlist(self):
        env = dict(self.env, LD_PRELOAD='/tmp/x.so', NODE_OPTIONS='--require x', GIT_SSH_COMMAND='x', BASH_ENV='x', PYTHONSTARTUP='x', GITHUB_TOKEN='canary1',
                   AWS_SECRET_ACCESS_KEY='canary2', EDITOR='vi', SSH_AUTH_SOCK='/x', SOMETHING='else', XDG_RUNTIME_DIR='/run/user/1')
        out = self.inside('env', env=env)
        for name in ('LD_PRELOAD', 'NODE_OPTIONS', 'GIT_SSH_COMMAND', 'BASH_ENV', 'PYTHONSTARTUP', 'canary', 'SSH_AUTH_SOCK', 'SOMETHING', 'XDG_RUNTIME_DIR'):
            self.assertNotIn(name, out)
        self.assertIn('EDITOR=vi', out)
        self.assertIn(f'HOME={self.home}', out)

    def test_named_variables_come_in(self):
        env = dict(self.env, GITHUB_TOKEN='canary1', LD_LIBRARY_PATH='/x')
        out = self.inside('env', '--env', 'GITHUB_TOKEN', '--env', 'A=b=c', env=env)
        self.assertIn('GITHUB_TOKEN=canary1', out)
        self.assertIn('A=b=c', out)


class Budgets(Case):
    def test_processes(self):
        # As root the ceiling is the namespace's pid_max, which lies 300 higher; 400 are too many for both.
        out = self.exec('for i in $(seq 400); do sleep 5 & done 2>&1; jobs | wc -l', '--limit', 'pids=20')
        self.assertRegex(out[1] + out[2], r'(?i)fork|resource')

    def test_open_files(self):
        self.assertEqual(self.inside('ulimit -n', '--limit', 'files=64').strip(), '64')

    def test_file_size(self):
        self.refused('head -c 3000000 /dev/zero > big', '--limit', 'file-size=1M')
        self.assertLessEqual(os.path.getsize(self.ws + '/big'), 1 << 20)

    def test_scratch(self):
        self.refused('head -c 30000000 /dev/zero > /tmp/big', '--limit', 'scratch=8M')
        self.refused('head -c 30000000 /dev/zero > /dev/shm/big', '--limit', 'scratch=8M')

    def test_memory_of_many_processes(self):
        hog = 'python3 -c "b=bytearray(60<<20)\nfor i in range(0,len(b),4096): b[i]=1\nimport time; time.sleep(20)"'
        self.write('home/src/app/hog.sh', f'for i in 1 2 3 4 5 6; do {hog} & done; wait; echo all-lived')
        code, out, err = self.exec('. ./hog.sh', '--limit', 'memory=200M')
        (name,) = os.listdir(self.home + '/.local/state/bailiwick/sessions')
        end = json.loads(self.read(f'home/.local/state/bailiwick/sessions/{name}/record.jsonl').splitlines()[1])
        self.assertRegex(' '.join(end['limited']), 'memory limit', (code, out, err))

    def test_cpu(self):
        if len(os.sched_getaffinity(0)) > 1:
            self.assertEqual(self.inside('nproc', '--limit', 'cpu=1').strip(), '1')
            host = json.loads(self.run_program('doctor', '--json').stdout)['host']
            if not host['cgroup_parent'] or 'cpu' not in host['cgroup_controllers']:  # else the kernel counts, on whichever CPU
                self.refused('taskset -p 3 $$', '--limit', 'cpu=1')

    def test_inotify_budget_of_the_user_stays(self):
        script = '''import ctypes
libc = ctypes.CDLL(None); n = 0
while n < 4000 and libc.inotify_init() >= 0: n += 1
print(n)'''
        self.write('home/src/app/i.py', script)
        self.assertLess(int(self.inside('/usr/bin/python3 i.py').split()[0]), 65)


class BadInput(Case):
    def test_workspaces_that_are_refused(self):
        for directory, needle in (('/', 'root directory'), (self.home, 'home'), (self.base, 'above your home'), ('/usr', 'system'), (self.base + '/none', 'not there'), ('/etc/passwd', 'not a directory')):
            self.assert_error(self.run_program('exec', '-C', directory, '--', 'true'), 3, needle)

    def test_a_workspace_of_another_user(self):
        if os.geteuid() == 0:
            os.chown(self.ws, 12345, -1)
            self.assert_error(self.run_program('exec', '--', 'true'), 3, 'another user')
        else:
            self.assert_error(self.run_program('exec', '-C', '/var/tmp/..', '--', 'true'), 3)
            self.assert_error(self.run_program('exec', '-C', '/usr/src', '--', 'true'), 3, 'another user')
            self.assertEqual(self.run_program('exec', '-C', '/usr/src', '--mode', 'read-only', '--', 'true').returncode, 0)

    def test_strange_names(self):
        for name in (b'new\nline', b'bad\xff\xfeutf8', b'quote\'"$(x)', b'-C', b' ', b'a' * 255):
            path = os.fsencode(self.ws) + b'/' + name
            os.mkdir(path)
            r = subprocess.run([os.fsencode(PROGRAM), b'exec', b'-C', path, b'--', b'sh', b'-c', b'echo x > made && pwd'], env=self.env, cwd=self.ws, capture_output=True,
                               stdin=subprocess.DEVNULL, timeout=30)
            self.assertEqual(r.returncode, 0, (name, r))
            self.assertTrue(os.path.exists(path + b'/made'))
            plan = subprocess.run([os.fsencode(PROGRAM), b'sandbox', b'plan', b'--json', b'-C', path, b'--', b'true'], env=self.env, cwd=self.ws, capture_output=True, timeout=30)
            json.loads(plan.stdout)

    def test_a_symlinked_workspace(self):
        os.symlink(self.ws, self.base + '/link')
        self.assertEqual(self.inside('echo x > made; pwd', '-C', self.base + '/link').strip(), self.ws)

    def test_a_home_reached_through_a_link(self):
        os.symlink(self.home, self.base + '/linked')
        env = dict(self.env, HOME=self.base + '/linked', PWD=self.base + '/linked/src/app')
        self.assertEqual(self.inside('cd ~ && pwd -P; cat ~/.gitconfig >/dev/null', env=env).strip(), self.home)

    def test_a_socket_below_var_run(self):
        s = socket.socket(socket.AF_UNIX)
        self.addCleanup(s.close)
        path = '/run/bwit-%d.sock' % os.getpid() if os.geteuid() == 0 else self.base + '/x.sock'
        s.bind(path)
        self.addCleanup(os.unlink, path)
        s.listen()
        named = path.replace('/run/', '/var/run/', 1) if os.geteuid() == 0 else path
        self.inside(f'test -S {named}', '--socket', named)

    def test_missing_paths(self):
        for flag in ('--read', '--write', '--socket'):
            self.assert_error(self.run_program('exec', flag, '/no/such/path', '--', 'true'), 3, flag, 'does not exist')

    def test_paths_that_are_too_wide(self):
        for flag in ('--read', '--write'):
            for path in ('/', '/proc', '/proc/1', '/dev'):
                self.assert_error(self.run_program('exec', flag, path, '--', 'true'), 3, 'too wide')
        self.assert_error(self.run_program('exec', '-C', '/', '--mode', 'full-access', '--', 'true'), 3, 'root directory')
        self.assert_error(self.run_program('exec', '-C', '/proc', '--mode', 'full-access', '--', 'true'), 3, 'system directory')

    def test_a_workspace_in_a_place_of_secrets(self):
        os.makedirs(self.home + '/.ssh/project')
        for directory in ('/.ssh', '/.ssh/project'):
            self.assert_error(self.run_program('exec', '-C', self.home + directory, '--', 'true'), 3, 'secrets')

    def test_bad_globs(self):
        self.assert_error(self.run_program('exec', '--deny-read', 'a[', '--', 'true'), 3, '--deny-read')

    def test_a_full_disk_under_the_state_directory(self):
        state = self.base + '/state'
        os.makedirs(state)
        r = subprocess.run(['unshare', '-Urm', 'sh', '-c', f'mount -t tmpfs -o size=4k,nr_inodes=3 tmpfs {state} && XDG_STATE_HOME={state} exec "$0" "$@"', PROGRAM, 'exec', '--', 'touch', 'ran'],
                           cwd=self.ws, env=self.env, capture_output=True, stdin=subprocess.DEVNULL, timeout=30)
        self.assert_error(r, 125, 'record', 'free some space')
        self.assertFalse(os.path.exists(self.ws + '/ran'))

    def test_a_read_only_state_directory(self):
        r = self.run_program('exec', '--', 'touch', 'ran', env=dict(self.env, XDG_STATE_HOME='/proc/self'))
        self.assertEqual(r.returncode, 125, r)
        self.assertFalse(os.path.exists(self.ws + '/ran'))

    def test_a_hidden_program_is_named_with_the_flag(self):
        self.write('tools/prog', '#!/bin/sh\necho hi\n', 0o755)
        text = self.assert_error(self.run_program('exec', '--', self.base + '/tools/prog'), 127, '--read')
        self.assertIn(self.base + '/tools', text)
        r = self.run_program('exec', '--read', self.base + '/tools', '--', self.base + '/tools/prog')
        self.assertEqual((r.returncode, r.stdout), (0, b'hi\n'))


class Plans(Case):
    def test_json_is_what_the_document_says(self):
        plan = json.loads(self.run_program('sandbox', 'plan', '--json', '--', 'true').stdout)
        self.assertEqual(set(plan), {'schema', 'backend', 'mode', 'network', 'uid', 'gid', 'workspace', 'directory', 'command', 'candidates', 'agent', 'policy_digest', 'policy_layers', 'credentials', 'environment', 'sockets',
                                     'root', 'covers', 'landlock', 'seccomp', 'limits', 'budgets', 'scan', 'warnings', 'weaker'})
        self.assertEqual(plan['workspace'], self.ws)
        self.assertGreater(len(plan['seccomp']['program']), 10)

    def test_a_plan_starts_nothing(self):
        r = self.run_program('sandbox', 'plan', '--', 'touch', 'ran')
        self.assertEqual(r.returncode, 0)
        self.assertFalse(os.path.exists(self.ws + '/ran'))
        self.assertFalse(os.path.exists(self.home + '/.local'))

    def test_the_record_of_a_session(self):
        self.exec('exit 3')
        sessions = self.home + '/.local/state/bailiwick/sessions'
        (name,) = os.listdir(sessions)
        start, end = [json.loads(line) for line in open(f'{sessions}/{name}/record.jsonl')]
        self.assertEqual((start['session'], start['workspace'], end['exit_code']), (name, self.ws, 3))
        self.assertEqual(os.stat(sessions).st_mode & 0o777, 0o700)


class LandlockBackend(Case):
    def backend(self, script, *options, **more):
        return self.exec(script, '--backend', 'landlock', *options, **more)

    def test_is_chosen_only_by_name_and_says_what_is_weaker(self):
        code, out, err = self.backend('exit 4')
        self.assertEqual(code, 4)
        self.assertIn('weaker: backend landlock', err)

    def test_files(self):
        self.write('home/.ssh/id_ed25519', 'canary')
        code, out, err = self.backend('cat ~/.ssh/id_ed25519; echo x > ~/new; cat /etc/shadow; echo y > made; cat made')
        self.assertEqual(out, 'y\n')
        self.assertFalse(os.path.exists(self.home + '/new'))

    def test_a_private_temporary_directory(self):
        code, out, err = self.backend('f=$(mktemp) && echo x > $f && cat $f && echo $TMPDIR')
        self.assertEqual((code, out.split()[0]), (0, 'x'), err)
        self.assertFalse(os.path.exists(out.split()[1]))

    def test_network_off(self):
        server = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(server.close)
        script = f'/usr/bin/python3 -c "import socket; socket.create_connection((\'127.0.0.1\', {server.getsockname()[1]}), 5)"'
        self.assertNotEqual(self.backend(script)[0], 0)
        self.assertEqual(self.backend(script, '--network', 'host')[0], 0)

    def test_daemons_end_with_the_program(self):
        code, out, err = self.backend('setsid sh -c "sleep 1; touch outlived" >/dev/null 2>&1 </dev/null & sleep 0.1')
        self.assertEqual(code, 0)
        time.sleep(1.3)  # the attack needs this long to show
        self.assertFalse(os.path.exists(self.ws + '/outlived'))

    def test_where_user_namespaces_are_refused(self):
        """Really refused: a user namespace in which there may be no further one."""
        def run(*words):
            return subprocess.run(['unshare', '-Ur', 'sh', '-c', 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$0" "$@"', PROGRAM, 'exec', *words, '--', 'sh', '-c', 'echo ran'],
                                  cwd=self.ws, env=self.env, capture_output=True, stdin=subprocess.DEVNULL, timeout=30)
        self.assert_error(run(), 125, 'doctor')
        r = run('--backend', 'auto')
        self.assertEqual((r.returncode, r.stdout), (0, b'ran\n'), r)
        self.assertIn(b'weaker: backend landlock', r.stderr)
        r = run('--backend', 'landlock')
        self.assertEqual((r.returncode, r.stdout), (0, b'ran\n'), r)
        doctor = subprocess.run(['unshare', '-Ur', 'sh', '-c', 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$0" doctor', PROGRAM], cwd=self.ws, env=self.env, capture_output=True, timeout=60)
        self.assertEqual(doctor.returncode, 1, doctor)
        self.assertIn(b'max_user_namespaces', doctor.stdout)

    def test_auto_takes_namespaces_where_they_work(self):
        r = self.run_program('sandbox', 'plan', '--json', '--backend', 'auto', '--', 'true')
        self.assertEqual(json.loads(r.stdout)['backend'], 'namespaces')


if __name__ == '__main__':
    main()
