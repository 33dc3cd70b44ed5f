/**
 * Differences in the accepted requests and in the form of error responses.
 */

import { pullLines } from '../cases/pull-request.ts';
import { document, failure, noContent, ok, stream } from '../expectations.ts';
import { atLeast, containing } from '../shape.ts';
import { type DifferenceGroup, each } from './difference.ts';

const pulled = pullLines('{manifest}', '{layer}', 'v1');
const installs = stream(pulled);
const upgrades = stream(pullLines('{upgradeManifest}', '{upgradeLayer}', 'v2'));
const atoi = failure(500, 'strconv.Atoi: parsing "": invalid syntax');
const listType = 'types.PluginPrivileges';
const notParsed = (reason: string) => failure(500, `failed to parse privileges: ${reason}`);

const settings = [
  'leading-equals',
  'unknown',
  'unknown-field',
  'dotted',
  'empty',
  'fixed',
  'fixed-field',
  'null',
  'other-field',
  'odd',
  'several',
  'mount-fixed',
  'mount-destination',
].map((id) => `set.refused-${id}`);

export const mistakes: DifferenceGroup = {
  title: 'Status 4xx for an invalid request',
  reason:
    'with 4xx a client does not take its own mistake for a fault of the engine and does not retry. Newer Docker ' +
    'Engines answer many of these requests with 4xx too',
  differences: [
    ...each(
      [
        'privileges.missing',
        'privileges.empty',
        'privileges.upper-case',
        'privileges.id',
        'privileges.bad-tag',
        'pull.no-remote',
        'pull.upper-case',
        'pull.bad-alias',
        'pull.alias-digest',
        'create.no-name',
        'create.bad-name',
        'create.digest',
        'create.no-rootfs',
        'create.empty-body',
        'create.no-config',
        'create.config-text',
        'create.config-trailing',
        'create.not-a-tar',
        'routing.body-is-drained',
        'enable.timeout-word',
        'enable.timeout-fraction',
        'enable.timeout-unit',
        'enable.no-source',
        'enable.no-device',
        'upgrade.no-remote',
        'set.all-or-nothing',
        'set.enabled',
        ...settings,
      ],
      500,
    ),
    {
      case: 'create.truncated',
      docker: failure(500, /^Error processing tar file\(.*unexpected EOF/),
    },
    {
      case: 'enable.no-entrypoint',
      docker: failure(
        500,
        /^failed to create shim task: OCI runtime create failed: .*args must not be empty/,
      ),
    },
    {
      case: 'set.all-or-nothing',
      step: 1,
      docker: document(atLeast({ Settings: atLeast({ Env: containing('DEBUG=1') }) })),
      words: { docker: 'earlier values stay set', outboard: 'all values are set or none' },
    },
    { case: 'set.refused-no-source', docker: failure(500, 'Plugin config has no mount source') },
    { case: 'set.refused-no-path', docker: failure(500, 'Plugin config has no device path') },
    {
      case: 'enable.timeout-negative',
      docker: ok,
      words: { docker: 'enables the plugin', outboard: '400' },
    },
  ],
};

export const bodies: DifferenceGroup = {
  title: 'Bodies must be a single JSON document of type application/json',
  reason:
    'as in newer Docker Engines. Over TCP the check of the content type also stops requests from web pages',
  differences: [
    ...each(['pull.body-text-plain', 'pull.body-no-type'], installs, {
      docker: 'installs the plugin',
      outboard: '400',
    }),
    ...each(['set.body-text-plain', 'set.body-no-type', 'set.body-two-documents'], noContent, {
      docker: 'sets the values',
      outboard: '400',
    }),
    {
      case: 'upgrade.text-plain',
      docker: upgrades,
      words: { docker: 'upgrades the plugin', outboard: '400' },
    },
    ...each(['pull.body-not-json', 'upgrade.not-json'], notParsed('unexpected EOF')),
    {
      case: 'pull.body-text',
      docker: notParsed(`json: cannot unmarshal string into Go value of type ${listType}`),
    },
    {
      case: 'pull.body-strings',
      docker: notParsed('json: cannot unmarshal string into Go value of type types.PluginPrivilege'),
    },
    {
      case: 'pull.body-object',
      docker: notParsed(`json: cannot unmarshal object into Go value of type ${listType}`),
    },
    { case: 'pull.body-two-documents', docker: failure(500, 'invalid privileges') },
    {
      case: 'set.body-object',
      docker: failure(400, 'json: cannot unmarshal object into Go value of type []string'),
    },
    {
      case: 'set.body-number',
      docker: failure(400, 'json: cannot unmarshal number into Go value of type string'),
    },
    { case: 'set.body-text', docker: failure(400, "invalid character 'D' looking for beginning of value") },
  ],
};

export const leniency: DifferenceGroup = {
  title: 'Request forms of existing clients',
  reason:
    'clients such as docker-py and dockerode, and hand-written requests, use these forms; their meaning is unambiguous',
  differences: [
    ...each(
      ['pull.privileges-empty-object', 'upgrade.empty-object'],
      notParsed(`json: cannot unmarshal object into Go value of type ${listType}`),
      { docker: '500', outboard: '`{}` means no privileges' },
    ),
    ...each(['pull.privileges-no-body', 'pull.privileges-empty-body', 'upgrade.no-body'], notParsed('EOF'), {
      docker: '500',
      outboard: 'an absent body means no privileges',
    }),
    {
      case: 'set.no-body',
      docker: failure(400, 'got EOF while reading request body'),
      words: { docker: '400', outboard: 'sets nothing' },
    },
    ...each(['enable.no-timeout', 'enable.empty-timeout'], atoi),
    {
      case: 'push.docker-py',
      docker: { ...failure(404, 'page not found'), routing: 'unrouted' },
      words: { docker: '404', outboard: 'pushes the plugin' },
    },
    ...each(
      ['auth.unpadded', 'auth.standard', 'auth.auth'],
      failure(500, /^error resolving plugin reference: /),
      {
        docker: 'ignores the credentials, so that the registry denies access',
        outboard: 'uses the credentials',
      },
    ),
    {
      case: 'create.gzip',
      docker: failure(500, 'failed to read from tar: unexpected EOF'),
      words: { docker: '500', outboard: 'creates the plugin' },
    },
    ...each(['upgrade.id'], failure(500, /^invalid repository name \([0-9a-f]{64}\)/), {
      docker: '500',
      outboard: 'finds the plugin',
    }),
    ...each(['upgrade.id-prefix'], failure(404, 'plugin "{shortId}:latest" not found'), {
      docker: '404',
      outboard: 'finds the plugin',
    }),
  ],
};

export const filters: DifferenceGroup = {
  title: 'Filters',
  reason: 'as in newer Docker Engines, which accept 1 and 0, and refuse contradictory values',
  differences: [
    { case: 'list.enabled-one', docker: failure(400, "Invalid filter 'enabled=[1]'") },
    { case: 'list.enabled-zero', docker: failure(400, "Invalid filter 'enabled=[0]'") },
    { case: 'list.enabled-bad', docker: failure(400, "Invalid filter 'enabled=[maybe]'") },
    { case: 'list.unknown-key', docker: failure(400, "Invalid filter 'bogus'") },
    {
      case: 'list.enabled-both',
      docker: document([]),
      words: { docker: 'the enabled plugins', outboard: '400' },
    },
    {
      case: 'list.enabled-empty',
      docker: document([]),
      words: { docker: 'the enabled plugins', outboard: '400' },
    },
    { case: 'list.filters-not-json', docker: failure(500, /^invalid character/) },
    ...each(['list.filters-array', 'list.filters-numbers'], failure(500, /^json: cannot unmarshal array/)),
    { case: 'list.filters-half', docker: failure(500, 'unexpected end of JSON input') },
  ],
};

export const capabilities: DifferenceGroup = {
  title: 'Filter by one of several capabilities',
  reason:
    'Docker Engine lists a plugin only if all its types match the filter; Outboard lists it if any type matches',
  differences: [
    {
      case: 'list.capability-several',
      docker: document([]),
      words: { docker: 'not listed', outboard: 'listed' },
    },
  ],
};

export const versions: DifferenceGroup = {
  title: 'Versions and targets',
  reason: 'API versions without plugins are not supported, and every error is JSON',
  differences: [
    {
      case: 'version.without-plugins',
      docker: document([]),
      words: { docker: 'the list of plugins', outboard: '400: the lowest version is 1.25' },
    },
    {
      case: 'version.too-old',
      docker: {
        status: 400,
        body: {
          kind: 'text',
          contentType: 'text/plain; charset=utf-8',
          text: 'client version 1.11 is too old. Minimum supported API version is {minApiVersion}, please upgrade your client to a newer version\n',
        },
        headers: { 'x-content-type-options': 'nosniff' },
        routing: 'version-refused',
      },
      words: { docker: '400 as plain text', outboard: '400 as JSON' },
    },
    {
      case: 'upgrade.version-1.25',
      docker: upgrades,
      words: { docker: 'upgrades the plugin', outboard: '400, as in newer Docker Engines' },
    },
    {
      case: 'routing.bad-escape',
      docker: {
        status: 400,
        body: { kind: 'text', contentType: 'text/plain; charset=utf-8', text: '400 Bad Request' },
        routing: 'unrouted',
      },
      words: { docker: '400 as plain text, without headers', outboard: '400 as JSON' },
    },
  ],
};
