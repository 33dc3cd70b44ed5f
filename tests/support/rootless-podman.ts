/**
 * Podman of a user who is not root: `nobody`, with a home directory, storage and configuration below one directory. Without
 * entries in `/etc/subuid` its containers have one user, whom they see as root.
 */
import assert from 'node:assert/strict';
import { chmod, chown, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { imageArchive, type PodmanAnswer, runProgram } from './podman.ts';

/** User and group of this Podman. */
export const rootlessUser = { name: 'nobody', uid: 65_534, gid: 65_534 } as const;

/** Podman of a user. */
export interface RootlessPodman {
  /** Directory of the user's drop-ins. */
  readonly dropIns: string;
  readonly image: string;
  run(...args: readonly string[]): Promise<PodmanAnswer>;
  /** Run a command that must succeed. @returns its output without the last newline */
  succeed(...args: readonly string[]): Promise<string>;
  /** End all containers and delete everything but the volumes. */
  remove(): Promise<void>;
}

const image = 'localhost/programs-of-the-host';

const settings = `
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
netns = "none"
volumes = ["/usr:/usr:ro"]

[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
num_locks = 64
`;

/** The user's environment, in a mount namespace with a configuration of its own. */
const program = (etc: string, home: string) => `#!/bin/sh
exec unshare --mount --propagation slave -- sh -c 'mount --bind ${etc} /etc/containers && cd / && exec "$@"' sh \\
  setpriv --reuid=${rootlessUser.uid} --regid=${rootlessUser.gid} --clear-groups -- \\
  env -i PATH="$PATH" HOME=${home} XDG_RUNTIME_DIR=${home}/run podman "$@"
`;

/** Make a Podman with its image. @param directory one that exists, which everyone can enter from now on */
export async function openRootlessPodman(directory: string): Promise<RootlessPodman> {
  await chmod(directory, 0o711);
  const [place, home] = [join(directory, 'rootless'), join(directory, 'home')];
  const etc = join(place, 'etc');
  await mkdir(etc, { recursive: true });
  await writeFile(join(etc, 'containers.conf'), settings);
  await writeFile(join(etc, 'storage.conf'), '[storage]\ndriver = "vfs"\n');
  await writeFile(join(etc, 'policy.json'), '{"default": [{"type": "insecureAcceptAnything"}]}');
  const podman = join(place, 'podman');
  await writeFile(podman, program(etc, home), { mode: 0o755 });
  const archive = join(place, 'image.tar');
  await writeFile(archive, imageArchive());
  for (const path of [home, join(home, 'run')]) {
    await mkdir(path, { mode: 0o700 });
    await chown(path, rootlessUser.uid, rootlessUser.gid);
  }
  const run = (...args: readonly string[]) => runProgram(podman, args);
  const succeed = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(...args);
    assert.equal(code, 0, `podman ${args.join(' ')}: ${stderr}`);
    return stdout.trimEnd();
  };
  await succeed('import', '--quiet', archive, image);
  return {
    dropIns: join(home, '.config', 'containers', 'containers.conf.d'),
    image,
    run,
    succeed,
    async remove() {
      await run('rm', '--all', '--force', '--time', '0');
      // Ends the process that keeps the user namespace.
      await run('system', 'migrate');
      await rm(place, { recursive: true });
      await rm(home, { recursive: true });
    },
  };
}
