/**
 * What the demo says: numbered steps in plain words, the commands, what they answer, and the time that each took.
 */

/** Lines of output shown of one command. */
const maxLines = 12;

export class Narrator {
  #part = 0;
  #step = 0;

  /** @param {string} words what the steps to come are about, as a heading */
  part(words) {
    this.#part++;
    console.log(`\n== Part ${this.#part}: ${words}`);
  }

  /**
   * Tell and do one step.
   *
   * @template T
   * @param {string} words what happens, as a sentence
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

  /** @param {string} line a command as one would type it */
  command(line) {
    console.log(`   $ ${line}`);
  }

  /** @param {string} text what came of it; the last lines if there are many */
  output(text) {
    const lines = lastStates(text.split(/[\r\n]+/).filter((line) => line.trim() !== ''));
    if (lines.length > maxLines) console.log(`     ... ${lines.length - maxLines} lines`);
    for (const line of lines.slice(-maxLines)) console.log(`     ${line}`);
  }

  /** @param {string} words a fact that was just seen */
  note(words) {
    console.log(`   ${words}`);
  }
}

/** Progress comes as `<id>: <state>`, many times for one ID: the last state tells the story. */
function lastStates(lines) {
  const idOf = (line) => /^([0-9a-f]{12}): /.exec(line)?.[1];
  return lines.filter((line, index) => {
    const id = idOf(line);
    return id === undefined || !lines.slice(index + 1).some((later) => idOf(later) === id);
  });
}
