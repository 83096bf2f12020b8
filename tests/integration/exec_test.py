"""Exit codes, standard streams, signals and the end of a session."""
import os, signal, subprocess, sys, time
from support import Case, PROGRAM, alive, descendants, main, wait_until


class ExitCodes(Case):
    def test_the_programs_own_code_comes_through(self):
        for code in (0, 1, 7, 125, 255):
            self.assertEqual(self.exec(f'exit {code}')[0], code)

    def test_a_signal_is_128_plus_n(self):
        for name, number in (('TERM', 15), ('KILL', 9), ('SEGV', 11)):
            self.assertEqual(self.exec(f'kill -{name} $$')[0], 128 + number)

    def test_program_not_found(self):
        self.assert_error(self.run_program('exec', '--', 'no-such-program'), 127, 'no-such-program', 'not found')

    def test_not_executable(self):
        self.write('home/src/app/data', 'x')
        self.assert_error(self.run_program('exec', '--', './data'), 126, './data')
        self.write('home/src/app/script', '#!/no/such/interpreter\n', 0o755)
        self.assert_error(self.run_program('exec', '--', './script'), 127, './script')

    def test_no_command(self):
        for words in (['exec'], ['exec', '--'], ['run'], ['run', '--'], ['sandbox', 'plan', '--']):
            text = self.run_program(*words)
            self.assertEqual(text.returncode, 2, text)
            self.assertIn(b'no command', text.stderr)

    def test_usage_errors(self):
        for words in (['exec', '--mode', 'yolo', '--', 'true'], ['exec', '--network', 'on', '--', 'true'], ['exec', '--nonsense', '--', 'true'], ['frobnicate'], [],
                      ['exec', '--limit', 'memory', '--', 'true'], ['exec', '--env', '1A', '--', 'true'], ['exec', '--backend', 'chroot', '--', 'true'],
                      ['exec', '--agent', 'nobody', '--', 'true']):
            r = self.run_program(*words)
            self.assertEqual(r.returncode, 2, (words, r))
            self.assertTrue(r.stderr.startswith(b'bailiwick: '), r.stderr)

    def test_an_unknown_command_is_named(self):
        self.assert_error(self.run_program('fly'), 2, 'fly')
        self.assertNotIn(b'no command to run', self.run_program().stderr)

    def test_help_and_version(self):
        for words in (['--help'], ['run', '--help'], ['exec', '--help'], ['sandbox', '--help'], ['sandbox', 'plan', '--help'], ['doctor', '--help'], ['--version']):
            r = self.run_program(*words)
            self.assertEqual((r.returncode, r.stderr), (0, b''), words)
            self.assertTrue(r.stdout, words)
        for word in (b'run', b'exec', b'sandbox', b'doctor', b'completion', b'Exit codes'):
            self.assertIn(word, self.run_program('--help').stdout)


