/**
 * Does, undoes and checks the steps of an attachment: one call of a CNI plugin each.
 * @see CNI spec 1.0.0, section 3 "Execution of Network Configurations"
 */
import type { Attachment, AttachmentStep } from './attachment-file.ts';
import { type CniCommand, callCniPlugin } from './cni/call-cni-plugin.ts';

/** Where steps are done. */
export interface StepContext {
  readonly containerId: string;
  /** Path of the network namespace; empty when it is gone, and something is left to undo. */
  readonly namespace: string;
  readonly attachment: Attachment;
  /** Where the CNI plugins are. */
  readonly directory: string;
}

/**
 * Do one step.
 * @returns what it came to, to be kept in the step
 * @throws {OutboardError} system with the plugin's own words
 */
export function doStep(step: AttachmentStep, site: StepContext): Promise<unknown> {
  return callStep('ADD', step, site);
}

/**
 * Undo, from the last step that may have been begun to the first. One that cannot be undone keeps no other from it.
 * @returns why not, in the plugins' words
 */
export async function undoSteps(site: StepContext): Promise<readonly unknown[]> {
  const { steps } = site.attachment;
  const done = steps.filter(({ result }) => result !== undefined).length;
  const failures: unknown[] = [];
  for (const step of steps.slice(0, done + 1).reverse()) {
    try {
      await callStep('DEL', step, site);
    } catch (error) {
      failures.push(error);
    }
  }
  return failures;
}

/** Look whether all of it is there. @throws {OutboardError} system: what is not, in the plugin's words */
export async function checkSteps(site: StepContext): Promise<void> {
  for (const step of site.attachment.steps) await callStep('CHECK', step, site);
}

/** What the steps of an interface have come to so far; each one answers for those before it too. */
export function lastResult({ steps }: Attachment, interfaceName: string): unknown {
  return steps.findLast((step) => step.interfaceName === interfaceName && step.result !== undefined)?.result;
}

function callStep(command: CniCommand, step: AttachmentStep, site: StepContext): Promise<unknown> {
  const { interfaceName, config } = step;
  const { containerId, namespace, directory } = site;
  const prevResult = lastResult(site.attachment, interfaceName);
  return callCniPlugin({
    command,
    config: { ...config, ...(prevResult !== undefined && { prevResult }) },
    containerId,
    namespace,
    interfaceName,
    directory,
  });
}
