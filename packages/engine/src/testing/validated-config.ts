/**
 * Shared by the tests of the rules for plugin configs: a sound config, and assertions on its variants.
 */
import assert from 'node:assert/strict';
import { hasHiddenCharacters, isOutboardError } from '@outboard/oci';
import { parsePluginConfig } from '../config/parse-plugin-config.ts';
import { validatePluginConfig } from '../config/validate-plugin-config.ts';

/** A config without a fault. */
export const sound = {
  entrypoint: ['/p'],
  interface: { types: ['docker.volumedriver/1.0'], socket: 'p.sock' },
};

/**
 * Warnings of a config whose missing fields are those of `sound`.
 * @throws {OutboardError} invalid if the config is refused
 */
export function validate(config: object, strictness: 'create' | 'pull' = 'pull') {
  return validatePluginConfig(
    parsePluginConfig(Buffer.from(JSON.stringify({ ...sound, ...config }))).config,
    {
      strictness,
    },
  );
}

/** Assert that a config is refused at create and at pull, by a message with these parts, which says what is wanted. */
export function assertRefused(config: object, ...parts: readonly string[]) {
  for (const strictness of ['create', 'pull'] as const) {
    assert.throws(
      () => validate(config, strictness),
      (error) => {
        assert.ok(isOutboardError(error, 'invalid'), String(error));
        for (const part of parts) assert.ok(error.message.includes(part), `${error.message} lacks ${part}`);
        assert.match(error.message, /: want |want /);
        assert.equal(hasHiddenCharacters(error.message), false);
        return true;
      },
    );
  }
}

/** A config with one bind mount. */
export const bind = (
  destination: string,
  options: readonly string[] = ['rbind'],
  source: string | null = '/src',
) => ({
  mounts: [{ type: 'bind', source, destination, options }],
});
