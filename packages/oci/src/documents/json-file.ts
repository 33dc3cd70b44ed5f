/**
 * JSON files: one document per file, replaced as a whole, with one rule for what damage means.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { OutboardError } from '../errors/outboard-error.ts';
import { commitFile, type ReportUnflushed, writeFileDurably } from '../files/durable-file.ts';
import { onStorage, systemErrorCode } from '../files/storage-error.ts';
import { type Codec, DocumentMismatch } from './codec.ts';
import type { JsonObject } from './json-document.ts';
import { sealDocument, unsealDocument } from './sealed-document.ts';

/** Kind of a JSON file. */
export interface JsonFileOptions<Value> {
  /** Noun for the content in errors, such as `volume record`. */
  readonly subject: string;
  /** The document; it must be an object. */
  readonly codec: Codec<Value>;
  /** Adds a checksum of the document as its last key, and verifies it; default false. */
  readonly isSealed?: boolean | undefined;
  /** True (default) if `write` flushes; false for files that mean nothing after a reboot. */
  readonly isDurable?: boolean | undefined;
  /**
   * Meaning of a damaged file: an error (default); an error after it is renamed to `<path>.damaged`, so that the next
   * write does not replace what an operator may repair; or the same as an absent file.
   */
  readonly damage?: 'error' | 'set-aside' | 'absent' | undefined;
  /** Adds a newline at the end; default true. */
  readonly endsWithNewline?: boolean | undefined;
}

/** Mode of every file: documents may hold secrets, such as options of volumes. */
const mode = 0o600;

/** Files of one kind, at any path. */
export class JsonFile<Value> {
  readonly #options: JsonFileOptions<Value>;

  constructor(options: JsonFileOptions<Value>) {
    this.#options = options;
  }

  /**
   * Replace a file as a commit.
   * @param onUnflushed as in `commitInDirectory`
   * @throws {OutboardError} system; the old file is untouched then
   */
  async commit(path: string, value: Value, onUnflushed: ReportUnflushed): Promise<void> {
    await commitFile(path, this.#text(value), { mode, onUnflushed });
  }

  /** Replace a file atomically, for a step before a commit or for this boot only. @throws {OutboardError} system */
  async write(path: string, value: Value): Promise<void> {
    const text = this.#text(value);
    if (this.#options.isDurable !== false) return writeFileDurably(path, text, { mode });
    const temporary = `${path}.new`;
    await onStorage('write file', path, async () => {
      await writeFile(temporary, text, { mode });
      await rename(temporary, path);
    });
  }

  /**
   * Read a file.
   * @returns undefined when it is absent
   * @throws {OutboardError} system when it is damaged, as `damage` says; the error of the file system when it cannot be read
   */
  async read(path: string): Promise<Value | undefined> {
    const text = await readText(path);
    if (text === undefined) return undefined;
    const { subject, damage = 'error' } = this.#options;
    try {
      return this.#parse(text);
    } catch (cause) {
      if (damage === 'absent') return undefined;
      if (damage === 'set-aside') await rename(path, `${path}.damaged`);
      const message = `${subject} ${JSON.stringify(path)} is damaged: ${reasonOf(cause)}`;
      throw new OutboardError('system', message, { cause });
    }
  }

  /**
   * Read a file, and change nothing whatever it holds.
   * @returns the reason why it is damaged; undefined when it is sound or absent
   * @throws the error of the file system when it cannot be read
   */
  async inspect(path: string): Promise<string | undefined> {
    const text = await readText(path);
    try {
      if (text !== undefined) this.#parse(text);
      return undefined;
    } catch (cause) {
      return reasonOf(cause);
    }
  }

  #text(value: Value): string {
    const { codec, isSealed = false, endsWithNewline = true } = this.#options;
    const document = codec.encode(value) as JsonObject; // of an object's codec
    const text = JSON.stringify(isSealed ? sealDocument(document) : document);
    return endsWithNewline ? `${text}\n` : text;
  }

  #parse(text: string): Value {
    const { codec, isSealed = false } = this.#options;
    const document: unknown = JSON.parse(text);
    return codec.decode(isSealed ? unsealDocument(document) : document);
  }
}

function reasonOf(cause: unknown): string {
  if (cause instanceof DocumentMismatch) return cause.explanation;
  return cause instanceof Error ? cause.message : String(cause);
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
