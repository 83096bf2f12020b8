"""Sessions on a terminal: own pty, size, job control, raw mode, what the filter drops, and the terminal given back as it was."""
import fcntl, os, signal, struct, termios, time
from support import Case, PROGRAM, Terminal, main, wait_until


class OnATerminal(Case):
    def terminal(self, *words, size=(24, 80)):
        t = Terminal([PROGRAM, *words], self.ws, self.env, size)
        self.addCleanup(t.close)
        return t

    def test_the_program_has_a_terminal_of_its_own(self):
        t = self.terminal('exec', '--', 'sh', '-c', 'tty; test -t 0 -a -t 1 -a -t 2 && stty size; ls /dev/pts', size=(33, 101))
        self.assertEqual(t.wait(), 0, t.output)
        self.assertIn(b'/dev/pts/0\r\n33 101\r\n', t.output)

    def test_exit_code_and_settings_come_back(self):
        t = self.terminal('exec', '--', 'sh', '-c', 'stty -echo raw; exit 6')
        self.assertEqual(t.wait(), 6)
        self.assertEqual(t.settings(), t.before)

    def test_the_size_follows(self):
        t = self.terminal('exec', '--', 'sh', '-c', 'trap "stty size; exit 0" WINCH; echo ready; while :; do sleep 0.05; done')
        t.read_until(b'ready')
        fcntl.ioctl(t.master, termios.TIOCSWINSZ, struct.pack('HHHH', 50, 132, 0, 0))
        self.assertEqual(t.wait(), 0)
        self.assertIn(b'50 132', t.output)

    def test_control_c(self):
        t = self.terminal('exec', '--', 'sh', '-c', 'trap "echo caught; exit 3" INT; echo ready; while :; do sleep 0.05; done')
        t.read_until(b'ready')
        t.type(b'\x03')
        self.assertEqual(t.wait(), 3)
        self.assertIn(b'caught', t.output)
        t = self.terminal('exec', '--', 'sh', '-c', 'echo ready; exec sleep 600')
        t.read_until(b'ready')
        t.type(b'\x03')
        self.assertEqual(t.wait(), 130)

    def test_input_reaches_the_program(self):
        t = self.terminal('exec', '--', 'sh', '-c', 'echo ready; read line; echo "got $line"')
        t.read_until(b'ready')
        t.type(b'hello\r')
        self.assertEqual(t.wait(), 0)
        self.assertIn(b'got hello', t.output)

    def test_end_of_input(self):
        t = self.terminal('exec', '--', 'sh', '-c', 'echo ready; cat; echo end')
        t.read_until(b'ready')
        t.type(b'\x04')
        self.assertEqual(t.wait(), 0)
        self.assertIn(b'end', t.output)

    def test_job_control_under_a_shell(self):
        """Ctrl-Z stops the job as the shell sees it, and fg continues it."""
        t = Terminal(['bash', '--norc', '--noprofile', '-i'], self.ws, dict(self.env, PS1='PROMPT> ', B=PROGRAM))
        self.addCleanup(t.close)
        t.read_until(b'PROMPT> ')
        # Not a shell loop: one that is stopped between vfork and exec keeps its parent from stopping, here as anywhere.
        self.write('home/src/app/wait.py', 'import os, sys, time\nprint("rea" + "dy", flush=True)\nwhile not os.path.exists("go"): time.sleep(0.05)\nprint("went" + "on", flush=True)\nsys.exit(8)\n')
        t.type(b'$B exec -- /usr/bin/python3 wait.py\r')
        t.read_until(b'ready')
        t.type(b'\x1a')
        t.read_until(b'Stopped')
        t.type(b'touch go; fg; echo code=$?\r')
        t.read_until(b'wenton')
        t.read_until(b'code=8')
        t.type(b'exit\r')
        t.wait()

    def test_an_interactive_shell_inside_has_job_control(self):
        t = self.terminal('exec', '--env', 'PS1=INSIDE> ', '--', 'bash', '--norc', '--noprofile', '-i')
        t.read_until(b'INSIDE> ')
        t.type(b'sleep 600\r')
        time.sleep(0.3)  # until bash has started it; the reading below would show a wrong moment
        t.type(b'\x1a')
        t.read_until(b'Stopped')
        t.type(b'fg\r')
        t.read_until(b'INSIDE> fg')
        time.sleep(0.3)  # until bash has made it the foreground job
        t.type(b'\x03')
        t.read_until(b'^C')
        t.type(b'exit 4\r')
        self.assertEqual(t.wait(), 4)
        self.assertNotIn(b'no job control', t.output)

    def test_a_closed_terminal_ends_the_session(self):
        t = self.terminal('exec', '--', 'sh', '-c', 'trap "" HUP; echo ready; sleep 600; sleep 600')
        t.read_until(b'ready')
        t.hang_up()
        wait_until(lambda: t.process.poll() is not None, what='the end of the session')

    def test_clipboard_and_reports_are_dropped(self):
        script = r"printf 'a\033]52;c;aGVsbG8=\007b\033[21tc\033P$qm\033\\d\005e\033]0;title\007f'"
        t = self.terminal('run', '--', 'sh', '-c', script)
        self.assertEqual(t.wait(), 0)
        for sequence in (b'\x1b]52', b'\x1b[21t', b'\x1bP$q', b'\x05'):
            self.assertNotIn(sequence, t.output)
        self.assertIn(b'\x1b]0;title', t.output)
        t = self.terminal('exec', '--allow-clipboard', '--', 'sh', '-c', script)
        t.wait()
        self.assertIn(b']52;c;aGVsbG8=', t.output)

    def test_modes_are_reset_at_the_end(self):
        t = self.terminal('exec', '--', 'sh', '-c', r"printf '\033[?1049h\033[?1000h\033[?2004h\033[?25l'")
        t.wait()
        for sequence in (b'\x1b[?1049l', b'\x1b[?1000l', b'\x1b[?2004l', b'\x1b[?25h'):
            self.assertIn(sequence, t.output)

    def test_tiocsti_and_the_operators_terminal(self):
        script = '''import fcntl, termios, os
for fd in (0, os.open("/dev/tty", os.O_RDWR)):
    for c in b"x":
        try: fcntl.ioctl(fd, termios.TIOCSTI, bytes([c]))
        except OSError as e: print("refused", e.errno)'''
        self.write('home/src/app/t.py', script)
        t = self.terminal('exec', '--', '/usr/bin/python3', 't.py')
        self.assertEqual(t.wait(), 0)
        self.assertEqual(t.output.count(b'refused 1'), 2)

    def test_only_what_is_a_terminal_is_replaced(self):
        t = self.terminal('exec', '--', 'sh', '-c', 'test -t 0 && test ! -t 1 && echo piped')
        # standard output of the program is ours only in this variant:
        t2 = Terminal(['sh', '-c', f'"{PROGRAM}" exec -- sh -c "test -t 0 && test ! -t 1 && test -t 2 && echo piped" | cat'], self.ws, self.env)
        self.addCleanup(t2.close)
        self.assertEqual(t2.wait(), 0)
        self.assertIn(b'piped', t2.output)
        self.assertEqual(t.wait(), 1)


if __name__ == '__main__':
    main()
