/**
 * Power cuts in the virtual machine. The data root is on a disk of its own whose requests qemu logs while operations run.
 * Then disks are made anew as that one was at some request of an operation: what the guest had flushed by then is on it, and
 * of the rest a random part. The machine boots with these disks, and the state on each of them is checked.
 *
 * A kill alone would lose too little: what the guest wrote without a flush is in the page cache of this machine by then, with
 * any cache mode of qemu.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, truncateSync, writeFileSync } from 'node:fs';
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
const recordTimeoutMs = 60 * 60_000;
const checkTimeoutMs = 15 * 60_000;
/** Disks of one machine; its bus has room for some more. */
const cutsOfOneBoot = 16;

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
  const recorded = await recordOperations(run, disk);
  const cuts = recorded.flatMap((operation) =>
    Array.from({ length: run.cuts }, (_, index) => chooseCut(operation, (index + random()) / run.cuts)),
  );
  for (let at = 0; at < cuts.length; at += cutsOfOneBoot) {
    const here = cuts.slice(at, at + cutsOfOneBoot).map((cut, index) => layOut(disk, cut, index, random));
    for await (const { cut, checked, failed } of checkCuts(run, here)) {
      const told = `seed ${run.seed}, ${cut.operation}, request ${cut.count - cut.first} of ${cut.answered - cut.first}, ${cut.lost} lost`;
      if (failed !== undefined) {
        result.failed += 1;
        result.failures.push(`${told}: ${failed}`);
        continue;
      }
      result.passed += 1;
      console.log(`test:host: power cut: ${told}: ${checked}${cut.isAnswered ? ', was answered' : ''}`);
    }
  }
  return result;
}

/** @returns for each operation the state before it, and the numbers of requests at its beginning and at its answer */
async function recordOperations(run, disk) {
  const machine = await bootTestMachine({ ...run, dataDisk: recordedDisk(disk) });
  try {
    const recorded = [];
    const requests = () => readWriteLog(disk.log).length;
    let write;
    const onLine = ({ begun, answered }) => {
      if (begun !== undefined) recorded.push({ ...begun, first: requests() });
      if (answered !== undefined) recorded.at(-1).answered = requests();
      if (begun !== undefined || answered !== undefined) write('go\n');
    };
    const options = { onLine, onStart: (writer) => (write = writer), timeoutMs: recordTimeoutMs };
    const { failed } = await perform(machine, 'data', { operations }, options);
    if (failed !== undefined) throw new Error(`preparation: ${failed}`);
    return recorded;
  } finally {
    await machine.kill();
  }
}

/** Boot once, and check each disk. @returns the cuts with `checked` or `failed` */
async function* checkCuts(run, cuts) {
  const dataDisk = cuts.flatMap(({ serial, path }) => [
    ...['-blockdev', `driver=file,node-name=${serial},filename=${path}`],
    ...['-device', `virtio-blk-pci,drive=${serial},serial=outboard-${serial}`],
  ]);
  const machine = await bootTestMachine({ ...run, dataDisk });
  try {
    for (const cut of cuts) {
      const { operation, from, isAnswered, serial } = cut;
      const job = { cut: { operation, from, isAnswered } };
      yield { cut, ...(await perform(machine, serial, job, { timeoutMs: checkTimeoutMs })) };
    }
  } finally {
    await machine.kill();
  }
}

/** Run the program in the machine. @returns `checked` or `failed`, as it told */
async function perform(machine, serial, job, { onLine = () => undefined, onStart, timeoutMs }) {
  const told = {};
  let rest = '';
  const onOutput = (text) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop();
    for (const line of lines) {
      if (!line.startsWith('{')) {
        console.log(line);
        continue;
      }
      const said = JSON.parse(line);
      Object.assign(told, said);
      onLine(said);
    }
  };
  const disk = `/dev/disk/by-id/virtio-outboard-${serial}`;
  const command = ['node', bundleInMachine(powerCutProgram), disk, JSON.stringify(job)];
  const { code } = await machine.run(command, { onOutput, onStart, timeoutMs });
  if (code !== 0) told.failed ??= `the program ended with ${code}`;
  return told;
}

/** @param {number} at from 0, the beginning of the operation, to 1, its answer */
function chooseCut({ operation, from, first, answered }, at) {
  const count = first + Math.ceil(at * (answered - first));
  return { operation, from, first, answered, count, isAnswered: count >= answered };
}

/** Lay a disk out as it was at the cut. */
function layOut(disk, cut, index, random) {
  const share = [0, 1, random()][Math.floor(random() * 3)];
  const serial = `cut-${index}`;
  const path = join(disk.place, `${serial}.img`);
  const isLost = () => random() < share;
  const { lost } = writeCutDisk({ base: disk.base, log: disk.log, target: path, count: cut.count, isLost });
  return { ...cut, serial, path, lost };
}

function makeDisk(directory) {
  const place = mkdtempSync(join(directory, 'data-'));
  const disk = {
    place,
    path: join(place, 'data.img'),
    base: join(place, 'base.img'),
    log: join(place, 'writes.log'),
  };
  writeFileSync(disk.log, '');
  for (const path of [disk.base, disk.path]) {
    writeFileSync(path, '');
    truncateSync(path, diskBytes);
  }
  const args = ['-q', '-t', 'ext4', '-E', 'lazy_itable_init=0,lazy_journal_init=0', disk.base];
  run('mke2fs', args);
  run('cp', ['--sparse=always', disk.base, disk.path]);
  return disk;
}

function run(program, args) {
  const { status, error } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`${program} ended with ${status}`, { cause: error });
}

/** The third disk of the machine. */
function recordedDisk({ path, log }) {
  return [
    ...['-blockdev', `driver=file,node-name=data-file,filename=${path}`],
    ...['-blockdev', `driver=file,node-name=log-file,filename=${log}`],
    ...['-blockdev', 'driver=blklogwrites,node-name=data,file=data-file,log=log-file'],
    ...['-device', 'virtio-blk-pci,drive=data,serial=outboard-data'],
  ];
}
