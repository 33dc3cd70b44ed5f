/**
 * `outboard check-registry`: what a registry takes. No daemon is asked.
 */
import type { RegistryFinding } from '@outboard/authoring';
import { CommandError, CommandExit } from '../command-error.ts';
import { escapeText } from '../terminal/escape-text.ts';
import { openBuildRegistries } from './build-registries.ts';
import type { CommandContext } from './command-context.ts';
import type { RegistryFlags } from './registry-flags.ts';

/** Flags of `outboard check-registry`. */
export interface CheckRegistryOptions extends RegistryFlags {
  readonly format: string;
}

/**
 * Examine a registry, and print each finding as soon as it is known.
 * @param repository a reference; its tag does not matter
 * @throws {CommandExit} 1 when plugins cannot be kept there; {CommandError} exit code 125 for wrong flags
 */
export async function checkRegistry(
  context: CommandContext,
  repository: string,
  options: CheckRegistryOptions,
): Promise<void> {
  if (options.format !== 'text' && options.format !== 'json')
    throw new CommandError(`invalid format "${options.format}": want text or json`, { exitCode: 125 });
  const { examineRegistry, parsePushReference } = await import('@outboard/authoring');
  const reference = parsePushReference(repository);
  await using registries = await openBuildRegistries(context, options);
  const access = await registries.accessTo(reference);
  const client = await registries.client();
  const opened = client.repository(reference, 'pull,push,delete', access);
  const findings: RegistryFinding[] = [];
  for await (const finding of examineRegistry(opened, { signal: context.signal })) {
    findings.push(finding);
    if (options.format === 'text') context.host.stdout.write(line(finding));
  }
  if (options.format === 'json') context.host.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
  if (findings.some(({ isOptional, works }) => !isOptional && !works)) throw new CommandExit(1);
}

function line({ ability, detail, works }: RegistryFinding): string {
  return `${works ? 'works' : 'fails'}  ${ability}${detail === '' ? '' : `: ${escapeText(detail)}`}\n`;
}
