/**
 * Parses results and errors of CNI plugins, in versions 0.4.0 and 1.0.0 of the protocol.
 * @see CNI spec 1.0.0, section 5 "Result Types"
 */
import { isIPv4 } from 'node:net';
import { OutboardError } from '@outboard/oci';
import * as z from 'zod';

const resultSchema = z.looseObject({
  cniVersion: z.string(),
  ips: z
    .array(z.looseObject({ address: z.string(), gateway: z.string().optional() }))
    .max(64)
    .optional(),
});

/** Address of an interface. */
export interface CniAddress {
  /** IPv4 address without prefix length. */
  readonly address: string;
  /** IPv4 address of the gateway. */
  readonly gateway: string;
}

/**
 * Find the first IPv4 address of a result that has a gateway.
 * @throws {OutboardError} system when there is none
 */
export function addressOfResult(result: unknown): CniAddress {
  const { data } = resultSchema.safeParse(result);
  for (const { address: withPrefix, gateway = '' } of data?.ips ?? []) {
    const address = withPrefix.replace(/\/\d{1,2}$/, '');
    if (isIPv4(address) && isIPv4(gateway)) return { address, gateway };
  }
  throw new OutboardError('system', 'the answer of the CNI plugins has no IPv4 address with a gateway');
}

const errorSchema = z.object({
  code: z.number(),
  msg: z.string().min(1).max(4096),
  details: z.string().max(4096).optional(),
});

/** Parse the message of an error object; undefined when the text is none. */
export function parseCniError(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // It failed before it could answer; standard error has the reason.
    return undefined;
  }
  const { data } = errorSchema.safeParse(value);
  if (data === undefined) return undefined;
  return data.details ? `${data.msg}: ${data.details}` : data.msg;
}
