/**
 * The same templates with the stock docker command line and with Outboard's, on the same daemon: the same output.
 * Differences by intention are in docs/compatibility.md.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { runCommandLine } from '@outboard/cli';
import { makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { type CommandResult, createDockerCli, type DockerCli } from '../support/docker-cli.ts';
import { writePluginContext } from '../support/plugin-fixture.ts';

/** Between templates that one command renders together. */
const separator = '\n=next=\n';

/** For `plugin ls`: only fields that Docker has. */
const listed = [
  '{{.Name}} {{.ID}} {{.Enabled}} {{.Description}} {{.PluginReference}}',
  '{{json .Name}} {{json .Enabled}} {{json (split .Name ":")}} {{json "<a>&"}}',
  '{{upper .Name}} {{lower "ABC"}} {{title "foo bar-baz o\'neil"}} {{.Name | upper | lower}}',
  '{{split .Name ":"}} {{join (split .Name ":") "/"}} {{index (split .Name ":") 0}} {{range split "" ","}}[{{.}}]{{end}}',
  '{{printf "%s %v %q %d %5s|%-8s|%05d %t %x %.2f" .Name .Enabled .Name 3 "a" "b" 42 true "hi" 1.5}}',
  '{{printf "%6.2f|%+d|%x|%X|%o|%b|%c|%U|%#x" 3.14159 5 255 255 8 5 65 65 255}} {{printf "%T %#v % d" .Name .Name 3}}',
  '{{printf "%v %s" 1 2}} {{printf "%d" "a"}} {{printf "%s"}} {{printf "a" 1}} {{printf "%z" 1}} {{printf "%%"}}',
  '{{printf "%*d" 5 3}} {{printf "%[2]s %[1]s" "a" "b"}} {{printf "%8.3s|" "abcdef"}} {{printf "%+.1e %g" 12345.678 1.5}}',
  '{{printf "%v %q" (split "a,b" ",") (split "a,b" ",")}} {{printf "%d %d" 1}} {{printf "%s" true}} {{printf "%d" 1.5}}',
  '{{println .Name "a"}}{{println}}{{print .Name 1 2 "a" "b"}} {{print 1 2}} {{print nil}} {{print true}} {{print 1.0}}',
  '{{len .Name}} {{slice .Name 1 3}} {{truncate .Name 3}} {{truncate .Name 100}} {{pad .Name 2 3}}| {{pad "" 1 1}}|',
  '{{if .Enabled}}on{{else}}off{{end}} {{if eq .Name "x"}}x{{else if ne .Name "q"}}y{{end}} {{if ""}}a{{else}}c{{end}}',
  '{{with .Description}}{{.}}{{else}}none{{end}} {{with $n := .Name}}{{$n}}{{$.ID}}{{end}} {{with ""}}a{{else with .ID}}b{{end}}',
  '{{$x := 1}}{{if true}}{{$x = 2}}{{$y := 3}}{{$y}}{{end}}{{$x}}',
  'a {{- .Name -}}   x {{- /* comment */ -}} y{{/* c */}} {{- " c" -}}  d',
  '{{and .Enabled "x"}} {{or "" .Name}} {{not .Enabled}} {{if and .Name (eq .Name "x")}}A{{end}}{{.Enabled | not | not}}',
  '{{lt 1 2}} {{le "a" "b"}} {{gt 2 1}} {{ge 1 1}} {{eq 1 1 2}} {{eq 2 1 2}} {{ne "a" "b"}} {{le (len .Name) 12}}',
  '{{"a\\tb"}} {{"q\\"q"}} {{\'a\'}} {{`raw`}} {{"\\u00e9\\x41\\101"}} {{"}}"}} {{"{{"}} }}',
  '{{1.50}} {{1e3}} {{0x1F}} {{1_000}} {{-3}} {{true}} {{false}}',
  '{{range split .Name ":"}}[{{.}}]{{end}} {{range $i, $e := split .Name ":"}}{{$i}}={{$e}},{{end}}{{range $i := split .Name ":"}}{{$i}},{{end}}',
  '{{range split .Name ":"}}{{if eq . "latest"}}{{break}}{{end}}{{.}}{{end}}{{range split .Name "/"}}{{if eq . "acme"}}{{continue}}{{end}}{{.}}{{end}}',
  '{{range 3}}{{.}}{{end}} {{index .Name 0}} {{(split .Name ":") | len}} {{.Name | printf "%s-%s" "x"}}',
  '{{html "<a&b>"}} {{js "it\'s"}} {{urlquery "a b&c"}} {{block "B" .Name}}({{.}}){{end}}{{template "B" .ID}}',
];

/** For `plugin inspect`. */
const inspected = [
  '{{.Name}} {{.Enabled}} {{.ID}} {{.PluginReference}} {{.Config.DockerVersion}} {{.Config.Interface.ProtocolScheme}}',
  '{{json .Config.Env}} {{json .Config.Args}} {{json .Config.Linux}} {{json .Config.User}} {{json .Settings}} {{json .Config.Rootfs}}',
  '{{.Settings.Env}} {{.Settings.Args}} {{.Settings.Devices}} {{.Config.Linux.Devices}} {{.Config.Args.Value}} {{.Config.Linux.Capabilities}}',
  '{{.Config.Interface.Types}} {{.Config.User.UID}} {{.Config.Network.Type}} {{.Config.PidHost}} {{.Config.WorkDir}} {{.Config.Rootfs.DiffIds}}',
  '{{range .Settings.Env}}{{println .}}{{end}}{{range .Config.Mounts}}{{.Name}} {{.Destination}} {{.Options}} {{.Settable}};{{end}}',
  '{{(index .Config.Mounts 0).Name}} {{with index .Config.Env 0}}{{.Name}} {{.Settable}}{{end}} {{slice .Settings.Env 0 1}}',
  '{{len .Settings.Env}} {{len .Config.Linux.Devices}} {{join .Config.Entrypoint " "}} {{join .Settings.Args ","}}|{{slice .ID 0 12}}',
  '{{if .Settings.Args}}x{{else}}y{{end}} {{range .Settings.Devices}}x{{else}}none{{end}} {{.Config.IpcHost | json}} {{printf "%.12s" .ID}}',
];

