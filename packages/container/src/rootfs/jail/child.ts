/**
 * The program of the unpack jail's child process: enter the jail, then apply layers until told to finish. Its imports
 * determine its start time: only `@outboard/oci/layers`, no schemas, no HTTP (15 ms, not 200).
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { createDigester, isOutboardError } from '@outboard/oci/layers';
import { syncFileSystem } from '../../linux/file-calls.ts';
import { loadIsal } from '../../linux/isal.ts';
import { checkResult } from '../../linux/libc.ts';
import { limitCpuTime } from '../../linux/process-confinement.ts';
import { loadZstd } from '../../linux/zstd.ts';
import { applyLayer } from './apply-layer.ts';
import { archiveTree } from './archive-tree.ts';
import { enterJail } from './enter-jail.ts';
import { FrameReader, readBlocking } from './frame-reader.ts';
import {
  controlDescriptor,
  frameLength,
  inputDescriptor,
  type JailMessage,
  limitsFromArguments,
  outputDescriptor,
  stagingDescriptor,
} from './jail-protocol.ts';
import { TreeWriter } from './tree-writer.ts';

async function run(): Promise<void> {
  const startedAt = Math.floor(Date.now() / 1000);
  const limits = limitsFromArguments(process.argv.slice(2));
  limitCpuTime(limits.maxCpuSeconds);
  createDigester().update(Buffer.alloc(1)); // OpenSSL loads files at its first use
  const inflaters = { makeGzipInflater: loadIsal(), makeZstdInflater: loadZstd() };
  // zlib works in the thread pool and needs the event loop; otherwise everything runs on this thread.
  const input = inflaters.makeGzipInflater === undefined ? process.stdin : readBlocking(inputDescriptor);
  await enterJail(stagingDescriptor);
  send({ type: 'entered' });

  const frames = new FrameReader(input);
  const writer = new TreeWriter(limits);
  const budget = { unpacked: 0, compressed: 0, spaceCheckedAt: 0, limits };
  for (let next = await frames.next(); next.type !== 'finish'; next = await frames.next()) {
    if (next.type === 'archive') {
      sendArchive(startedAt, next.contents);
      continue;
    }
    const digester = next.wantsDiffId ? createDigester() : undefined;
    const layer = await applyLayer(next.content, { writer, budget, digester, ...inflaters });
    send({ type: 'layer', layer });
  }
  flush();
  send({ type: 'finished' });
}

function sendArchive(startedAt: number, contents: 'bytes' | 'digests'): void {
  archiveTree({ startedAt, contents, write: sendFrame });
  writeWhole(frameLength(0));
  send({ type: 'archived' });
}

function sendFrame(piece: Buffer): void {
  if (piece.length === 0) return;
  writeWhole(frameLength(piece.length));
  writeWhole(piece);
}

/** Write all of it; the pipe blocks while the parent does not read. */
function writeWhole(bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(outputDescriptor, bytes, done);
}

function flush(): void {
  const root = openSync('/', constants.O_RDONLY | constants.O_DIRECTORY);
  checkResult(syncFileSystem(root), 'syncfs');
  closeSync(root);
}

function send(message: JailMessage): void {
  writeSync(controlDescriptor, `${JSON.stringify(message)}\n`);
}

function failureOf(error: unknown): JailMessage {
  if (isOutboardError(error)) {
    const { kind, message, code } = error;
    return { type: 'failed', kind, message, ...(code === undefined ? {} : { code }) };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { type: 'failed', kind: 'system', message: `unpacking failed: ${message}` };
}

try {
  await run();
  process.exit(0); // needed, since the input is still open
} catch (error) {
  send(failureOf(error));
  process.exit(1);
}
