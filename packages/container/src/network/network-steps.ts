/**
 * Executes, undoes and checks the steps of an attachment, each by one call of a CNI plugin.
 * @see CNI spec 1.0.0, section 3 "Execution of Network Configurations"
 */
import type { Attachment, AttachmentStep } from './attachment-file.ts';
import { type CniCommand, callCniPlugin } from './cni/call-cni-plugin.ts';

/** Container and programs of a step. */
export interface StepContext {
  readonly containerId: string;
  /** Path of the network namespace; empty for an undo when it is gone. */
  readonly namespace: string;
  readonly attachment: Attachment;
  /** Directory of the CNI plugins. */
  readonly directory: string;
}

/**
 * Execute one step.
 * @returns its result, for the record
 * @throws {OutboardError} system with the CNI plugin's message
 */
export function doStep(step: AttachmentStep, context: StepContext): Promise<unknown> {
  return callStep('ADD', step, context);
}

/**
 * Undo all steps, from the last one that may have begun to the first. A failure does not stop the others.
 * @returns the failures, in the CNI plugins' words
 */
export async function undoSteps(context: StepContext): Promise<readonly unknown[]> {
  const { steps } = context.attachment;
  const done = steps.filter(({ result }) => result !== undefined).length;
  const failures: unknown[] = [];
  for (const step of steps.slice(0, done + 1).reverse()) {
    try {
      await callStep('DEL', step, context);
    } catch (error) {
      failures.push(error);
    }
  }
  return failures;
}

/** Check all steps. @throws {OutboardError} system naming what is missing, in the CNI plugin's words */
export async function checkSteps(context: StepContext): Promise<void> {
  for (const step of context.attachment.steps) await callStep('CHECK', step, context);
}

/** Last result of the steps of an interface, which includes those of the steps before. */
export function lastResult({ steps }: Attachment, interfaceName: string): unknown {
  return steps.findLast((step) => step.interfaceName === interfaceName && step.result !== undefined)?.result;
}

function callStep(command: CniCommand, step: AttachmentStep, context: StepContext): Promise<unknown> {
  const { interfaceName, config } = step;
  const { containerId, namespace, directory } = context;
  const prevResult = lastResult(context.attachment, interfaceName);
  return callCniPlugin({
    command,
    config: { ...config, ...(prevResult !== undefined && { prevResult }) },
    containerId,
    namespace,
    interfaceName,
    directory,
  });
}
