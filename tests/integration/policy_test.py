"""The policy commands of the program, as people and programs call them, and sessions under policy."""
import json, os, shutil, subprocess, tempfile
from support import Case, PROGRAM, main

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CONFORMANCE = os.path.join(TREE, 'tests', 'conformance')
NO_CURL = 'schema = 1\n[[command]]\nprefix = ["curl"]\ndecision = "deny"\nreason = "use the mirror"\n'


def unescape(text):
    out, i = '', 0
    while i < len(text):
        if text[i] == '\\' and i + 1 < len(text):
            out += {'n': '\n', 't': '\t', 'r': '\r', '\\': '\\'}.get(text[i + 1], '\\' + text[i + 1])
            i += 2
        else:
            out += text[i]
            i += 1
    return out


class PolicyCase(Case):
    def policy(self, *words, code=0, **more):
        r = self.run_program('policy', *words, **more)
        self.assertEqual(r.returncode, code, f'{words}: {r.stdout.decode("utf8", "replace")}{r.stderr.decode("utf8", "replace")}')
        return r.stdout.decode(), r.stderr.decode()

    def explain(self, *words, **more):
        out, _ = self.policy('explain', '--json', *words, **more)
        return json.loads(out)

    def one_error(self, *words, code=3, needle=''):
        out, err = self.policy(*words, code=code)
        self.assertEqual(out, '')
        self.assertEqual(len(err.splitlines()), 1, err)
        self.assertTrue(err.startswith('bailiwick: '), err)
        self.assertIn(needle, err)
        return err


