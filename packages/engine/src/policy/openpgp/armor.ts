/**
 * The text form of OpenPGP keys.
 * @see RFC 9580, 6 "Encoding Binary Data in Radix-64"
 */

const block = /-----BEGIN PGP PUBLIC KEY BLOCK-----[ \t\r]*\n([\s\S]*?)\n-----END PGP PUBLIC KEY BLOCK-----/g;

/**
 * The bytes of keys, whatever form they have.
 * @returns undefined when the text has no keys, or is damaged
 */
export function decodeArmor(bytes: Buffer): Buffer | undefined {
  // Every packet begins with this bit, and no text does.
  if (((bytes[0] ?? 0) & 0x80) !== 0) return bytes;
  const blocks = [...bytes.toString('latin1').matchAll(block)].map(([, body = '']) => decodeBlock(body));
  const decoded = blocks.filter((each) => each !== undefined);
  return blocks.length === 0 || decoded.length < blocks.length ? undefined : Buffer.concat(decoded);
}

/** Header lines, an empty line, the text in base64, and a line with a checksum, which may be absent. */
function decodeBlock(body: string): Buffer | undefined {
  const lines = body.split('\n').map((line) => line.trim());
  const start = lines.indexOf('');
  const data = lines.slice(start + 1).filter((line) => line !== '' && !line.startsWith('='));
  const text = data.join('');
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}
