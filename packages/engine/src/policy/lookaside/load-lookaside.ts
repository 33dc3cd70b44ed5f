/**
 * Reads the files of `registries.d` that say where signatures are.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { OutboardError, storageError, systemErrorCode } from '@outboard/oci';
import { readBoundedFile } from '../document/read-bounded-file.ts';
import {
  joinLookasideFiles,
  type LookasideConfiguration,
  type LookasideFile,
} from './lookaside-configuration.ts';

/** Directory of Podman. */
const podmanDirectory = '/etc/containers/registries.d';

const maxFileBytes = 1024 * 1024;
const maxFiles = 1000;

/**
 * Read the files `*.yaml` of a directory. A missing directory has none.
 * @param directory '' for none; default Podman's
 * @throws {OutboardError} invalid, code `policy-file`; system when a file cannot be read
 */
export async function loadLookaside(directory = podmanDirectory): Promise<LookasideConfiguration> {
  const names = directory === '' ? [] : await listFiles(directory);
  const files: LookasideFile[] = [];
  for (const name of names) files.push(await readFile(join(directory, name)));
  return joinLookasideFiles(files);
}

async function listFiles(directory: string): Promise<readonly string[]> {
  try {
    const names = (await readdir(directory)).filter((name) => name.endsWith('.yaml')).sort();
    if (names.length <= maxFiles) return names;
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT') return [];
    throw storageError('read directory', directory, cause);
  }
  throw invalid(directory, `it has more than ${maxFiles} files`);
}

async function readFile(path: string): Promise<LookasideFile> {
  const bytes = await readBoundedFile('places of signatures', path, maxFileBytes);
  if (bytes.length > maxFileBytes) throw invalid(path, `it has more than ${maxFileBytes} bytes`);
  const { parse } = await import('yaml');
  try {
    return { path, document: parse(bytes.toString('utf8'), { maxAliasCount: 0, logLevel: 'error' }) };
  } catch (cause) {
    // The first line says what is wrong and where; the others show the text.
    const [reason] = cause instanceof Error ? cause.message.split('\n', 1) : [''];
    throw invalid(path, `it is no YAML: ${reason?.replace(/:$/, '')}`, cause);
  }
}

function invalid(path: string, why: string, cause?: unknown): OutboardError {
  return new OutboardError('invalid', `${JSON.stringify(path)}: ${why}`, { cause, code: 'policy-file' });
}
