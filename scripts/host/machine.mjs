/**
 * A virtual machine without acceleration: qemu with its own kernel and disks, a console that is written to a file, and a
 * serial port over which `agent.mjs` runs commands.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

/** Upper bound for a boot, in milliseconds; it takes about 90 s on an idle processor, and ten times as long on a busy one. */
const bootTimeoutMs = 20 * 60_000;

const kernelArguments = [
  ...['root=LABEL=outboard-root', 'rw', 'console=ttyS0', 'loglevel=4', 'mitigations=off'],
  // Busy processors let the kernel distrust the counter; its other clocks cost an access to an emulated device each.
  ...['tsc=reliable', 'clocksource=tsc'],
  // On busy processors, disks appear later than in the 90 s for which systemd waits.
  ...['systemd.show_status=no', 'systemd.default_timeout_start_sec=900'],
];

/** A running machine. */
export class Machine {
  #qemu;
  #console;
  #port;
  #control;
  #commands = new Map();
  #nextId = 1;
  #ready;
  #isReady;
  /** Variables of all its commands. */
  environment = {};

  /**
   * Boot a machine and wait until it takes commands.
   *
   * @param {{ image: string, work: string, directory: string, dataDisk?: readonly string[], memoryMiB: number,
   *   processors: number }} options `image` has the system, `work` is the disk of `work-disk.mjs`; neither is changed.
   *   `directory` is for sockets, console and changes; `dataDisk` are arguments of qemu for one more disk
   * @returns {Promise<Machine>}
   * @throws {Error} with the end of its console if it does not come up
   */
  static async boot(options) {
    const machine = new Machine(options);
    try {
      await machine.untilReady();
    } catch (error) {
      await machine.kill();
      throw error;
    }
    return machine;
  }

