"""Where policy comes from and whom it is believed, at the real paths: each case has a root directory of its own in a private mount namespace.

As root, owners are real, and the program runs as root or as an ordinary user. As an ordinary user, the case runs in a user namespace in which that
user is root; what needs a second uid is left to the pass as root. The program is $POLICY_SOURCES_PROBE (src/session/policy_sources_probe.cc)."""
import base64, json, os, plistlib, subprocess, unittest
from support import Case, DEADLINE, PROGRAM, main

PROBE = os.environ.get('POLICY_SOURCES_PROBE') or os.path.join(os.path.dirname(PROGRAM), 'policy_sources_probe')
IS_ROOT = os.geteuid() == 0
ETC, CLOUD, MANAGED = '/etc/bailiwick', '/var/lib/bailiwick/cloud', '/Library/Managed Preferences'
NOW = '2026-11-25T12:00:00Z'

OUTSIDE = r'''
set -eu
umask 022
root=$1 probe=$2 given=$3
mount -t tmpfs -o mode=755 none "$root"
cd "$root"
for d in bin sbin lib lib32 lib64 libx32; do
  if [ -L "/$d" ]; then cp -P "/$d" "$d"; elif [ -d "/$d" ]; then mkdir "$d"; mount --rbind "/$d" "$d"; fi
done
mkdir usr proc dev etc home home/u given
mkdir -m 1777 tmp
mount --rbind /usr usr
mount --rbind /proc proc
mount --bind /dev/null "$(touch dev/null; echo dev/null)"
printf 'root:x:0:0::/root:/bin/sh\nu:x:4242:4242::/home/u:/bin/sh\n' > etc/passwd
cp "$probe" probe
cp -r "$given/." given
chmod -R a+rX given
mkdir old
/sbin/pivot_root . old  # not chroot: what is in one may make no user namespace
cd /
umount -l old
exec /bin/sh -eu -c "$4"
'''
INSIDE = r'''
umask 022
cd /
probe() { /probe --home /home/u --state /home/u/state --now "${now:-%(now)s}" "$@"; }
as_user() { %(as_user)s "$@"; }
user_probe() { as_user /probe --home /home/u --state /home/u/state --now "${now:-%(now)s}" "$@"; }
%(home)s
mkdir -p /etc/bailiwick/policy.d
system() { printf '%%s' "${1:-system}" > /etc/bailiwick/policy.toml; }
bundle() { mkdir -p /var/lib/bailiwick/cloud /etc/bailiwick/keys; [ -e /key.pub ] || /probe key /key; cp /key.pub /etc/bailiwick/keys/acme.pub
  /probe bundle /key "$1" "${2:-2026-01-01T00:00:00Z}" "${3:-2027-01-01T00:00:00Z}" > /var/lib/bailiwick/cloud/bundle.json; }
''' % {'now': NOW,
       'as_user': 'setpriv --reuid=4242 --regid=4242 --clear-groups' if IS_ROOT else 'command',
       'home': 'chown 4242:4242 /home/u' if IS_ROOT else ':'}


class PolicyCase(Case):
    def given(self, name, data):
        self.write('given/' + name, data)

    def inside(self, script):
        """The last command's exit code, the JSON lines and stderr."""
        root = os.path.join(self.base, 'root')
        os.makedirs(root, exist_ok=True)
        os.makedirs(os.path.join(self.base, 'given'), exist_ok=True)
        r = subprocess.run(['unshare', *(['-m'] if IS_ROOT else ['-Urm']), '--propagation', 'private', 'sh', '-c', OUTSIDE, 'sh', root, PROBE,
                            os.path.join(self.base, 'given'), INSIDE + script], env=self.env, stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE)
        out = [json.loads(line) for line in r.stdout.decode().splitlines()]
        return r.returncode, out, r.stderr.decode('utf8', 'replace')

    def found(self, script):
        code, out, err = self.inside(script)
        self.assertEqual((code, err), (0, ''), script)
        return out

    def kinds(self, script):
        return [(o['kind'], o['file']) for o in self.found(script) if 'kind' in o]

    def refused_with(self, script, *needles):
        code, out, err = self.inside(script)
        self.assertEqual((code, out), (3, []), f'{script}: {err}')
        self.assertEqual(len(err.splitlines()), 1, err)
        for needle in needles:
            self.assertIn(needle, err)
        return err


