/**
 * A real authorization plugin in a container: its effect on users of the stock docker CLI, the effect of its faults,
 * and the recovery when it is broken.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { authorizationPlugin } from '../support/authorization-plugin.ts';
import { callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { createDockerCli, type DockerCli } from '../support/docker-cli.ts';
import { writePluginContext } from '../support/plugin-fixture.ts';
import { pidOfPlugin } from '../support/running-plugins.ts';
import { type TlsFiles, tcpPort, writeTlsFiles } from '../support/tls-files.ts';

const name = 'acme/authz:latest';
const denial = (reason: string) =>
  `Error response from daemon: authorization denied by plugin ${name}: ${reason}`;

describe('an authorization plugin', () => {
  let home: string;
  let removeHome: () => Promise<void>;
  let files: TlsFiles;
  let daemon: TestDaemon;
  let docker: DockerCli;
  let reloads = 0;

  before(async () => {
    ({ home, remove: removeHome } = await makeDaemonHome());
    files = await writeTlsFiles(home);
    await configure([]);
    daemon = await start();
    docker = await createDockerCli(daemon.socket);
    const authz = await writePluginContext(join(home, 'authz'), authorizationPlugin);
    const other = await writePluginContext(join(home, 'other'));
    await docker.succeed('plugin', 'create', name, authz.directory);
    await docker.succeed('plugin', 'create', 'acme/other', other.directory);
    await docker.succeed('plugin', 'enable', name);
    await putInForce([name]);
  });

  after(async () => {
    await putInForce([]);
    for (const plugin of [name, 'acme/other']) await docker.succeed('plugin', 'rm', '-f', plugin);
    await docker.remove();
    assert.equal(await daemon.end('SIGTERM'), 0, daemon.log());
    await removeHome();
  });

  const configFile = () => join(home, 'daemon.json');
  const start = () => startDaemon({ home, args: ['--config', configFile(), ...files.args] });
  const configure = (plugins: readonly string[]) =>
    writeFile(configFile(), JSON.stringify({ 'authorization-plugins': plugins }));
  /** Change the configuration and reload it. */
  async function putInForce(plugins: readonly string[]): Promise<void> {
    await configure(plugins);
    process.kill(daemon.pid, 'SIGHUP');
    reloads += 1;
    await daemon.untilLogged(new RegExp(`(configuration reloaded[^]*){${reloads}}`));
  }
  const outboard = async (...args: readonly string[]) => {
    const program = fileURLToPath(new URL('../../bin/outboard', import.meta.url));
    const argv = [program, '--host', `unix://${daemon.socket}`, ...args];
    return (await promisify(execFile)(process.execPath, argv)).stdout;
  };
  const withFault = (fault: string, path = '/plugins') =>
    callApi(daemon.socket, 'GET', path, { headers: { 'x-fault': fault } });

  test('permits requests by its policy, and is listed', async () => {
    assert.match(await docker.succeed('plugin', 'ls'), /acme\/authz:latest/);
    const listed = await docker.succeed('info', '--format', '{{json .Plugins.Authorization}}');
    assert.equal(listed, `["${name}"]\n`);
    await docker.succeed('plugin', 'set', 'acme/other', 'DEBUG=0');
  });

  test('that denies Outboard routes leaves outboard ls and inspect the data of Docker routes', async () => {
    const dockerOnly = 'acme/docker-only:latest';
    const script = (authorizationPlugin.script ?? '').replace(
      'function policy({',
      "const policy = (question) => question.RequestUri.includes('/outboard/') ? { Msg: 'unknown route' } : decide(question);\nfunction decide({",
    );
    const context = await writePluginContext(join(home, 'docker-only'), { ...authorizationPlugin, script });
    await docker.succeed('plugin', 'create', dockerOnly, context.directory);
    await docker.succeed('plugin', 'enable', dockerOnly);
    await putInForce([dockerOnly]);
    try {
      const denied = await callApi(daemon.socket, 'GET', '/outboard/v1/plugins');
      assert.deepEqual([denied.status, /unknown route/.test(denied.text)], [403, true]);
      assert.match(
        await outboard('ls'),
        /^ID +NAME +DESCRIPTION +ENABLED\n(.*\n)*\w+ +acme\/docker-only:latest /,
      );
      const [inspected] = JSON.parse(await outboard('inspect', 'acme/other'));
      assert.deepEqual([inspected.Name, inspected.State], ['acme/other:latest', undefined]);
      await assert.rejects(
        outboard('stats', '--no-stream'),
        /authorization denied by plugin .*: unknown route/,
      );
    } finally {
      await putInForce([name]);
      await docker.succeed('plugin', 'rm', '-f', dockerOnly);
    }
  });

  test('denies a request for the content of its body, with the text of Docker', async () => {
    assert.equal(await docker.fail('plugin', 'set', 'acme/other', 'DEBUG=1'), denial('DEBUG stays off'));
    const settings = await docker.succeed('plugin', 'inspect', '-f', '{{.Settings.Env}}', 'acme/other');
    assert.equal(settings, '[DEBUG=0]\n');
  });

  test('gets the name of a TLS client from its certificate', async () => {
    const ask = async (user: string) => {
      const identity = files.authority.issue({ commonName: user, usage: 'client' });
      const directory = await files.writeClient(user, files.authority.certificate, identity);
      const pem = (file: string) => join(directory, `${file}.pem`);
      const host = `tcp://localhost:${tcpPort(daemon.readyLine)}`;
      return docker.run([
        ...['--host', host, '--tlsverify', '--tlscacert', pem('ca'), '--tlscert', pem('cert')],
        ...['--tlskey', pem('key'), 'plugin', 'ls', '-q'],
      ]);
    };
    assert.equal((await ask('alice')).code, 0);
    assert.equal((await ask('mallory')).stderr.trimEnd(), denial('go away, mallory'));
  });

  test('leads to a refusal with a reason when it answers nonsense, fails, or denies a response', async () => {
    for (const [fault, status, message] of [
      ['nonsense', 500, `plugin ${name} failed with error: AuthZPlugin.AuthZReq: malformed reply`],
      ['error', 500, `plugin ${name} failed with error: AuthZPlugin.AuthZReq: the policy cannot be read`],
      ['keep-answer', 403, `authorization denied by plugin ${name}: the answer is secret`],
    ] as const) {
      const answer = await withFault(fault);
      assert.equal(answer.status, status, fault);
      assert.ok(JSON.parse(answer.text).message.startsWith(message), `${fault}: ${answer.text}`);
    }
  });

  test('that hangs on one request does not delay others', async () => {
    const hung = request({ socketPath: daemon.socket, path: '/plugins', headers: { 'x-fault': 'hang' } });
    const ended = new Promise((resolve) => hung.once('error', resolve));
    hung.end();
    await docker.succeed('plugin', 'ls');
    hung.destroy();
    await ended;
  });

  test('that exits during a request is restarted and called again', async () => {
    assert.equal((await withFault('die')).status, 200);
  });

  test('is started first after a restart: no request is answered before it is reachable', async () => {
    const id = (await docker.succeed('plugin', 'inspect', '-f', '{{.Id}}', name)).trim();
    const pid = pidOfPlugin(daemon.execRoot, id);
    await daemon.end('SIGKILL');
    process.kill(pid, 'SIGKILL');
    daemon = await start();
    reloads = 0;
    assert.equal(await docker.fail('plugin', 'set', 'acme/other', 'DEBUG=1'), denial('DEBUG stays off'));
    await docker.succeed('plugin', 'set', 'acme/other', 'DEBUG=0');
  });

  test('is in use, and all requests are refused when it is disabled by force', async () => {
    const refused = await docker.fail('plugin', 'disable', name);
    assert.match(refused, /plugin acme\/authz:latest is in use: client authorization of the API \(since /);
    assert.equal(await docker.succeed('plugin', 'disable', '-f', name), `${name}\n`);
    const locked = `Error response from daemon: plugin ${name} failed with error: plugin ${name} found but disabled`;
    for (const command of [['ls'], ['enable', name], ['rm', '-f', name]]) {
      assert.equal(await docker.fail('plugin', ...command), locked);
    }
  });

  test('can be removed from the configuration when it is broken: by SIGHUP or a restart', async () => {
    await putInForce([]);
    assert.match(await docker.succeed('plugin', 'ls'), /acme\/authz:latest +A plugin for tests +false/);

    // A reload rejects a configuration with a plugin that cannot be reached; a start accepts it.
    await configure([name]);
    process.kill(daemon.pid, 'SIGHUP');
    await daemon.untilLogged(
      /cannot reload the configuration[^\n]*found but disabled|found but disabled[^\n]*cannot reload/,
    );
    await docker.succeed('plugin', 'ls');
    await daemon.end('SIGTERM');
    daemon = await start();
    await docker.fail('plugin', 'ls');
    await daemon.untilLogged(/requests are refused until the authorization plugin can be asked/);

    await configure([]);
    await daemon.end('SIGTERM');
    daemon = await start();
    reloads = 0;
    await docker.succeed('plugin', 'enable', name);
    await putInForce([name]);
    assert.equal(await docker.fail('plugin', 'set', 'acme/other', 'DEBUG=1'), denial('DEBUG stays off'));
  });
});
