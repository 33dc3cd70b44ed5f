/**
 * The two kinds of spec files of legacy plugins: `.spec` contains a URL, `.json` a URL and TLS settings. TLS is verified
 * where Docker verifies it: the files belong to the operator.
 * @see moby pkg/plugins/discovery.go, readPluginInfo and readPluginJSONInfo; client.go, newTransport (28.x)
 */
import { errorCode, type HostFiles } from '@outboard/container';
import {
  canonicalizeFields,
  codec,
  decodeDocument,
  isOutboardError,
  type JsonValue,
  OutboardError,
  parseStrictJson,
  type ValueOf,
} from '@outboard/oci';
import type { PluginAddress, PluginTls } from '@outboard/protocol';

const maxSpecBytes = 64 * 1024;
/** Most authorities of a system are in one file of this size. */
const maxPemBytes = 254 * 1024;

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

/**
 * Read a `.spec` file.
 * @throws {OutboardError} invalid, naming the file; system when it cannot be read; unavailable when its file system does not
 *   answer
 */
export async function readTextSpec(file: string, files: HostFiles): Promise<PluginAddress> {
  const url = (await readBounded(file, maxSpecBytes, files)).toString('utf8').trim();
  return parseAddress(url, file, { isVerified: false });
}

/** Read a `.json` file; its `Name` is ignored. @throws as `readTextSpec` */
export async function readJsonSpec(file: string, files: HostFiles): Promise<PluginAddress> {
  const subject = `legacy plugin file ${JSON.stringify(file)}`;
  const document = parseStrictJson(await readBounded(file, maxSpecBytes, files), {
    maxBytes: maxSpecBytes,
    subject,
  });
  // A strict document is JSON.
  const canonical = canonicalizeFields(document as JsonValue, specCodec, subject);
  const { address, tls } = decodeDocument(specCodec, canonical, subject);
  const read = (path: string) => readPem(path, files);
  return parseAddress(address, file, tls === undefined ? { isVerified: true } : await readTls(tls, read));
}

async function readTls(
  tls: ValueOf<typeof tlsCodec>,
  read: (path: string) => Promise<string>,
): Promise<PluginTls> {
  const { isUnverified, authoritiesFile, certificateFile, keyFile } = tls;
  return {
    // As in Docker, a server is verified only against an authority that the file names.
    isVerified: authoritiesFile !== '' && !isUnverified,
    ...(authoritiesFile !== '' && { authorities: await read(authoritiesFile) }),
    ...(certificateFile !== '' && { certificate: await read(certificateFile) }),
    ...(keyFile !== '' && { key: await read(keyFile) }),
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
    return { kind: 'unix', path };
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

async function readBounded(file: string, maxBytes: number, files: HostFiles): Promise<Buffer> {
  let content: Buffer;
  try {
    content = await files.read(file, maxBytes);
  } catch (cause) {
    throw isOutboardError(cause) ? cause : unreadable(file, cause);
  }
  if (content.length <= maxBytes) return content;
  throw new OutboardError('invalid', `${JSON.stringify(file)} is larger than ${maxBytes} bytes`);
}

async function readPem(file: string, files: HostFiles): Promise<string> {
  return (await readBounded(file, maxPemBytes, files)).toString('latin1');
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
