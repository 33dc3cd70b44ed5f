/**
 * The settings about registries, rows of the table in `settings.ts`.
 */
import * as z from 'zod';
import { list, path, pathOrNone, seconds, text } from './setting-kinds.ts';
import { reloadable, setting, texts, unset } from './setting-rows.ts';

/** Every setting about registries by its key. */
export const registrySettings = {
  'insecure-registries': reloadable(
    setting(texts, {
      flag: '--insecure-registry <host[:port]>',
      default: [],
      help: 'speak to this registry in plain HTTP or with any certificate; repeatable',
      notes: 'CIDR networks too; loopback registries need no entry',
    }),
  ),
  'registry-mirrors': reloadable(
    setting(texts, {
      flag: '--registry-mirror <url>',
      default: [],
      help: 'pull plugins of Docker Hub from this mirror first; repeatable, asked in the order given',
      notes: 'see [registries.md](registries.md#mirrors)',
    }),
  ),
  'registries-dir': reloadable(
    setting(pathOrNone, {
      flag: '--registries-dir <directory>',
      default: '/etc/outboard/registries.d',
      help: 'directory of files with mirrors, blocked hosts and certificates of registries; "" for none',
      notes: 'see [registries.md](registries.md)',
    }),
  ),
  'registries-conf': reloadable(
    setting(pathOrNone, {
      flag: '--registries-conf <file>',
      default: '/etc/containers/registries.conf',
      help: 'the same in the form of Podman; "" for none',
      notes:
        'with the files of the directory of this name and `.d`; see [registries.md](registries.md#podmans-files)',
    }),
  ),
  'certs-dirs': reloadable(
    setting(list(z.array(path.schema)), {
      flag: '--certs-dir <directory>',
      default: ['/etc/outboard/certs.d', '/etc/docker/certs.d', '/etc/containers/certs.d'],
      defaultText: '/etc/outboard/certs.d, /etc/docker/certs.d, /etc/containers/certs.d',
      help: 'certificates for registries, in a directory HOST[:PORT] for each; repeatable',
      notes: 'see [registries.md](registries.md#certificates)',
    }),
  ),
  'token-servers': reloadable(
    setting(texts, {
      flag: '--token-server <registry=host>',
      default: [],
      help: 'another host may see the credentials for this registry, as its token server; repeatable',
      notes: 'see [remote-access.md](remote-access.md#logging-in-to-registries)',
    }),
  ),
  'http-proxy': reloadable(
    unset(text, {
      flag: '--http-proxy <url>',
      defaultText: 'HTTP_PROXY of the environment',
      help: 'proxy for registries in plain HTTP; "" for none',
      notes: 'see [registries.md](registries.md#proxies)',
    }),
  ),
  'https-proxy': reloadable(
    unset(text, {
      flag: '--https-proxy <url>',
      defaultText: 'HTTPS_PROXY of the environment',
      help: 'proxy for registries with TLS; "" for none',
    }),
  ),
  'no-proxy': reloadable(
    unset(text, {
      flag: '--no-proxy <hosts>',
      defaultText: 'NO_PROXY of the environment',
      help: 'hosts, domains and networks that are reached without a proxy, between commas',
    }),
  ),
  'registry-timeout': setting(seconds(1, 3600), {
    flag: '--registry-timeout <seconds>',
    default: 60,
    help: 'fail when a registry sends or takes nothing for this long',
    notes: 'all tries together (1 to 3600); one try takes half of it at most',
  }),
};
