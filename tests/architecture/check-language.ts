/**
 * Finds comments that a reader has to puzzle out: sentences without a subject, and words that this project does not use.
 */
import { lineOf, type ParsedSource } from './parsed-sources.ts';

/** Begins a fragment such as "What the caller gets" or "Whether it runs", which names nothing; a noun phrase does. */
const fragment = /^(?:What|Whether|Who|Whoever|Whom|Whose|How|Of which|Of whom|Which|That it|That the)\b/;
/** The word that users say; code and POSIX say directory. */
const otherWord = /\bfolders?\b/i;

/**
 * Comments that begin with a fragment, and those that use the other word for a directory. The text of each tag is looked
 * at by itself; in tags lower-case "whether" is the form for a condition.
 *
 * @returns `PATH:LINE text` for each
 */
export function findUnclear({ path, text, comments }: ParsedSource): readonly string[] {
  return comments.flatMap((comment, index) => {
    const before = comments[index - 1];
    // A line comment that goes on from the line above is no beginning.
    const continues =
      comment.type === 'Line' &&
      before?.type === 'Line' &&
      /^\n[ \t]*$/.test(text.slice(before.end, comment.start));
    return partsOf(comment.value)
      .filter((part, at) => (fragment.test(part) && !(continues && at === 0)) || otherWord.test(part))
      .map((part) => `${path}:${lineOf(text, comment.start)} ${part}`);
  });
}

/** The text of a comment, and that of each of its tags. */
function partsOf(comment: string): readonly string[] {
  const lines = comment.split('\n').map((line) => line.trim().replace(/^\*+ ?/, ''));
  const [first = '', ...tags] = lines.join(' ').split(/(?=@(?:param|returns|throws|see|template)\b)/);
  const texts = tags.map((tag) => tag.replace(/^@(?:param \S+|\w+(?: \{[^}]*\})?)(?: -)?/, ''));
  return [first, ...texts].map((part) => part.trim()).filter((part) => part !== '');
}
