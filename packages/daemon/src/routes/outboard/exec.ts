/**
 * `POST /outboard/v1/plugins/{name}/exec`: run a command in a plugin, and `POST /outboard/v1/plugins/{name}/debug`: run a
 * program of the host in its namespaces. The connection is upgraded, and carries input and output in frames; see
 * `exec/exec-frames.ts`.
 */
import type { ExecRequest, ExecSession, PluginDebugRequest, PluginEngine } from '@outboard/engine';
import { codec } from '@outboard/oci';
import { attach } from '../../exec/attach.ts';
import { terminalSizeCodec } from '../../exec/exec-frames.ts';
import { readJsonBody } from '../../http/json-body.ts';
import type { RequestBody } from '../../http/request-body.ts';
import type { Route } from '../../http/route-table.ts';

/** Run commands. Errors before their start are answered with a status, later ones on the connection. */
export function execRoutes(engine: Pick<PluginEngine, 'exec' | 'debug'>): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/outboard/v1/plugins/{name}/exec',
      async handle({ name, body, signal }) {
        const request = await readExecRequest(body);
        return upgradeTo(() => engine.exec(name, request, { signal }), signal);
      },
    },
    {
      method: 'POST',
      path: '/outboard/v1/plugins/{name}/debug',
      async handle({ name, body, signal }) {
        const request = await readDebugRequest(body);
        return upgradeTo(() => engine.debug(name, request, { signal }), signal);
      },
    },
  ];
}

function upgradeTo(start: () => Promise<ExecSession>, signal: AbortSignal): ReturnType<Route['handle']> {
  return {
    async upgrade(accept) {
      const session = await start();
      await attach(session, accept(), signal);
    },
  };
}

const commonFields = {
  command: codec.field('Cmd', codec.listOrEmpty(codec.text)),
  env: codec.field('Env', codec.listOrEmpty(codec.text)),
  workingDirectory: codec.optionalField('WorkingDir', codec.textIfAny),
  hasInput: codec.field('AttachStdin', codec.flag),
  tty: codec.field('Tty', codec.flag),
  consoleSize: codec.optionalField('ConsoleSize', terminalSizeCodec),
};

/** The fields have the names of Docker's `POST /containers/{id}/exec`; `Tools` is our own. */
const execCodec = codec.required(
  codec.object({
    ...commonFields,
    user: codec.optionalField('User', codec.textIfAny),
    hasTools: codec.field('Tools', codec.flag),
  }),
);

const debugCodec = codec.required(codec.object(commonFields));

/** A client without a terminal of its own sends no size. */
const defaultSize = { columns: 80, rows: 24 };

async function readExecRequest(body: RequestBody): Promise<ExecRequest> {
  const { tty, consoleSize, ...request } = await readJsonBody(body, execCodec, { unknownFields: 'refuse' });
  return tty ? { ...request, terminal: consoleSize ?? defaultSize } : request;
}

async function readDebugRequest(body: RequestBody): Promise<PluginDebugRequest> {
  const { tty, consoleSize, ...request } = await readJsonBody(body, debugCodec, { unknownFields: 'refuse' });
  return tty ? { ...request, terminal: consoleSize ?? defaultSize } : request;
}
