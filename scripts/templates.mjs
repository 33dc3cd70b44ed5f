/**
 * Writes `templates.json`, from which `outboard init` begins projects: the files of `templates/`, and the SDK as npm packs
 * it, because the SDK is in no registry.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Write the document. The same sources give the same bytes.
 *
 * @param {string} file
 */
export function writeTemplates(file) {
  const directory = join(root, 'templates');
  const paths = readdirSync(directory, { recursive: true })
    .filter((path) => statSync(join(directory, path)).isFile())
    .sort();
  const files = Object.fromEntries(paths.map((path) => [path, readFileSync(join(directory, path), 'utf8')]));
  writeFileSync(file, `${JSON.stringify({ files, sdk: packSdk().toString('base64') })}\n`);
}

/** An npm package holds its files below `package/`. */
function packSdk() {
  const args = [
    ...['--create', '--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'],
    ...['--mode=u=rwX,go=rX', '--transform=s,^,package/,', '--exclude=*.test.*', '--exclude=*.map'],
    ...['--directory', join(root, 'packages', 'sdk'), 'package.json', 'README.md', 'dist'],
    ...['--directory', root, 'LICENSE'],
  ];
  const { status, stdout, stderr, error } = spawnSync('tar', args, { maxBuffer: 64 * 1024 * 1024 });
  if (status !== 0) throw new Error(`cannot pack the SDK: ${stderr}`, { cause: error });
  return gzipSync(stdout, { level: 9 });
}