class System(PolicyCase):
    def test_nothing_is_there(self):
        self.assertEqual(self.found('rm -r /etc/bailiwick; user_probe'), [])
        self.assertEqual(self.found('user_probe'), [])
        self.assertEqual(self.found('probe'), [])

    def test_what_it_costs_where_nothing_is_there(self):
        out = self.found('rm -r /etc/bailiwick; mkdir /ws; user_probe --workspace /ws --repeat 2000')
        print(f'nothing there: {out[-1]["ns"] / 1000:.1f} us')
        self.assertLess(out[-1]['ns'], 1_000_000)  # a bound against mistakes; the figure is for people

    def test_files_in_their_order(self):
        for who in ('probe', 'user_probe'):
            out = self.found('''system first; cd /etc/bailiwick/policy.d
                for f in 20-b.toml 10-a.toml 5.toml A.toml; do printf %s "$f" > "$f"; done; ''' + who)
            self.assertEqual([(o['kind'], o['file'], o['text']) for o in out],
                             [('system', f'{ETC}/policy.toml', 'first')] +
                             [('system', f'{ETC}/policy.d/{f}', f) for f in ('10-a.toml', '20-b.toml', '5.toml', 'A.toml')])

    def test_foreign_formats_by_name(self):
        out = self.found('''cd /etc/bailiwick/policy.d
            for f in requirements.toml managed_config.toml git.rules managed-settings.json; do echo > "$f"; done; user_probe''')
        names = [(os.path.basename(o['file']), 'format' in o) for o in out]
        self.assertEqual(names, [(n, True) for n in ('git.rules', 'managed-settings.json', 'managed_config.toml', 'requirements.toml')])
        self.assertEqual(len({o['format'] for o in out}), 4)

    def test_other_names_are_left_alone_and_said(self):
        out = self.found('''cd /etc/bailiwick/policy.d; touch README a.toml~ .a.toml.swp .b.toml 'x
y'; mkdir old; user_probe''')
        self.assertEqual(len(out), 6)
        for o, name in zip(out, ['.a.toml.swp', '.b.toml', 'README', 'a.toml~', 'old', 'x\\ny']):
            self.assertIn(f'`{ETC}/policy.d/{name}`', o['warning'])

    def test_all_layers_in_their_order(self):
        self.given('m.plist', plistlib.dumps({'policy_toml_base64': base64.b64encode(b'mdm').decode()}))
        out = self.kinds('''system; bundle 1; mkdir -p "/Library/Managed Preferences"; cp /given/m.plist "/Library/Managed Preferences/dev.bailiwick.plist"
            mkdir -p /ws /home/u/.config/bailiwick; echo > /ws/.bailiwick.toml; echo > /home/u/.config/bailiwick/policy.toml; echo > /flag.toml
            user_probe --workspace /ws --flag /flag.toml''')
        self.assertEqual([kind for kind, file in out], ['system', 'mdm', 'cloud', 'project', 'user', 'flag'])

    def test_what_is_no_file_is_refused_and_does_not_block(self):
        for make, what in (('mkfifo x.toml', 'is a FIFO'), ('mkdir x.toml', 'is a directory'),
                           ('python3 -c "import socket; socket.socket(socket.AF_UNIX).bind(\'x.toml\')"', 'is a socket')):
            self.refused_with(f'cd /etc/bailiwick/policy.d; {make}; user_probe', f'`{ETC}/policy.d/x.toml`', what)
        self.refused_with('mkdir /etc/bailiwick/policy.toml; user_probe', f'`{ETC}/policy.toml`', 'is a directory')
        self.refused_with('rm -r /etc/bailiwick; echo > /etc/bailiwick; user_probe', f'`{ETC}` is not a directory')
        self.refused_with('rm -r /etc/bailiwick/policy.d; echo > /etc/bailiwick/policy.d; user_probe', f'`{ETC}/policy.d`')
        if IS_ROOT:
            self.refused_with('mknod /etc/bailiwick/policy.toml c 1 3; user_probe', f'`{ETC}/policy.toml`', 'is a device')

    def test_a_large_file(self):
        self.refused_with('truncate -s 50M /etc/bailiwick/policy.toml; user_probe', f'`{ETC}/policy.toml`', 'longer than 8')
        self.refused_with('system; truncate -s 50M /etc/bailiwick/policy.d/x.toml; probe', f'`{ETC}/policy.d/x.toml`', 'longer than 8')

    def test_no_variable_moves_it(self):
        out = self.kinds('''system; export PREFIX=/other XDG_CONFIG_DIRS=/other XDG_CONFIG_HOME=/other HOME=/other BAILIWICK_POLICY=/x BAILIWICK_ETC=/other
            user_probe''')
        self.assertEqual(out, [('system', f'{ETC}/policy.toml')])


