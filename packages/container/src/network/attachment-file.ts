/**
 * The record of what was set up for the network of one container. It is written before the first step, so that a
 * later process can undo it after a crash: addresses and firewall rules outlive the process that made them.
 */
import { join } from 'node:path';
import {
  type Codec,
  codec,
  DocumentMismatch,
  isJsonObject,
  JsonFile,
  type JsonObject,
  type ValueOf,
} from '@outboard/oci';
import type { CniConfig } from './cni/call-cni-plugin.ts';

/** Configuration of a CNI plugin, whose type is the name of its program. */
const configCodec: Codec<CniConfig> = {
  decode(document) {
    const config = codec.required(codec.anyJson).decode(document);
    if (!isJsonObject(config)) throw new DocumentMismatch('an object', document);
    const { type } = config;
    if (typeof type === 'string' && /^[\w-]+$/.test(type)) return { ...config, type };
    throw new DocumentMismatch('the name of a CNI plugin as "type"', type);
  },
  encode: (config) => config as JsonObject, // it is given to the program as JSON
  shape: { kind: 'plain', samples: [{ type: 'loopback' }] },
};

const { field, object, requiredText } = codec;

const resultCodec: Codec<unknown> = codec.anyJson;

const stepCodec = object({
  interfaceName: field('interfaceName', requiredText),
  config: field('config', configCodec),
  /** Result of the CNI plugin; absent when it was not called, or its result was not read. */
  result: codec.optionalField('result', resultCodec),
});

const stepList = codec.required(codec.listOrEmpty(stepCodec));
const maxSteps = 16;
const stepsCodec: typeof stepList = {
  ...stepList,
  decode(document) {
    const steps = stepList.decode(document);
    if (steps.length <= maxSteps) return steps;
    throw new DocumentMismatch(`at most ${maxSteps} steps`, document);
  },
};

/** The table of an attachment. */
export const attachmentCodec = object({
  version: field('version', codec.constant(1)),
  bridge: field('bridge', requiredText),
  /** In the order of execution. */
  steps: field('steps', stepsCodec),
});

/** Record of the network of one container. */
export type Attachment = ValueOf<typeof attachmentCodec>;
/** One step, with its result. */
export type AttachmentStep = ValueOf<typeof stepCodec>;

/** Directory with one subdirectory for each container with a network. */
export function networksDirectory(execRoot: string): string {
  return join(execRoot, 'networks', 'plugins');
}

/** Path of the record of one container. */
export function attachmentPath(execRoot: string, id: string): string {
  return join(networksDirectory(execRoot), id, 'attachment.json');
}

/** Records of networks. They mean nothing after a reboot. */
export const attachmentFile = new JsonFile({
  subject: 'network record',
  codec: attachmentCodec,
  isDurable: false,
  endsWithNewline: false,
});
