/**
 * The program of the plugin: reads the rules once, and decides by them.
 */
import { readFileSync } from 'node:fs';
import { allow, definePlugin, deny } from '@outboard/sdk';
import { denialOf, parseRules, type Rules } from './rules.ts';

const file = '/etc/authorization-rules/rules.json';
const isDebugging = process.env.DEBUG === '1';

/** A plugin that cannot read its rules ends: the engine then denies everything. */
function readRules(): Rules {
  try {
    return parseRules(readFileSync(file, 'utf8'));
  } catch (error) {
    console.error(`cannot use "${file}": ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  }
}

const rules = readRules();
const plugin = definePlugin({
  name: 'authorization-rules',
  authorization: {
    async authorizeRequest(request) {
      const reason = denialOf(rules, request);
      if (reason === undefined) return allow;
      if (isDebugging) console.log(`denied ${request.method} ${request.path}: ${reason}`);
      return deny(reason);
    },
  },
});
await plugin.serve();
