/**
 * Durable state is written by one module, packages/oci/src/files/durable-file.ts, which knows in which order files and
 * directories are flushed. Every other use of calls that write, rename or flush has a reason here.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readSources } from './source-imports.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const isTest = (path: string) => /\.test\.|\.suite\.|\/testing\//.test(path);

const calls =
  'appendFile|appendFileSync|copyFile|copyFileSync|cp|fdatasync|fsync|rename|renameSync|writeFile|writeFileSync';
/** An import of one of these functions from node:fs, or a flush of an open file. */
const writing = new RegExp(
  String.raw`^import \{[^}]*\b(?:${calls})\b[^}]*\} from 'node:fs(?:/promises)?'|\.(?:sync|datasync)\(\)`,
  'm',
);

const forThisBoot = 'means nothing after the daemon, its commands or the boot have ended';
const ofTheUser = 'a file that a user asked a command to write; it is complete or absent';
const changeOfEntry = 'the change that it gives to commitInDirectory() or changeDirectory()';

/** Files that write without the module, and the reason. */
const reasons: Readonly<Record<string, string>> = {
  'packages/oci/src/files/durable-file.ts': 'the module',
  'packages/oci/src/documents/json-file.ts': `a document that ${forThisBoot}; setting a damaged one aside, which each start repeats`,
  'packages/oci/src/content/file-content-store.ts': `${changeOfEntry}; the first step of a deletion, which each start repeats`,
  'packages/oci/src/content/file-ingest.ts': 'flushes a blob, once before its commit and after each 64 MiB',
  'packages/oci/src/content/partial-file.ts': 'a note of what was flushed; a torn one means that nothing was',
  'packages/oci/src/content/quarantine.ts': 'setting a damaged blob aside, which each reader repeats',
  'packages/oci/src/layout/directory-blobs.ts': `flushes a blob before its commit; ${changeOfEntry}`,
  'packages/engine/src/operations/check/replace-tree.ts': changeOfEntry,
  'packages/engine/src/operations/install/change-version.ts':
    'places a tree, before the journal is written in the same directory and flushes it',
  'packages/engine/src/store/plugin-store.ts': changeOfEntry,
  'packages/engine/src/store/upgrade-journal.ts': changeOfEntry,
  'packages/engine/src/volumes/volume-record.ts': 'setting a damaged record aside, which each start repeats',
  'packages/engine/src/policy/openpgp/verify-message.ts': forThisBoot,
  'packages/engine/src/spec/container-init.ts': forThisBoot,
  'packages/container/src/cgroup/cgroup-tree.ts': 'a file of the kernel',
  'packages/container/src/cgroup/out-of-memory.ts': forThisBoot,
  'packages/container/src/exec/host-tools.ts': forThisBoot,
  'packages/container/src/exec/start-debug.ts': forThisBoot,
  'packages/container/src/exec/start-exec.ts': forThisBoot,
  'packages/container/src/linux/bridge-device.ts': 'a file of the kernel',
  'packages/container/src/linux/thread-priority.ts': 'a file of the kernel',
  'packages/container/src/linux/lock-directory.ts': forThisBoot,
  'packages/container/src/logs/start-log.ts': 'output of plugins, of which a power cut may take the end',
  'packages/container/src/network/cni-networks.ts': forThisBoot,
  'packages/container/src/network/network-namespace.ts': forThisBoot,
  'packages/container/src/runtime/bundle.ts': forThisBoot,
  'packages/container/src/runtime/oci-runtime.ts': forThisBoot,
  'packages/container/src/security/apparmor.ts': forThisBoot,
  'packages/daemon/src/service/reload-report.ts': forThisBoot,
  'packages/cli/src/archive/write-archive.ts': ofTheUser,
  'packages/cli/src/commands/check.ts': ofTheUser,
  'packages/cli/src/credentials/change-auth-file.ts': `keeps the owner of the file; ${changeOfEntry}`,
  'packages/sdk/src/server/plugin-server.ts': 'it depends on no other package',
  'packages/sdk/src/state/replace-file.ts': 'it depends on no other package, and follows the same order',
};

test('only the module for durable writes writes, renames and flushes files, or a reason is given', async () => {
  const found: string[] = [];
  for (const { path } of await readSources(repository, 'packages')) {
    // Authors' programs write the files of a project, and no state.
    if (isTest(path) || path.startsWith('packages/authoring/')) continue;
    if (writing.test(await readFile(join(repository, path), 'utf8'))) found.push(path);
  }
  assert.deepEqual(found.sort(), Object.keys(reasons).sort(), 'use commitFile(), or add a reason');
});

for (const source of [
  "import { rename } from 'node:fs/promises';",
  "import {\n  open,\n  writeFile,\n} from 'node:fs/promises';",
  "import { renameSync } from 'node:fs';",
  'await file.sync();',
]) {
  test(`the rule reports ${JSON.stringify(source)}`, () => assert.match(source, writing));
}

test('the rule permits reads and removals', () => {
  assert.doesNotMatch("import { open, readFile, rm } from 'node:fs/promises';", writing);
});
