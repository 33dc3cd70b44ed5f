/**
 * Runs `npm run demo` as a program.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The program of the demo. */
export const demoProgram = fileURLToPath(new URL('../../scripts/demo.mjs', import.meta.url));

/** End of a demo, with its output on both streams. */
export interface DemoRun {
  readonly code: number | null;
  readonly output: string;
}

/** Run the demo. @param onOutput called with all output so far, whenever some arrives */
export async function runDemo(
  args: readonly string[],
  onOutput: (output: string, interrupt: () => void) => void = () => undefined,
  env: Readonly<Record<string, string>> = {},
): Promise<DemoRun> {
  const child = spawn(process.execPath, [demoProgram, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const interrupt = (): void => {
    child.kill('SIGINT');
  };
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      onOutput(output, interrupt);
    });
  }
  await once(child, 'close');
  return { code: child.exitCode, output };
}
