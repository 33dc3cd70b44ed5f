/**
 * HTTP proxies for requests to registries: the choice by URL, and the hosts that are reached without one.
 * @see golang.org/x/net/http/httpproxy, whose rules Docker Engine follows
 */
import { isIP } from 'node:net';
import { OutboardError } from '../../errors/outboard-error.ts';
import { type AddressBlock, hostnameOf, isLoopback, parseAddressBlock } from '../http/hosts/addresses.ts';

/** A proxy. */
export interface ProxyServer {
  /** Scheme, host and port, without user and password. */
  readonly url: URL;
  /** Value of `Proxy-Authorization`; undefined for none. Never logged. */
  readonly authorization: string | undefined;
}

/** Settings of proxies as an operator writes them; an empty text is as good as none. */
export interface ProxySettings {
  /** Proxy for `http:` URLs: `[http://|https://][USER:PASSWORD@]HOST[:PORT]`. */
  readonly httpProxy?: string | undefined;
  /** Proxy for `https:` URLs. */
  readonly httpsProxy?: string | undefined;
  /** Hosts without a proxy, between commas: `HOST`, `.DOMAIN`, ADDRESS or CIDR, with `:PORT` if you like; `*` for all. */
  readonly noProxy?: string | undefined;
}

/** The proxies in force. */
export interface Proxies {
  /** The proxy for a URL; undefined for none, as for this machine's own names and addresses. */
  proxyFor(url: URL): ProxyServer | undefined;
  /** Those that some URL is requested through. */
  readonly all: readonly ProxyServer[];
  /** The settings without user names and passwords, in Docker's form. */
  readonly shown: { readonly httpProxy: string; readonly httpsProxy: string; readonly noProxy: string };
}

/**
 * Read the settings of proxies from environment variables: `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`, or in lower case.
 */
export function proxiesOfEnvironment(env: Readonly<Record<string, string | undefined>>): ProxySettings {
  const read = (name: string) => env[name] || env[name.toLowerCase()];
  return { httpProxy: read('HTTP_PROXY'), httpsProxy: read('HTTPS_PROXY'), noProxy: read('NO_PROXY') };
}

/**
 * Create the choice of proxies.
 * @throws {OutboardError} invalid for a malformed proxy or network
 */
export function createProxies({ httpProxy = '', httpsProxy = '', noProxy = '' }: ProxySettings): Proxies {
  const http = parseProxy(httpProxy);
  const https = parseProxy(httpsProxy);
  const bypasses = noProxy
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(parseBypass);
  return {
    all: [http, https].filter((proxy) => proxy !== undefined),
    proxyFor(url) {
      const hostname = hostnameOf(url).toLowerCase();
      if (isLoopback(hostname) || hostname.endsWith('.localhost')) return undefined;
      const port = url.port || (url.protocol === 'https:' ? '443' : '80');
      if (bypasses.some((covers) => covers(hostname, port))) return undefined;
      return url.protocol === 'https:' ? https : http;
    },
    shown: { httpProxy: maskUserInfo(httpProxy), httpsProxy: maskUserInfo(httpsProxy), noProxy },
  };
}

/** Hide user name and password of a URL, in Docker's form. @see moby daemon/config, `MaskCredentials` */
export function maskUserInfo(text: string): string {
  return text.replace(/^((?:[a-z][a-z0-9+.-]*:)?\/\/)?.*@/is, (_, scheme = '') => `${scheme}xxxxx:xxxxx@`);
}

function parseProxy(text: string): ProxyServer | undefined {
  if (text === '') return undefined;
  const href = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(href) ? new URL(href) : undefined;
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (url === undefined || !isHttp || url.hostname === '' || url.pathname !== '/' || url.search !== '') {
    throw new OutboardError(
      'invalid',
      `invalid proxy ${JSON.stringify(maskUserInfo(text).slice(0, 300))}: want [http://|https://][USER:PASSWORD@]HOST[:PORT]`,
    );
  }
  return { url: new URL(url.origin), authorization: authorizationOf(url, text) };
}

function authorizationOf({ username, password }: URL, text: string): string | undefined {
  if (username === '' && password === '') return undefined;
  try {
    const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return `Basic ${Buffer.from(pair).toString('base64')}`;
  } catch (cause) {
    const shown = JSON.stringify(maskUserInfo(text).slice(0, 300));
    const message = `invalid proxy ${shown}: want % in its user name or password written as %25`;
    // The cause of a malformed escape has no part of the text.
    throw new OutboardError('invalid', message, { cause });
  }
}

/** True if a host and port are reached without a proxy. */
type Bypass = (hostname: string, port: string) => boolean;

function parseBypass(entry: string): Bypass {
  if (entry === '*') return () => true;
  if (entry.includes('/')) return ofBlock(parseAddressBlock(entry));
  const [, name = entry, wanted] = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(entry) ?? [];
  const host = name
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/^\*(?=\.)/, '');
  const isPort = (port: string) => wanted === undefined || wanted === port;
  if (isIP(host) !== 0) return (hostname, port) => hostname === canonicalAddress(host) && isPort(port);
  const suffix = host.startsWith('.') ? host : `.${host}`;
  return (hostname, port) => isPort(port) && (hostname === host || hostname.endsWith(suffix));
}

function ofBlock(block: AddressBlock | undefined): Bypass {
  return (hostname) => block?.contains(hostname) === true;
}

function canonicalAddress(address: string): string {
  return isIP(address) === 6 ? hostnameOf(new URL(`http://[${address}]/`)) : address;
}