const tables = [
  'table {{.Name}}\\t{{.ID}}\\t{{.Enabled}}',
  'table {{.Name}}  {{.PluginReference}}',
  'table {{upper .Name}}\\t{{lower .Description}}\\t{{json .Enabled}}',
  'table {{truncate .ID 3}}\\t{{pad .Name 1 1}}\\t{{.ID}}',
  'table {{if .Enabled}}{{.Name}}{{end}}\\t{{join (split .Name ":") ","}}',
  'table {{printf "<%s>" .Name}}\\t{{title .Name | upper}}',
  'table a{{println .Name}}',
];

const refused = [
  '{{.Nope}}',
  '{{nope .Name}}',
  '{{.Name',
  '{{if .Name}}',
  '{{index (split .Name ":") 9}}',
  '{{slice .Name 5 99}}',
  '{{upper 3}}',
  '{{split .Name}}',
  '{{eq .Name 1}}',
  'table {{.Nope}}',
];

describe('a template', () => {
  let daemon: TestDaemon;
  let docker: DockerCli;
  let removeHome: () => Promise<void>;

  before(async () => {
    const { home, remove } = await makeDaemonHome();
    removeHome = remove;
    daemon = await startDaemon({ home });
    docker = await createDockerCli(daemon.socket);
    const context = join(home, 'context');
    const env = [{ Name: 'DEBUG', Description: '', Value: '0', Settable: ['value'] }];
    await writePluginContext(context, { config: { Description: 'Volumes of a test', Env: env } });
    for (const name of ['acme/other', 'local']) await docker.succeed('plugin', 'create', name, context);
    await docker.succeed('plugin', 'set', 'local', 'DEBUG=7');
  });

  after(async () => {
    await docker.remove();
    assert.equal(await daemon.end('SIGTERM'), 0, daemon.log());
    await removeHome();
  });

  async function outboard(args: readonly string[]): Promise<CommandResult> {
    const [out, err]: string[][] = [[], []];
    const collect = (into: string[] = []) =>
      new Writable({
        decodeStrings: false,
        write: (chunk, _, done) => done(void into.push(String(chunk)) as never),
      });
    const code = await runCommandLine(args, {
      stdin: Readable.from([]),
      stdout: collect(out),
      stderr: collect(err),
      env: { OUTBOARD_HOST: `unix://${daemon.socket}`, DOCKER_CONFIG: docker.config },
    });
    return { code, stdout: (out ?? []).join(''), stderr: (err ?? []).join('') };
  }

  async function compare(command: 'ls' | 'inspect', format: string): Promise<void> {
    const args = [command, '--format', format, ...(command === 'inspect' ? ['local'] : [])];
    const expected = await docker.succeed('plugin', ...args);
    const { code, stdout, stderr } = await outboard(args);
    assert.equal(code, 0, stderr);
    assert.deepEqual(stdout.split(separator), expected.split(separator));
  }

  test('of a list has the output of docker', () => compare('ls', together(listed)));
  test('of inspect has the output of docker', async () => {
    await compare('inspect', together(inspected));
    // The name in JSON, which docker finds only after it has failed to find it in its type.
    await compare(
      'inspect',
      '{{.Id}} {{slice .Id 0 12}} {{.Settings.Env}} {{range $key, $value := .Settings}}{{$key}}{{end}}',
    );
  });
  test('with definitions has the output of docker', () =>
    compare('ls', '{{define "T"}}<{{.}}>{{end}}{{template "T" .Name}}'));
  test('json of inspect is one array', async () => {
    const { stdout } = await outboard(['inspect', '--format', 'json', 'local', 'acme/other']);
    const expected = JSON.parse(
      await docker.succeed('plugin', 'inspect', '--format', 'json', 'local', 'acme/other'),
    );
    assert.deepEqual(
      JSON.parse(stdout).map(({ Id, Settings }: { Id: string; Settings: unknown }) => ({ Id, Settings })),
      expected.map(({ Id, Settings }: { Id: string; Settings: unknown }) => ({ Id, Settings })),
    );
  });
  for (const table of tables) test(`${table} has the output of docker`, () => compare('ls', table));

  test('that docker refuses is refused', async () => {
    for (const format of refused) {
      assert.notEqual((await docker.run(['plugin', 'ls', '--format', format])).code, 0, format);
      const { code, stdout, stderr } = await outboard(['ls', '--format', format]);
      assert.deepEqual([code, stdout], [1, ''], format);
      assert.match(stderr, /^template/);
    }
  });

  test('uses values that a plugin may lack', async () => {
    const format =
      '{{json .LastFailure}} {{json .Uses}} {{json .PreviousVersion}} {{.OOMKills}} {{range .Uses}}x{{end}}';
    assert.equal((await outboard(['inspect', '-f', format, 'local'])).stdout, 'null [] null 0 \n');
  });
});

/** Templates as one, each with variables of its own. */
function together(templates: readonly string[]): string {
  return templates.map((template) => `{{if true}}${template}{{end}}`).join(separator);
}