class Trust(PolicyCase):
    def test_writable_by_others(self):
        for path, mode in ((f'{ETC}/policy.toml', '664'), (f'{ETC}/policy.toml', '646'), (ETC, '775'), (ETC, '1777'), ('/etc', '757'), ('/', '1777')):
            for who in ('probe', 'user_probe'):
                self.refused_with(f'system; chmod {mode} {path}; {who}', f'`{ETC}/policy.toml`', f'`{path}`', f'(mode {mode:0>4})', f'chmod go-w {path}\n')
        self.refused_with(f'touch {ETC}/policy.d/a.toml; chmod 666 {ETC}/policy.d/a.toml; user_probe', 'can be written', f'chmod go-w {ETC}/policy.d/a.toml')
        # also where nothing is in it: whoever can write it could have removed what was
        self.refused_with(f'chmod 777 {ETC}/policy.d; user_probe', 'can be written', f'chmod go-w {ETC}/policy.d')

    @unittest.skipUnless(IS_ROOT, 'a second uid')
    def test_owned_by_another(self):
        for path in (f'{ETC}/policy.toml', ETC, '/etc'):
            for who in ('probe', 'user_probe'):
                self.refused_with(f'system; chown 4242 {path}; {who}', f'`{path}`', 'belongs to uid 4242', f'chown root: {path}\n')
        self.refused_with(f'chown 4242 {ETC}/policy.d; user_probe', f'chown root: {ETC}/policy.d')
        self.refused_with(f'touch {ETC}/policy.d/a.toml; chown 4242 {ETC}/policy.d/a.toml; user_probe', f'chown root: {ETC}/policy.d/a.toml')
        self.assertEqual(len(self.found(f'system; chgrp 4242 {ETC}/policy.toml; user_probe')), 1)

    @unittest.skipUnless(IS_ROOT, 'a second uid')
    def test_links(self):
        user_file = 'echo x > /home/u/p.toml; chown 4242 /home/u/p.toml; '
        self.refused_with(user_file + f'ln -s /home/u/p.toml {ETC}/policy.toml; user_probe', f'`{ETC}/policy.toml`', '`/home/u` belongs to uid 4242', 'put the file itself')
        self.refused_with(f'mkdir /srv; echo x > /srv/p; chown 4242 /srv/p; ln -s /srv/p {ETC}/policy.toml; user_probe', '`/srv/p` belongs to uid 4242')
        self.refused_with(f'mkdir /srv; echo x > /srv/p; ln -s /srv/p {ETC}/policy.toml; chown -h 4242 {ETC}/policy.toml; user_probe', 'belongs to uid 4242')
        self.refused_with(f'echo x > /tmp/p; ln -s /tmp/p {ETC}/policy.toml; user_probe', '`/tmp` can be written')
        self.refused_with(f'rm -r {ETC}; mkdir -p /home/u/etc; chown 4242 /home/u/etc; ln -s /home/u/etc {ETC}; echo x > /home/u/etc/policy.toml; user_probe', '`/home/u`')

    def test_links_of_roots_own(self):
        for target in ('/srv/policies/p.toml', '../../srv/policies/p.toml', '../../srv/../srv/./policies//p.toml', '/srv/second'):
            out = self.found(f'mkdir -p /srv/policies; printf x > /srv/policies/p.toml; ln -s policies/p.toml /srv/second; ln -s {target} {ETC}/policy.toml; user_probe')
            self.assertEqual([(o['file'], o['text']) for o in out], [(f'{ETC}/policy.toml', 'x')])
        out = self.kinds(f'rm -r {ETC}; mkdir -p /srv/b; printf x > /srv/b/policy.toml; ln -s /srv/b {ETC}; user_probe')
        self.assertEqual(out, [('system', f'{ETC}/policy.toml')])
        # as where /var lies on another disk: what is not there is none, the links themselves lead somewhere
        self.assertEqual(self.found(f'rm -r {ETC}; mkdir -p /srv/b/c /srv/d; ln -s /srv/b {ETC}; ln -s ../d /srv/b/policy.d; user_probe'), [])
        self.assertEqual(self.found('bundle 7; mkdir /srv; mv /var /srv/var; ln -s srv/var /var; user_probe')[0]['serial'], 7)

    def test_links_that_lead_nowhere(self):
        self.refused_with(f'ln -s /srv/nowhere {ETC}/policy.toml; user_probe', f'`{ETC}/policy.toml` is a link', 'not there')
        self.refused_with(f'rm -r {ETC}; ln -s /srv/nowhere {ETC}; user_probe', f'`{ETC}/policy.toml` is a link, or lies behind one', 'not there')
        self.refused_with(f'mkdir /srv; rmdir {ETC}/policy.d; ln -s /srv/nowhere/deep {ETC}/policy.d; user_probe', '`/srv/nowhere`', 'not there')
        self.refused_with(f'mkdir /srv; ln -s /srv/second {ETC}/policy.toml; ln -s nowhere /srv/second; user_probe', '`/srv/nowhere`', 'not there')
        self.refused_with(f'ln -s policy.toml {ETC}/policy.toml; user_probe', f'`{ETC}/policy.toml`', 'too many links')
        self.refused_with(f'ln -s / {ETC}/policy.toml; user_probe', f'`{ETC}/policy.toml` is a directory')
        self.refused_with(f'ln -s .. {ETC}/policy.toml; user_probe', f'`{ETC}/policy.toml` is a directory')

    @unittest.skipUnless(IS_ROOT, 'root of a user namespace reads everything of its own')
    def test_what_the_user_may_not_read_is_not_passed_over(self):
        self.refused_with(f'system; chmod 600 {ETC}/policy.toml; user_probe', f'`{ETC}/policy.toml`', f'chmod a+r {ETC}/policy.toml', 'Permission denied')
        self.refused_with(f'chmod 700 {ETC}; user_probe', f'`{ETC}/policy.toml`', f'chmod a+x {ETC}:', 'Permission denied')
        self.refused_with(f'chmod 711 {ETC}/policy.d; user_probe', f'chmod a+rx {ETC}/policy.d:')
        self.refused_with(f'bundle 1; chmod 700 /var/lib/bailiwick; user_probe', 'chmod a+x /var/lib/bailiwick:')
        self.assertEqual(len(self.found(f'system; chmod 600 {ETC}/policy.toml; chmod 700 {ETC}; probe')), 1)

    def test_where_root_is_not_mapped_nobody_is_believed(self):
        needles = (f'`{ETC}/policy.toml`', 'belongs to uid 65534, nobody', 'does not map root')
        if IS_ROOT:  # the ordinary user's own user namespace
            self.refused_with('system; as_user unshare -Ur /probe --home /home/u --state /home/u/state', *needles)
            self.assertEqual(self.found('rm -r /etc/bailiwick; as_user unshare -Ur /probe --home /home/u --state /home/u/state'), [])
        else:  # a file of the real root's
            self.refused_with(f'touch {ETC}/policy.toml; mount --bind /usr/bin/env {ETC}/policy.toml; user_probe', *needles)


