/**
 * `outboard check`: the conformance kit.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CheckReport, CheckRequest, PluginSource } from '@outboard/authoring';
import { fetchDataRoot } from '../client/host-api.ts';
import { inspectPlugin } from '../client/plugin-api.ts';
import { CommandError, CommandExit, DaemonError, messageOf } from '../command-error.ts';
import { packContext } from '../context/pack-context.ts';
import { findCredentials } from '../credentials/find-credentials.ts';
import { asText, field } from '../json-field.ts';
import { askConsent } from '../privileges/consent.ts';
import { formatReference, parseRemoteReference } from '../references/remote-reference.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { CommandContext } from './command-context.ts';
import { loadRegistries } from './load-registries.ts';
import type { RegistryFlags } from './registry-flags.ts';

/** Flags of `outboard check`. */
export interface CheckOptions extends RegistryFlags {
  readonly format: string;
  readonly grantAllPermissions?: boolean | undefined;
  readonly junit?: string | undefined;
  readonly list?: boolean | undefined;
  readonly only?: readonly string[] | undefined;
  readonly opt?: readonly string[] | undefined;
  readonly runtime?: string | undefined;
  readonly set?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
  readonly static?: boolean | undefined;
  readonly strict?: boolean | undefined;
  readonly timeout: string;
  readonly verbose?: boolean | undefined;
}

/**
 * Check a plugin, and print what was found.
 * @param target a directory, the name of an installed plugin, or a reference
 * @throws {CommandExit} 1 when the plugin has a fault; {CommandError} exit code 125 for wrong flags
 */
