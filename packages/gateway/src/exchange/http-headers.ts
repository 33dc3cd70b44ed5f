/**
 * Headers that go through the gateway, and those that are each connection's own.
 * @see RFC 9110 7.6.1, Connection
 */

const ofConnection: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  // Plugins in Go refuse the path of a socket, which old versions of Docker Engine send.
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Leave out the headers of the connection.
 * @param headers names and values in turn
 * @param hasOwnLength leaves out `Content-Length` too, as the sender of the body sets it
 */
export function endToEndHeaders(headers: readonly string[], hasOwnLength: boolean): string[] {
  const kept: string[] = [];
  const named = namedByConnection(headers);
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? '';
    const folded = name.toLowerCase();
    if (ofConnection.has(folded) || (hasOwnLength && folded === 'content-length')) continue;
    if (named?.has(folded) === true) continue;
    kept.push(name, headers[index + 1] ?? '');
  }
  return kept;
}

/** Further names in the value of `Connection`; undefined for the usual values. */
function namedByConnection(headers: readonly string[]): ReadonlySet<string> | undefined {
  const named = headers.flatMap((name, index) => {
    if (index % 2 === 1 || name.length !== 10 || name.toLowerCase() !== 'connection') return [];
    const tokens = (headers[index + 1] ?? '').toLowerCase().split(',');
    return tokens.map((token) => token.trim());
  });
  return named.every((token) => token === 'close' || token === 'keep-alive') ? undefined : new Set(named);
}
