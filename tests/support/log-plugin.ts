/**
 * A log driver that keeps the output of containers in memory, and gives it back: it shares no code with Outboard.
 * @see moby api/types/plugins/logdriver/entry.proto (20.10)
 */
import type { PluginArchiveOptions } from './plugin-archive.ts';
import { fixtureSocket } from './plugin-fixture.ts';

const script = `
import { constants, openSync, readSync } from 'node:fs';
import { createServer } from 'node:http';
import { Socket } from 'node:net';

/** Fields of a message, as offsets. */
function* fields(bytes) {
  for (let at = 0; at < bytes.length; ) {
    const start = at;
    const tag = bytes[at++];
    let number = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      if (shift < 28) number |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    const content = at;
    if ((tag & 7) === 2) at += number;
    yield { name: tag >> 3, content: bytes.subarray(content, at), whole: bytes.subarray(start, at) };
  }
}
/** Readers want a newline at the end of each line, which is not there when the line is written. */
function withNewline(entry) {
  const parts = [...fields(entry)].map(({ name, content, whole }) => {
    if (name !== 3) return whole;
    const line = Buffer.concat([content, Buffer.from('\\n')]);
    return Buffer.concat([Buffer.from([26, line.length]), line]);
  });
  const bytes = Buffer.concat(parts);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

const logs = new Map();
const open = new Map();
function startLogging({ File: file, Info: info }) {
  const log = logs.get(info.ContainerID) ?? { entries: [], readers: new Set() };
  logs.set(info.ContainerID, log);
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  const socket = new Socket({ fd: descriptor, writable: false });
  let rest = Buffer.alloc(0);
  const take = (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE()) {
      const end = 4 + rest.readUInt32BE();
      const entry = withNewline(rest.subarray(4, end));
      rest = rest.subarray(end);
      log.entries.push(entry);
      for (const reader of log.readers) reader.write(entry);
    }
  };
  socket.on('data', take);
  open.set(file, { descriptor, socket, take, log });
}
/** The engine keeps the FIFO open until this is answered: read until it is empty. */
function stopLogging({ File: file }) {
  const { descriptor, socket, take, log } = open.get(file);
  const buffer = Buffer.alloc(65536);
  try {
    for (;;) take(Buffer.from(buffer.subarray(0, readSync(descriptor, buffer))));
  } catch (error) {
    if (error.code !== 'EAGAIN') throw error;
  }
  socket.destroy();
  open.delete(file);
  for (const reader of log.readers) reader.end();
}
function readLogs({ Info: info, Config: config }, response) {
  const log = logs.get(info.ContainerID) ?? { entries: [], readers: new Set() };
  response.flushHeaders();
  for (const entry of log.entries) response.write(entry);
  if (config.Follow) log.readers.add(response);
  else response.end();
}
const json = (response, value) => response.end(JSON.stringify(value));
const answers = {
  '/Plugin.Activate': (request, response) => json(response, { Implements: ['LogDriver'] }),
  '/LogDriver.Capabilities': (request, response) => json(response, { Cap: { ReadLogs: true } }),
  '/LogDriver.StartLogging': (request, response) => json(response, startLogging(request) ?? { Err: '' }),
  '/LogDriver.StopLogging': (request, response) => json(response, stopLogging(request) ?? { Err: '' }),
  '/LogDriver.ReadLogs': readLogs,
};
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  try {
    answers[request.url](body === '' ? {} : JSON.parse(body), response);
  } catch (error) {
    response.writeHead(500).end(JSON.stringify({ Err: error.message }));
  }
});
server.listen('/run/docker/plugins/${fixtureSocket}');
process.on('SIGTERM', () => process.exit(0));
`;

/** For `pluginArchive`. */
export const logPlugin: PluginArchiveOptions = {
  script,
  config: { Interface: { Types: ['docker.logdriver/1.0'], Socket: fixtureSocket } },
};
