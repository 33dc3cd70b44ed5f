import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf } from '../digests/digest.ts';
import type { Descriptor } from './descriptor.ts';
import { mediaTypes } from './media-types.ts';
import { choosePlatform, hostPlatform, platformText } from './platform.ts';

/** An entry whose digest covers its platform text and `note`, so that tests can tell entries apart. */
function entry(
  text: string,
  options: { readonly mediaType?: string | undefined; readonly note?: string | undefined } = {},
): Descriptor {
  const [os = '', architecture = '', variant] = text.split('/');
  return {
    mediaType: options.mediaType ?? mediaTypes.ociManifest,
    digest: digestOf(Buffer.from(text + (options.note ?? ''))),
    size: 1,
    platform: { os, architecture, ...(variant !== undefined && { variant }) },
  };
}

function platform(text: string) {
  const { platform } = entry(text);
  assert.ok(platform);
  return platform;
}

describe('choosePlatform()', () => {
  for (const [wanted, offered, chosen] of [
    ['linux/amd64', ['windows/amd64', 'linux/arm64', 'linux/amd64'], 'linux/amd64'],
    ['linux/amd64', ['linux/amd64/v3', 'linux/amd64'], 'linux/amd64'],
    ['linux/amd64', ['unknown/unknown', 'linux/amd64/v1'], 'linux/amd64/v1'],
    ['linux/arm64', ['linux/arm64/v8'], 'linux/arm64/v8'],
    ['linux/arm64/v8', ['linux/arm/v7', 'linux/arm64'], 'linux/arm64'],
    ['linux/arm64', ['linux/arm64/8'], 'linux/arm64/8'],
    ['linux/arm/v7', ['linux/arm/v5', 'linux/arm/v6', 'linux/arm/v7'], 'linux/arm/v7'],
    ['linux/arm/v7', ['linux/arm/v5', 'linux/arm/v6'], 'linux/arm/v6'],
    ['linux/arm/v7', ['linux/arm/v8', 'linux/arm'], 'linux/arm'],
    ['linux/arm/v6', ['linux/arm/v7', 'linux/arm/v5'], 'linux/arm/v5'],
  ] as const) {
    it(`R06 takes ${chosen} for ${wanted} out of ${offered.join(', ')}`, () => {
      assert.equal(
        choosePlatform(
          offered.map((text) => entry(text)),
          platform(wanted),
        ).digest,
        entry(chosen).digest,
      );
    });
  }

  for (const [wanted, offered] of [
    ['linux/amd64', []],
    ['linux/amd64', ['linux/arm64', 'darwin/amd64', 'unknown/unknown']],
    ['linux/amd64', ['linux/amd64/v2']],
    ['linux/arm/v6', ['linux/arm/v7']],
    ['linux/arm64', ['linux/arm/v7']],
    ['unknown/unknown', ['unknown/unknown']],
  ] as const) {
    it(`R06 finds nothing for ${wanted} in [${offered.join(', ')}]`, () => {
      assert.throws(
        () =>
          choosePlatform(
            offered.map((text) => entry(text)),
            platform(wanted),
          ),
        {
          kind: 'not-found',
          message: /^no matching manifest for/,
        },
      );
    });
  }

  it('R06 takes the first of two that match', () => {
    const first = entry('linux/amd64', { note: 'first' });
    assert.equal(
      choosePlatform([first, entry('linux/amd64', { note: 'second' })], platform('linux/amd64')),
      first,
    );
  });

  it('R06 refuses an index inside an index', () => {
    const nested = entry('linux/amd64', { mediaType: mediaTypes.ociIndex });
    assert.throws(() => choosePlatform([nested], platform('linux/amd64')), {
      kind: 'invalid',
      message: /is another index/,
    });
  });

  it('R32 skips entries of unknown type and without platform', () => {
    const { platform: _dropped, ...bare } = entry('linux/amd64', { note: 'bare' });
    const artifact = entry('linux/amd64', { mediaType: 'application/vnd.example+json' });
    const wanted = entry('linux/amd64');
    assert.equal(choosePlatform([bare, artifact, wanted], platform('linux/amd64')), wanted);
  });
});

describe('hostPlatform()', () => {
  for (const [arch, armVersion, text] of [
    ['x64', undefined, 'linux/amd64'],
    ['arm64', undefined, 'linux/arm64/v8'],
    ['arm', '6', 'linux/arm/v6'],
    ['arm', undefined, 'linux/arm/v7'],
    ['ia32', undefined, 'linux/386'],
    ['ppc64', undefined, 'linux/ppc64le'],
    ['s390x', undefined, 'linux/s390x'],
    ['riscv64', undefined, 'linux/riscv64'],
  ] as const) {
    it(`names Node.js's ${arch} ${armVersion ?? ''} as ${text}`, () => {
      assert.equal(
        platformText(hostPlatform({ arch, os: 'linux', ...(armVersion && { armVersion }) })),
        text,
      );
    });
  }

  it('returns the platform of this process by default', () => {
    assert.equal(hostPlatform().os, process.platform);
  });
});
