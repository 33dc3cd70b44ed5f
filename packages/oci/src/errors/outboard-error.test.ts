import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isOutboardError, OutboardError } from './outboard-error.ts';

describe('errors of another copy of the package', async () => {
  const copy: typeof import('./outboard-error.ts') = await import(
    `${new URL('./outboard-error.js', import.meta.url).href}?copy`
  );

  test('are recognised by instanceof and isOutboardError(), by their kind too', () => {
    assert.notEqual(copy.OutboardError, OutboardError);
    const error = new copy.OutboardError('conflict', 'it exists');
    assert.ok(error instanceof OutboardError);
    assert.ok(isOutboardError(error, 'conflict'));
    assert.equal(isOutboardError(error, 'invalid'), false);
  });

  test('differ from other errors and from objects that look like them', () => {
    const unknownKind = Object.assign(new Error('no'), { name: 'OutboardError', kind: 'odd' });
    const noError = { name: 'OutboardError', kind: 'invalid', message: 'no' };
    const others = [new Error('no'), unknownKind, noError, undefined, null, 'invalid'];
    assert.deepEqual(
      others.filter((value) => isOutboardError(value)),
      [],
    );
  });
});
