/**
 * `LogDriver.StartLogging` and `LogDriver.StopLogging`, whose FIFO must be in the plugin's container while the plugin reads
 * it. The calls themselves are forwarded as they are: the FIFO has the same path there.
 */
import type { Consumer, HostLogPipes } from '@outboard/engine';
import { isJsonObject, OutboardError } from '@outboard/oci';
import { readJson, spelledAs } from '../translation/json-text.ts';
import type { WholeAnswer } from './send-answer.ts';

/** A call of a log driver. */
export interface LogCall {
  readonly pluginId: string;
  /** Such as `LogDriver.StartLogging`; other methods show nothing. */
  readonly method: string;
  readonly body: Buffer;
  readonly consumer: Consumer;
}

/**
 * Forward a call with its FIFO in the container: before the driver is asked to open it, and until it has closed it. After a
 * failed `StopLogging` the driver may still read.
 * @param pipes undefined for a gateway without a directory of FIFOs
 * @throws {OutboardError} invalid for a request without a FIFO; the errors of `HostLogPipes.show` and of `forward`
 */
export async function withLogFile(
  pipes: HostLogPipes | undefined,
  { pluginId, method, body, consumer }: LogCall,
  forward: () => Promise<WholeAnswer>,
): Promise<WholeAnswer> {
  const isStart = method === 'LogDriver.StartLogging';
  if (pipes === undefined || (!isStart && method !== 'LogDriver.StopLogging')) return forward();
  const file = readLogFile(method, body);
  if (isStart) await pipes.show(pluginId, file, consumer);
  let isOpen = !isStart;
  try {
    const answer = await forward();
    isOpen = isStart === isSuccess(answer);
    return answer;
  } finally {
    if (!isOpen) await pipes.hide(pluginId, file);
  }
}

function readLogFile(method: string, body: Buffer): string {
  const value = readJson(body.toString());
  const { File: file } = isJsonObject(value) ? spelledAs(value, ['File']) : {};
  if (typeof file === 'string') return file;
  const message = `${method}: malformed request: want a JSON object with "File", the path of a FIFO`;
  throw new OutboardError('invalid', message);
}

function isSuccess({ status, body }: WholeAnswer): boolean {
  if (status !== 200) return false;
  const value = readJson(body.toString());
  const { Err: error } = isJsonObject(value) ? spelledAs(value, ['Err']) : {};
  return error === undefined || error === null || error === '';
}
