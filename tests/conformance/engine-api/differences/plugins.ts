/**
 * Differences in the effects on plugins.
 */

import { createdPluginOf2010 } from '../cases/inspect.ts';
import { pullLines } from '../cases/pull-request.ts';
import { document, failure, stream, streamError } from '../expectations.ts';
import { atLeast, containing } from '../shape.ts';
import { type DifferenceGroup, each } from './difference.ts';

const pulled = pullLines('{manifest}', '{layer}', 'v1');
const upgraded = pullLines('{upgradeManifest}', '{upgradeLayer}', 'v2');
/** A failure after download and extraction. */
const fails = (message: string | RegExp, lines = pulled) =>
  stream({ first: lines.first, others: [...lines.includes, ...lines.others], last: streamError(message) });
const notPlugin = failure(500, 'did not find plugin config for specified reference {remote}');
const unresolved = failure(500, /^error resolving plugin reference: /);

export const consent: DifferenceGroup = {
  title: 'Consent',
  reason:
    'a client grants the privileges that it reads, so that a failure to read them is an error and not an empty ' +
    'list; the granted privileges are compared as a set, in any order, before any layer is transferred',
  differences: [
    ...each(['privileges.none', 'privileges.network-bridge', 'privileges.network-null'], document(null), {
      docker: '`null`',
      outboard: '`[]`, because docker-py and dockerode cannot send `null` back',
    }),
    ...each(
      ['privileges.not-found', 'privileges.unreachable', 'privileges.denied', 'privileges.bad-config'],
      document([]),
      { docker: '`[]`', outboard: 'the error, as 404, 503, 401 or 400' },
    ),
    { case: 'privileges.not-a-plugin', docker: notPlugin },
    {
      case: 'pull.granted-mounts-swapped',
      docker: fails('incorrect privileges'),
      words: { docker: '`incorrect privileges`', outboard: 'installs the plugin' },
    },
    ...each(
      ['pull.refused-only-differs', 'pull.refused-first-sorted-differs'],
      stream(pulled, { 'docker-plugin-name': '{remote}' }),
      {
        docker: 'installs the plugin: the first privilege is never compared',
        outboard: '`incorrect privileges`',
      },
    ),
    ...each(
      [
        'pull.refused-nothing',
        'pull.refused-too-few',
        'pull.refused-too-many',
        'pull.refused-other-value',
        'pull.refused-first-differs',
      ],
      fails('incorrect privileges'),
      {
        docker: '`incorrect privileges`, after download and extraction',
        outboard: '`incorrect privileges` and the differences, before any layer is transferred',
      },
    ),
    {
      case: 'upgrade.privileges-differ',
      docker: fails('incorrect privileges', upgraded),
      words: {
        docker: '`incorrect privileges`, after download and extraction',
        outboard: '`incorrect privileges` and the differences, before any layer is transferred',
      },
    },
  ],
};

export const registries: DifferenceGroup = {
  title: 'Registry errors',
  reason:
    'Docker Engine 20.10 reports the error of its first attempt, by HTTPS, and discards the answer to the second, by ' +
    'HTTP; Outboard reports the error of the registry',
  differences: [
    ...each(['pull.not-found', 'upgrade.not-found'], unresolved, {
      docker: '500 `… server gave HTTP response to HTTPS client`',
      outboard: '404, as in newer Docker Engines',
    }),
    { case: 'pull.unreachable', docker: unresolved, words: { docker: '500', outboard: '503' } },
    ...each(['auth.absent', 'auth.empty-object', 'auth.garbage', 'auth.raw-json', 'auth.wrong'], unresolved, {
      docker: '500 `… server gave HTTP response to HTTPS client`',
      outboard: '401',
    }),
  ],
};