  constructor({ image, work, directory, dataDisk = [], memoryMiB, processors }) {
    this.#console = join(directory, 'console.log');
    const [portPath, controlPath] = [join(directory, 'port'), join(directory, 'control')];
    const disk = (file) => ['-drive', `file=${file},format=raw,if=virtio,snapshot=on,cache=unsafe`];
    const args = [
      // A fifth level of page tables would make every miss of the emulated translation cache longer.
      ...['-machine', 'pc,accel=tcg', '-cpu', 'max,la57=off'],
      ...['-m', String(memoryMiB), '-smp', String(processors)],
      ...['-display', 'none', '-nic', 'none', '-device', 'virtio-rng-pci'],
      ...['-kernel', join(image, 'vmlinuz'), '-initrd', join(image, 'initrd.img')],
      ...['-append', kernelArguments.join(' ')],
      ...disk(join(image, 'root.img')),
      ...disk(work),
      ...dataDisk,
      ...['-chardev', `socket,id=port,path=${portPath},server=on,wait=off`],
      ...['-device', 'virtio-serial-pci', '-device', 'virtserialport,chardev=port,name=outboard'],
      ...['-qmp', `unix:${controlPath},server=on,wait=off`],
      ...['-serial', `file:${this.#console}`],
    ];
    // A whole processor or more: others go first. It ends with this process, also after a kill.
    const before = ['-n', '5', 'setpriv', '--pdeathsig', 'KILL', 'qemu-system-x86_64'];
    this.#qemu = spawn('nice', [...before, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH, TMPDIR: directory },
    });
    this.#qemu.stderr.pipe(createWriteStream(join(directory, 'qemu.log')));
    this.#expectReady();
    this.#port = this.#connect(portPath, (line) => this.#take(JSON.parse(line)));
    this.#control = this.#connect(controlPath, () => undefined);
  }

  /** Wait until it takes commands, at its first boot or the next one. */
  async untilReady() {
    const ended = once(this.#qemu, 'exit', { signal: AbortSignal.timeout(bootTimeoutMs) });
    const failed = ended.then(([code]) => Promise.reject(new Error(`qemu ended with ${code}`)));
    try {
      await Promise.race([this.#ready, failed]);
    } catch (error) {
      throw new Error(`the machine did not come up: ${this.#consoleEnd()}`, { cause: error });
    } finally {
      failed.catch(() => undefined);
    }
  }

  /**
   * Run a program in the machine and wait for its end.
   *
   * @param {readonly string[]} command
   * @param {{ env?: Record<string, string>, directory?: string, timeoutMs?: number, onOutput?: (text: string) => void,
   *   onStart?: (write: (input: string) => Promise<void>) => void }} options `onStart` gets a function for its standard input
   * @returns {Promise<{ code: number | null, output: string }>} both of its streams
   * @throws {Error} if the machine ends first, or the time does
   */
  async run(command, { env, directory, timeoutMs = 600_000, onOutput, onStart } = {}) {
    const id = this.#nextId++;
    const result = new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`"${command.join(' ')}" ran for more than ${timeoutMs / 1000} s`)),
        timeoutMs,
      );
      const settle = (how, value) => {
        clearTimeout(timer);
        this.#commands.delete(id);
        how(value);
      };
      let output = '';
      this.#commands.set(id, {
        output: (text) => {
          output += text;
          onOutput?.(text);
        },
        end: (code) => settle(resolve, { code, output }),
        fail: (error) => settle(reject, error),
      });
    });
    result.catch(() => undefined);
    await this.#send({ id, command, env: { ...this.environment, ...env }, ...(directory && { directory }) });
    onStart?.((input) => this.#send({ id, input }));
    return await result;
  }

  /** Run a program and require success. @returns {Promise<string>} its output, trimmed */
  async succeed(...command) {
    const { code, output } = await this.run(command);
    if (code !== 0) throw new Error(`"${command.join(' ')}" ended with ${code}: ${output}`);
    return output.trim();
  }

  /** Boot it again in order; what it wrote to its disks stays. */
  async reboot() {
    this.#expectReady();
    await this.#send({ id: this.#nextId++, command: ['systemctl', 'reboot'] });
    await this.untilReady();
  }

  /** Stop its processors and wait for the requests that its disks have taken. */
  async stop() {
    const control = await this.#control;
    control.socket.write('{"execute":"qmp_capabilities"}{"execute":"stop"}');
    await control.untilLine(/"event": "STOP"/);
  }

  /** End it at once. */
  async kill() {
    if (this.#qemu.exitCode === null && this.#qemu.signalCode === null) {
      const ended = once(this.#qemu, 'exit');
      this.#qemu.kill('SIGKILL');
      await ended;
    }
    for (const command of [...this.#commands.values()]) command.fail(new Error('the machine ended'));
  }

  #expectReady() {
    this.#ready = new Promise((resolve) => {
      this.#isReady = resolve;
    });
  }

  #take({ ready, id, output, code }) {
    if (ready) {
      for (const command of [...this.#commands.values()])
        command.fail(new Error('the machine was booted again'));
      return this.#isReady();
    }
    const command = this.#commands.get(id);
    if (output !== undefined) command?.output(output);
    if (code !== undefined) command?.end(code);
    return undefined;
  }

  async #send(message) {
    const { socket } = await this.#port;
    socket.write(`${JSON.stringify(message)}\n`);
  }

  /** qemu makes the socket as it starts. */
  async #connect(path, onLine) {
    while (!existsSync(path) && this.#qemu.exitCode === null) await delay(20);
    const socket = connect(path);
    await once(socket, 'connect');
    socket.on('error', () => undefined);
    const lines = createInterface({ input: socket });
    lines.on('line', onLine);
    const untilLine = async (pattern) => {
      for (;;) if (pattern.test((await once(lines, 'line'))[0])) return;
    };
    return { socket, untilLine };
  }

  #consoleEnd() {
    const text = existsSync(this.#console) ? readFileSync(this.#console, 'utf8') : '';
    return text === '' ? 'its console is empty' : `its console ends with\n${text.slice(-2000)}`;
  }
}
