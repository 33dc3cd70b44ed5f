/**
 * The schema of the configuration file. Loaded only when there is a file.
 */
import { cgroupDrivers, OutboardError } from '@outboard/engine';
import * as z from 'zod';
import { logFormats } from '../logging/log-format.ts';
import { logLevels } from '../logging/log-level.ts';
import type { PartialConfiguration } from './configuration.ts';

const absolutePath = z.string().refine((path) => path.startsWith('/') && !path.includes('\0'), {
  message: 'expected an absolute path',
});

/** In seconds; up to a day, as no timer of this program may overflow. */
const restartDelay = z.number().min(0.1).max(86_400);

const fileSchema = z.strictObject({
  'data-root': absolutePath.optional(),
  'exec-root': absolutePath.optional(),
  hosts: z.array(z.string()).min(1).optional(),
  group: z.string().optional(),
  'insecure-tcp': z.boolean().optional(),
  tls: z.boolean().optional(),
  tlsverify: z.boolean().optional(),
  tlscacert: absolutePath.optional(),
  tlscert: absolutePath.optional(),
  tlskey: absolutePath.optional(),
  tlscrl: absolutePath.optional(),
  'insecure-registries': z.array(z.string()).optional(),
  'token-servers': z.array(z.string()).optional(),
  'registry-timeout': z.number().min(1).max(3600).optional(),
  'authorization-plugins': z.array(z.string().min(1)).optional(),
  'metrics-addr': z.string().optional(),
  'bridge-name': z.string().optional(),
  'bridge-subnet': z.string().optional(),
  dns: z.array(z.string()).optional(),
  'live-restore': z.boolean().optional(),
  'restart-delay': restartDelay.optional(),
  'restart-max-delay': restartDelay.optional(),
  runtime: z.string().min(1).optional(),
  'cgroup-driver': z.enum(cgroupDrivers).optional(),
  'log-level': z.enum(logLevels).optional(),
  'log-format': z.enum(logFormats).optional(),
  'log-plugins': z.boolean().optional(),
});

/**
 * Check a parsed configuration file.
 * @param source where it was read, for messages
 * @throws {OutboardError} invalid; names every unknown key, and the known ones
 */
export function parseConfigurationDocument(document: unknown, source: string): PartialConfiguration {
  const result = fileSchema.safeParse(document);
  if (result.success) return result.data;
  const reasons = result.error.issues.map((issue) => {
    if (issue.code === 'unrecognized_keys') {
      const known = Object.keys(fileSchema.shape).join(', ');
      return `unknown key ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}; known are ${known}`;
    }
    return issue.path.length === 0 ? issue.message : `"${issue.path.join('.')}": ${issue.message}`;
  });
  throw new OutboardError('invalid', `configuration file ${JSON.stringify(source)}: ${reasons.join('; ')}`);
}
