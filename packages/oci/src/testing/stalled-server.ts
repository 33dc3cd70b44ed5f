/**
 * Servers for tests that take a connection, or not even that, and never answer.
 */
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { fromCallback } from '@outboard/async';

/** A server that takes what it is sent and does not answer it. */
export async function startSilentServer(silent: 'answer' | 'TLS handshake') {
  const connections = new Set<Socket>();
  const reached = new EventEmitter();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.on('error', () => {}); // the client leaves, as it should
    socket.on('data', (chunk) => {
      const isTls = chunk[0] === 0x16;
      if (isTls && silent === 'answer') socket.destroy();
      else if (String(chunk).startsWith('GET /v2/ '))
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      else reached.emit('stuck');
    });
  });
  await fromCallback((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  return {
    host: `127.0.0.1:${port}`,
    stuck: () => once(reached, 'stuck'),
    async [Symbol.asyncDispose]() {
      for (const socket of connections) socket.destroy();
      await fromCallback((done) => server.close(done));
    },
  };
}

/** A process that accepts no connection, and whose queue of connections is full: the next one is never established. */
export async function startFullServer() {
  const program =
    'const s = require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => console.log(s.address().port))';
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [text] = await once(child.stdout, 'data');
  const port = Number(text);
  child.kill('SIGSTOP');
  const fillers = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  await Promise.all(fillers.slice(0, 2).map((socket) => once(socket, 'connect')));
  return {
    host: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of fillers) socket.destroy();
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
