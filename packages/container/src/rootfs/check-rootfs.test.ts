import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { createFileSystemProbe } from '../linux/file-system-probe.ts';
import { checkRootfs } from './check-rootfs.ts';

const probe = createFileSystemProbe();
const tmpfs = (destination: string) => ({ destination, type: 'tmpfs', source: 'tmpfs', options: [] });

interface Case {
  readonly title: string;
  readonly directories?: readonly string[];
  readonly files?: readonly string[];
  readonly links?: Readonly<Record<string, string>>;
  readonly destinations?: readonly string[];
  readonly workDir?: string;
  /** Expected error; absent: accepted. */
  readonly message?: RegExp;
}

const cases: readonly Case[] = [
  { title: 'accepts an empty root' },
  { title: 'accepts real directories', directories: ['dev', 'proc', 'sys', 'run/docker/plugins'] },
  { title: 'refuses /dev as a link', links: { dev: '/tmp' }, message: /^"\/dev" .*is a link/ },
  { title: 'refuses /proc as a link', links: { proc: 'elsewhere' }, message: /^"\/proc" .*is a link/ },
  { title: 'refuses /sys as a link', links: { sys: '..' }, message: /^"\/sys" .*is a link/ },
  { title: 'refuses /run as a link', links: { run: 'var/run' }, message: /^"\/run" .*is a link/ },
  {
    title: 'refuses /run/docker as a link',
    links: { 'run/docker': '/x' },
    message: /^"\/run\/docker" .*is a link/,
  },
  {
    title: 'refuses /run/docker/plugins as a link',
    links: { 'run/docker/plugins': '/dev' },
    message: /^"\/run\/docker\/plugins" .*is a link/,
  },
  { title: 'refuses a file as /dev', files: ['dev'], message: /^"\/dev" .*is not a directory/ },
  { title: 'refuses a file as /run', files: ['run'], message: /^"\/run" .*is not a directory/ },
  { title: 'accepts a destination that is absent', destinations: ['/mnt/a/b'] },
  { title: 'accepts a destination that is a file', files: ['etc/hosts'], destinations: ['/etc/hosts'] },
  {
    title: 'accepts a destination below /var/run -> /run',
    directories: ['run'],
    links: { 'var/run': '/run' },
    destinations: ['/var/run/docker.sock'],
  },
  {
    title: 'accepts a destination below a relative link that tries to leave',
    links: { 'var/up': '../../../../mnt' },
    destinations: ['/var/up/volumes'],
  },
  {
    title: 'refuses a destination that a link leads into /proc',
    links: { data: '/proc/sys' },
    destinations: ['/data/kernel'],
    message: /^mount destination "\/data\/kernel" leads to "\/proc\/sys\/kernel".*"\/data"$/,
  },
  {
    title: 'refuses a destination that is a link to the plugin sockets',
    links: { data: 'run/docker/plugins' },
    destinations: ['/data'],
    message: /leads to "\/run\/docker\/plugins"/,
  },
  {
    title: 'refuses a destination that two links lead into /sys',
    links: { 'a/b': '../c', c: '/var/../sys/fs' },
    destinations: ['/a/b/cgroup'],
    message: /leads to "\/sys\/fs\/cgroup"/,
  },
  {
    title: 'refuses a destination below a file',
    files: ['etc/hosts'],
    destinations: ['/etc/hosts/x'],
    message: /^"\/etc\/hosts" of the container is not a directory/,
  },
  {
    title: 'refuses a destination in a circle of links',
    links: { a: 'b', b: 'a' },
    destinations: ['/a/x'],
    message: /too many links on the way to "\/a\/x"/,
  },
  {
    title: 'refuses a working directory that a link leads to an open file of the runtime (I07)',
    links: { work: '/proc/self/fd/7' },
    workDir: '/work',
    message: /^working directory "\/work" leads to "\/proc\/self\/fd\/7".*"\/work"$/,
  },
  {
    title: 'accepts a working directory behind a link that stays in the image',
    directories: ['srv/app'],
    links: { app: '/srv/app' },
    workDir: '/app',
  },
  {
    title: 'accepts the mounts that every container has',
    directories: ['dev', 'proc'],
    destinations: ['/proc', '/dev/pts'],
  },
];

