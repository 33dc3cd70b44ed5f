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
    ['{{print .Id 1 2 true "a"}}', 'abcdef1 2 truea'],
    // More templates are compared with the output of docker in tests/conformance/templates.test.ts.
    ['{{title "o\'neil foo-bar x2y"}}', "O'Neil Foo-Bar X2y"],
    ['{{$n := 1}}{{if .Enabled}}{{$n = 2}}{{$m := 3}}{{end}}{{$n}}', '2'],
    ['{{range .Settings.Env}}{{if eq . "B=2"}}{{break}}{{end}}{{.}}{{end}}', 'A=1'],
    ['{{range .Settings.Env}}{{if eq . "A=1"}}{{continue}}{{end}}{{.}}{{end}}', 'B=2'],
    ['{{define "T"}}<{{.}}>{{end}}{{template "T" .Id}}{{block "B" .Restarts}}({{.}}){{end}}', '<abcdef>(3)'],
    ['{{range 3}}{{.}}{{end}}', '012'],
    ['{{"a\\tb\\x41\\101\\u00e9"}} {{\'a\'}} {{`\\t`}} {{"}}"}} }}', 'a\tbAAé 97 \\t }} }}'],
    ['{{1e3}} {{0x1F}} {{1_000}} {{-3}} {{1.50}} {{010}}', '1000 31 1000 -3 1.5 8'],
    ['{{html "<a&b>"}} {{js "it\'s <"}} {{urlquery "a b&c"}}', "&lt;a&amp;b&gt; it\\'s \\u003C a+b%26c"],
    ['{{index .Id 0}} {{slice "éa" 0 2}} {{truncate "éa" 1}} {{len "é"}}', '97 é é 2'],
    ['{{upper (println .Id)}}{{json "a\\nb"}}', 'ABCDEF\n"a\\nb"'],
    [
      '{{printf "%+d|%X|%#x|%o|%b|%c|%U|%e" 5 255 255 8 5 65 65 12345.678}}',
      '+5|FF|0xff|10|101|A|U+0041|1.234568e+04',
    ],
    ['{{printf "%*d|%[2]s|%8.3s|%-4s|" 5 3 "abcdef" "x"}}', '    3|%!s(int=3)|     abc|x   |'],
    ['{{printf "%d %s %d" "a" 2}}', '%!d(string=a) %!s(int=2) %!d(MISSING)'],
    ['{{printf "a" 1}} {{printf "%z" 1}} {{printf "%"}}', 'a%!(EXTRA int=1) %!z(int=1) %!(NOVERB)'],
    ['{{printf "%q %v %T %t" .Settings.Env nil .Id true}}', '["A=1" "B=2"] <nil> string true'],
  ] as const) {
    test(`${template}`, () => assert.equal(fill(template, plugin), expected));
  }

  for (const [template, reason] of [
    ['{{.Nope}}', /there is no field "Nope", only Id, Enabled, Settings, Config, Restarts$/],
    ['{{.Settings.Args.x}}', /there is no field "x"/],
    ['{{range .Id}}x{{end}}', /cannot range over abcdef/],
    ['{{range .Settings.Env}}x', /\{\{end\}\} is missing/],
    ['{{end}}', /unexpected \{\{end\}\}/],
    ['{{if .Id}}{{else}}{{else}}{{end}}', /unexpected \{\{else\}\}/],
    ['{{.Id', /lacks its \}\}/],
    ['{{}}', /is empty/],
    ['{{nope .Id}}', /there is no function "nope", only and, eq, /],
    ['{{.Id .Id}}', /only a function takes arguments/],
    ['{{.Id | .Id}}', /only a function takes arguments/],
    ['{{(.Id}}', /"\)" is missing/],
    ['{{"\\q"}}', /malformed string/],
    ['{{.Id & .Id}}', /unexpected "& .Id"/],
    ['{{$x}}', /no variable "\$x"/],
    ['{{$x = 1}}', /no variable "\$x"/],
    ['{{template "x"}}', /there is no template "x"/],
    ['{{define "x"}}{{template "x"}}{{end}}{{template "x"}}', /"x" is nested too deeply/],
    ['{{define x}}{{end}}', /\{\{define\}\} needs a name in quotes/],
    ['{{break}}', /\{\{break\}\} outside of \{\{range\}\}/],
    ['{{eq .Id 1}}', /cannot compare the text "abcdef" with the number 1: incompatible types/],
    ['{{lt .Enabled true}}', /cannot compare the boolean true/],
    ['{{eq .Settings.Env .Settings.Env}}', /cannot compare the list or object/],
    ['{{upper 3}}', /upper needs a text, not 3/],
    ['{{split .Id}}', /split takes 2 arguments, not 1/],
    ['{{and}}', /and takes 1 or more arguments, not 0/],
    ['{{nil}}', /nil is not a command/],
    ['{{slice .Id 2 9}}', /cannot slice from 2 to 9: index out of range, it has 6/],
    ['{{truncate .Id -1}}', /truncate needs a number from 0 on, not -1/],
    ['{{(print "a").text}}', /there is no field "text"$/],
    ['{{.Settings.Env.length}}', /there is no field "length"$/],
    ['{{index .Settings.Env 7}}', /there is no element 7/],
    ['{{join .Id ","}}', /join needs a list/],
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
    for (const call of [
      'printf .A',
      'printf "%q" .A',
      'printf "%v" .List',
      'join .List .A',
      'html .A',
      'js .A',
    ]) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the test asserts their absence.
      assert.doesNotMatch(fill(`{{${call}}}{{${call} | upper}}`, hostile), /[\u0000-\u001f\u202e]/, call);
    }
  });
});
