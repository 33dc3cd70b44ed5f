import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { describeProcess, parseMembership } from './describe-process.ts';
import { identifyProcess } from './process-identity.ts';

const id = '3f2a'.repeat(16);

for (const [title, cgroups, expected] of [
  ['a service on cgroup v2', '0::/system.slice/web.service\n', { unit: 'web.service' }],
  [
    'a service on a hybrid host',
    '12:memory:/\n1:name=systemd:/system.slice/web@1.service\n0::/\n',
    { unit: 'web@1.service' },
  ],
  ['a cgroup inside a unit', '0::/system.slice/web.service/worker\n', { unit: 'web.service' }],
  [
    'a unit of a user',
    '0::/user.slice/user-1000.slice/user@1000.service/app.slice/sync.service\n',
    { unit: 'sync.service' },
  ],
  ['a log-in session', '0::/user.slice/user-0.slice/session-3.scope\n', {}],
  ['the first process', '0::/init.scope\n', {}],
  ['no systemd', '3:cpuset:/\n1:cpu:/\n0::/\n', {}],
  ['a slice', '0::/machine.slice\n', {}],
  ['a container of Docker under systemd', `0::/system.slice/docker-${id}.scope\n`, { container: id }],
  ['a container of Docker with plain cgroups', `4:memory:/docker/${id}\n0::/\n`, { container: id }],
  ['a container of Podman', `0::/machine.slice/libpod-${id}.scope/container\n`, { container: id }],
  ['a container of Podman with plain cgroups', `4:memory:/libpod_parent/libpod-${id}\n`, { container: id }],
  ['a container of containerd', `0::/kubepods.slice/cri-containerd-${id}.scope\n`, { container: id }],
  [
    'a Quadlet',
    `0::/system.slice/web.service/libpod-payload-${id}\n`,
    { unit: 'web.service', container: id },
  ],
  ['the monitor of a container', `0::/machine.slice/libpod-conmon-${id}.scope\n`, {}],
  ['an escaped name', '0::/system.slice/_cgroup.service\n', { unit: 'cgroup.service' }],
  ['a name that a terminal hides', '0::/system.slice/a\u202eb.service\n', {}],
  ['lines of another form', 'nonsense\n::\n0::\n', {}],
  ['nothing', '', {}],
] as const) {
  test(`parseMembership() reads ${title}`, () => assert.deepEqual(parseMembership(cgroups), expected));
}

test('describeProcess() shows a process with its identity and a name without hidden characters', async (t) => {
  const named = 'printf "a\\033[2J" > /proc/self/comm; echo; read -r line';
  const child = spawn('bash', ['-c', named], { stdio: ['pipe', 'pipe', 'ignore'] });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const pid = child.pid ?? 0;
  const described = describeProcess(pid);
  assert.equal(described?.program, 'a\\u001b[2J');
  assert.deepEqual({ pid, startTime: described.startTime }, identifyProcess(pid));
  child.stdin.end();
  await once(child, 'exit');
  assert.equal(describeProcess(pid), undefined);
});
