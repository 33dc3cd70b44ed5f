/**
 * The README of a new project: how to work on it, and its config explained, since JSON has no comments.
 */
import { kindFacts, type PluginKind } from './kinds.ts';
import { languageFacts, type PluginLanguage } from './languages.ts';
import type { PluginName } from './plugin-name.ts';

/** Meaning of the config's fields, in their order. */
const explanations: Readonly<Record<string, string>> = {
  description: 'shown by `outboard inspect`',
  interface: 'what the plugin serves, and the file name of its socket in `/run/docker/plugins`',
  entrypoint: 'the program and its arguments',
  network:
    'type `host`, `bridge`, or empty for no connections: a plugin that needs no network should have none',
  env: 'variables: `{"name": "DEBUG", "value": "0", "settable": ["value"]}` lets the operator change one',
  linux: 'Linux capabilities and devices beyond the default set',
  propagatedMount: 'a directory that survives upgrades; what is mounted below it is seen by the host',
  mounts: 'directories of the host; `"settable": ["source"]` lets the operator choose the path',
};

/** The README. */
export function makeReadme({
  kind,
  language,
  name,
}: {
  readonly kind: PluginKind;
  readonly language: PluginLanguage;
  readonly name: PluginName;
}): string {
  const { noun, use, config } = kindFacts[kind];
  const { label, test, needs, driver } = languageFacts[language];
  const fields = ['description', 'interface', 'entrypoint', 'network', 'env', 'linux'];
  const all = [...new Set([...fields, ...Object.keys(config(name.short))])];
  const rows = all.map((field) => `| \`${field}\` | ${explanations[field] ?? ''} |`);
  const packages = needs.map(([, debianPackage]) => debianPackage).join(' ');
  return `# ${name.short}

${noun[0]?.toUpperCase()}${noun.slice(1)} in ${label}, for Outboard and for Docker Engine. Begin in \`${driver}\`.

    ${test}
    outboard dev          # build, enable, show the log; build again after each change
    outboard build        # create or replace ${name.plugin}
    outboard enable ${name.plugin}
    ${use(name.plugin).split('\n').join('\n    ')}

Building needs, as Debian packages: ${packages}.${language === 'typescript' ? sdkNote : ''}

Publish it under a name with a registry: \`outboard build --push registry.example.com/${name.plugin}\`.

## config.json

| field | meaning |
| --- | --- |
${rows.join('\n')}

Host network, mounts, devices and capabilities are privileges, which an operator sees and grants: require as few as possible.

## License

Choose one before you publish: put its text into a file LICENSE, and its name here.
`;
}

const sdkNote = `

\`vendor/outboard-sdk.tgz\` is the package \`@outboard/sdk\`, which is in no npm registry yet: it came with the Outboard that
made this project. \`outboard init\` of a newer one makes a newer file.`;
