/**
 * Power cuts in the virtual machine. The data root is on a disk of its own whose requests qemu logs. An operation runs, qemu
 * is killed, and the disk is made anew as it was at a random request of the operation: what the guest had flushed by then is
 * on it, and of the rest a random part. The machine boots with this disk, and the state is checked.
 *
 * A kill alone would lose too little: what the guest wrote without a flush is in the page cache of this machine by then, with
 * any cache mode of qemu.
 */

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededNumbers } from './seeded-numbers.mjs';
import { bootTestMachine } from './test-machine.mjs';
import { bundleInMachine } from './work-disk.mjs';
import { readWriteLog, writeCutDisk } from './write-log.mjs';

/** Program in the machine. */
export const powerCutProgram = 'tests/host/power-cut.ts';

/** As `interruptedOperations()` names them, in an order in which each finds what it needs. */
const operations = ['create', 'set', 'enable', 'disable', 'upgrade', 'remove', 'pull'];

const diskBytes = 256 * 1024 * 1024;
const cutTimeoutMs = 15 * 60_000;

/**
 * Cut the power in each operation.
 *
 * @param {object} run that of `run-suites.mjs`, with the runtime
 * @returns {Promise<object>} a result for the report
 */
export async function cutPower(run) {
  const random = seededNumbers(run.seed);
  const disk = makeDisk(run.directory);
  const result = { passed: 0, failed: 0, skipped: 0, failures: [], skips: [] };
  const cuts = Array.from({ length: run.cuts }, () => operations).flat();
  // Cuts of one operation are spread over its requests: each is in another of equal parts.
  const within = (round) => (Math.floor(round / operations.length) + random()) / run.cuts;
  let cut;
  for (const [round, next] of [...cuts, undefined].entries()) {
    const told = cut && `seed ${run.seed}, ${cut.operation}, request ${cut.count} of ${cut.total}`;
    const job = { round, ...(cut && { cut }), ...(next && { next }) };
    const outcome = await bootAndPerform(run, disk, job).catch(({ message }) => ({ failed: message }));
    if (cut !== undefined && outcome.checked !== undefined) {
      result.passed += 1;
      console.log(
        `test:host: power cut: ${told}, ${cut.lost} lost: ${outcome.checked}${cut.isAnswered ? ', was answered' : ''}`,
      );
    }
    if (outcome.failed !== undefined) {
      result.failed += 1;
      result.failures.push(`${told ?? 'preparation'}: ${outcome.failed}`);
      return result;
    }
    if (next !== undefined) cut = cutDisk(disk, { ...outcome, operation: next, at: within(round) }, random);
  }
  return result;
}

/** @returns what the program told, and the numbers of requests at the beginning and at the answer */
async function bootAndPerform(run, disk, job) {
  copyFileSync(disk.path, disk.base);
  writeFileSync(disk.log, '');
  const machine = await bootTestMachine({ ...run, dataDisk: dataDisk(disk) });
  const told = {};
  try {
    let write;
    const onLine = async (line) => {
      Object.assign(told, line);
      if (line.begun !== undefined) {
        told.first = readWriteLog(disk.log).length;
        await write('go\n');
      }
      if (line.answered !== undefined) {
        told.answered = readWriteLog(disk.log).length;
        // So that nothing is under way when it is killed, and the log is whole.
        await machine.stop();
        await machine.kill();
      }
    };
    const ended = await performJob(machine, job, { onLine, onStart: (writer) => (write = writer) });
    if (told.answered === undefined && told.failed === undefined && ended !== 0)
      told.failed = `the program ended with ${ended}`;
  } finally {
    await machine.kill();
  }
  return told;
}

async function performJob(machine, job, { onLine, onStart }) {
  let rest = '';
  let failure;
  const onOutput = (text) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith('{'))
        onLine(JSON.parse(line)).catch((error) => {
          failure = error;
        });
      else console.log(line);
    }
  };
  const command = [
    'node',
    bundleInMachine(powerCutProgram),
    '/dev/disk/by-id/virtio-outboard-data',
    JSON.stringify(job),
  ];
  try {
    const { code } = await machine.run(command, { onOutput, onStart, timeoutMs: cutTimeoutMs });
    return code;
  } catch (error) {
    if (failure !== undefined) throw failure;
    if (error.message === 'the machine ended') return undefined;
    throw error;
  }
}

/** Lay the disk out as it was at one request of the operation. @param at from 0, its beginning, to 1 */
function cutDisk(disk, { operation, begun, first, answered, at }, random) {
  const total = readWriteLog(disk.log).length;
  const count = first + Math.ceil(at * (total - first));
  const share = [0, 1, random()][Math.floor(random() * 3)];
  const target = `${disk.path}.cut`;
  const { lost } = writeCutDisk({ ...disk, target, count, isLost: () => random() < share });
  renameSync(target, disk.path);
  return {
    operation,
    from: begun.from,
    isAnswered: count >= answered,
    count: count - first,
    total: total - first,
    lost,
  };
}

function makeDisk(directory) {
  const place = mkdtempSync(join(directory, 'data-'));
  const disk = {
    path: join(place, 'data.img'),
    base: join(place, 'base.img'),
    log: join(place, 'writes.log'),
  };
  writeFileSync(disk.path, '');
  truncateSync(disk.path, diskBytes);
  const args = ['-q', '-t', 'ext4', '-E', 'lazy_itable_init=0,lazy_journal_init=0', disk.path];
  const { status, error } = spawnSync('mke2fs', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`mke2fs ended with ${status}`, { cause: error });
  return disk;
}

/** The third disk of the machine. */
function dataDisk({ path, log }) {
  return [
    ...['-blockdev', `driver=file,node-name=data-file,filename=${path}`],
    ...['-blockdev', `driver=file,node-name=log-file,filename=${log}`],
    ...['-blockdev', 'driver=blklogwrites,node-name=data,file=data-file,log=log-file'],
    ...['-device', 'virtio-blk-pci,drive=data,serial=outboard-data'],
  ];
}
