/**
 * Output of the demo: numbered steps in plain words, commands with their output, and the time of each step.
 */

/** Maximum number of shown lines per command. */
const maxLines = 12;

/** Prints the steps of one run. */
export class Narrator {
  #part = 0;
  #step = 0;

  /** @param {string} words heading of the following steps */
  part(words) {
    this.#part++;
    console.log(`\n== Part ${this.#part}: ${words}`);
  }

  /**
   * Print and run one step. @template T
   *
   * @param {string} words the step, as a sentence
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async step(words, work) {
    this.#step++;
    console.log(`\n${this.#step}. ${words}`);
    const startedAt = performance.now();
    const result = await work();
    console.log(`   took ${((performance.now() - startedAt) / 1000).toFixed(2)} s`);
    return result;
  }

  /** @param {string} line a command as typed in a shell */
  command(line) {
    console.log(`   $ ${line}`);
  }

  /** @param {string} text output; only the last lines are shown */
  output(text) {
    const lines = lastStates(text.split(/[\r\n]+/).filter((line) => line.trim() !== ''));
    if (lines.length > maxLines) console.log(`     ... ${lines.length - maxLines} lines`);
    for (const line of lines.slice(-maxLines)) console.log(`     ${line}`);
  }

  /** @param {string} words an observed fact */
  note(words) {
    console.log(`   ${words}`);
  }
}

/** Progress arrives as `<id>: <state>`, many times for one ID: only the last state is shown. */
function lastStates(lines) {
  const idOf = (line) => /^([0-9a-f]{12}): /.exec(line)?.[1];
  return lines.filter((line, index) => {
    const id = idOf(line);
    return id === undefined || !lines.slice(index + 1).some((later) => idOf(later) === id);
  });
}