class Explain(PolicyCase):
    def test_the_shape_of_json(self):
        out = self.explain('--policy', os.path.join(CONFORMANCE, 'acme.toml'), 'shell', 'cd x && bash -c "git push"')
        self.assertEqual(set(out), {'schema', 'decision', 'complete', 'reason', 'matched', 'parts', 'risk', 'policy_digest'})
        self.assertEqual((out['schema'], out['decision'], out['complete'], out['risk']), (1, 'ask', True, 'high'))
        self.assertRegex(out['reason'], r'^publishes work \(system .*acme.toml:15\)$')
        self.assertRegex(out['policy_digest'], '^[0-9a-f]{64}$')
        self.assertIn({'rule': 'git push', 'decision': 'ask', 'layer': 'system', 'source': os.path.join(CONFORMANCE, 'acme.toml') + ':15'}, out['matched'])
        self.assertEqual([p['argv'] for p in out['parts']], [['cd', 'x'], ['bash', '-c', 'git push'], ['git', 'push']])
        self.assertEqual(out['parts'][2]['via'], ['bash'])
        self.assertEqual(set(out['parts'][0]), {'argv', 'via', 'decision', 'complete', 'risk', 'reason'})

    def test_twenty_commands_of_real_agents(self):
        for line, decision in [
                ('go test ./... 2>&1 | tail -20', 'allow'), ('git add -A && git commit -m "fix: x"', 'allow'), ('rg -n "TODO" src | head', 'allow'),
                ('sed -n 1,200p src/main.go', 'allow'), ('npm test -- --run', 'allow'), ('cargo build --release 2>&1 | grep -E "^error"', 'allow'),
                ('git --no-pager diff HEAD~1 -- src', 'allow'), ('find . -name "*.rs" | xargs wc -l', 'allow'), ('mkdir -p build && cd build && cmake ..', 'allow'),
                ('cat <<EOF > notes.md\nhello\nEOF', 'allow'), ('for f in src/*.c; do gcc -c "$f"; done', 'allow'), ('python3 -m pytest -x', 'allow'),
                ('git commit -m "$(cat <<\'EOF\'\nsubject\n\nbody\nEOF\n)"', 'allow'), ('GOFLAGS=-mod=mod go vet ./...', 'allow'), ('jq .name package.json', 'allow'),
                ('git push origin HEAD', 'ask'), ('gh pr merge 12 --squash', 'ask'), ('rm -rf ~/', 'ask'), ('kubectl delete ns prod', 'ask'), ('npm publish', 'ask')]:
            self.assertEqual(self.explain('shell', line)['decision'], decision, line)

    def test_evasions(self):
        """Every spelling of one forbidden program: seen and denied, or not known for certain, and then asked about where there is no gate."""
        p = self.write('p.toml', NO_CURL)
        rows = 0
        with open(os.path.join(TREE, 'src', 'shell', 'testdata', 'evasions.txt'), encoding='utf8', newline='\n') as f:
            for line in f:
                kind, _, text = line.rstrip('\n').partition(' ')
                if kind not in ('seen', 'open', 'not'):
                    continue
                rows += 1
                text = unescape(text)
                got = self.explain('--policy', p, 'shell', text)
                if kind == 'seen':
                    self.assertEqual(got['decision'], 'deny', text)
                elif kind == 'open':
                    self.assertTrue(not got['complete'] or got['decision'] == 'deny', text)
                    hook = self.explain('--policy', p, '--without-gate', 'shell', text)
                    self.assertIn(hook['decision'], ('ask', 'deny'), text)
                else:
                    self.assertNotEqual(got['decision'], 'deny', text)
        self.assertGreaterEqual(rows, 300)

    def test_a_denied_program_is_known_by_link_path_and_content(self):
        p = self.write('p.toml', 'schema = 1\n[[command]]\nprefix = ["sha256sum"]\ndecision = "deny"\nreason = "no"\n')
        program = '/usr/bin/sha256sum'
        with open(program, 'rb') as f:
            content = f.read()
        self.write('home/src/app/copy', content, 0o755)
        os.symlink(program, os.path.join(self.ws, 'link'))
        self.write('home/src/app/changed', content + b'\n', 0o755)
        decide = lambda *words: self.explain('--policy', p, 'exec', '--', *words)['decision']
        self.assertEqual(decide('sha256sum', 'x'), 'deny')
        self.assertEqual(decide(program, 'x'), 'deny')
        self.assertEqual(decide('/usr/../usr/bin/./sha256sum'), 'deny')
        self.assertEqual(decide('./copy', 'x'), 'deny')
        self.assertEqual(decide('./link', 'x'), 'deny')
        self.assertEqual(decide('env', './copy'), 'deny')
        self.assertEqual(decide('./changed'), 'allow', 'a copy that was changed is a new program')

    def test_an_allow_holds_only_where_the_agent_cannot_write(self):
        p = self.write('p.toml', 'schema = 1\n[commands]\ndefault = "deny"\n[[command]]\nprefix = ["true"]\ndecision = "allow"\n')
        self.write('home/src/app/true', '#!/bin/sh\n', 0o755)
        self.assertEqual(self.explain('--policy', p, 'exec', '--', 'true')['decision'], 'allow')
        self.assertEqual(self.explain('--policy', p, 'exec', '--', '/usr/bin/true')['decision'], 'allow')
        self.assertEqual(self.explain('--policy', p, 'exec', '--', './true')['decision'], 'deny')
        env = dict(self.env, PATH=self.ws + ':' + self.env['PATH'])
        self.assertEqual(self.explain('--policy', p, 'exec', '--', 'true', env=env)['decision'], 'deny', 'PATH leads into the workspace')

    def test_a_link_that_is_called_like_an_allowed_program(self):
        p = self.write('p.toml', 'schema = 1\n[commands]\ndefault = "deny"\n[[command]]\nprefix = [["gh", "true"]]\ndecision = "allow"\n')
        decide = lambda *words, **more: self.explain('--policy', p, 'exec', '--', *words, **more)['decision']
        self.assertEqual(decide('true'), 'allow')
        os.symlink('/usr/bin/rm', os.path.join(self.ws, 'gh'))
        os.makedirs(os.path.join(self.home, 'bin'))
        os.symlink(os.path.join(self.ws, 'gh'), os.path.join(self.home, 'bin', 'gh'))  # a chain through the workspace
        os.symlink(self.ws, os.path.join(self.home, 'links'))
        self.assertEqual(decide('./gh'), 'deny')
        for directory in (self.ws, os.path.join(self.home, 'bin'), os.path.join(self.home, 'links')):
            env = dict(self.env, PATH=directory + ':' + self.env['PATH'])
            self.assertEqual(decide('gh', env=env), 'deny', directory)
        # and not by a first word that is a lie
        self.assertEqual(self.explain('--policy', p, 'shell', 'exec -a gh rm x')['decision'], 'deny')

    def test_a_copy_keeps_the_flags_of_what_it_is(self):
        # called like another tool, with flags before the verb, and many words
        p = self.write('p.toml', 'schema = 1\n[[command]]\nprefix = ["git", "push"]\nwith = ["--force"]\ndecision = "deny"\n')
        git = '/usr/bin/git'
        with open(git, 'rb') as f:
            content = f.read()
        self.write('home/src/app/sub/ls', content, 0o755)
        decide = lambda text: self.explain('--policy', p, 'shell', text)['decision']
        self.assertEqual(decide('sub/ls -C a push --force'), 'deny')
        self.assertEqual(decide('cd sub && ./ls -C a push --force'), 'deny')
        for text in ('(cd sub); sub/ls -C a push --force', 'cd sub | true; sub/ls push --force', 'cd nowhere; sub/ls push --force', 'cd sub; cd ..; ./sub/ls push --force',
                     'if true; then cd sub; fi; ./ls push --force'):
            self.assertEqual(decide(text), 'deny', text)
        self.assertFalse(self.explain('--policy', p, 'shell', 'env -C sub ./ls push --force')['complete'])
        self.assertEqual(decide('git -C a push ' + 'x ' * 60 + '--force'), 'deny')
        self.assertEqual(decide('sub/ls -C a -C b -C c -C d -C e -C f push --force'), 'deny')
        self.assertEqual(decide('git -C a -C b -C c -C d -C e -C f push --force'), 'deny')

    def test_content_given_as_a_digest(self):
        import hashlib
        body = b'#!/bin/sh\necho miner\n'
        self.write('home/src/app/m', body, 0o755)
        p = self.write('p.toml', f'schema = 1\n[[command]]\nsha256 = ["{hashlib.sha256(body).hexdigest()}"]\ndecision = "deny"\nreason = "miner"\n')
        self.assertEqual(self.explain('--policy', p, 'exec', '--', './m')['decision'], 'deny')

    def test_text_for_people(self):
        out, _ = self.policy('explain', '--policy', os.path.join(CONFORMANCE, 'acme.toml'), 'shell', 'sudo kubectl -n x delete pod y')
        self.assertTrue(out.startswith('deny   sudo kubectl -n x delete pod y\n       production changes go through the pipeline (system '), out)
        self.assertIn('via sudo', out)


