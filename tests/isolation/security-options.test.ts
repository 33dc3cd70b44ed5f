/**
 * Security options of an operator, from the call to the confinement of the container.
 */
import assert from 'node:assert/strict';
import { unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseSecurityOptions } from '@outboard/engine';
import { needsRoot } from '../support/needs-root.ts';
import { startProbePlugin } from '../support/probe-plugin.ts';
import { systemCall } from '../support/system-calls.ts';
import { openTestEngine } from '../support/test-engine.ts';

const skip = needsRoot;

test('security options apply from the next start, and can be reset', { skip }, async () => {
  await using opened = await openTestEngine();
  const { engine } = opened;
  const plugin = await startProbePlugin(opened, 'p');
  const status = 'sed -n "s/^NoNewPrivs:\\s*//p" /proc/self/status';
  const look = async () => [
    await plugin.shell(systemCall('keyctl')),
    await plugin.shell(status),
    (await plugin.attempt('touch /file')).code,
  ];
  const restart = async () => {
    await engine.disable('p');
    await engine.enable('p');
  };
  const texts = ['seccomp=builtin', 'no-new-privileges'];
  await engine.update('p', { security: parseSecurityOptions(texts) });
  await restart();
  assert.deepEqual(await look(), ['EPERM', '1', 0]);

  const security = parseSecurityOptions(['seccomp=unconfined', 'no-new-privileges=false']);
  await engine.update('p', { security: { ...security, readOnlyRootfs: true } });
  assert.deepEqual(await look(), ['EPERM', '1', 0], 'a running plugin keeps its box');
  await restart();
  assert.deepEqual(await look(), ['ok', '0', 1]);

  await engine.update('p', { security: null });
  await restart();
  assert.deepEqual((await look()).slice(1), ['1', 0]);
});

test('a plugin with a missing or invalid seccomp profile does not start', { skip }, async () => {
  await using opened = await openTestEngine();
  const { engine, dataRoot } = opened;
  await startProbePlugin(opened, 'p');
  await engine.disable('p');
  const path = join(dataRoot, 'profile.json');
  writeFileSync(path, '{"defaultAction": "SCMP_ACT_ALLOW"}');
  await engine.update('p', { security: { seccomp: path } });
  unlinkSync(path);
  await assert.rejects(engine.enable('p'), { kind: 'invalid', message: /profile.json": no such file/ });
  writeFileSync(path, '{"defaultAction": "ALLOW"}');
  await assert.rejects(engine.enable('p'), { kind: 'invalid', message: /"defaultAction": "ALLOW"/ });
  writeFileSync(path, '{"defaultAction": "SCMP_ACT_ALLOW"}');
  await engine.enable('p');
});

test('an update with a profile that the host lacks is refused, and changes nothing', {
  skip,
}, async () => {
  await using opened = await openTestEngine();
  const { engine, dataRoot } = opened;
  await startProbePlugin(opened, 'p');
  const path = join(dataRoot, 'profile.json');
  const refuse = (text: string, message: RegExp) =>
    assert.rejects(engine.update('p', { security: parseSecurityOptions([text]) }), {
      kind: 'invalid',
      message,
    });
  await refuse(`seccomp=${path}`, /^seccomp profile ".*profile.json": no such file or directory$/);
  writeFileSync(path, '{"defaultAction": "ALLOW"}');
  await refuse(`seccomp=${path}`, /"defaultAction": "ALLOW"/);
  await refuse(`seccomp=${dataRoot}`, /not a regular file/);
  await refuse('apparmor=outboard-none', /^AppArmor profile "outboard-none"/);
  assert.equal(engine.options('p').overrides.security, undefined);

  // A profile that was removed since does not prevent other changes.
  writeFileSync(path, '{"defaultAction": "SCMP_ACT_ALLOW"}');
  await engine.update('p', { security: { seccomp: path } });
  unlinkSync(path);
  await engine.update('p', { security: { seccomp: path, readOnlyRootfs: true }, stopTimeoutSeconds: 1 });
});
