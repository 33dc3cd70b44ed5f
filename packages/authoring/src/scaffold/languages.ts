/**
 * Languages in which plugins can be begun.
 */
import type { PluginKind } from './kinds.ts';
import { pluginKinds } from './kinds.ts';

/** Languages in the order of the help. */
export const pluginLanguages = ['typescript', 'go', 'python', 'c'] as const;

/** A language. */
export type PluginLanguage = (typeof pluginLanguages)[number];

/** One language. */
export interface LanguageFacts {
  readonly label: string;
  readonly kinds: readonly PluginKind[];
  /** The config's entrypoint. @param name last part of the plugin's name */
  readonly entrypoint: (name: string) => readonly string[];
  /** Command that runs the tests. */
  readonly test: string;
  /** Programs that building and testing needs, by name and as a Debian package. */
  readonly needs: readonly (readonly [program: string, debianPackage: string])[];
  /** The file to begin with. */
  readonly driver: string;
}

/** Facts by language. */
export const languageFacts: Readonly<Record<PluginLanguage, LanguageFacts>> = {
  typescript: {
    label: 'TypeScript',
    kinds: pluginKinds,
    entrypoint: () => ['/usr/bin/node', '/plugin/dist/main.js'],
    test: 'npm test',
    needs: [['npm', 'npm']],
    driver: 'src/driver.ts',
  },
  go: {
    label: 'Go',
    kinds: ['volume', 'authz'],
    entrypoint: (name) => [`/${name}`],
    test: 'make test',
    needs: [
      ['go', 'golang-go'],
      ['make', 'make'],
    ],
    driver: 'driver.go',
  },
  python: {
    label: 'Python',
    kinds: ['volume', 'authz'],
    entrypoint: () => ['/usr/bin/python3', '-B', '/plugin/main.py'],
    test: 'make test',
    needs: [
      ['python3', 'python3'],
      ['make', 'make'],
    ],
    driver: 'src/driver.py',
  },
  c: {
    label: 'C',
    kinds: ['volume', 'authz'],
    entrypoint: (name) => [`/${name}`],
    test: 'make test',
    needs: [
      ['gcc', 'gcc libc6-dev'],
      ['make', 'make'],
    ],
    driver: 'src/driver.c',
  },
};
