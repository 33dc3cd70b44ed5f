/**
 * The state of one check: its sums, the blobs that were looked at, and the way to its observer.
 */
import { join } from 'node:path';
import { type Digest, digestAlgorithm, digestHex, type InspectedBlob } from '@outboard/oci';
import { ignoreProgress } from '../../observe/progress.ts';
import type { OperationCall } from '../face-rows.ts';
import type { DataCheckReport, DataCheckRequest, DataFinding } from './data-finding.ts';

/** The parts that a check takes. */
export type CheckContext = Pick<
  OperationCall,
  | ('store' | 'content' | 'registry' | 'downloads' | 'queue' | 'supervisor' | 'references')
  | ('workspaces' | 'openJail' | 'logger' | 'signal' | 'consents' | 'volumeRecords')
>;

/** A finding without what most findings lack. */
export type NewFinding = Pick<DataFinding, 'subject' | 'path' | 'problem' | 'plugin'> &
  Partial<Pick<DataFinding, 'severity' | 'isRepaired' | 'remedy'>>;

/** One check under way. */
export class Inspection {
  readonly context: CheckContext;
  readonly request: DataCheckRequest;
  readonly #counts = { plugins: 0, trees: 0, errors: 0, repaired: 0, notes: 0 };
  /** Plugins share blobs: each is read once. */
  readonly #blobs = new Map<Digest, Promise<InspectedBlob>>();
  #bytes = 0;

  constructor(context: CheckContext, request: DataCheckRequest) {
    this.context = context;
    this.request = request;
  }

  /** Tell the observer, and count. An error is the default. */
  report(finding: NewFinding): void {
    const whole = { severity: 'error', isRepaired: false, remedy: '', ...finding } as const;
    if (whole.severity === 'note') this.#counts.notes += 1;
    else this.#counts.errors += 1;
    if (whole.severity === 'error' && whole.isRepaired) this.#counts.repaired += 1;
    this.request.onFinding?.(whole);
  }

  /** Tell what is being checked. */
  progress(status: string): void {
    (this.request.onProgress ?? ignoreProgress)({ status });
  }

  /** Count a plugin, or a root filesystem. */
  count(what: 'plugins' | 'trees'): void {
    this.#counts[what] += 1;
  }

  /** Look at a blob. The content of a layer is not read by a quick check. */
  inspectBlob(digest: Digest, kind: 'document' | 'layer'): Promise<InspectedBlob> {
    const known = this.#blobs.get(digest);
    if (known !== undefined) return known;
    const inspected = this.#readBlob(digest, kind);
    this.#blobs.set(digest, inspected);
    return inspected;
  }

  /** Forget what was found of a blob, which was fetched again. */
  forgetBlob(digest: Digest): void {
    this.#blobs.delete(digest);
  }

  /** Path of a blob, for messages. */
  blobPath(digest: Digest): string {
    const { contentDirectory } = this.context.store.layout;
    return join(contentDirectory, 'blobs', digestAlgorithm(digest), digestHex(digest));
  }

  /** The sums so far. */
  sums(): DataCheckReport {
    return { ...this.#counts, blobs: this.#blobs.size, bytes: this.#bytes };
  }

  async #readBlob(digest: Digest, kind: 'document' | 'layer'): Promise<InspectedBlob> {
    const { content, signal } = this.context;
    if (this.request.quick === true && kind === 'layer') return await content.stat(digest);
    const blob = await content.inspect(digest, { signal });
    if (blob.exists) this.#bytes += blob.size;
    return blob;
  }
}
