/**
 * A reboot of the virtual machine with the service and enabled plugins.
 */
import { bootTestMachine, configureService } from './test-machine.mjs';
import { bundleInMachine } from './work-disk.mjs';

/** Program in the machine. */
export const rebootProgram = 'tests/host/reboot.ts';

/**
 * Install, reboot in order, check.
 *
 * @param {object} run that of `run-suites.mjs`, with the runtime
 * @returns {Promise<object>} a result for the report
 */
export async function rebootWithPlugins(run) {
  const machine = await bootTestMachine(run);
  const runProgram = (step) => machine.run(['node', bundleInMachine(rebootProgram), step]);
  try {
    await configureService(machine, run.runtime);
    const before = await runProgram('before');
    if (before.code !== 0) return failed(`preparation: ${before.output}`);
    await machine.reboot();
    const after = await runProgram('after');
    if (after.code !== 0) {
      const { output } = await machine.run([
        'journalctl',
        '--no-pager',
        '-b',
        '-u',
        'outboard.service',
        '-n',
        '50',
      ]);
      return failed(`after a reboot: ${after.output}\n${output}`);
    }
  } finally {
    await machine.kill();
  }
  return { passed: 1, failed: 0, skipped: 0, failures: [], skips: [] };
}

function failed(reason) {
  return { passed: 0, failed: 1, skipped: 0, failures: [reason], skips: [] };
}
