/**
 * Makes the Debian package of an installation.
 * @see https://www.debian.org/doc/debian-policy/
 */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeDirectories } from '../make-directories.mjs';
import { runProgram } from './run-program.mjs';
import { normalizeModes } from './stage-installation.mjs';

const debian = fileURLToPath(new URL('../../packaging/debian', import.meta.url));
const units = fileURLToPath(new URL('../../packaging/systemd', import.meta.url));

const scripts = ['postinst', 'prerm', 'postrm'];

/** The libraries are those that Node.js 24 is linked with, in the oldest versions that have its symbols. */
const dependencies = [
  ...['libc6 (>= 2.28)', 'libgcc-s1 (>= 3.4)', 'libstdc++6 (>= 8)'],
  ...['runc | crun', 'conmon', 'containernetworking-plugins'],
  ...['debconf (>= 0.5) | debconf-2.0', 'mount', 'passwd', 'util-linux'],
];

/**
 * Write `outboard_<version>_<architecture>.deb`.
 *
 * @param {string} tree an installation, which becomes `/usr`; it is used up
 * @param {{ output: string, work: string, release: object }} options
 * @returns {string} path of the package
 */
export function writeDebianPackage(tree, { output, work, release }) {
  const root = join(work, 'debian');
  makeDirectories(root);
  renameSync(tree, join(root, 'usr'));
  useDebianPlaces(join(root, 'usr', 'share'));
  copyConfiguration(root);
  writeUnits(join(root, 'usr', 'lib', 'systemd', 'system'));
  writeDocuments(join(root, 'usr', 'share', 'doc', 'outboard'), release);
  writeControl(root, release);
  const programs = ['usr/bin/outboard', 'usr/lib/outboard/node', ...scripts.map((name) => `DEBIAN/${name}`)];
  normalizeModes(
    root,
    programs.map((path) => join(root, path)),
  );
  const file = join(output, `outboard_${debianVersion(release.version)}_${release.processor}.deb`);
  const args = ['--root-owner-group', '-Zgzip', `-z${release.compression}`, '--build', root, file];
  // The time of all files that are newer.
  runProgram('dpkg-deb', args, { env: { ...process.env, SOURCE_DATE_EPOCH: String(release.date) } });
  return file;
}

/** A pre-release sorts before its release, which a tilde does. */
function debianVersion(version) {
  return version.replace('-', '~');
}

/** zsh of Debian looks for completions of packages elsewhere. */
function useDebianPlaces(share) {
  renameSync(join(share, 'zsh', 'site-functions'), join(share, 'zsh', 'vendor-completions'));
}

function copyConfiguration(root) {
  const directory = join(root, 'etc', 'outboard');
  makeDirectories(directory);
  copyFileSync(join(debian, 'daemon.json'), join(directory, 'daemon.json'));
}

function writeUnits(directory) {
  makeDirectories(directory);
  for (const name of readdirSync(units)) {
    const template = readFileSync(join(units, name), 'utf8');
    const text = template.replaceAll('@PROGRAM@', '/usr/bin/outboard').replaceAll('@GROUP@', 'outboard');
    writeFileSync(join(directory, name), text);
  }
}

/** Named as Debian's tools expect them. */
function writeDocuments(directory, { version, date }) {
  makeDirectories(directory);
  const when = new Date(date * 1000).toUTCString().replace('GMT', '+0000');
  const entry = `outboard (${debianVersion(version)}) stable; urgency=medium\n\n  * Release ${version}; see CHANGELOG.md.\n\n -- ${maintainer()}  ${when}\n`;
  writeFileSync(join(directory, 'changelog'), entry);
  runProgram('gzip', ['--no-name', '-9', join(directory, 'changelog')]);
  const notice =
    'Copyright: the authors of Outboard. License: Apache-2.0, in /usr/share/common-licenses/Apache-2.0.';
  const others = 'Works of others that it contains, with their licences, are in THIRD-PARTY-LICENSES.';
  writeFileSync(join(directory, 'copyright'), `${notice}\n${others}\n`);
  // Debian has a copy.
  rmSync(join(directory, 'LICENSE'));
}

function writeControl(root, { version, processor }) {
  const directory = join(root, 'DEBIAN');
  makeDirectories(directory);
  for (const name of [...scripts, 'templates']) copyFileSync(join(debian, name), join(directory, name));
  writeFileSync(join(directory, 'conffiles'), '/etc/outboard/daemon.json\n');
  const files = filesBelow(root).filter((path) => !path.startsWith('DEBIAN/'));
  const size = files.reduce((sum, path) => sum + Math.ceil(statSync(join(root, path)).size / 1024), 0);
  writeFileSync(
    join(directory, 'md5sums'),
    files.map((path) => `${md5(join(root, path))}  ${path}\n`).join(''),
  );
  const fields = {
    Package: 'outboard',
    Version: debianVersion(version),
    Architecture: processor,
    Maintainer: maintainer(),
    'Installed-Size': size,
    Depends: dependencies.join(', '),
    Recommends: 'gpgv, libdeflate0, libisal2',
    Suggests: 'tini, apparmor',
    Section: 'admin',
    Priority: 'optional',
    Description: readFileSync(join(debian, 'description'), 'utf8').trimEnd(),
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\n`);
  writeFileSync(join(directory, 'control'), lines.join(''));
}

function maintainer() {
  return readFileSync(join(debian, 'maintainer'), 'utf8').trim();
}

function filesBelow(root) {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}

/** Debian's format of sums, which `debsums` reads. */
function md5(file) {
  return createHash('md5').update(readFileSync(file)).digest('hex');
}