class Commands(PolicyCase):
    def test_init_and_test(self):
        out, _ = self.policy('init')
        self.assertIn('wrote policy.toml', out)
        out, _ = self.policy('test', 'policy.toml')
        self.assertRegex(out, r'^\d+ passed, 0 failed\n$')
        self.policy('check', 'policy.toml')
        self.one_error('init', needle='is there already')
        self.policy('init', '--user', '-o', 'user.toml')
        self.policy('check', '--user', 'user.toml')
        self.policy('lint', 'policy.toml')

    def test_conformance_through_the_program(self):
        for name in sorted(os.listdir(CONFORMANCE)):
            with open(os.path.join(CONFORMANCE, name)) as f:
                is_case_file = '[[case]]' in f.read()
            if is_case_file:
                out, _ = self.policy('test', os.path.join(CONFORMANCE, name))
                self.assertRegex(out, r'\d+ passed, 0 failed\n$')

    def test_a_wrong_case_is_found(self):
        self.write('home/src/app/c.toml', '[[case]]\nshell = "git push"\ndecision = "deny"\n')
        out, _ = self.policy('test', 'c.toml', code=1)
        self.assertIn('FAILED c.toml:1: shell `git push`: wanted deny, got ask', out)
        out, _ = self.policy('test', '--json', 'c.toml', code=1)
        self.assertEqual(json.loads(out)['failed'], 1)

    def test_a_wrong_example_is_found(self):
        self.write('home/src/app/p.toml', 'schema = 1\n[[command]]\nprefix = ["git"]\ndecision = "ask"\nmatch = ["gti x"]\n')
        out, _ = self.policy('test', 'p.toml', code=1)
        self.assertIn('p.toml:5:10: the rule `git` does not match its example `gti x`', out)
        self.one_error('check', 'p.toml', needle='p.toml:5:10')

    def test_show(self):
        self.write('home/.config/bailiwick/policy.toml', 'schema = 1\nname = "mine"\n[approvals]\ntimeout = "2m"\n')
        out, _ = self.policy('show')
        self.assertRegex(out, r'approvals.timeout +"2m" +user .*/\.config/bailiwick/policy\.toml:4\n')
        shown = json.loads(self.policy('show', '--json', '--layers')[0])
        self.assertEqual([layer['kind'] for layer in shown['layers']], ['user', 'builtin'])
        self.assertEqual(shown['layers'][0]['policy'], {'schema': 1, 'name': 'mine', 'approvals': {'timeout': '2m'}})
        timeout = next(s for s in shown['settings'] if s['key'] == 'approvals.timeout')
        self.assertEqual((timeout['value'], timeout['combines']), (120, 'min'))

    def test_signing(self):
        self.write('home/src/app/p.toml', 'schema = 1\nname = "signed"\n[commands]\nclosed = true\ndefault = "ask"\n')
        out, _ = self.policy('keygen', '-o', 'acme')
        self.assertEqual(os.stat(os.path.join(self.ws, 'acme.key')).st_mode & 0o777, 0o600)
        self.policy('sign', '--key', 'acme.key', '--serial', '7', 'p.toml')
        out, _ = self.policy('verify', '--key', 'acme.pub', 'bundle.json')
        self.assertIn('bundle.json: good: signed, serial 7', out)
        self.assertEqual(json.loads(self.policy('verify', '--json', '--key', 'acme.pub', 'bundle.json')[0])['serial'], 7)
        self.one_error('verify', '--key', 'acme.pub', '--last-serial', '8', 'bundle.json', needle='serial')
        self.policy('keygen', '-o', 'other')
        self.one_error('verify', '--key', 'other.pub', 'bundle.json', needle='key')
        with open(os.path.join(self.ws, 'bundle.json'), 'rb') as f:
            good = f.read()
        for at in range(0, len(good) - 1, max(1, len(good) // 25)):
            self.write('home/src/app/bad.json', good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
            self.one_error('verify', '--key', 'acme.pub', 'bad.json', needle='bad.json')
        self.write('home/src/app/cut.json', good[:-20])
        self.one_error('verify', '--key', 'acme.pub', 'cut.json', needle='cut.json')
        self.policy('sign', '--key', 'acme.key', '--serial', '8', '--not-before', '2020-01-01T00:00:00Z', '--expires', '2020-02-01T00:00:00Z', '-o', 'old.json', 'p.toml')
        self.one_error('verify', '--key', 'acme.pub', 'old.json', needle='expired')

    def test_import_of_codex(self):
        self.write('home/src/app/requirements.toml', 'allowed_sandbox_modes = ["read-only", "workspace-write"]\nfrobnicate = 1\n[[rules.prefix_rules]]\n'
                   'pattern = [{ token = "git" }, { any_of = ["push", "fetch"] }]\ndecision = "prompt"\njustification = "asks"\n')
        out, err = self.policy('import', '--from', 'codex', 'requirements.toml')
        self.assertIn('prefix = ["git", ["push", "fetch"]]', out)
        self.assertRegex(err, r'frobnicate')
        self.policy('import', '--from', 'codex', 'requirements.toml', '-o', 'ours.toml')
        self.policy('check', 'ours.toml')
        # and as it is
        self.assertEqual(self.explain('--policy', 'requirements.toml', 'shell', 'git push')['decision'], 'ask')
        self.assertRegex(self.explain('--policy', 'requirements.toml', 'shell', 'git push')['reason'], r'asks \(system requirements.toml:\d+\)')

    def test_import_of_claude(self):
        self.write('home/src/app/settings.json', json.dumps({'permissions': {'allow': ['Bash(npm run test:*)'], 'deny': ['Bash(curl:*)', 'Read(./.env)'],
                                                                              'ask': ['Bash(git push:*)'], 'bogus': 1}, 'model': 'x'}))
        out, err = self.policy('import', '--from', 'claude', 'settings.json')
        self.assertIn('"curl"', out)
        self.assertIn('bogus', err)
        self.assertEqual(self.explain('--policy', 'settings.json', 'shell', 'curl x')['decision'], 'deny')
        self.one_error('import', '--from', 'codex', 'settings.json', code=2)

    def test_diff(self):
        self.write('home/src/app/a.toml', 'schema = 1\n[[command]]\nprefix = ["git", "push"]\ndecision = "ask"\n')
        self.write('home/src/app/b.toml', 'schema = 1\n[[command]]\nprefix = ["git", "push"]\ndecision = "deny"\n')
        self.policy('diff', 'a.toml', 'a.toml')
        out, _ = self.policy('diff', 'a.toml', 'b.toml', code=1)
        self.assertIn('stricter', out)
        self.assertIn('git push', out)
        out, _ = self.policy('diff', 'b.toml', 'a.toml', code=1)
        self.assertIn('looser', out)

    def test_lint(self):
        self.write('home/src/app/a.toml', 'schema = 1\n[[command]]\nprefix = ["bash"]\ndecision = "allow"\n[network.hosts]\n"*.com" = "allow"\n')
        out, _ = self.policy('lint', 'a.toml', code=1)
        self.assertIn('a.toml:2', out)
        self.assertIn('*.com', out)


class BadInput(PolicyCase):
    def test_toml(self):
        for text, place in [('schema = 1\n[commands', ':2:'), ('schema = 1\nschema = 1\n', ':2:'), ('schema = 1\n[sandbox]\nmodess = []\n', ':3:1: unknown key `sandbox.modess`: did you mean `modes`?'),
                            ('schema = 1\n[commands]\ndefault = 3\n', ':3:11:'), ('schema = 1\n[[command]]\nprefix = []\ndecision = "ask"\n', ':3:10: `prefix` is empty'),
                            ('schema = 2\n', ':1:10:'), ('', 'begin the file with `schema = 1`'), ('schema = 1\nname = "a\x00b"\n', ':2:'), ('schema = 1\nname = "\x1b[2J"\n', ':2:'),
                            ('schema = 1\n[network.hosts]\n"http://x" = "allow"\n', ':3:1:'), ('schema = 1\n[commands]\ndefault = "ask"\ndefault = "deny"\n', ':4:')]:
            self.write('home/src/app/p.toml', text)
            err = self.one_error('check', 'p.toml', needle=place)
            self.assertIn('p.toml', err)
            self.assertNotIn('\x1b', err)
            self.one_error('explain', '--policy', 'p.toml', 'exec', '--', 'true', needle=place)

    def test_a_large_file_is_refused_at_once(self):
        with open(os.path.join(self.ws, 'big.toml'), 'w') as f:
            f.write('schema = 1\n' + '# x\n' * (50 << 18))
        self.one_error('check', 'big.toml', needle='big.toml')

    def test_contradictory_bounds_name_both(self):
        self.write('home/src/app/a.toml', 'schema = 1\n[sandbox]\nmodes = ["read-only"]\n')
        self.write('home/src/app/b.toml', 'schema = 1\n[sandbox]\nmodes = ["full-access"]\n')
        err = self.one_error('show', '--policy', 'a.toml', '--policy', 'b.toml', needle='a.toml:3')
        self.assertIn('b.toml:3', err)

    def test_rules_files(self):
        self.write('home/src/app/x.rules', 'prefix_rule(\n    pattern = ["git", "push"],\n    decision = "maybe",\n)\n')
        self.one_error('check', 'x.rules', needle='x.rules:3:')

    def test_json(self):
        self.write('home/src/app/settings.json', '{"permissions": {"deny": ["Bash(curl:*)"],}}')
        self.one_error('check', 'settings.json', needle='settings.json:1:')

    def test_usage(self):
        self.one_error_of_usage('policy', 'explain')
        self.one_error_of_usage('policy', 'frob')
        self.one_error('explain', 'mcp', 'only-one', code=2)
        self.one_error('explain', 'net', 'https://x/y', needle='no host name')

    def one_error_of_usage(self, *words):
        r = self.run_program(*words)
        self.assertEqual(r.returncode, 2)
        self.assertTrue(r.stderr.decode().startswith('bailiwick: '))


class Sessions(PolicyCase):
    def user_policy(self, text):
        self.write('home/.config/bailiwick/policy.toml', 'schema = 1\n' + text)

    def run_exec(self, *words, code=0, options=()):
        r = self.run_program('exec', *options, '--', *words)
        err = r.stderr.decode('utf8', 'replace')
        self.assertEqual(r.returncode, code, f'{words}: {r.stdout}{err}')
        return err

    def test_a_denied_command_does_not_start(self):
        self.user_policy('[[command]]\nprefix = ["touch"]\ndecision = "deny"\nreason = "no touching"\n')
        err = self.run_exec('sh', '-c', 'touch x', code=126)
        self.assertIn('denied: sh -c \'touch x\': no touching (user ', err)
        self.assertIn('policy.toml:2)', err)
        self.assertFalse(os.path.exists(os.path.join(self.ws, 'x')))

    def test_a_project_tightens_and_cannot_loosen(self):
        self.write('home/src/app/.bailiwick.toml', 'schema = 1\n[[command]]\nprefix = ["touch"]\ndecision = "deny"\n[sandbox]\ndeny_read = ["hidden.txt"]\n')
        self.write('home/src/app/hidden.txt', 'x')
        self.run_exec('touch', 'x', code=126)
        self.run_exec('cat', 'hidden.txt', code=1)
        self.write('home/src/app/.bailiwick.toml', 'schema = 1\n[[command]]\nprefix = ["touch"]\ndecision = "allow"\n')
        self.assertIn('may only tighten', self.run_exec('true', code=3))
        self.write('home/src/app/.bailiwick.toml', 'schema = 1\n[sandbox]\nwrite = ["' + self.base + '"]\n')
        self.run_exec('touch', os.path.join(self.base, 'x'), code=1)

    def test_a_file_that_does_not_parse_ends_it(self):
        self.user_policy('[commands\n')
        self.assertIn('policy.toml:2:', self.run_exec('true', code=3))

    def test_bounds_hold_against_the_command_line(self):
        self.user_policy('[sandbox]\nmodes = ["read-only"]\n')
        self.run_exec('touch', 'x', code=1)
        self.assertIn('is not allowed by user', self.run_exec('true', options=['--mode', 'full-access'], code=3))

    def test_limits_are_the_smaller_ones(self):
        self.user_policy('[limits]\nopen_files = 100\n')
        self.assertIn('limits.open_files is 100', self.run_program('run', '--limit', 'files=200', '--', 'true').stderr.decode())
        self.run_exec('sh', '-c', 'test $(ulimit -n) = 100')

    def test_reading_and_variables_by_file(self):
        self.write('elsewhere/a.txt', 'hello')
        self.user_policy(f'[sandbox]\nread = ["{self.base}/elsewhere", "/nowhere/at/all"]\nenvironment = ["ACME_REGION"]\n')
        self.env['ACME_REGION'] = 'north'
        self.run_exec('sh', '-c', f'test "$(cat {self.base}/elsewhere/a.txt)$ACME_REGION" = hellonorth')

    def test_agents(self):
        self.user_policy('[agents]\nallowed = ["codex"]\n')
        self.assertIn('the agent profile `none` is not allowed by user', self.run_exec('true', code=126))

    def test_the_record_says_under_which_policy(self):
        self.user_policy('name = "mine"\nrevision = 3\n')
        self.run_exec('true')
        directory = os.path.join(self.home, '.local', 'state', 'bailiwick', 'sessions')
        (session,) = os.listdir(directory)
        with open(os.path.join(directory, session, 'record.jsonl')) as f:
            start = json.loads(f.readline())
        self.assertRegex(start['policy_digest'], '^[0-9a-f]{64}$')
        self.assertEqual(start['policy_layers'], [f'user {self.home}/.config/bailiwick/policy.toml (mine 3)'])

    def test_a_users_policy_is_not_written_from_inside(self):
        self.user_policy('name = "mine"\n')
        config = os.path.join(self.home, '.config')
        path = os.path.join(config, 'bailiwick', 'policy.toml')
        for options in (['--write', config], ['--mode', 'full-access']):
            for script in (f'echo x >> {path}', f'rm -f {path}', f'mv {config}/bailiwick {config}/b', f'echo > {config}/bailiwick/new'):
                self.run_program('exec', *options, '--', 'sh', '-c', script)
                self.assertEqual(self.read('home/.config/bailiwick/policy.toml'), 'schema = 1\nname = "mine"\n', script)
                self.assertEqual(os.listdir(os.path.join(config, 'bailiwick')), ['policy.toml'], script)
        self.assertIn('own configuration', self.run_exec('true', options=['--write', os.path.join(config, 'bailiwick')], code=3))
        self.inside(f'echo x > {config}/other', '--write', config)

    def test_what_rules_cannot_see_is_said(self):
        self.user_policy('[[command]]\nprefix = ["touch"]\ndecision = "deny"\n')
        self.assertIn('rules do not see all that this command will run', self.run_exec('sh', '-c', 'c=true; $c'))

    def test_text_that_runs_backwards_is_shown_as_bytes(self):
        self.write('home/src/app/.bailiwick.toml', 'schema = 1\n[[command]]\nprefix = ["touch"]\ndecision = "deny"\nreason = "a\u202eb"\n')
        self.assertIn('a\\xe2\\x80\\xaeb', self.run_exec('touch', 'x', code=126))

    def test_the_flag_is_a_users_layer(self):
        p = self.write('p.toml', 'schema = 1\n[commands]\nclosed = true\n')
        self.assertIn('only an admin layer', self.run_exec('true', options=['--policy', p], code=3))


class AdminSessions(PolicyCase):
    """An administrator's files at their real places, in a private mount namespace. Only root can have them there: an ordinary user's own namespace
    shows files of nobody's, and these are refused. So the pass as root runs these cases twice, the second time with the program as an ordinary user."""
    USER = None

    def setUp(self):
        super().setUp()
        self.program = shutil.copy(PROGRAM, os.path.join(self.base, 'bailiwick'))
        if self.USER is None:
            return
        # where another user can come
        other = tempfile.mkdtemp(prefix='bwit-', dir='/var/tmp')
        self.addCleanup(shutil.rmtree, other, True)
        shutil.copytree(self.base, other, dirs_exist_ok=True)
        os.chmod(other, 0o755)
        self.program, self.home, self.ws = (os.path.join(other, os.path.relpath(path, self.base)) for path in (self.program, self.home, self.ws))
        self.base = other
        self.env['HOME'] = self.home

    def give(self):
        if self.USER is not None:
            subprocess.run(['chown', '-R', f'{self.USER}:{self.USER}', self.home], check=True)

    SETUP = r"""
set -eu
mkdir -p "$1"
mount -t tmpfs none "$1"
if [ ! -d /etc/bailiwick ]; then  # an /etc in which there is a place for it
  mkdir "$1/upper" "$1/work" "$1/etc"
  if ! mount -t overlay -o "lowerdir=/etc,upperdir=$1/upper,workdir=$1/work" none /etc 2>/dev/null; then
    cp -a /etc/. "$1/etc/" 2>/dev/null || true
    mount --bind "$1/etc" /etc
  fi
  mkdir -p /etc/bailiwick
fi
mount -t tmpfs -o mode=755 none /etc/bailiwick
cp "$2"/*.toml /etc/bailiwick/ 2>/dev/null || true
chmod 644 /etc/bailiwick/*.toml 2>/dev/null || true
shift 2
exec "$@"
"""

    def admin(self, text, *words, code=0, user=None):
        given = os.path.join(self.base, 'given')
        self.write('given/policy.toml', 'schema = 1\nname = "admin"\n' + text)
        if user is not None:
            self.write('home/.config/bailiwick/policy.toml', 'schema = 1\n' + user)
        self.give()
        as_user = [] if self.USER is None else ['setpriv', f'--reuid={self.USER}', f'--regid={self.USER}', '--clear-groups']
        command = ['unshare', '-m', '--propagation', 'private', 'sh', '-c', self.SETUP, 'sh', os.path.join(self.base, 'scratch'), given]
        r = subprocess.run([*command, *as_user, self.program, *words], cwd=self.ws, env=self.env, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        out, err = r.stdout.decode('utf8', 'replace'), r.stderr.decode('utf8', 'replace')
        self.assertEqual(r.returncode, code, f'{words}: {out}{err}')
        return out + err

    def test_it_is_shown_and_holds(self):
        out = self.admin('[approvals]\ntimeout = "1m"\n', 'policy', 'show')
        self.assertIn('system /etc/bailiwick/policy.toml:4', out)
        out = self.admin('[[command]]\nprefix = ["touch"]\ndecision = "deny"\nreason = "no touching"\n', 'exec', '--', 'touch', 'x', code=126)
        self.assertIn('no touching (system /etc/bailiwick/policy.toml:3)', out)

    def test_a_user_lifts_nothing(self):
        rule = '[[command]]\nprefix = ["touch"]\ndecision = "deny"\n'
        allow = '[commands]\ndefault = "allow"\n[[command]]\nprefix = ["touch"]\ndecision = "allow"\n'
        self.admin(rule, 'exec', '--', 'touch', 'x', code=126, user=allow)
        flag = self.write('flag.toml', 'schema = 1\n' + allow)
        self.admin(rule, 'exec', '--policy', flag, '--', 'touch', 'x', code=126)
        for name in ('BAILIWICK_POLICY', 'XDG_CONFIG_HOME', 'HOME', 'BAILIWICK_ETC', 'XDG_CONFIG_DIRS'):
            env, self.env = self.env, dict(self.env, **{name: os.path.join(self.base, 'elsewhere')})
            self.admin(rule, 'exec', '--', 'touch', 'x', code=126)
            self.env = env

    def test_bounds_name_the_administrators_line(self):
        bound = '[sandbox]\nmodes = ["read-only", "workspace-write"]\nwrite = ["/srv/cache"]\n'
        out = self.admin(bound, 'exec', '--mode', 'full-access', '--', 'true', code=3)
        self.assertIn('`full-access` is not allowed by system /etc/bailiwick/policy.toml:4', out)
        out = self.admin(bound, 'exec', '--write', self.base, '--', 'true', code=3)
        self.assertIn('which system /etc/bailiwick/policy.toml:5 does not allow', out)

    def test_a_link_out_of_a_bound_is_seen(self):
        os.makedirs(os.path.join(self.home, 'allowed'))
        os.makedirs(os.path.join(self.home, 'elsewhere'))
        os.symlink('../elsewhere', os.path.join(self.home, 'allowed', 'link'))
        bound = f'[sandbox]\nwrite = ["{self.home}/allowed"]\n'
        self.admin(bound, 'exec', '--write', os.path.join(self.home, 'allowed'), '--', 'true')
        self.assertIn('does not allow', self.admin(bound, 'exec', '--write', os.path.join(self.home, 'allowed', 'link'), '--', 'true', code=3))

    def test_a_bound_is_not_moved_by_a_link(self):
        os.makedirs(os.path.join(self.home, 'elsewhere'))
        os.symlink('elsewhere', os.path.join(self.home, 'allowed'))
        if self.USER is not None:
            os.lchown(os.path.join(self.home, 'allowed'), self.USER, self.USER)
        bound = f'[sandbox]\nwrite = ["{self.home}/allowed"]\n'
        x = os.path.join(self.home, 'elsewhere', 'x')
        out = self.admin(bound, 'exec', '--', 'sh', '-c', f'echo > {x}; true')
        if self.USER is None:  # root's own link
            return
        self.assertIn('by a link, which system /etc/bailiwick/policy.toml:4 does not allow', out)
        self.assertFalse(os.path.exists(x))
        self.assertIn('does not allow', self.admin(bound, 'exec', '--write', os.path.join(self.home, 'allowed'), '--', 'true', code=3))

    def test_observing_is_said(self):
        out = self.admin('[commands]\nenforce = "observe"\n[[command]]\nprefix = ["touch"]\ndecision = "deny"\n', 'run', '--', 'touch', 'x')
        self.assertIn('what system /etc/bailiwick/policy.toml (admin) says about commands is observed, not enforced', out)
        self.assertTrue(os.path.exists(os.path.join(self.ws, 'x')))

    def test_agents_and_networks(self):
        self.assertIn('not allowed by system', self.admin('[agents]\nallowed = ["codex"]\n', 'exec', '--', 'true', code=126))
        self.assertIn('not allowed by system', self.admin('[network]\nmodes = ["off"]\n', 'exec', '--network', 'host', '--', 'true', code=3))
        self.admin('[network]\nmodes = ["off", "managed"]\n', 'exec', '--', 'true')
        self.assertIn('managed', self.admin('[network]\nmodes = ["managed"]\n', 'exec', '--', 'true', code=3))

    def test_what_does_not_parse_ends_every_session(self):
        self.assertIn('/etc/bailiwick/policy.toml:4:', self.admin('[commands]\nfrob = 1\n', 'exec', '--', 'true', code=3))


class AdminSessionsAsUser(AdminSessions):
    USER = 4242


if os.geteuid() != 0:
    del AdminSessions, AdminSessionsAsUser


if __name__ == '__main__':
    main()
