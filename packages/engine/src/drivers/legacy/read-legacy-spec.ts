/**
 * The two kinds of spec files of legacy plugins: `.spec` contains a URL, `.json` a URL and TLS settings. TLS is verified
 * where Docker verifies it: the files belong to the operator.
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

/** Read a `.spec` file. @throws {OutboardError} invalid, naming the file; system when it cannot be read */
export async function readTextSpec(file: string): Promise<PluginAddress> {
  const url = (await readBounded(file)).toString('utf8').trim();
  return parseAddress(url, file, { isVerified: false });
}

/** Read a `.json` file; its `Name` is ignored. @throws as `readTextSpec` */
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
    // As in Docker, a server is verified only against an authority that the file names.
    isVerified: authoritiesFile !== '' && !isUnverified,
    ...(authoritiesFile !== '' && { authorities: await readPem(authoritiesFile) }),
    ...(certificateFile !== '' && { certificate: await readPem(certificateFile) }),
    ...(keyFile !== '' && { key: await readPem(keyFile) }),
  };
}

/** @param tls settings for `https`; other schemes ignore them */
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

/** @returns undefined for an empty path, a malformed escape or a NUL */
function decodePath(encoded: string): string | undefined {
  try {
    const path = decodeURIComponent(encoded);
    return path === '' || path.includes('\0') ? undefined : path;
  } catch {
    return undefined; // a URIError, the only error of decodeURIComponent
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
