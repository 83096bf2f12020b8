#!/usr/bin/env node
// An npm registry with one package, tiny-greeting 1.0.0, packed here in memory. Loopback only; prints its port and a newline when it listens.
import crypto from 'node:crypto';
import http from 'node:http';
import zlib from 'node:zlib';

const files = {
  'package/package.json': JSON.stringify({ name: 'tiny-greeting', version: '1.0.0', main: 'index.js', license: 'Apache-2.0' }),
  'package/index.js': 'module.exports = (who) => `hello, ${who}`;\n',
};

// One ustar header and the content, padded to blocks of 512 bytes.
function tar_entry(name, content) {
  const header = Buffer.alloc(512);
  const put = (at, text) => header.write(text, at, 'latin1');
  put(0, name);
  put(100, '0000644\0' + '0000000\0' + '0000000\0');
  put(124, content.length.toString(8).padStart(11, '0') + '\0' + '00000000000\0');
  put(148, '        0');
  put(257, 'ustar\0' + '00');
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, sum.toString(8).padStart(6, '0') + '\0 ');
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}
const entries = Object.entries(files).map(([name, text]) => tar_entry(name, Buffer.from(text)));
const tarball = zlib.gzipSync(Buffer.concat([...entries, Buffer.alloc(1024)]));
const integrity = 'sha512-' + crypto.createHash('sha512').update(tarball).digest('base64');

const server = http.createServer((request, response) => {
  const base = `http://127.0.0.1:${server.address().port}`;
  if (request.url === '/tiny-greeting') {
    const dist = { tarball: `${base}/tiny-greeting/-/tiny-greeting-1.0.0.tgz`, integrity };
    const version = { name: 'tiny-greeting', version: '1.0.0', main: 'index.js', dist };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ name: 'tiny-greeting', 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': version } }));
  } else if (request.url === '/tiny-greeting/-/tiny-greeting-1.0.0.tgz') {
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    response.end(tarball);
  } else {
    response.writeHead(404).end('{}');
  }
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