for (const {
  title,
  directories = [],
  files = [],
  links = {},
  destinations = [],
  workDir,
  message,
} of cases) {
  test(`I05 checkRootfs() ${title}`, async () => {
    const root = await mkdtemp(join(tmpdir(), 'outboard-rootfs-'));
    try {
      for (const path of directories) await mkdir(join(root, path), { recursive: true });
      for (const path of [...files, ...Object.keys(links)])
        await mkdir(dirname(join(root, path)), { recursive: true });
      for (const path of files) await writeFile(join(root, path), '');
      for (const [path, target] of Object.entries(links)) await symlink(target, join(root, path));
      const descriptors = (await readdir('/proc/self/fd')).length;
      const checked = checkRootfs(
        root,
        { mounts: destinations.map(tmpfs), ...(workDir && { workDir }) },
        probe,
      );
      if (message === undefined) await checked;
      else await assert.rejects(checked, { kind: 'invalid', message });
      // Descriptors of the test loader may be closed in the meantime.
      const left = (await readdir('/proc/self/fd')).length;
      assert.ok(left <= descriptors, `${left} descriptors are open, ${descriptors} before`);
    } finally {
      await rm(root, { recursive: true });
    }
  });
}

test('checkRootfs() refuses a root that is absent', async () => {
  await assert.rejects(checkRootfs('/nonexistent/rootfs', {}, probe), {
    kind: 'invalid',
    message: /is absent/,
  });
});

interface MountedCase {
  readonly title: string;
  /** Links in the directory that is mounted at `/data`. */
  readonly links?: Readonly<Record<string, string>>;
  readonly files?: readonly string[];
  readonly options?: readonly string[];
  /** Destination of a later mount. */
  readonly destination: string;
  readonly message?: RegExp;
}

const mountedCases: readonly MountedCase[] = [
  { title: 'accepts a destination below another mount', destination: '/data/a/b' },
  {
    title: 'accepts a link below another mount that leads elsewhere',
    links: { a: '../srv' },
    destination: '/data/a',
  },
  {
    title: 'refuses a destination that a link in an earlier mount leads to /dev (I06)',
    links: { a: '../dev' },
    destination: '/data/a',
    message:
      /^mount destination "\/data\/a" leads to "\/dev" in the container, by way of the link "\/data\/a"$/,
  },
  {
    title: 'refuses one that two links in an earlier mount lead below /proc',
    links: { 'a/b': '../c', c: '/proc' },
    destination: '/data/a/b/sys',
    message: /leads to "\/proc\/sys"/,
  },
  {
    title: 'refuses one that a link leads to a mount that is shared with the host',
    links: { a: 'b' },
    options: ['rbind', 'rshared'],
    destination: '/data/a',
    message: /leads to "\/data\/b".*"\/data" is shared with the host$/,
  },
  {
    title: 'refuses one below a file of an earlier mount',
    files: ['a'],
    destination: '/data/a/b',
    message: /^"\/data\/a" of the container is not a directory$/,
  },
  {
    title: 'refuses one in a circle of links of an earlier mount',
    links: { a: 'b', b: 'a' },
    destination: '/data/a/x',
    message: /too many links on the way to "\/data\/a\/x"/,
  },
];

for (const { title, links = {}, files = [], options = ['rbind'], destination, message } of mountedCases) {
  test(`checkRootfs() ${title}`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'outboard-mounted-'));
    try {
      const [root, source] = [join(directory, 'rootfs'), join(directory, 'source')];
      for (const path of [root, source]) await mkdir(path);
      for (const path of [...files, ...Object.keys(links)])
        await mkdir(dirname(join(source, path)), { recursive: true });
      for (const path of files) await writeFile(join(source, path), '');
      for (const [path, target] of Object.entries(links)) await symlink(target, join(source, path));
      const mounts = [{ destination: '/data', type: 'bind', source, options }, tmpfs(destination)];
      const checked = checkRootfs(root, { mounts }, probe);
      if (message === undefined) await checked;
      else await assert.rejects(checked, { kind: 'invalid', message });
    } finally {
      await rm(directory, { recursive: true });
    }
  });
}
