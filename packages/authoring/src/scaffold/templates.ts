/**
 * The files of new projects. They are in one document, `templates.json`, beside the programs of an installation.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isJsonObject, OutboardError } from '@outboard/oci';

/** Files of new projects. */
export interface Templates {
  /** Text by path, such as `typescript/volume/src/driver.ts`. */
  readonly files: ReadonlyMap<string, string>;
  /** The npm package `@outboard/sdk` as npm packs it. */
  readonly sdk: Buffer;
}

/** Read them. @throws {OutboardError} system when the installation lacks them */
export function readTemplates(): Templates {
  const document: unknown = JSON.parse(readFileSync(findDocument(), 'utf8'));
  const files = isJsonObject(document) && isJsonObject(document.files) ? document.files : {};
  const sdk = isJsonObject(document) ? String(document.sdk) : '';
  return {
    files: new Map(Object.entries(files).map(([path, text]) => [path, String(text)])),
    sdk: Buffer.from(sdk, 'base64'),
  };
}

/** Beside this program; for the modules of a checkout in its `lib/outboard`. */
function findDocument(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  for (let directory = here; ; directory = dirname(directory)) {
    for (const place of ['templates.json', 'lib/outboard/templates.json']) {
      const file = join(directory, place);
      if (existsSync(file)) return file;
    }
    if (directory === dirname(directory)) {
      throw new OutboardError(
        'system',
        `this installation lacks templates.json, the files of new projects: it was searched for from "${here}" upwards`,
      );
    }
  }
}
