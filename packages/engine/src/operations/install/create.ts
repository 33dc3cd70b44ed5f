/**
 * Create: make a plugin from a config and a root filesystem.
 */
import { randomBytes } from 'node:crypto';
import { familiarString, OutboardError, parseReference, withDefaultTag } from '@outboard/oci';
import type { PluginRecord } from '../../config/plugin-config.ts';
import { initialSettings } from '../../config/settings.ts';
import { collectGarbageOnFailure } from '../content/collect-garbage.ts';
import type { OperationCall } from '../face-rows.ts';
import { reportWarnings } from './download-plugin.ts';
import { explainFullDisk } from './explain-full-disk.ts';
import { type PluginContext, unpackContext } from './unpack-context.ts';

/** Request of a creation. */
export interface CreateRequest extends PluginContext {
  /** Local name; `latest` is added when it has no tag. */
  readonly name: string;
}

type CreateContext = Pick<
  OperationCall,
  'dataRoot' | 'store' | 'content' | 'workspaces' | 'announce' | 'logger' | 'meter'
>;

/**
 * Create a plugin, disabled.
 * @throws {OutboardError} conflict when the name is taken; invalid for a bad name, archive or config
 */
export function createPlugin(context: CreateContext, request: CreateRequest): Promise<PluginRecord> {
  const installation = { plugin: request.name, layerBytes: () => undefined };
  return explainFullDisk(context, installation, () =>
    collectGarbageOnFailure(context, () => buildPlugin(context, request)),
  );
}

async function buildPlugin(context: CreateContext, request: CreateRequest): Promise<PluginRecord> {
  const name = parseLocalName(request.name);
  using _name = context.store.reserveName(name);
  await using lease = context.content.lease();
  await using workspace = await context.workspaces.open();
  const { jail, rootfs } = workspace;
  const { installed, warnings } = await unpackContext(context, request, { name, jail, rootfs, lease });
  const record: PluginRecord = {
    id: randomBytes(32).toString('hex'),
    name,
    enabled: false,
    ...installed,
    settings: initialSettings(installed.config),
    timeoutSeconds: 0,
    overrides: {},
  };
  await context.store.add(record, workspace.commit());
  reportWarnings(context, record, warnings);
  request.onWarnings?.(warnings);
  context.announce({ type: 'plugin', action: 'create', id: record.id, attributes: { name } });
  return record;
}

/** @throws {OutboardError} invalid, with Docker's text */
export function parseLocalName(text: string): string {
  try {
    const reference = parseReference(text);
    if (reference.digest === undefined) return familiarString(withDefaultTag(reference));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OutboardError('invalid', `failed to parse reference ${text}: ${reason}`, { cause });
  }
  throw new OutboardError('invalid', 'canonical references are not permitted');
}
