import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Command } from 'commander';
import { CommandError } from '../command-error.ts';
import type { OptionFlags } from './option-flag.ts';
import { addAllOptionFlags, toOptionsBody } from './option-flags.ts';

/** Parse a command line to the body of a request. */
function bodyOf(...argv: readonly string[]): object | undefined {
  const command = addAllOptionFlags(new Command('update')).exitOverride();
  return toOptionsBody(command.parse(argv, { from: 'user' }).opts<OptionFlags>());
}

describe('toOptionsBody()', () => {
  const cases: readonly (readonly [readonly string[], object | undefined])[] = [
    [[], undefined],
    [['-m', '64m'], { Limits: { MemoryBytes: 67_108_864 } }],
    [['--memory=0', '--cpus', '1.5'], { Limits: { MemoryBytes: 0, Cpus: 1.5 } }],
    [['--pids-limit', '-1'], { Limits: { Pids: 0 } }],
    [['--ulimit', 'nofile=1024:1024'], { Limits: { OpenFiles: 1024 } }],
    [['--memory', 'default'], { Limits: { MemoryBytes: null } }],
    [['--restart', 'always'], { Restart: { Name: 'always', MaximumRetries: null } }],
    [['--restart', 'unless-stopped'], { Restart: { Name: 'always', MaximumRetries: null } }],
    [['--restart', 'on-failure:3'], { Restart: { Name: 'on-failure', MaximumRetries: 3 } }],
    [['--restart', 'default'], { Restart: null }],
    [['--stop-timeout', '5'], { StopTimeoutSeconds: 5 }],
    [['--stop-timeout', 'default'], { StopTimeoutSeconds: null }],
    [
      ['--health-check', 'http', '--health-path', '/up', '--health-interval', '1m', '--health-restart'],
      { Health: { Kind: 'http', Path: '/up', IntervalSeconds: 60, Restarts: true } },
    ],
    [
      ['--health-timeout', '500ms', '--health-retries', '2', '--no-health-restart'],
      { Health: { TimeoutSeconds: 0.5, Retries: 2, Restarts: false } },
    ],
    [['--health-check', 'default'], { Health: null }],
    [['--no-healthcheck'], { Health: { Kind: 'none' } }],
    [['--log-max-size', '10m', '--log-max-file', '5'], { Log: { MaxBytes: 10_485_760, MaxFiles: 5 } }],
    [
      ['--security-opt', 'seccomp=unconfined', '--security-opt', 'apparmor=x', '--read-only'],
      { SecurityOpt: ['seccomp=unconfined', 'apparmor=x'], Security: { ReadOnlyRootfs: true } },
    ],
    [['--no-read-only'], { Security: { ReadOnlyRootfs: false } }],
    [
      ['--security-opt', 'default', '--read-only'],
      { Security: { Seccomp: null, Apparmor: null, NoNewPrivileges: null, ReadOnlyRootfs: true } },
    ],
    [['--create-mounts'], { CreateMounts: true }],
    [['--no-create-mounts'], { CreateMounts: false }],
    [['--init'], { Init: true }],
    [['--no-init'], { Init: false }],
  ];
  for (const [argv, body] of cases) {
    test(`reads '${argv.join(' ')}'`, () => assert.deepEqual(bodyOf(...argv), body));
  }

  for (const [argv, message] of [
    [['-m', '6x'], `invalid argument "6x" for "-m, --memory" flag: invalid size: '6x'`],
    [['--cpus', 'x'], `invalid argument "x" for "--cpus" flag: failed to parse as a rational number: 'x'`],
    [['--pids-limit', '1.5'], `invalid argument "1.5" for "--pids-limit" flag: invalid syntax: '1.5'`],
    [
      ['--ulimit', 'core=1'],
      `invalid argument "core=1" for "--ulimit" flag: invalid ulimit type: want nofile`,
    ],
    [
      ['--ulimit', 'nofile=1:2'],
      'invalid argument "nofile=1:2" for "--ulimit" flag: want one number, for the soft and the hard limit',
    ],
    [
      ['--restart', 'on-failure:x'],
      'invalid argument "on-failure:x" for "--restart" flag: invalid restart policy format: maximum retry count must be an integer',
    ],
    [
      ['--restart', 'on-failure:3:4'],
      'invalid argument "on-failure:3:4" for "--restart" flag: invalid restart policy format: maximum retry count must be an integer',
    ],
    [['--no-healthcheck', '--health-check', 'socket'], '--no-healthcheck conflicts with --health-* options'],
    [['--no-healthcheck', '--health-restart'], '--no-healthcheck conflicts with --health-* options'],
    [
      ['--health-check', 'default', '--health-retries', '2'],
      '--health-check default conflicts with other --health-* options',
    ],
    [
      ['--security-opt', 'default', '--security-opt', 'apparmor=x'],
      '--security-opt default conflicts with other --security-opt options',
    ],
    [
      ['--health-interval', '30'],
      `invalid argument "30" for "--health-interval" flag: time: invalid duration: '30'`,
    ],
  ] as const) {
    test(`refuses '${argv.join(' ')}' with exit code 125`, () => {
      assert.throws(
        () => bodyOf(...argv),
        (error) => {
          assert.equal(error instanceof CommandError && error.exitCode, 125);
          assert.equal((error as Error).message, message);
          return true;
        },
      );
    });
  }
});
