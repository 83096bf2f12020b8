#!/usr/bin/python3
"""top.py ptrace|mem|environ|root : the topmost ancestor that runs under our own uid (pid 1 of a sandbox that has one)"""
import ctypes, os, sys
def parent(p):
    s = open('/proc/%d/stat' % p).read()
    return int(s[s.rindex(')') + 2:].split()[1])
p = os.getpid()
while True:
    q = parent(p)
    if q == 0 or os.stat('/proc/%d' % q).st_uid != os.getuid():
        break
    p = q
tok, how = os.environ['RT_TOK'], sys.argv[1]
print('top is', p, 'pid', os.getpid())
if how == 'ptrace':
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(0x4206, p, 0, 0) == 0:          # PTRACE_SEIZE
        print('TOP:' + tok)
elif how == 'mem':
    for ln in open('/proc/%d/maps' % p):
        a = int(ln.split('-')[0], 16)
        with open('/proc/%d/mem' % p, 'rb', 0) as f:
            f.seek(a)
            f.read(16)
        print('TOP:' + tok)
        break
elif how == 'environ':
    sys.stdout.buffer.write(open('/proc/%d/environ' % p, 'rb').read().replace(b'\0', b'\n'))
elif how == 'fd':
    if any(os.readlink('/proc/%d/fd/%s' % (p, f)) for f in os.listdir('/proc/%d/fd' % p)):
        print('TOP:' + tok)
