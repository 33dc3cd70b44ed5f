import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { empty, json, progress } from '../testing/recorded-daemon.ts';
import { plugin, run } from '../testing/run-command.ts';

const privileges = [
  { Name: 'network', Description: 'permissions to access a network', Value: ['host'] },
  { Name: 'mount', Description: 'host path to mount', Value: ['/b'] },
  { Name: 'mount', Description: 'host path to mount', Value: ['/a'] },
];
const pulled = [
  { status: 'Pulling from acme/p', id: 'v1' },
  { status: 'Downloading', progressDetail: { current: 1, total: 2 }, id: '74ee8ba21b03' },
  { status: 'Complete', progressDetail: {}, id: '74ee8ba21b03' },
];

describe('install', () => {
  const answers = {
    'GET /plugins/privileges': json(privileges),
    'POST /plugins/pull': progress(pulled, { 'Docker-Plugin-Name': 'acme/p:v1' }),
    'POST /plugins/acme/p:v1/set': empty(204),
    'POST /plugins/acme/p:v1/enable': empty(),
  };

  test('asks for consent, pulls with the shown privileges, sets and enables, in this order', async () => {
    const { code, out, err, daemon } = await run(['install', 'acme/p:v1', 'A=1', 'B=2'], answers, {
      typed: 'y\n',
    });
    assert.equal(err, '');
    assert.equal(code, 0);
    assert.deepEqual(daemon.lines(), [
      'GET /v1.51/plugins/privileges?remote=docker.io%2Facme%2Fp%3Av1',
      'POST /v1.51/outboard/v1/verify?remote=docker.io%2Facme%2Fp%3Av1',
      'POST /v1.51/plugins/pull?name=&remote=docker.io%2Facme%2Fp%3Av1',
      'POST /v1.51/plugins/acme/p:v1/set',
      'POST /v1.51/plugins/acme/p:v1/enable?timeout=0',
    ]);
    assert.deepEqual(JSON.parse(String(daemon.requests[2]?.body)), privileges);
    assert.equal(daemon.requests[2]?.headers['content-type'], 'application/json');
    assert.equal(daemon.requests[2]?.headers['x-registry-auth'], 'e30=');
    assert.deepEqual(JSON.parse(String(daemon.requests[3]?.body)), ['A=1', 'B=2']);
    assert.match(
      out,
      /permissions\? \[y\/N\] v1: Pulling from acme\/p\n74ee8ba21b03: Complete\nInstalled plugin acme\/p:v1\n$/,
    );
  });

  test('shows the signers, and a consent before, and asks all the same', async () => {
    const signature = {
      ...{ Kind: 'certificate', Key: 'sha256:aa', Subject: 'dev@acme.test', Issuer: 'https://issuer.test' },
      ...{ Identity: 'docker.io/acme/p', SignedAt: '2026-06-01T12:00:00.000Z', LogIndex: '7' },
    };
    const verified = {
      ...{ Digest: 'sha256:bb', Accepted: true, Verification: { Signatures: [signature] } },
      Consent: { GrantedAt: '2026-11-30T08:00:00.000Z', Privileges: [] },
    };
    const known = { ...answers, 'POST /outboard/v1/verify': json(verified) };
    const { code, out, daemon } = await run(['install', 'acme/p:v1'], known, { typed: 'n\n' });
    assert.equal(code, 1);
    assert.match(
      out,
      /^Signatures:\n - signed by dev@acme\.test \(https:\/\/issuer\.test\) for docker\.io\/acme\/p on 2026-06-01T12:00:00\.000Z, log entry 7\nThe privileges of sha256:bb were granted on this host before, on 2026-11-30T08:00:00\.000Z\.\nPlugin "acme\/p:v1" is requesting/,
    );
    assert.equal(daemon.requests.length, 2);
  });

  test('accepts the flags of docker', async () => {
    const flags = [
      '--alias',
      'mine',
      '--disable',
      '--grant-all-permissions',
      '--disable-content-trust=false',
    ];
    const { code, daemon } = await run(['install', ...flags, 'acme/p:v1'], answers);
    assert.equal(code, 0);
    assert.deepEqual(
      daemon.lines().map((line) => line.replace(/&remote.*/, '')),
      [
        'GET /v1.51/plugins/privileges?remote=docker.io%2Facme%2Fp%3Av1',
        'POST /v1.51/plugins/pull?name=mine%3Alatest',
      ],
    );
  });

  test('asks for the privileges of the platform that it installs, and refuses a Docker Engine', async () => {
    const words = ['install', '--grant-all-permissions', '--platform', 'linux/arm64', 'acme/p:v1'];
    const outboard = { ...answers, 'GET /version': json({ Platform: { Name: 'Outboard' } }) };
    const { code, daemon } = await run(words, outboard);
    assert.equal(code, 0);
    const sent = daemon.lines().filter((line) => line.includes('platform=linux%2Farm64'));
    assert.deepEqual(
      sent.map((line) => line.replace(/\?.*/, '')),
      ['GET /v1.51/plugins/privileges', 'POST /v1.51/plugins/pull'],
    );
    const docker = { ...answers, 'GET /version': json({ Platform: { Name: 'Docker Engine' } }) };
    const refused = await run(words, docker);
    assert.deepEqual(
      [refused.code, refused.err],
      [1, 'this daemon cannot choose the platform of a plugin\n'],
    );
  });

  test('pulls nothing without consent', async () => {
    for (const [typed, reason] of [
      ['n\n', /Permission denied while installing plugin acme\/p:v1/],
      [undefined, /--grant-all-permissions/],
    ] as const) {
      const { code, err, daemon } = await run(
        ['install', 'acme/p:v1'],
        answers,
        typed === undefined ? {} : { typed },
      );
      assert.equal(code, 1);
      assert.match(err, reason);
      assert.equal(daemon.requests.length, 2);
    }
  });

  test('reads null as no privileges, as Docker answers', async () => {
    const { code, daemon } = await run(['install', 'acme/p:v1'], {
      ...answers,
      'GET /plugins/privileges': json(null),
    });
    assert.equal(code, 0);
    assert.equal(String(daemon.requests[1]?.body), '[]');
  });

  test('D09 fails when the stream reports an error, and sets and enables nothing', async () => {
    const failed = [...pulled, { errorDetail: { message: 'incorrect\u001b privileges' }, error: 'x' }];
    const { code, err, daemon } = await run(['install', '--grant-all-permissions', 'acme/p:v1', 'A=1'], {
      ...answers,
      'POST /plugins/pull': progress(failed, { 'Docker-Plugin-Name': 'acme/p:v1' }),
    });
    assert.equal(code, 1);
    assert.equal(err, 'incorrect\\x1b privileges\n');
    assert.equal(daemon.requests.length, 2);
  });

  test('fails when the connection breaks before the end', async () => {
    const { code, err } = await run(['install', '--grant-all-permissions', 'acme/p:v1'], {
      ...answers,
      'POST /plugins/pull': (response) => {
        response.writeHead(200, { 'Docker-Plugin-Name': 'acme/p:v1' });
        response.write('{"status":"x"}\r\n', () => response.destroy());
      },
    });
    assert.equal(code, 1);
    assert.match(err, /closed the connection before the operation was complete/);
  });

  test('Ctrl-C cancels the pull: the connection ends, exit code 130', async () => {
    const { promise, resolve } = deferred();
    const { code, err } = await run(['install', '--grant-all-permissions', 'acme/p:v1'], {
      ...answers,
      'POST /plugins/pull': (response) => {
        response.writeHead(200, { 'Docker-Plugin-Name': 'acme/p:v1' });
        response.on('close', resolve);
        response.write('{"status":"x"}\r\n', () => process.kill(process.pid, 'SIGINT'));
      },
    });
    assert.deepEqual([code, err], [130, '']);
    await promise;
  });

  test('sends the credentials of the registry', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ob-cli-config-'));
    try {
      const auth = Buffer.from('me:secret').toString('base64');
      writeFileSync(join(directory, 'config.json'), JSON.stringify({ auths: { 'reg:5000': { auth } } }));
      const { daemon, out, err } = await run(['privileges', 'reg:5000/p'], answers, {
        env: { DOCKER_CONFIG: directory },
      });
      const header = String(daemon.requests[0]?.headers['x-registry-auth']);
      assert.deepEqual(JSON.parse(Buffer.from(header, 'base64url').toString()), {
        username: 'me',
        password: 'secret',
        serveraddress: 'reg:5000',
      });
      assert.doesNotMatch(out + err, /secret/);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('upgrade', () => {
  const answers = {
    'GET /plugins/p/json': json(plugin('acme/p:v1', { PluginReference: 'docker.io/acme/p:v1' })),
    'GET /plugins/privileges': json(privileges),
    'POST /plugins/acme/p:v1/upgrade': progress(pulled),
  };

  test('upgrades from the installed reference, under the full name', async () => {
    const { code, out, daemon } = await run(['upgrade', '--grant-all-permissions', 'p'], answers);
    assert.equal(code, 0);
    assert.equal(daemon.lines()[3], 'POST /v1.51/plugins/acme/p:v1/upgrade?remote=docker.io%2Facme%2Fp%3Av1');
    assert.match(out, /^Upgrading plugin acme\/p:v1 from acme\/p:v1 to acme\/p:v1\n/);
    assert.match(out, /Upgraded plugin acme\/p:v1 to acme\/p:v1\n$/);
  });

  test('asks before it upgrades from another reference', async () => {
    const refused = await run(['upgrade', 'p', 'acme/p:v2'], answers, { typed: 'n\n' });
    assert.equal(refused.code, 1);
    assert.match(refused.err, /plugin upgrade has been cancelled/);
    assert.equal(refused.daemon.requests.length, 2);
    const skipped = await run(
      ['upgrade', '--skip-remote-check', '--grant-all-permissions', 'p', 'acme/p:v2'],
      answers,
    );
    assert.match(String(skipped.daemon.lines()[3]), /remote=docker\.io%2Facme%2Fp%3Av2$/);
  });

  test('stays on the platform that is installed, and takes another one from its flag', async () => {
    const installed = {
      ...answers,
      'GET /outboard/v1/plugins/acme/p:v1/json': json({ Name: 'acme/p:v1', Platform: 'linux/arm/v7' }),
      'GET /version': json({ Platform: { Name: 'Outboard' } }),
    };
    for (const [flags, platform] of [
      [[], 'linux%2Farm%2Fv7'],
      [['--platform', 'linux/arm64'], 'linux%2Farm64'],
    ] as const) {
      const { code, daemon } = await run(['upgrade', '--grant-all-permissions', ...flags, 'p'], installed);
      assert.equal(code, 0);
      const sent = daemon.lines().filter((line) => /privileges|upgrade/.test(line));
      assert.equal(sent.length, 2);
      for (const line of sent) assert.match(line, new RegExp(`&platform=${platform}$`));
    }
  });

  test('upgrades an enabled plugin on the route of its own, with its flags', async () => {
    const enabled = {
      ...answers,
      'GET /plugins/p/json': json(plugin('acme/p:v1', { Enabled: true })),
      'GET /outboard/v1/plugins/acme/p:v1/json': json({ Name: 'acme/p:v1' }),
      'POST /outboard/v1/plugins/acme/p:v1/upgrade': progress(pulled),
    };
    const all = ['upgrade', '--grant-all-permissions', '--timeout', '5', '--force', 'p'];
    const { code, out, daemon } = await run(all, enabled);
    assert.equal(code, 0);
    assert.equal(
      daemon.lines()[3],
      'POST /v1.51/outboard/v1/plugins/acme/p:v1/upgrade?remote=docker.io%2Facme%2Fp%3Av1&timeout=5&force=1',
    );
    assert.match(out, /Upgraded plugin acme\/p:v1 to acme\/p:v1\n$/);
    const late = await run(['upgrade', '--timeout', 'soon', 'p'], enabled);
    assert.deepEqual([late.code, late.daemon.requests.length], [125, 0]);
    assert.match(late.err, /invalid timeout "soon": it must be whole seconds/);
  });

  test('asks no question for an enabled plugin of a Docker Engine', async () => {
    const enabled = json(plugin('acme/p:v1', { Enabled: true }));
    const { code, err } = await run(['upgrade', 'p'], { ...answers, 'GET /plugins/p/json': enabled });
    assert.deepEqual(
      [code, err],
      [1, 'the plugin must be disabled before upgrading: outboard disable acme/p:v1\n'],
    );
  });
});

describe('rollback', () => {
  const answers = {
    'GET /plugins/p/json': json(plugin('acme/p:v1', { PluginReference: 'docker.io/acme/p:v1' })),
    'POST /outboard/v1/plugins/p/rollback': progress([{ status: 'Interrupts volume data' }]),
  };

  test('shows the progress and the reference of the version that is installed then', async () => {
    const { code, out, daemon } = await run(['rollback', '--force', 'p'], answers);
    assert.equal(code, 0);
    assert.equal(daemon.lines()[0], 'POST /v1.51/outboard/v1/plugins/p/rollback?force=1');
    assert.equal(out, 'Interrupts volume data\nRolled back plugin acme/p:v1 to docker.io/acme/p:v1\n');
  });

  test('is not possible with a Docker Engine', async () => {
    const { code, err } = await run(['rollback', 'p'], {});
    assert.deepEqual(
      [code, err],
      [1, 'this daemon cannot roll back plugins: it does not keep the version before\n'],
    );
  });
});

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
