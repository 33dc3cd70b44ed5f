import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { callCniPlugin, negotiateCniVersion } from './call-cni-plugin.ts';
import { findCniPlugins } from './find-cni-plugins.ts';

/** A directory with one CNI plugin, `scripted`, that is a shell script. */
async function scriptedPlugin(context: TestContext, script: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'outboard-cni-'));
  context.after(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, 'scripted'), `#!/bin/sh\n${script}\n`);
  await chmod(join(directory, 'scripted'), 0o755);
  return directory;
}

const callOf = (directory: string) => ({
  command: 'ADD' as const,
  config: { cniVersion: '1.0.0', name: 'n', type: 'scripted' },
  containerId: 'c',
  namespace: '/ns',
  interfaceName: 'eth0',
  directory,
});

test('callCniPlugin() passes parameters in the environment, and the configuration on standard input', async (context) => {
  const directory = await scriptedPlugin(
    context,
    'read -r config; printf \'{"config":%s,"env":"%s"}\' "$config" "$CNI_COMMAND $CNI_CONTAINERID $CNI_NETNS $CNI_IFNAME $CNI_PATH"',
  );
  assert.deepEqual(await callCniPlugin(callOf(directory)), {
    config: { cniVersion: '1.0.0', name: 'n', type: 'scripted' },
    env: `ADD c /ns eth0 ${directory}`,
  });
});

test('callCniPlugin() accepts an empty result', async (context) => {
  const directory = await scriptedPlugin(context, 'exit 0');
  assert.equal(await callCniPlugin({ ...callOf(directory), command: 'DEL' }), undefined);
});

const failures: readonly (readonly [script: string, message: RegExp])[] = [
  [
    'echo \'{"code":100,"msg":"no room","details":"really"}\'; exit 1',
    /"scripted" failed \(ADD\): no room: really$/,
  ],
  ['echo panic >&2; exit 2', /failed \(ADD\): panic$/],
  ['exit 3', /failed \(ADD\): it ended with code 3$/],
  ['kill -9 $$', /failed \(ADD\): a signal ended it$/],
  ['echo x', /the answer of CNI plugin "scripted" \(ADD\) is not JSON/],
];
for (const [script, message] of failures) {
  test(`callCniPlugin() reports the failure of a plugin that runs ${script}`, async (context) => {
    const directory = await scriptedPlugin(context, script);
    await assert.rejects(callCniPlugin(callOf(directory)), { kind: 'system', message });
  });
}

test('negotiateCniVersion() finds a version with the plugins of this host', async () => {
  const directory = await findCniPlugins(['bridge']);
  assert.match(await negotiateCniVersion('bridge', directory), /^(?:1\.0\.0|0\.4\.0)$/);
});

test('negotiateCniVersion() accepts an older version, and fails without one in common', async (context) => {
  const older = await scriptedPlugin(context, 'echo \'{"supportedVersions":["0.3.1","0.4.0"]}\'');
  assert.equal(await negotiateCniVersion('scripted', older), '0.4.0');
  for (const answer of ['{"supportedVersions":["0.1.0"]}', '{}', '[]']) {
    const directory = await scriptedPlugin(context, `echo '${answer}'`);
    await assert.rejects(negotiateCniVersion('scripted', directory), {
      kind: 'system',
      message: /want one of 1\.0\.0, 0\.4\.0$/,
    });
  }
});

test('findCniPlugins() finds a directory with all of them, or names the package', async (context) => {
  const directory = await scriptedPlugin(context, 'exit 0');
  assert.equal(await findCniPlugins(['scripted'], ['/nonexistent', directory]), directory);
  await assert.rejects(findCniPlugins(['scripted', 'other'], [directory]), {
    kind: 'system',
    code: 'program-missing',
    message: `cannot find the CNI plugins "scripted", "other" in ${directory}: install the Debian package "containernetworking-plugins"`,
  });
});
