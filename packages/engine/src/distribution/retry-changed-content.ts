/**
 * A second attempt at an installation whose layer consisted of parts that did not fit together: what was unpacked of it cannot
 * be undone, so all of it begins anew, with a clean download.
 */
import { isOutboardError } from '@outboard/oci';

/**
 * Run work, once more if the content of a blob changed while its download was resumed. Work that has failed has left nothing.
 * @throws the error of the work
 */
export async function retryChangedContent<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!isOutboardError(error) || error.code !== 'content-changed') throw error;
    return await work();
  }
}
