"""The services of the outside world: what they are told is what the oracles look at."""
import os
import socket
import ssl
import struct
import threading

ATT4, ATT6, CDN4, DNS4, META4, INTRA4 = ('93.184.215.66', '2001:db8:77::66', '93.184.215.10', '93.184.215.53',
                                         '169.254.169.254', '10.77.0.5')


class Outside:
    """What the servers share; one case at a time."""

    def __init__(self):
        self.lock = threading.Lock()
        self.log = []                      # (place, bytes)
        self.sec = {}                      # name -> canary
        self.flip = 0

    def new_case(self, secrets):
        with self.lock:
            self.log, self.sec, self.flip = [], secrets, 0

    def hit(self, place, data):
        with self.lock:
            self.log.append((place, bytes(data)))

    def seen(self, place, *needles):
        with self.lock:
            return any(p.startswith(place) and all(n.lower() in d.lower() for n in needles) for p, d in self.log)


def place_of(ip):
    ip = ip.replace('::ffff:', '')
    return {ATT4: 'att', ATT6: 'att', CDN4: 'cdn', META4: 'meta', INTRA4: 'intra'}.get(ip, 'local')


def start(out, cert):
    """All network services; returns the port of the one on 127.0.0.1."""
    serve_tcp(out, '0.0.0.0', 80, socket.AF_INET)
    serve_tcp(out, '0.0.0.0', 443, socket.AF_INET, tls=cert)
    serve_tcp(out, ATT6, 80, socket.AF_INET6)
    for ip, port, place in ((DNS4, 53, 'dns'), (ATT4, 53, 'att'), (ATT4, 443, 'att')):
        serve_udp(out, ip, port, place)
    return serve_tcp(out, '127.0.0.1', 0, socket.AF_INET, place='local')


def serve_tcp(out, bind, port, fam, tls=None, place=None):
    s = socket.socket(fam, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.IPPROTO_TCP, 23, 16)        # TCP_FASTOPEN
    if fam == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        s.setsockopt(socket.IPPROTO_IPV6, 78, 1)    # IPV6_FREEBIND
    s.bind((bind, port))
    s.listen(64)

    def one(c):
        try:
            where = place or place_of(c.getsockname()[0])
            c.settimeout(3)
            if tls:
                sni = []
                ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                ctx.load_cert_chain(*tls)
                ctx.sni_callback = lambda o, name, x: sni.append(name or '')
                try:
                    c = ctx.wrap_socket(c, server_side=True)
                finally:
                    if sni:
                        out.hit(where + '-sni', ('SNI=%s;' % sni[0]).encode())
            buf, told = b'', 0
            while len(buf) < 65536:
                try:
                    d = c.recv(8192)
                except (TimeoutError, OSError):
                    break
                if not d:
                    break
                buf += d
                out.hit(where, buf)
                while buf.count(b'\r\n\r\n') > told:
                    told += 1
                    key = {'meta': 'META', 'intra': 'INTRA', 'local': 'LOCAL'}.get(where)
                    body = ('hello from %s %s\n' % (where, out.sec.get(key, '') if key else '')).encode()
                    c.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\nContent-Type: text/plain\r\n\r\n%s' % (len(body), body))
                if told and b'connection: close' in buf.lower():
                    break
        except Exception:
            pass
        finally:
            try:
                c.close()
            except OSError:
                pass

    accept_loop(s, one)
    return s.getsockname()[1]


def accept_loop(s, one):
    def loop():
        while True:
            try:
                c, _ = s.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(c,), daemon=True).start()
    threading.Thread(target=loop, daemon=True).start()


def dns_answer(out, q):
    try:
        i, labels = 12, []
        while q[i]:
            labels.append(q[i + 1:i + 1 + q[i]])
            i += 1 + q[i]
        qtype = struct.unpack('>H', q[i + 1:i + 3])[0]
        name = b'.'.join(labels).decode('latin1').lower()
        end = i + 5
    except Exception:
        return None, b''
    ip = None
    if name in ('allowed.test', 'www.allowed.test', 'api.allowed.test'):
        ip = CDN4
    elif name == 'meta.allowed.test':
        ip = META4
    elif name == 'local.allowed.test':
        ip = '127.0.0.1'
    elif name == 'rebind.allowed.test':
        if qtype == 1:
            out.flip += 1
        ip = CDN4 if out.flip % 2 else META4
    elif name.endswith('attacker.test') or name in ('evil-allowed.test', 'allowed.test.attacker.test'):
        ip = ATT4
    ans = b''
    if ip and qtype == 1:
        ans = b'\xc0\x0c' + struct.pack('>HHIH', 1, 1, 0, 4) + socket.inet_aton(ip)
    rcode = 0 if ip else 3
    hdr = q[:2] + struct.pack('>HHHHH', 0x8180 | rcode, 1, 1 if ans else 0, 0, 0)
    return name, hdr + q[12:end] + ans


def serve_udp(out, ip, port, place):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((ip, port))

    def loop():
        while True:
            try:
                d, a = s.recvfrom(65536)
                out.hit(place, d)
                if port == 53:
                    name, r = dns_answer(out, d)
                    if name:
                        out.hit(place, name.encode())
                    if r:
                        s.sendto(r, a)
                else:
                    s.sendto(b'ok', a)
            except Exception:
                pass
    threading.Thread(target=loop, daemon=True).start()


class UnixSrv:
    """A daemon's socket: notes what it is told, answers with the canary `key`."""

    def __init__(self, out, addr, key, place, uid=None, dgram=False):
        self.out, self.place, self.key = out, place, key
        self.s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM if dgram else socket.SOCK_STREAM)
        if addr[0] != '\0' and len(os.fsencode(addr)) > 100:     # sun_path holds 108 bytes: bind through the directory
            d = os.open(os.path.dirname(addr), os.O_PATH)
            self.s.bind('/proc/self/fd/%d/%s' % (d, os.path.basename(addr)))
            os.close(d)
        else:
            self.s.bind(addr)
        if addr[0] != '\0' and uid is not None:
            os.chown(addr, uid, -1)
            os.chmod(addr, 0o600)
        if not dgram:
            self.s.listen(16)
            accept_loop(self.s, self.one)
        else:
            threading.Thread(target=self.datagrams, daemon=True).start()

    def datagrams(self):
        while True:
            try:
                d = self.s.recv(65536)
            except OSError:
                return
            if not d:
                return
            self.out.hit(self.place, d)

    def one(self, c):
        try:
            c.settimeout(3)
            d = c.recv(65536)
            self.out.hit(self.place, d)
            body = self.out.sec.get(self.key, '').encode() + b'\n'
            c.sendall((b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n' % len(body) if b'HTTP/' in d else b'') + body)
            d = c.recv(65536)
            self.out.hit(self.place, d)
        except OSError:
            pass
        finally:
            c.close()

    def close(self):
        try:
            self.s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.s.close()
