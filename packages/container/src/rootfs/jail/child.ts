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
import { applyLayer } from './apply-layer.ts';
import { enterJail } from './enter-jail.ts';
import { FrameReader, readBlocking } from './frame-reader.ts';
import {
  controlDescriptor,
  inputDescriptor,
  type JailMessage,
  limitsFromArguments,
  stagingDescriptor,
} from './jail-protocol.ts';
import { TreeWriter } from './tree-writer.ts';

async function run(): Promise<void> {
  const limits = limitsFromArguments(process.argv.slice(2));
  limitCpuTime(limits.maxCpuSeconds);
  createDigester().update(Buffer.alloc(1)); // OpenSSL loads files at its first use
  const makeGzipInflater = loadIsal();
  // zlib works in the thread pool and needs the event loop; otherwise everything runs on this thread.
  const input = makeGzipInflater === undefined ? process.stdin : readBlocking(inputDescriptor);
  await enterJail(stagingDescriptor);
  send({ type: 'entered' });

  const frames = new FrameReader(input);
  const writer = new TreeWriter(limits);
  const budget = { unpacked: 0, compressed: 0, limits };
  for (let next = await frames.next(); next.type === 'layer'; next = await frames.next()) {
    const digester = next.wantsDiffId ? createDigester() : undefined;
    const layer = await applyLayer(next.content, { writer, budget, digester, makeGzipInflater });
    send({ type: 'layer', layer });
  }
  flush();
  send({ type: 'finished' });
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