export const content: DifferenceGroup = {
  title: 'Content',
  reason:
    'an incomplete or malformed plugin is refused before it is unpacked; every plugin that can be installed is accepted',
  differences: [
    ...each(['privileges.digest', 'pull.digest', 'pull.tag-and-digest'], 'crash', {
      docker: 'the whole engine crashes',
      outboard: 'works, as in newer Docker Engines',
    }),
    {
      case: 'privileges.index',
      docker: notPlugin,
      words: { docker: '500', outboard: 'the privileges of the plugin for this platform' },
    },
    { case: 'pull.broken-image', docker: fails('fetched plugin image but plugin config is missing') },
    { case: 'pull.broken-config-text', docker: fails(/^failed to parse config: /), words: after('unpacked') },
    { case: 'pull.broken-config-trailing', docker: fails('invalid config json'), words: after('unpacked') },
    ...each(
      ['pull.broken-unknown-layer', 'pull.broken-layerless'],
      stream({ first: pulled.first, others: [...pulled.includes, ...pulled.others] }),
      {
        docker: 'installs an empty plugin',
        outboard: 'refuses the plugin',
      },
    ),
    {
      case: 'create.equal-rootfs',
      docker: failure(409, /^content sha256:[0-9a-f]{64}: already exists$/),
      words: { docker: '409', outboard: 'creates the plugin' },
    },
  ],
};

function after(step: string) {
  return {
    docker: `refuses the plugin after it was ${step}`,
    outboard: `refuses the plugin before it is ${step}`,
  };
}

const setChangesBoth = {
  docker: '`set` changes `Config` and `Settings`',
  outboard: '`set` changes `Settings` alone',
};

export const settings: DifferenceGroup = {
  title: 'Settings',
  reason:
    'the config of a plugin is immutable; an upgrade keeps the values that were set, and gives new settings their defaults',
  differences: [
    ...['set.mount', 'set.mount-field'].map((id) => ({
      case: id,
      step: 1,
      docker: document(
        atLeast({ Config: atLeast({ Mounts: containing(atLeast({ Name: 'state', Source: '/new' })) }) }),
      ),
      words: setChangesBoth,
    })),
    {
      case: 'set.config-stays',
      step: 1,
      docker: document(
        atLeast({
          Config: atLeast({
            Linux: atLeast({ Devices: containing(atLeast({ Name: 'dev', Path: '/dev/zero' })) }),
          }),
        }),
      ),
      words: setChangesBoth,
    },
    {
      case: 'upgrade.settings',
      step: 1,
      docker: document(atLeast({ Settings: atLeast({ Env: ['DEBUG=1'] }) })),
      words: { docker: 'a new variable is absent', outboard: 'a new variable has its default' },
    },
  ],
};

export const starting: DifferenceGroup = {
  title: 'Starting',
  reason:
    'a settable mount or device without a value is omitted, so that it is optional; the exit of a plugin is reported at once',
  differences: [
    {
      case: 'enable.unset-source',
      docker: failure(500, 'mount source is not specified'),
      words: { docker: '500', outboard: 'starts without the mount' },
    },
    {
      case: 'enable.unset-path',
      docker: 'closed',
      words: { docker: 'closes the connection without an answer', outboard: 'starts without the device' },
    },
    {
      case: 'enable.no-path',
      docker: 'closed',
      words: { docker: 'closes the connection without an answer', outboard: '400' },
    },
    {
      case: 'enable.no-socket',
      docker: failure(
        500,
        /^dial unix .*\/conformance\.sock: connect: (no such file or directory|connection refused)$/,
      ),
      words: {
        docker: '500 after 12 seconds: nothing listens on the socket',
        outboard: '500 at once, with exit code and last log lines',
      },
    },
  ],
};

export const documents: DifferenceGroup = {
  title: 'Documents and headers',
  reason:
    'newer Docker Engines no longer write their version into a config; the header has the name under which the plugin ' +
    'is stored',
  differences: [
    {
      case: 'inspect.created',
      docker: document(createdPluginOf2010),
      words: { docker: '`Config.DockerVersion` is present', outboard: '`Config.DockerVersion` is absent' },
    },
    {
      case: 'pull.alias-qualified',
      docker: stream(pulled, { 'docker-plugin-name': 'docker.io/{alias}' }),
      words: {
        docker: '`Docker-Plugin-Name: docker.io/acme/p:v1`',
        outboard: '`Docker-Plugin-Name: acme/p:v1`, the stored name',
      },
    },
  ],
};
