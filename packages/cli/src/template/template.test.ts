import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseTemplate } from './parse-template.ts';
import { renderTemplate } from './render-template.ts';

const fill = (template: string, value: unknown) => renderTemplate(parseTemplate(template), value);

const plugin = {
  Id: 'abcdef',
  Enabled: true,
  Settings: { Env: ['A=1', 'B=2'], Args: null, Mounts: [] },
  Config: {
    Description: 'a volume driver',
    Mounts: [
      { Name: 'state', Source: '/srv', Options: ['bind', 'rw'] },
      { Name: 'tmp', Source: null, Options: [] },
    ],
  },
  Restarts: 3,
};

describe('a template', () => {
  for (const [template, expected] of [
    ['{{.Enabled}}', 'true'],
    ['{{ .ID }} {{.Settings.Env}}', 'abcdef [A=1 B=2]'],
    ['{{json .Settings.Env}}\\t{{.Settings.Args}}', '["A=1","B=2"]\t<nil>'],
    ['plain', 'plain'],
    ['{{upper .Id}} {{lower "ABC"}} {{title .Config.Description}}', 'ABCDEF abc A Volume Driver'],
    ['{{join .Settings.Env ", "}}|{{join .Settings.Env "\\n"}}', 'A=1, B=2|A=1\nB=2'],
    ['{{.Settings.Env | json}} {{.Id | upper | printf "%-8s|"}}', '["A=1","B=2"] ABCDEF  |'],
    ['{{truncate .Id 3}} {{slice .Id 1 3}} {{len .Settings.Env}} {{len .Id}}', 'abc bc 2 6'],
    ['{{pad .Id 1 2}}|{{pad "" 1 2}}|', ' abcdef  ||'],
    ['{{range .Settings.Env}}{{println .}}{{end}}', 'A=1\nB=2\n'],
    ['{{range $i, $e := .Settings.Env}}{{if $i}}, {{end}}{{$i}}:{{$e}}{{end}}', '0:A=1, 1:B=2'],
    [
      '{{range .Config.Mounts}}{{.Name}}={{with .Source}}{{.}}{{else}}none{{end}} {{end}}',
      'state=/srv tmp=none ',
    ],
    ['{{range .Settings.Mounts}}x{{else}}no mounts{{end}}', 'no mounts'],
    ['{{range $key, $value := .Settings}}{{$key}} {{end}}', 'Args Env Mounts '],
    ['{{if and .Enabled (gt .Restarts 2)}}often{{else if .Enabled}}on{{else}}off{{end}}', 'often'],
    ['{{if or (not .Enabled) (eq .Id "x" "abcdef")}}yes{{end}}', 'yes'],
    [
      '{{with $first := index .Config.Mounts 0}}{{$first.Name}} {{index $first.Options 1}}{{end}}',
      'state rw',
    ],
    ['{{(index .Config.Mounts 0).Name}} {{index .Settings "Env"}}', 'state [A=1 B=2]'],
    [
      '{{$id := .Id}}{{range .Settings.Env}}{{$id}}/{{.}} {{$.Restarts}} {{end}}',
      'abcdef/A=1 3 abcdef/B=2 3 ',
    ],
    ['a {{- /* nothing */ -}} b{{- " c" -}}  d', 'ab cd'],
    ['{{printf "%s is %q, %05d, %.1f, %t, %%" .Id "x" 42 1.25 true}}', 'abcdef is "x", 00042, 1.3, true, %'],
    ['{{index (split .Config.Description " ") 1}}', 'volume'],
    ['{{ne .Id "x"}} {{lt 1 2}} {{le 2 2}} {{ge "b" "a"}}', 'true true true true'],
    ['{{print .Id 1}}', 'abcdef 1'],
  ] as const) {
    test(`${template}`, () => assert.equal(fill(template, plugin), expected));
  }

  for (const [template, reason] of [
    ['{{.Nope}}', /there is no field "Nope"/],
    ['{{.Settings.Args.x}}', /there is no field "x"/],
    ['{{range .Id}}x{{end}}', /cannot range over abcdef/],
    ['{{range .Settings.Env}}x', /\{\{end\}\} is missing/],
    ['{{end}}', /unexpected \{\{end\}\}/],
    ['{{if .Id}}{{else}}{{else}}{{end}}', /unexpected \{\{else\}\}/],
    ['{{.Id', /lacks its \{\{ or \}\}/],
    ['{{.Id}} }}', /lacks its \{\{ or \}\}/],
    ['{{}}', /is empty/],
    ['{{nope .Id}}', /there is no function "nope", only and, eq, /],
    ['{{.Id .Id}}', /only a function takes arguments/],
    ['{{.Id | .Id}}', /only a function takes arguments/],
    ['{{(.Id}}', /"\)" is missing/],
    ['{{"\\q"}}', /malformed string/],
    ['{{.Id & .Id}}', /unexpected "& .Id"/],
    ['{{$x}}', /no variable "\$x"/],
    ['{{template "x"}}', /\{\{template\}\} is not supported/],
    ['{{index .Settings.Env 7}}', /there is no element 7/],
    ['{{join .Id ","}}', /join needs a list/],
    ['{{printf "%s"}}', /no value for %s/],
    ['{{printf "%z" 1}}', /does not support %z/],
    ['{{constructor .Id}}', /there is no function "constructor"/],
    [`${'{{if .Id}}'.repeat(100)}`, /nested too deep/],
  ] as const) {
    test(`${template.slice(0, 50)} is refused`, () => {
      assert.throws(() => fill(template, plugin), { name: 'CommandError', message: reason });
    });
  }

  test('D15 values are escaped, and templates in them are not rendered', () => {
    const hostile = { A: '\u001b[2J{{.B}}\n', B: 'x', List: ['\u202ea', 'b\t'] };
    assert.equal(fill('{{.A}}', hostile), '\\x1b[2J{{.B}}\\x0a');
    assert.equal(fill('{{println .A}}', hostile), '\\x1b[2J{{.B}}\\x0a\n');
    assert.equal(fill('{{join .List ","}}{{.List}}', hostile), '\\u{202e}a,b\\x09[\\u{202e}a b\\x09]');
    assert.equal(fill('{{upper .A}}', hostile), '\\x1b[2J{{.B}}\\x0a');
    assert.equal(fill('{{json .A}}', hostile), '"\\u001b[2J{{.B}}\\n"');
    assert.equal(fill('{{range $k, $v := .}}{{end}}{{printf "%s" .A}}', hostile), '\\x1b[2J{{.B}}\\x0a');
  });
});
