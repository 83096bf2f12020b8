#!/usr/bin/python3
"""hold.py WHAT [N] : takes as much of one budget as it gets, tells .rt/go, and holds it"""
import ctypes, mmap, os, resource, signal, socket, sys, threading, time
what, n = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100000
libc = ctypes.CDLL(None, use_errno=True)
got, keep = 0, []
def hard(which):
    h = resource.getrlimit(which)[1]
    resource.setrlimit(which, (h, h))
for w in (resource.RLIMIT_NOFILE, resource.RLIMIT_MSGQUEUE, resource.RLIMIT_SIGPENDING):
    hard(w)
block = b'x' * (1 << 20)
def fill(fd, mb):
    global got
    for _ in range(mb):
        os.write(fd, block)
        got += 1
try:
    if what == 'inotify':
        while got < n:
            if libc.inotify_init() < 0:
                break
            got += 1
    elif what == 'pipes':
        # each with full buffer; several processes, because one has only so many descriptors
        for _ in range(8):
            if os.fork() == 0:
                try:
                    while True:
                        os.pipe()
                except OSError:
                    pass
                time.sleep(8)
                os._exit(0)
        time.sleep(1.5)
    elif what == 'inflight':
        a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        while got < n:
            x, y = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
            x.setblocking(False)
            k = 0
            try:
                while k < 100 and got < n:
                    socket.send_fds(x, [b'x'], [a.fileno()] * 250)
                    got += 250
                    k += 1
            except BlockingIOError:
                pass
            keep.append((x, y))
    elif what == 'mq':
        rt = ctypes.CDLL('librt.so.1', use_errno=True)
        while got < n:
            if rt.mq_open(b'/hold-%d' % got, os.O_CREAT | os.O_RDWR, 0o600, None) < 0:
                break
            rt.mq_unlink(b'/hold-%d' % got)
            got += 1
    elif what == 'sigpending':
        libc.sigqueue.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_void_p]
        signal.pthread_sigmask(signal.SIG_BLOCK, range(signal.SIGRTMIN, signal.SIGRTMAX))
        while got < n and libc.sigqueue(os.getpid(), signal.SIGRTMIN + 3, None) == 0:
            got += 1
    elif what == 'threads':
        threading.stack_size(65536)
        for _ in range(n):
            t = threading.Thread(target=time.sleep, args=(5,), daemon=True)
            t.start()
            got += 1
    elif what == 'files':
        while got < n:
            os.open('/dev/null', os.O_RDONLY)
            got += 1
    elif what == 'memfd':                     # written, never mapped: in no process's resident set
        while got < n:
            f = os.memfd_create('x')
            fill(f, 256)
    elif what == 'memfdsent':                 # the same, with the descriptor in flight only
        a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        while got < n:
            f = os.memfd_create('x')
            fill(f, 128)
            socket.send_fds(a, [b'x'], [f])
            os.close(f)
    elif what == 'tmpfs':
        d = sys.argv[3]
        i = 0
        while got < n:
            f = os.open('%s/hold-%d' % (d, i), os.O_CREAT | os.O_WRONLY, 0o600)
            i += 1
            fill(f, 256)
            os.close(f)
    elif what == 'sysv':
        libc.shmat.restype = ctypes.c_void_p
        libc.shmdt.argtypes = [ctypes.c_void_p]
        ids = []
        while got < n:
            i = libc.shmget(0, 64 << 20, 0o1600)
            if i < 0:
                break
            ids.append(i)
            p = libc.shmat(i, None, 0)
            if p in (None, ctypes.c_void_p(-1).value):
                break
            ctypes.memset(p, 1, 64 << 20)
            libc.shmdt(p)
            got += 64
    elif what == 'shared':                    # shared anonymous memory: touched, then unmapped down to one page, kept by a child
        while got < n:
            m = mmap.mmap(-1, 64 << 20)
            for _ in range(64):
                m.write(block)
                got += 1
            keep.append(m)
except (OSError, RuntimeError, MemoryError) as e:
    print(e)
print('held', what, got, flush=True)
if what == 'files' and got > 5000:
    print('FILES:' + os.environ['RT_TOK'], flush=True)
open('.rt/go', 'w').close()
time.sleep(float(os.environ.get('HOLD', '3')))
if what == 'sysv':
    for i in ids:
        libc.shmctl(i, 0, None)
