/**
 * The session in docs/docker-engine.md: every command runs on a real Docker Engine and prints what the page shows.
 */
import { after, before, it } from 'node:test';
import { runSession } from '../support/console-session.ts';
import { needsDockerEngine } from '../support/docker-engine.ts';
import { type DockerHost, openDockerHost } from '../support/docker-host.ts';

let host: DockerHost | undefined;
before(async () => {
  if (needsDockerEngine === false) host = await openDockerHost({ plugins: {} });
});
after(async () => {
  // Removed by no command of the session.
  await host?.api.remove('acme/files', { force: true });
  await host?.[Symbol.asyncDispose]();
});

it('the session in docs/docker-engine.md prints what the page shows, line by line', {
  skip: needsDockerEngine,
}, async () => {
  if (host === undefined) throw new Error('there is no host');
  const { daemon, engine, home } = host;
  await runSession('docs/docker-engine.md', 'docker', {
    socket: daemon.socket,
    dockerSocket: engine.socket,
    home,
  });
});