class Managed(PolicyCase):
    def put(self, data, name='dev.bailiwick.plist', before=''):
        self.given('m.plist', data)
        return f'mkdir -p "{MANAGED}/{os.path.dirname(name)}"; cp /given/m.plist "{MANAGED}/{name}"; {before} user_probe'

    def test_both_forms_and_both_types(self):
        text = 'schema = 1\n# ü\n'
        for value in (base64.b64encode(text.encode()).decode(), base64.encodebytes(text.encode()).decode(), text.encode()):
            for form in (plistlib.FMT_XML, plistlib.FMT_BINARY):
                out = self.found(self.put(plistlib.dumps({'PayloadVersion': 1, 'policy_toml_base64': value}, fmt=form)))
                self.assertEqual([(o['kind'], o['file'], o['text']) for o in out], [('mdm', f'{MANAGED}/dev.bailiwick.plist (policy_toml_base64)', text)])

    def test_truncated(self):
        for form in (plistlib.FMT_XML, plistlib.FMT_BINARY):
            data = plistlib.dumps({'policy_toml_base64': 'eA=='}, fmt=form)
            for cut in (0, 1, len(data) // 2, len(data) - 12):
                self.refused_with(self.put(data[:cut]), f'{MANAGED}/dev.bailiwick.plist')

    def test_wrong_content(self):
        for value in ({'policy_toml_base64': 5}, {'policy': 'eA=='}, {}):
            self.refused_with(self.put(plistlib.dumps(value)), f'`{MANAGED}/dev.bailiwick.plist`', '`policy_toml_base64`')
        self.refused_with(self.put(plistlib.dumps(['x'])), f'{MANAGED}/dev.bailiwick.plist')
        for value in ('e', 'eA', '=!', 'eA==x'):
            self.refused_with(self.put(plistlib.dumps({'policy_toml_base64': value})), f'`{MANAGED}/dev.bailiwick.plist`', '`policy_toml_base64`')

    def test_bad_mode(self):
        data = plistlib.dumps({'policy_toml_base64': 'eA=='})
        self.refused_with(self.put(data, before=f'chmod 666 "{MANAGED}/dev.bailiwick.plist";'), f"chmod go-w '{MANAGED}/dev.bailiwick.plist'")
        self.refused_with(self.put(data, before='chmod 777 /Library;'), 'chmod go-w /Library')

    def test_the_users_own(self):
        user = 'u' if IS_ROOT else 'root'
        data = plistlib.dumps({'policy_toml_base64': 'eA=='})
        self.assertEqual(self.kinds(self.put(data, f'{user}/dev.bailiwick.plist')), [('mdm', f'{MANAGED}/{user}/dev.bailiwick.plist (policy_toml_base64)')])
        self.assertEqual(self.kinds(self.put(data, f'{user}/dev.bailiwick.plist', 'export USER=other LOGNAME=other;')),
                         [('mdm', f'{MANAGED}/{user}/dev.bailiwick.plist (policy_toml_base64)')])
        self.assertEqual(self.kinds(self.put(data, 'other/dev.bailiwick.plist', 'export USER=other LOGNAME=other;')), [])

    def test_a_user_without_a_name(self):
        data = plistlib.dumps({'policy_toml_base64': 'eA=='})
        self.refused_with(self.put(data, 'other/dev.bailiwick.plist', 'echo > /etc/passwd;'), f'`{MANAGED}/other` may be yours', '`/etc/passwd`')
        self.assertEqual(len(self.kinds(self.put(data, before='echo > /etc/passwd;'))), 1)


class Cloud(PolicyCase):
    def test_a_good_one(self):
        for who in ('probe', 'user_probe'):
            out = self.found(f'bundle 7; {who}')
            self.assertEqual([(o['kind'], o['file'], o['serial'], o['policy']) for o in out], [('cloud', f'{CLOUD}/bundle.json', 7, '{"name":"cloud","schema":1}')])

    def test_no_key(self):
        for remove in ('rm /etc/bailiwick/keys/acme.pub', 'rm -r /etc/bailiwick/keys', 'rm -r /etc/bailiwick', 'mv /etc/bailiwick/keys/acme.pub /etc/bailiwick/keys/acme'):
            self.refused_with(f'bundle 7; {remove}; user_probe', f'`{CLOUD}/bundle.json`', 'no key')

    def test_another_key(self):
        self.refused_with('bundle 7; /probe key /other; cp /other.pub /etc/bailiwick/keys/acme.pub; user_probe', f'{CLOUD}/bundle.json')
        out = self.found('bundle 7; /probe key /other; cp /other.pub /etc/bailiwick/keys/a.pub; touch /etc/bailiwick/keys/README; user_probe')
        self.assertEqual([o['serial'] for o in out if 'kind' in o], [7])
        self.assertIn('keys/README', out[-1]['warning'])
        self.refused_with('bundle 7; echo x > /etc/bailiwick/keys/broken.pub; user_probe', f'{ETC}/keys/broken.pub')

    def test_changed_bytes(self):
        self.refused_with(f'bundle 7; sed -i s/cloud/clout/ {CLOUD}/bundle.json; user_probe', f'{CLOUD}/bundle.json')
        self.refused_with(f'bundle 7; truncate -s 40 {CLOUD}/bundle.json; user_probe', f'{CLOUD}/bundle.json')

    def test_its_time(self):
        self.refused_with('bundle 7; now=2027-01-01T00:00:00Z; user_probe', f'{CLOUD}/bundle.json')
        self.refused_with('bundle 7; now=2025-12-31T23:59:59Z; user_probe', f'{CLOUD}/bundle.json')
        self.assertEqual(len(self.found('bundle 7; now=2026-12-31T23:59:59Z; user_probe')), 1)

    def test_bad_modes(self):
        for path in (f'{CLOUD}/bundle.json', CLOUD, '/var/lib/bailiwick', f'{ETC}/keys/acme.pub', f'{ETC}/keys'):
            self.refused_with(f'bundle 7; chmod o+w {path}; user_probe', f'chmod go-w {path}\n')
            if IS_ROOT:
                self.refused_with(f'bundle 7; chown 4242 {path}; user_probe', f'chown root: {path}\n')

    def serial(self, script):
        code, out, err = self.inside(script)
        self.assertEqual(code, 0, err)
        return [o['serial'] if 'serial' in o else o for o in out]

    def test_an_older_one_as_root(self):
        self.assertEqual(self.serial(f'bundle 7; probe; bundle 8; probe; probe; [ "$(cat {CLOUD}/serial)" = 8 ]; [ "$(stat -c %a:%u {CLOUD}/serial)" = 644:0 ]; '
                                     'bundle 9; probe; [ ! -e /home/u/state ]'), [7, 8, 8, 9])
        self.refused_with('bundle 8; probe > /dev/null; bundle 7; probe', f'{CLOUD}/bundle.json')
        self.refused_with('bundle 8; probe > /dev/null; bundle 7; user_probe', f'{CLOUD}/bundle.json')  # what root saw holds for everybody

    @unittest.skipUnless(IS_ROOT, 'a second uid')
    def test_an_older_one_as_a_user(self):
        state = '/home/u/state/cloud-serial'
        self.assertEqual(self.serial(f'bundle 7; user_probe; bundle 8; user_probe; user_probe; [ "$(cat {state})" = 8 ]; [ "$(stat -c %a:%u {state})" = 600:4242 ]; '
                                     f'[ "$(stat -c %a /home/u/state)" = 700 ]; [ ! -e {CLOUD}/serial ]; [ "$(ls /home/u/state)" = "cloud-serial\nserial.lock" ]'), [7, 8, 8])
        self.refused_with('bundle 8; user_probe > /dev/null; bundle 7; user_probe', f'{CLOUD}/bundle.json')
        self.refused_with(f'bundle 6; echo 7 > {CLOUD}/serial; mkdir /home/u/state; echo 5 > {state}; chown -R 4242 /home/u/state; user_probe', f'{CLOUD}/bundle.json')
        self.refused_with(f'bundle 6; echo 5 > {CLOUD}/serial; mkdir /home/u/state; echo 7 > {state}; chown -R 4242 /home/u/state; user_probe', f'{CLOUD}/bundle.json')

    def test_a_damaged_serial(self):
        for text in ('', '7', 'x\\n', '-1\\n', '0\\n', '7\\n\\n', ' 7\\n', '99999999999999999999\\n', '7\\n8\\n'):
            self.refused_with(f"bundle 9; printf -- '{text}' > {CLOUD}/serial; user_probe", f'`{CLOUD}/serial` is damaged')
            if IS_ROOT:
                self.refused_with(f"bundle 9; mkdir /home/u/state; printf -- '{text}' > /home/u/state/cloud-serial; chown -R 4242 /home/u/state; user_probe",
                                  '`/home/u/state/cloud-serial` is damaged')
        self.refused_with(f'bundle 9; head -c 100 /usr/bin/env > {CLOUD}/serial; user_probe', f'`{CLOUD}/serial`', 'longer than')
        self.refused_with(f'bundle 9; echo 7 > {CLOUD}/serial; chmod 666 {CLOUD}/serial; user_probe', f'chmod go-w {CLOUD}/serial')
        self.refused_with('bundle 9; mkdir -p /home/u/state; mkfifo /home/u/state/cloud-serial; user_probe', '`/home/u/state/cloud-serial` is a FIFO')

    @unittest.skipUnless(IS_ROOT, 'a second uid')
    def test_where_the_serial_cannot_be_kept_nothing_starts(self):
        self.refused_with('bundle 7; chown 0 /home/u; user_probe', '`/home/u/state`', 'an older bundle could come back')
        self.refused_with('bundle 7; mkdir -m 777 /home/u/state; chmod 777 /home/u/state; chown 4242 /home/u/state; user_probe', '`/home/u/state`', 'mode 0700')
        self.refused_with(f'bundle 7; as_user /probe --home /home/u --now {NOW}', 'XDG_STATE_HOME')

    def test_a_read_only_system(self):
        out = self.serial(f'bundle 7; mkdir -p /home/u; {"chown 0 /home/u; " if IS_ROOT else ""}mount --bind {CLOUD} {CLOUD}; mount -o remount,ro,bind {CLOUD}; probe; '
                          '[ "$(cat /home/u/state/cloud-serial)" = 7 ]')
        self.assertEqual(out, [7])

    def test_a_bundle_that_is_gone_is_said(self):
        out = self.found(f'bundle 7; probe > /dev/null; rm {CLOUD}/bundle.json; user_probe')
        self.assertEqual(len(out), 1)
        self.assertIn('serial 7', out[0]['warning'])

    def test_many_at_once(self):
        out = self.serial('bundle 7; for i in 1 2 3 4 5 6 7 8; do user_probe & done; wait; ' + ('[ "$(cat /home/u/state/cloud-serial)" = 7 ]' if IS_ROOT else ':'))
        self.assertEqual(out, [7] * 8)


if __name__ == '__main__':
    main()
