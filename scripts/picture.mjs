#!/usr/bin/env node
/**
 * Draws the picture of the README: the session `tour` of docs/podman.md as a terminal shows it. A test runs the session, so that
 * its output is the program's, and another one compares the picture with the session.
 *
 *     node scripts/picture.mjs            writes docs/pictures/tour.svg
 *     node scripts/picture.mjs --print    prints it
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);
const picture = new URL('docs/pictures/tour.svg', root);

/** Sizes in pixels; the font's characters are 0.6 of its size wide. */
const fontSize = 14;
const characterWidth = 8.43;
const lineHeight = 20;
const margin = 20;
const titleHeight = 36;

const colors = {
  background: '#16181d',
  text: '#d8dee9',
  prompt: '#7bc275',
  command: '#ffffff',
  title: '#8b93a1',
};

/**
 * Draw a session.
 *
 * @param {string} session commands after `$ `, each with its output
 * @returns {string} an SVG document
 */
function drawTerminal(session) {
  const lines = session.split('\n');
  const width = Math.ceil(Math.max(...lines.map((line) => line.length)) * characterWidth + 2 * margin);
  const height = titleHeight + lines.length * lineHeight + margin;
  const rows = lines.map((line, index) => drawLine(line, titleHeight + (index + 1) * lineHeight - 4));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>A terminal: a plugin is judged, installed, listed, and used by Podman</title>
<rect width="${width}" height="${height}" rx="8" fill="${colors.background}"/>
<g fill="${colors.title}"><circle cx="22" cy="18" r="6"/><circle cx="42" cy="18" r="6"/><circle cx="62" cy="18" r="6"/></g>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="${fontSize}" fill="${colors.text}" xml:space="preserve">
${rows.join('\n')}
</g>
</svg>
`;
}

function drawLine(line, y) {
  const [, command] = /^\$ (.*)$/.exec(line) ?? [];
  const text =
    command === undefined
      ? escapeXml(line)
      : `<tspan fill="${colors.prompt}">$</tspan> <tspan fill="${colors.command}" font-weight="bold">${escapeXml(command)}</tspan>`;
  // Its width is stated, so that columns stay columns where the font is another one.
  const length = line.length === 0 ? '' : ` textLength="${(line.length * characterWidth).toFixed(1)}"`;
  return `<text x="${margin}" y="${y}"${length}>${text}</text>`;
}

function escapeXml(text) {
  const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
  return text.replace(/[&<>]/g, (character) => entities[character]);
}

/** @returns {string} the session `tour` of docs/podman.md, without the commands that undo it */
function readTour() {
  const page = readFileSync(new URL('docs/podman.md', root), 'utf8');
  const [, session] = /<!-- session: tour -->\n```console\n([\s\S]*?)\n```/.exec(page) ?? [];
  if (session === undefined) throw new Error('docs/podman.md has no session "tour"');
  return session.split('\n$ podman volume rm', 1)[0];
}

const svg = drawTerminal(readTour());
if (process.argv[2] === '--print') process.stdout.write(svg);
else {
  writeFileSync(picture, svg);
  console.log(fileURLToPath(picture));
}
