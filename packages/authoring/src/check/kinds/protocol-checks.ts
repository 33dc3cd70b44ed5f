/**
 * Checks of the protocol that all kinds share: the handshake, and requests as different engines and clients send them.
 * @see Docker's plugin API (28.x), Podman 5 for the second client
 */
import { showValue } from '@outboard/oci';
import { expect, skip } from '../session/check-failure.ts';
import { errorOf, fieldOf, requireSuccess, showAnswer } from '../session/read-answer.ts';
import type { Check } from './check.ts';
import { callsByKind, kindsOf } from './representative-call.ts';

/** Checks of the handshake and of the calls without arguments. */
export const protocolChecks: readonly Check[] = [
  {
    code: 'protocol/activate',
    level: 'error',
    title: 'The plugin answers the handshake /Plugin.Activate with a list of interfaces.',
    async run(session) {
      const answer = await session.call('Plugin.Activate');
      const list = fieldOf(requireSuccess(answer), 'Implements');
      expect(
        Array.isArray(list) && list.every((item) => typeof item === 'string'),
        `Plugin.Activate: want {"Implements": ["VolumeDriver"]} or the like, got ${showAnswer(answer)}`,
      );
    },
  },
  {
    code: 'protocol/implements',
    level: 'error',
    title: 'The handshake names the interfaces of the kinds in config.json, in their exact letters.',
    async run(session) {
      const answer = await session.call('Plugin.Activate');
      const list = fieldOf(requireSuccess(answer), 'Implements');
      const named: readonly unknown[] = Array.isArray(list) ? list : [];
      const missing = kindsOf(session)
        .map((kind) => callsByKind[kind].implementation)
        .filter((name) => !named.includes(name));
      expect(
        missing.length === 0,
        `Plugin.Activate names ${showValue(named)}: want also ${missing.join(', ')}`,
      );
    },
  },
  {
    code: 'protocol/probe',
    level: 'error',
    title: 'A connection that closes without a byte, as engines test readiness, does no harm.',
    async run(session) {
      for (let count = 0; count < 3; count += 1) await session.sendAndLeave('');
      requireSuccess(await session.call('Plugin.Activate'));
    },
  },
  {
    code: 'protocol/no-arguments',
    level: 'error',
    title: 'Methods without arguments accept an empty body, {} and null alike.',
    async run(session) {
      const methods = kindsOf(session).flatMap((kind) => callsByKind[kind].withoutArguments ?? []);
      for (const method of ['Plugin.Activate', ...methods]) {
        // Capabilities is optional for log drivers: an engine takes any failure for the default.
        const first = await session.call(method);
        if (method === 'LogDriver.Capabilities' && errorOf(first) !== undefined) continue;
        for (const body of ['', '{}', 'null']) {
          const answer = await session.send({ path: `/${method}`, body });
          const error = errorOf(answer);
          expect(error === undefined, `${method} with body ${JSON.stringify(body)} failed: ${error}`);
        }
      }
    },
  },
  {
    code: 'protocol/unknown-method',
    level: 'warning',
    title:
      'A method that the plugin does not have is answered with status 404, so that engines can try new ones.',
    async run(session) {
      const answer = await session.call('Outboard.NoSuchMethod', {});
      expect(
        answer.status === 404,
        `an unknown method is answered with ${showAnswer(answer)}: want status 404`,
      );
    },
  },
  {
    code: 'protocol/error-status',
    level: 'warning',
    title: 'Errors have a status other than 200 as well: Podman takes 200 with "Err" for success.',
    async run(session) {
      if (!kindsOf(session).includes('volumedriver')) skip('only volume drivers are called by Podman');
      const answer = await session.call('VolumeDriver.Get', { Name: 'outboard-check-nothing' });
      expect(
        answer.status !== 200 || errorOf(answer) === undefined,
        `VolumeDriver.Get of an unknown volume: ${showAnswer(answer)}: want status 500 with the same body`,
      );
    },
  },
];
