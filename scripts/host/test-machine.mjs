/**
 * A virtual machine in which the repository is at its own path, and daemons use one OCI runtime.
 */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { Machine } from './machine.mjs';
import { mountPoint } from './work-disk.mjs';

/**
 * Boot a machine and prepare it for tests.
 *
 * @param {{ root: string, image: string, work: string, directory: string, runtime: string, memoryMiB: number,
 *   processors: number, dataDisk?: readonly string[], facts: Record<string, string> }} options `facts` gets those for the
 *   report, unless it has them
 * @returns {Promise<Machine>}
 */
export async function bootTestMachine(options) {
  const directory = mkdtempSync(join(options.directory, 'machine-'));
  const machine = await Machine.boot({ ...options, directory });
  try {
    await prepareMachine(machine, options);
    if (Object.keys(options.facts).length === 0) Object.assign(options.facts, await readFacts(machine));
  } catch (error) {
    await machine.kill();
    throw error;
  }
  return machine;
}

/**
 * Let the service use an OCI runtime; daemons of tests get it as a flag, which must not be in the file too.
 *
 * @param {Machine} machine
 * @param {string | undefined} runtime undefined for the default again
 */
export async function configureService(machine, runtime) {
  const path = '/etc/outboard/daemon.json';
  if (runtime === undefined) await machine.succeed('rm', '-f', path);
  else await machine.succeed('sh', '-c', `printf '{"runtime":"%s"}' "$1" >${path}`, 'sh', runtime);
}

/** Mount the repository and choose the runtime; a reboot keeps both. */
async function prepareMachine(machine, { root, runtime }) {
  await machine.succeed(
    'sh',
    '-euc',
    `mkdir -p "$1" /etc/outboard
    # The service needs it after a reboot, too.
    echo "${mountPoint}/repository $1 none bind 0 0" >>/etc/fstab
    mount "$1"
    ln -sf ${mountPoint}/programs/* /usr/local/bin/`,
    ...['sh', root],
  );
  machine.environment = {
    OUTBOARD_TEST_RUNTIME: runtime,
    OUTBOARD_TEST_SLOWNESS: '10',
    OUTBOARD_BUNDLES: `${mountPoint}/bundles`,
  };
}

/** Kernel, system, cgroups, AppArmor and versions. */
async function readFacts(machine) {
  const text = await machine.succeed(
    'sh',
    '-c',
    `echo "kernel: $(uname -r)"
    echo "system: $(. /etc/os-release; echo "$PRETTY_NAME"), $(systemctl --version | head -n 1)"
    echo "cgroup: $(stat -fc %T /sys/fs/cgroup)"
    echo "AppArmor: $(cat /sys/module/apparmor/parameters/enabled), $(aa-status --enforced) profiles enforced"
    echo "runc: $(runc --version | head -n 1)"
    echo "crun: $(crun --version | head -n 1)"
    echo "conmon: $(conmon --version | head -n 1)"
    echo "Node.js: $(node --version)"`,
  );
  return Object.fromEntries(text.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)));
}
