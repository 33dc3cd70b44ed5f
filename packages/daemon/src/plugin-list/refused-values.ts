/**
 * Values of settings that clients must not send. What is shown in place of a secret is one: a client that reads settings,
 * changes one and writes all of them back would lose the secrets.
 */
import { hiddenValue, isSecretSetting, type PluginEngine } from '@outboard/engine';
import { HttpError } from '../http/errors.ts';

/**
 * @param settings `NAME[.FIELD]=VALUE`, as clients send them
 * @throws {HttpError} 400 for `***` as the value of a secret setting
 */
export function refuseHiddenValues(
  engine: Pick<PluginEngine, 'inspect'>,
  name: string,
  settings: readonly string[],
  patterns?: readonly string[],
): void {
  for (const setting of settings) {
    if (!setting.endsWith(`=${hiddenValue}`)) continue;
    const key = setting.slice(0, -hiddenValue.length - 1).replace(/\.value$/, '');
    if (!isSecretSetting(engine.inspect(name), key, patterns)) continue;
    throw new HttpError(
      400,
      `cannot set ${JSON.stringify(key)}: ${hiddenValue} is shown in place of its value, and is not a value`,
    );
  }
}

/**
 * Arguments and variables of a process end at the first NUL. Values may be secret: the error has the index only.
 * @throws {HttpError} 400
 */
export function refuseNul(settings: readonly string[]): void {
  const index = settings.findIndex((setting) => setting.includes('\0'));
  if (index !== -1) throw new HttpError(400, `invalid setting: element ${index} contains a NUL character`);
}
