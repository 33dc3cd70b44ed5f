/**
 * A DNS server with one name.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { TestContext } from 'node:test';

const noSuchName = 3;
const typeA = 1;

/** Answer on port 53 of an address until the end of the test. @param ipv4 address of the name */
export async function startNameServer(
  context: TestContext,
  address: string,
  { name, ipv4 }: { readonly name: string; readonly ipv4: string },
): Promise<void> {
  const socket = createSocket('udp4');
  socket.on('message', (query, { address: client, port }) => {
    socket.send(answer(query, name, ipv4), port, client);
  });
  socket.bind(53, address);
  await once(socket, 'listening');
  context.after(async () => {
    const closed = once(socket, 'close');
    socket.close();
    await closed;
  });
}

/** @see RFC 1035, section 4 */
function answer(query: Buffer, name: string, ipv4: string): Buffer {
  const { asked, end } = readName(query, 12);
  const isKnown = asked === name;
  const hasAddress = isKnown && query.readUInt16BE(end) === typeA;
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  // Flags of the response: authoritative, recursion desired and available.
  header.writeUInt16BE(0x8580 | (isKnown ? 0 : noSuchName), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(hasAddress ? 1 : 0, 6);
  const question = query.subarray(12, end + 4);
  // The name as a pointer to the question, type A, class IN, one minute, four bytes.
  const record = Buffer.from([0xc0, 12, 0, typeA, 0, 1, 0, 0, 0, 60, 0, 4, ...ipv4.split('.').map(Number)]);
  return Buffer.concat([header, question, ...(hasAddress ? [record] : [])]);
}

function readName(message: Buffer, start: number): { readonly asked: string; readonly end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = message.readUInt8(at); length > 0; length = message.readUInt8(at)) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { asked: labels.join('.'), end: at + 1 };
}
