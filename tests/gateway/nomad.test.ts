/**
 * Volumes of a managed plugin in Nomad, which is no package of Debian: the session and the files of docs/nomad.md are
 * checked by the form that Nomad documents, and the program that is written for Nomad runs as Nomad runs it.
 * @see nomad client/hostvolumemanager/host_volume_plugin.go (1.10)
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runSession } from '../support/console-session.ts';
import { callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginApi } from '../support/plugin-api.ts';
import { writePluginContext } from '../support/plugin-fixture.ts';
import { volumePlugin } from '../support/volume-plugin.ts';

const page = fileURLToPath(new URL('../../docs/nomad.md', import.meta.url));
const program = fileURLToPath(new URL('../../bin/outboard', import.meta.url));
const pluginDirectory = '/opt/nomad/data/host_volume_plugins';
const id = '74564d17-ce50-0bc1-48e5-6feaa41ede48';

describe('Nomad', { skip: needsRoot }, () => {
  let daemon: TestDaemon;
  let home: string;
  let removeHome: () => Promise<void>;
  let programs: string;

  before(async () => {
    ({ home, remove: removeHome } = await makeDaemonHome());
    programs = join(home, 'nomad');
    await mkdir(programs);
    await writePluginContext(join(home, 'files'), volumePlugin);
    daemon = await startDaemon({ home });
  });
  after(async () => {
    await pluginApi(daemon.socket).remove('acme/files', { force: true });
    await daemon.end('SIGTERM');
    await removeHome();
  });

  /** Nomad gives the program these variables, and no other. */
  async function runProgram(operation: string, more: Readonly<Record<string, string>> = {}) {
    const env = {
      DHV_OPERATION: operation,
      DHV_VOLUMES_DIR: '/opt/nomad/data/host_volumes',
      DHV_PLUGIN_DIR: pluginDirectory,
      DHV_NAMESPACE: 'default',
      DHV_VOLUME_NAME: 'data',
      DHV_VOLUME_ID: id,
      DHV_NODE_ID: '0b62d807-6101-a80f-374d-e1c430abbf47',
      DHV_NODE_POOL: 'default',
      DHV_PARAMETERS: '{"mode":"750"}',
      ...more,
    };
    const { stdout } = await promisify(execFile)(join(programs, 'outboard-files'), [operation], { env });
    return stdout;
  }
  const created = async (): Promise<{ path: string; bytes: number }> =>
    JSON.parse(await runProgram('create', { DHV_CAPACITY_MIN_BYTES: '0', DHV_CAPACITY_MAX_BYTES: '0' }));

  it('the session of the page connects it', () =>
    runSession('docs/nomad.md', 'nomad', {
      socket: daemon.socket,
      home,
      inCommands: [
        // A smaller plugin stands in for the example, which docs/docker-engine.md builds in the same way: only the path is printed.
        [`${program} build examples/volume-local -o`, 'echo'],
        ['connect nomad', `connect nomad --config-dir ${programs}`],
      ],
      inOutput: [[programs, pluginDirectory]],
    }));

  it('the program tells its version', async () => {
    assert.match(JSON.parse(await runProgram('fingerprint')).version, /^\d+\.\d+\.\d+$/);
  });

  it('the program creates and mounts a volume, again at each start of Nomad, and deletes it', async () => {
    const { path, bytes } = await created();
    assert.equal(bytes, 0);
    await writeFile(join(path, 'file'), 'hello');
    assert.deepEqual(await created(), { path, bytes });
    assert.equal(await readFile(join(path, 'file'), 'utf8'), 'hello');
    const inUse = await callApi(daemon.socket, 'POST', '/plugins/acme/files/disable');
    assert.match(inUse.text, /is in use: .*data/);
    await runProgram('delete', { DHV_CREATED_PATH: path });
    assert.ok(!existsSync(join(path, 'file')), 'the data is left');
    await runProgram('delete', { DHV_CREATED_PATH: path });
  });

  it('disconnecting removes the program', async () => {
    const answer = await callApi(daemon.socket, 'GET', '/outboard/v1/consumers');
    assert.match(answer.text, /"nomad"/);
    const args = [program, '-H', `unix://${daemon.socket}`, 'disconnect', 'nomad', '--config-dir', programs];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    assert.equal(stdout, `removed ${join(programs, 'outboard-files')}\n`);
  });

  it('the files of the page have the keys that Nomad documents', async () => {
    const files = [...(await readFile(page, 'utf8')).matchAll(/```hcl\n(.*?)```/gs)].map(
      ([, text = '']) => text,
    );
    assert.equal(files.length, 5);
    for (const file of files) {
      const unknown = keysOf(file).filter((key) => !documentedKeys.has(key));
      assert.deepEqual(unknown, [], file);
    }
    assert.match(files[0] ?? '', /plugin_id = "outboard-files"/);
  });
});

/** Paths of the keys and blocks of a document in HCL, without the labels of blocks. */
function keysOf(text: string): readonly string[] {
  const open: string[] = [];
  const keys: string[] = [];
  for (const line of text.split('\n').map((each) => each.trim())) {
    const [, name = ''] = /^(\w+)(?: "[^"]*")*(?: \{|\s*=)/.exec(line) ?? [];
    if (name !== '') keys.push([...open, name].join('.'));
    if (line.endsWith('{')) open.push(name);
    if (line === '}') open.pop();
  }
  assert.deepEqual(open, [], 'a block is not closed');
  return keys;
}

/**
 * Volume specification, job specification and agent configuration.
 * @see https://developer.hashicorp.com/nomad/docs/other-specifications/volume/host
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/volume_mount
 * @see https://developer.hashicorp.com/nomad/docs/deploy/task-driver/docker
 */
const documentedKeys: ReadonlySet<string> = new Set([
  ...['type', 'name', 'plugin_id', 'capability', 'capability.access_mode', 'capability.attachment_mode'],
  ...['parameters', 'parameters.mode'],
  ...['job', 'job.group', 'job.group.volume', 'job.group.volume.type', 'job.group.volume.source'],
  ...['job.group.task', 'job.group.task.driver', 'job.group.task.config'],
  ...['job.group.task.config.command', 'job.group.task.config.args'],
  'job.group.task.volume_mount',
  ...['job.group.task.volume_mount.volume', 'job.group.task.volume_mount.destination'],
  ...['client', 'client.host_volume', 'client.host_volume.path'],
  ...['plugin', 'plugin.config', 'plugin.config.volumes', 'plugin.config.volumes.enabled'],
  ...['task', 'task.driver', 'task.config', 'task.config.image', 'task.config.volume_driver'],
  'task.config.volumes',
]);
