/**
 * `POST /outboard/v1/plugins/{name}/exec`: run a command in a plugin. The connection is upgraded, and carries input and
 * output in frames; see `exec/exec-frames.ts`.
 */
import type { ExecRequest, PluginEngine } from '@outboard/engine';
import { codec } from '@outboard/oci';
import { attach } from '../../exec/attach.ts';
import { terminalSizeCodec } from '../../exec/exec-frames.ts';
import { readJsonBody } from '../../http/json-body.ts';
import type { RequestBody } from '../../http/request-body.ts';
import type { Route } from '../../http/route-table.ts';

/** Runs a command. Errors before its start are answered with a status, later ones on the connection. */
export function execRoute(engine: Pick<PluginEngine, 'exec'>): Route {
  return {
    method: 'POST',
    path: '/outboard/v1/plugins/{name}/exec',
    async handle({ name, body, signal }) {
      const request = await readRequest(body);
      return {
        async upgrade(accept) {
          const session = await engine.exec(name, request, { signal });
          await attach(session, accept(), signal);
        },
      };
    },
  };
}

/** The fields have the names of Docker's `POST /containers/{id}/exec`. */
const requestCodec = codec.required(
  codec.object({
    command: codec.field('Cmd', codec.listOrEmpty(codec.text)),
    env: codec.field('Env', codec.listOrEmpty(codec.text)),
    user: codec.optionalField('User', codec.textIfAny),
    workingDirectory: codec.optionalField('WorkingDir', codec.textIfAny),
    hasInput: codec.field('AttachStdin', codec.flag),
    tty: codec.field('Tty', codec.flag),
    consoleSize: codec.optionalField('ConsoleSize', terminalSizeCodec),
  }),
);

/** A client without a terminal of its own sends no size. */
const defaultSize = { columns: 80, rows: 24 };

async function readRequest(body: RequestBody): Promise<ExecRequest> {
  const { tty, consoleSize, ...request } = await readJsonBody(body, requestCodec, {
    unknownFields: 'refuse',
  });
  return tty ? { ...request, terminal: consoleSize ?? defaultSize } : request;
}
