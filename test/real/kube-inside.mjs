// Runs inside the namespace of the control plane: carries a Unix socket’s connections to the api-server, and plays a kubelet
// whose healthz the api-server’s proxy asks for. usage: kube-inside.mjs SOCKET PKI KUBELET_ADDRESS
import { readFileSync } from 'node:fs';
import https from 'node:https';
import net from 'node:net';

const [socket, pki, address] = process.argv.slice(2);
const read = name => readFileSync(`${pki}/${name}`);

net
  .createServer(outer => {
    const inner = net.connect({ host: '10.0.1.10', port: 6443 });
    outer.pipe(inner).pipe(outer);
    outer.on('error', () => inner.destroy());
    inner.on('error', () => outer.destroy());
  })
  .listen(socket);

// Only the api-server’s own client certificate gets in, as with a real kubelet.
https
  .createServer(
    {
      key: read('worker-0-key.pem'),
      cert: read('worker-0.pem'),
      ca: read('ca.pem'),
      requestCert: true,
      rejectUnauthorized: true,
    },
    (request, response) => {
      const healthy = request.url === '/healthz';
      response
        .writeHead(healthy ? 200 : 404, { 'content-type': 'text/plain; charset=utf-8' })
        .end(healthy ? 'ok' : 'no');
    },
  )
  .listen(10250, address, () => console.log('listening'));
