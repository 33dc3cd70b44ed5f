/**
 * The two kinds of files that say where a legacy plugin listens: `.spec` holds a URL, `.json` also how to speak TLS.
 * What Docker does not verify is not verified here either: the files are the operator's own.
 * @see moby pkg/plugins/discovery.go, readPluginInfo and readPluginJSONInfo; client.go, newTransport (28.x)
 */
import { open, readFile } from 'node:fs/promises';
import { errorCode } from '@outboard/container';
import {
  canonicalizeFields,
  codec,
  decodeDocument,
  type JsonValue,
  OutboardError,
  parseStrictJson,
  type ValueOf,
} from '@outboard/oci';
import type { PluginAddress, PluginTls } from '@outboard/protocol';

const maxSpecBytes = 64 * 1024;

const { field, flag, object, text } = codec;

const tlsCodec = object({
  isUnverified: field('InsecureSkipVerify', flag),
  authoritiesFile: field('CAFile', text),
  certificateFile: field('CertFile', text),
  keyFile: field('KeyFile', text),
});
const specCodec = object({
  /** Docker takes the name of the file. */
  name: codec.fieldPassedOver('Name'),
  address: field('Addr', codec.requiredText),
  tls: codec.optionalField('TLSConfig', tlsCodec),
});

/** @throws {OutboardError} invalid, naming the file; system when it cannot be read */
export async function readTextSpec(file: string): Promise<PluginAddress> {
  const url = (await readBounded(file)).toString('utf8').trim();
  return parseAddress(url, file, { isVerified: false });
}

/** The name inside the file is ignored. @throws as `readTextSpec` */
export async function readJsonSpec(file: string): Promise<PluginAddress> {
  const subject = `legacy plugin file ${JSON.stringify(file)}`;
  const document = parseStrictJson(await readBounded(file), { maxBytes: maxSpecBytes, subject });
  // A strict document is JSON.
  const canonical = canonicalizeFields(document as JsonValue, specCodec, subject);
  const { address, tls } = decodeDocument(specCodec, canonical, subject);
  return parseAddress(address, file, tls === undefined ? { isVerified: true } : await readTls(tls));
}

async function readTls(files: ValueOf<typeof tlsCodec>): Promise<PluginTls> {
  const { isUnverified, authoritiesFile, certificateFile, keyFile } = files;
  return {
    // As Docker: without an authority of its own there is nothing to verify the server with.
    isVerified: authoritiesFile !== '' && !isUnverified,
    ...(authoritiesFile !== '' && { authorities: await readPem(authoritiesFile) }),
    ...(certificateFile !== '' && { certificate: await readPem(certificateFile) }),
    ...(keyFile !== '' && { key: await readPem(keyFile) }),
  };
}

/** @param tls for the scheme `https`; the others are plain, whatever a file says of TLS */
function parseAddress(text: string, file: string, tls: PluginTls): PluginAddress {
  const shown = JSON.stringify(text.slice(0, 200));
  const wrong = (want: string) =>
    new OutboardError('invalid', `address ${shown} in ${JSON.stringify(file)} cannot be used: want ${want}`);
  if (!URL.canParse(text)) throw wrong('a URL with a scheme');
  const url = new URL(text);
  if (url.protocol === 'unix:') {
    const path = decodePath(url.pathname);
    if (url.host !== '' || path === undefined) throw wrong('unix:///ABSOLUTE/PATH');
    return { kind: 'unix', path, followsLink: true };
  }
  const isTls = url.protocol === 'https:';
  if (!isTls && url.protocol !== 'tcp:' && url.protocol !== 'http:') throw wrong('unix, tcp, http or https');
  if (url.hostname === '') throw wrong('a host');
  const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { kind: 'network', host, port, ...(isTls && { tls }) };
}

/** @returns undefined for what is no path: empty, with a malformed escape, or with a NUL */
function decodePath(encoded: string): string | undefined {
  try {
    const path = decodeURIComponent(encoded);
    return path === '' || path.includes('\0') ? undefined : path;
  } catch {
    return undefined; // a URIError, the only one there is
  }
}

async function readBounded(file: string): Promise<Buffer> {
  try {
    await using handle = await open(file);
    const buffer = Buffer.alloc(maxSpecBytes + 1);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    if (bytesRead <= maxSpecBytes) return buffer.subarray(0, bytesRead);
  } catch (cause) {
    throw unreadable(file, cause);
  }
  throw new OutboardError('invalid', `${JSON.stringify(file)} is larger than ${maxSpecBytes} bytes`);
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, 'latin1');
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

function unreadable(file: string, cause: unknown): OutboardError {
  return new OutboardError(
    'system',
    `cannot read ${JSON.stringify(file)} of a legacy plugin: ${errorCode(cause)}`,
    {
      cause,
    },
  );
}