class Streams(Case):
    def test_pipes_pass_through(self):
        r = self.run_program('exec', '--', 'sh', '-c', 'cat; echo err >&2', stdin=None, input=b'in\n')
        self.assertEqual((r.returncode, r.stdout, r.stderr), (0, b'in\n', b'err\n'))

    def test_large_output(self):
        r = self.run_program('exec', '--', 'sh', '-c', 'head -c 5000000 /dev/zero')
        self.assertEqual(len(r.stdout), 5000000)

    def test_closed_streams(self):
        for closed in ('<&-', '>&-', '2>&-', '<&- >&- 2>&-'):
            r = subprocess.run(['sh', '-c', f'"{PROGRAM}" exec -- sh -c "exit 5" {closed}'], cwd=self.ws, env=self.env, capture_output=True, timeout=30)
            self.assertEqual(r.returncode, 5, (closed, r))

    def test_files_as_streams_can_be_opened_by_name_and_no_more(self):
        self.write('in.txt', 'from a file\n')
        with open(os.path.join(self.base, 'in.txt'), 'rb') as f:
            r = self.run_program('exec', '--', 'sh', '-c', 'cat /dev/stdin', stdin=f)
        self.assertEqual(r.stdout, b'from a file\n')
        with open(os.path.join(self.base, 'in.txt'), 'rb') as f:
            r = self.run_program('exec', '--', 'sh', '-c', 'echo overwritten > /proc/self/fd/0', stdin=f)
        self.assertNotEqual(r.returncode, 0)
        with open(os.path.join(self.base, 'in.txt'), 'rb') as f:
            r = self.run_program('exec', '--', 'python3', '-c', 'import os; os.open("/proc/self/fd/0", os.O_RDONLY | os.O_TRUNC)', stdin=f)
        self.assertNotEqual(r.returncode, 0)
        self.assertEqual(self.read('in.txt'), 'from a file\n')
        self.write('log.txt', 'what was there before\n')
        for stream in ({}, {'stderr': subprocess.PIPE}):
            with open(os.path.join(self.base, 'log.txt'), 'ab') as log:
                subprocess.run([PROGRAM, 'exec', '--', 'sh', '-c', 'exec 5</proc/self/fd/1 && head -n 1 <&5 | tr a-z A-Z'], cwd=self.ws, env=self.env, stdin=subprocess.DEVNULL,
                               stdout=log, timeout=30, **stream)
        self.assertNotIn('BEFORE', self.read('log.txt'))

    def test_a_fifo_as_stream_cannot_be_opened_for_the_other_direction(self):
        path = os.path.join(self.base, 'fifo')
        os.mkfifo(path)
        reading = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        writing = os.open(path, os.O_WRONLY)
        try:
            os.write(writing, b'said by another writer\n')
            r = subprocess.run([PROGRAM, 'exec', '--', 'python3', '-c', 'import os; os.open("/proc/self/fd/1", os.O_RDONLY | os.O_NONBLOCK)'],
                               cwd=self.ws, env=self.env, stdin=subprocess.DEVNULL, stdout=writing, stderr=subprocess.PIPE, timeout=30)
            self.assertNotEqual(r.returncode, 0)
            self.assertEqual(os.read(reading, 100), b'said by another writer\n')
        finally:
            os.close(reading)
            os.close(writing)

    def test_a_directory_as_standard_input_is_refused(self):
        fd = os.open(self.base, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self.assert_error(self.run_program('exec', '--', 'true', stdin=fd), 3, 'standard input is a directory')
        finally:
            os.close(fd)

    def test_no_other_descriptor_goes_in(self):
        fd = os.open(self.base, os.O_RDONLY | os.O_DIRECTORY)
        try:
            r = self.run_program('exec', '--', 'sh', '-c', 'ls /proc/self/fd', pass_fds=(fd,))
        finally:
            os.close(fd)
        self.assertEqual(r.stdout.split(), [b'0', b'1', b'2', b'3'])  # 3 is the directory that ls reads

    def test_ignored_signals_and_mask_are_inherited_as_by_exec(self):
        r = subprocess.run(['sh', '-c', f'trap "" HUP; exec "{PROGRAM}" exec -- grep -E "Sig(Ign|Blk)" /proc/self/status'], cwd=self.ws, env=self.env,
                           capture_output=True, timeout=30, stdin=subprocess.DEVNULL)
        fields = dict(line.split(b':\t') for line in r.stdout.split(b'\n') if line)
        self.assertEqual(int(fields[b'SigIgn'], 16) & 1, 1)
        self.assertEqual(int(fields[b'SigBlk'], 16), 0)


class Ending(Case):
    def tree(self, p):
        return wait_until(lambda: [d for d in descendants(p.pid)] if os.path.exists(os.path.join(self.ws, 'up')) else None, what='the program')

    def test_a_killed_supervisor_leaves_nothing(self):
        self.make_repository()  # with covers, so that the keeper runs, too
        p = self.start('exec', '--', 'sh', '-c', 'setsid sleep 600 & setsid sh -c "trap \'\' TERM HUP; sleep 600" & touch up; sleep 600')
        tree = self.tree(p)
        self.assertGreaterEqual(len(tree), 4)
        p.kill()
        wait_until(lambda: not any(alive(x) for x in tree), what='the end of every process inside')

    def test_a_signal_ends_the_whole_tree(self):
        for number in (signal.SIGTERM, signal.SIGHUP):
            if os.path.exists(os.path.join(self.ws, 'up')):
                os.unlink(os.path.join(self.ws, 'up'))
            p = self.start('exec', '--', 'sh', '-c', 'setsid sleep 600 & trap "" TERM HUP; touch up; sleep 600; sleep 600')
            tree = self.tree(p)
            p.send_signal(number)
            self.assertEqual(p.wait(20), 128 + number)
            wait_until(lambda: not any(alive(x) for x in tree), what='the end of every process inside')

    def test_a_program_may_handle_the_signal(self):
        p = self.start('exec', '--', 'sh', '-c', 'trap "exit 42" TERM INT; touch up; while :; do sleep 0.05; done')
        self.tree(p)
        p.send_signal(signal.SIGINT)
        self.assertEqual(p.wait(20), 42)

    def test_daemons_end_with_the_program(self):
        code, out, err = self.exec('setsid sh -c "sleep 1; touch outlived" >/dev/null 2>&1 </dev/null & sleep 0.1')
        self.assertEqual(code, 0)
        time.sleep(1.3)  # the attack needs this long to show
        self.assertFalse(os.path.exists(os.path.join(self.ws, 'outlived')))

    def test_killing_the_keeper_ends_the_session(self):
        self.make_repository()
        p = self.start('exec', '--', 'sh', '-c', 'touch up; sleep 600')
        tree = self.tree(p)
        keeper = [x for x in descendants(p.pid) if self.is_keeper(x)]
        self.assertEqual(len(keeper), 1)
        os.kill(keeper[0], signal.SIGKILL)
        self.assertEqual(p.wait(20), 137)
        wait_until(lambda: not any(alive(x) for x in tree), what='the end of every process inside')
        self.assertIn(b'keeper', p.stderr.read())

    @staticmethod
    def is_keeper(pid):
        """The one beside the supervisor that is in the host's pid namespace."""
        with open('/proc/self/status') as f:
            depth = len(f.read().split('NSpid:')[1].split('\n')[0].split())
        try:
            with open(f'/proc/{pid}/status') as f:
                for line in f:
                    if line.startswith('NSpid:'):
                        return len(line.split()) == depth + 1
        except OSError:
            pass  # it has ended meanwhile
        return False

    def test_stop_and_continue(self):
        p = self.start('exec', '--', 'sh', '-c', 'touch up; i=0; while [ ! -e go ]; do sleep 0.02; done; exit 9')
        self.tree(p)
        p.send_signal(signal.SIGTSTP)
        wait_until(lambda: open(f'/proc/{p.pid}/stat').read().rsplit(')', 1)[1].split()[0] == 'T', what='the supervisor to stop')
        open(os.path.join(self.ws, 'go'), 'w').close()
        p.send_signal(signal.SIGCONT)
        self.assertEqual(p.wait(20), 9)


if __name__ == '__main__':
    main()