export async function check(
  context: CommandContext,
  target: string | undefined,
  options: CheckOptions,
): Promise<void> {
  if (options.list === true) return await listChecks(context, options);
  if (target === undefined) throw usage('want a directory, a reference, or the name of a plugin');
  if (options.format !== 'text' && options.format !== 'json') {
    throw usage(`invalid format "${options.format}": want text or json`);
  }
  const flags = readFlags(options);
  const { checkPlugin, hasFailed, selectChecks } = await import('@outboard/authoring');
  try {
    selectChecks(flags);
  } catch (error) {
    throw usage(messageOf(error));
  }
  const home = await mkdtemp(join(tmpdir(), 'outboard-check-source-'));
  try {
    const source = await findSource(context, target, { home, options });
    const ask = askFor(context, target, options);
    const registries = source.kind === 'reference' ? await loadRegistries(context, options) : undefined;
    const request = {
      ...flags,
      registries,
      plugin: target,
      source,
      pack: packWith(context),
      ask,
      signal: context.signal,
    };
    const report = await checkPlugin(request);
    await writeReport(context, report, options);
    if (hasFailed(report, { strict: options.strict })) throw new CommandExit(1);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** The part of a request that flags decide. */
type FlagsOfRequest = Pick<
  CheckRequest,
  'only' | 'options' | 'runtime' | 'settings' | 'skip' | 'timeoutSeconds'
>;

function readFlags(options: CheckOptions): FlagsOfRequest {
  const seconds = Number(options.timeout);
  if (!Number.isInteger(seconds) || seconds < 1) {
    throw usage(`invalid timeout "${options.timeout}": want seconds, 1 or more`);
  }
  const pairs = (options.opt ?? []).map((text) => {
    const at = text.indexOf('=');
    if (at < 1) throw usage(`invalid option "${text}": want KEY=VALUE`);
    return [text.slice(0, at), text.slice(at + 1)] as const;
  });
  return {
    only: words(options.only),
    skip: words(options.skip),
    settings: options.set,
    options: Object.fromEntries(pairs),
    runtime: options.runtime,
    timeoutSeconds: seconds,
  };
}

/** Values of a flag that may be repeated and hold several words with commas. */
function words(values: readonly string[] | undefined): readonly string[] | undefined {
  return values?.flatMap((value) => value.split(',')).filter((word) => word !== '');
}

/**
 * Find the plugin: a directory of that name, else an installed plugin, else a reference.
 * @param find.home a directory for a copy's config
 */
async function findSource(
  context: CommandContext,
  target: string,
  { home, options }: { readonly home: string; readonly options: CheckOptions },
): Promise<PluginSource> {
  if (existsSync(target)) return { kind: 'directory', directory: target };
  if (/^[./]/.test(target))
    throw new CommandError(`no directory "${target}": want one with config.json and rootfs/`);
  const id = await findInstalled(context, target);
  if (id !== undefined) return await copyInstalled(context, id, join(home, 'plugin'));
  const reference = parseRemoteReference(target);
  const { host, signal } = context;
  const found = await findCredentials(reference, { env: host.env, authFile: options.authfile, signal });
  return {
    kind: 'reference',
    reference: formatReference(reference),
    access: { credentials: found.credentials },
  };
}

/** The ID of an installed plugin. @returns undefined when there is none, and when no daemon answers */
async function findInstalled(
  { client, host, signal }: CommandContext,
  name: string,
): Promise<string | undefined> {
  try {
    return asText(field(await inspectPlugin(client, name), 'Id'));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof DaemonError && error.status === 404) return undefined;
    if (error instanceof DaemonError) throw error;
    host.stderr.write(`note: no daemon to ask for an installed plugin: ${escapeText(messageOf(error))}\n`);
    return undefined;
  }
}

/** A directory with the plugin's config and a link to its root filesystem, which is read only. */
async function copyInstalled(
  { client }: CommandContext,
  id: string,
  directory: string,
): Promise<PluginSource> {
  if (!('socketPath' in client.address)) {
    const reason = `plugin ${id.slice(0, 12)} is on the host of ${client.address.text}`;
    throw new CommandError(`check: ${reason}: an installed plugin can be checked on its own host only`);
  }
  const { makePluginDirectory, readInstalledPlugin } = await import('@outboard/authoring');
  await makePluginDirectory(directory, await readInstalledPlugin(await fetchDataRoot(client), id));
  return { kind: 'directory', directory };
}

/** Consent to the privileges; undefined when nothing may or can be started. */
function askFor(context: CommandContext, target: string, options: CheckOptions): CheckRequest['ask'] {
  const { host, signal } = context;
  if (options.static === true) return undefined;
  if (process.getuid?.() !== 0) {
    host.stderr.write('note: without root nothing is started: only config.json and rootfs/ are checked\n');
    return undefined;
  }
  if (options.grantAllPermissions === true) return async () => true;
  // The report alone is on standard output.
  return (privileges) => askConsent(target, privileges, { ...host, stdout: host.stderr }, signal);
}

function packWith({ host, signal }: CommandContext): CheckRequest['pack'] {
  return (directory) =>
    packContext(directory, {
      onWarning: (message) => host.stderr.write(`warning: ${escapeText(message)}\n`),
      signal,
    });
}

async function writeReport(
  { host }: CommandContext,
  report: CheckReport,
  options: CheckOptions,
): Promise<void> {
  const { junitReport, reportDocument, textReport } = await import('@outboard/authoring');
  const { format, junit, strict, verbose } = options;
  const text =
    format === 'json'
      ? `${JSON.stringify(reportDocument(report), undefined, 2)}\n`
      : textReport(report, { verbose });
  host.stdout.write(text);
  if (junit !== undefined) await writeFile(junit, junitReport(report, { strict }));
}

async function listChecks({ host }: CommandContext, { format }: CheckOptions): Promise<void> {
  const { allChecks } = await import('@outboard/authoring');
  if (format === 'json') {
    host.stdout.write(`${JSON.stringify(allChecks, undefined, 2)}\n`);
    return;
  }
  const width = Math.max(...allChecks.map(({ code }) => code.length));
  for (const { code, level = '', title } of allChecks) {
    host.stdout.write(`${code.padEnd(width)}  ${level.padEnd(7)}  ${title}\n`);
  }
}

function usage(message: string): CommandError {
  return new CommandError(`check: ${message}`, { exitCode: 125 });
}
