/**
 * `POST /outboard/v1/plugins/{name}/exec`: run a command in a plugin. The answer is the connection itself, on which input
 * and output go in frames; see `exec/exec-frames.ts`.
 */
import type { ExecRequest, PluginEngine } from '@outboard/engine';
import { attach } from '../../exec/attach.ts';
import { readTerminalSize } from '../../exec/exec-frames.ts';
import { HttpError } from '../../http/errors.ts';
import type { Route } from '../../http/route-table.ts';

export function execRoute(engine: Pick<PluginEngine, 'exec'>): Route {
  return {
    method: 'POST',
    path: '/outboard/v1/plugins/{name}/exec',
    async handle({ name, body, signal }) {
      const request = parseRequest(await body.json());
      return {
        async upgrade(accept) {
          const session = await engine.exec(name, request, { signal });
          await attach(session, accept(), signal);
        },
      };
    },
  };
}

const fields = new Set(['Cmd', 'Env', 'User', 'WorkingDir', 'AttachStdin', 'Tty', 'ConsoleSize']);

/** The fields are Docker's, of its `POST /containers/{id}/exec`. */
function parseRequest(document: unknown): ExecRequest {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new HttpError(400, 'invalid JSON: expected an object with "Cmd"');
  }
  const unknown = Object.keys(document).find((field) => !fields.has(field));
  if (unknown !== undefined) {
    throw new HttpError(
      400,
      `unknown field ${JSON.stringify(unknown)}: want one of ${[...fields].join(', ')}`,
    );
  }
  const values = new Map<string, unknown>(Object.entries(document));
  const env = readTexts(values, 'Env');
  const user = readText(values, 'User');
  const workingDirectory = readText(values, 'WorkingDir');
  return {
    command: readTexts(values, 'Cmd'),
    env,
    ...(user !== '' && { user }),
    ...(workingDirectory !== '' && { workingDirectory }),
    hasInput: readFlag(values, 'AttachStdin'),
    ...(readFlag(values, 'Tty') && { terminal: readSize(values.get('ConsoleSize')) }),
  };
}

/** A client without a terminal of its own names no size. */
function readSize(value: unknown) {
  return value === undefined || value === null ? { columns: 80, rows: 24 } : readTerminalSize(value);
}

function readTexts(values: ReadonlyMap<string, unknown>, field: string): readonly string[] {
  const value = values.get(field) ?? [];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw new HttpError(400, `invalid ${JSON.stringify(field)}: want an array of strings`);
}

function readText(values: ReadonlyMap<string, unknown>, field: string): string {
  const value = values.get(field) ?? '';
  if (typeof value === 'string') return value;
  throw new HttpError(400, `invalid ${JSON.stringify(field)}: want a string`);
}

function readFlag(values: ReadonlyMap<string, unknown>, field: string): boolean {
  const value = values.get(field) ?? false;
  if (typeof value === 'boolean') return value;
  throw new HttpError(400, `invalid ${JSON.stringify(field)}: want true or false`);
}
