import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf } from '../digests/digest.ts';
import { choosePlatform, compatiblePlatforms } from './choose-platform.ts';
import type { Descriptor } from './descriptor.ts';
import { mediaTypes } from './media-types.ts';
import { hostPlatform, parsePlatform, platformText } from './platform.ts';

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

describe('choosePlatform() for a host', () => {
  for (const [host, offered, chosen] of [
    ['linux/amd64/v3', ['linux/amd64', 'linux/amd64/v4', 'linux/amd64/v2'], 'linux/amd64/v2'],
    ['linux/amd64/v3', ['linux/386', 'linux/amd64/v1'], 'linux/amd64/v1'],
    ['linux/amd64', ['linux/arm64', 'linux/386'], 'linux/386'],
    ['linux/arm64/v8', ['linux/arm/v6', 'linux/arm/v7'], 'linux/arm/v7'],
    ['linux/arm64', ['linux/arm/v7', 'linux/arm64/v8'], 'linux/arm64/v8'],
    ['linux/arm64/v8.2', ['linux/arm64'], 'linux/arm64'],
    ['linux/arm/v6', ['linux/arm/v7', 'linux/arm/v5', 'linux/arm/v6'], 'linux/arm/v6'],
  ] as const) {
    it(`R06 takes ${chosen} on ${host} out of ${offered.join(', ')}`, () => {
      const entries = offered.map((text) => entry(text));
      const found = choosePlatform(entries, compatiblePlatforms(platform(host)));
      assert.equal(found.digest, entry(chosen).digest);
    });
  }

  it('R06 lists what there is, without attestations', () => {
    const offered = ['linux/arm64/v8', 'unknown/unknown', 'linux/s390x', 'linux/arm64'].map((text) =>
      entry(text),
    );
    assert.throws(() => choosePlatform(offered, compatiblePlatforms(platform('linux/amd64'))), {
      kind: 'not-found',
      code: 'no-platform',
      message:
        'no matching manifest for linux/amd64 in the manifest list entries: it offers "linux/arm64", "linux/s390x"',
    });
  });
});

describe('parsePlatform()', () => {
  for (const [text, normal] of [
    ['linux/arm64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/amd64/v3', 'linux/amd64/v3'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/arm/6', 'linux/arm/v6'],
    ['linux/armel', 'linux/arm/v6'],
    ['Linux/x86_64', 'linux/amd64'],
    ['aarch64', 'linux/arm64'],
    ['386', 'linux/386'],
  ] as const) {
    it(`reads ${text} as ${normal}`, () => assert.equal(platformText(parsePlatform(text)), normal));
  }

  for (const text of [
    '',
    'linux',
    'windows/amd64',
    'linux/z80',
    'linux/arm/v7/x',
    'linux/arm/vv',
    'linux//v7',
    'linux/amd64\n',
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => parsePlatform(text), { kind: 'invalid', message: /^invalid platform/ });
    });
  }
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
