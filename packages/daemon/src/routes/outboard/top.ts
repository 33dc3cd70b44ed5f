/**
 * `GET /outboard/v1/plugins/{name}/top`: the processes of a plugin, in the form of Docker's `/containers/{id}/top`.
 */
import { readFile } from 'node:fs/promises';
import type { ContainerProcess, PluginEngine } from '@outboard/engine';
import { jsonReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

const Titles = ['PID', 'PPID', 'USER', 'TIME', 'COMMAND'];

/** Lists the processes, with pids and user names of the host. */
export function topRoute(engine: Pick<PluginEngine, 'processes'>): Route {
  return {
    method: 'GET',
    path: '/outboard/v1/plugins/{name}/top',
    async handle({ name }) {
      const [processes, users] = await Promise.all([engine.processes(name), readHostUsers()]);
      return jsonReply(200, { Titles, Processes: processes.map((process) => toRow(process, users)) });
    },
  };
}

function toRow(process: ContainerProcess, users: ReadonlyMap<string, string>): readonly string[] {
  const { pid, parentPid, uid, cpuSeconds, command } = process;
  const user = users.get(String(uid)) ?? String(uid);
  return [String(pid), String(parentPid), user, formatTime(cpuSeconds), command];
}

/** CPU time in the format of ps, `HH:MM:SS`. */
function formatTime(seconds: number): string {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

/** User names of the host by user ID; the first name of an ID counts. */
async function readHostUsers(): Promise<ReadonlyMap<string, string>> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').toReversed();
  return new Map(
    lines.map((line) => {
      const [name = '', , uid = ''] = line.split(':');
      return [uid, name];
    }),
  );
}
