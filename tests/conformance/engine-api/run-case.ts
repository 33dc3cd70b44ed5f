/**
 * Runs one case: prepares its state, sends its requests, compares, and cleans up.
 */
import { type CaseState, clearAway, makeState, type Place } from './case-state.ts';
import type { ConformanceCase, Expectation, RawRequest, SeenRequest, Step } from './conformance-case.ts';
import { dockerAnswer, type ListedDifference } from './differences/all-differences.ts';
import { compareAnswer, compareHeaders, describeAnswer } from './match-answer.ts';
import { archiveBytes } from './plugin-bytes.ts';
import { exchange, type WireAnswer, type WireRequest } from './raw-exchange.ts';
import type { RecordedRequest } from './registries.ts';
import { fillPattern } from './shape.ts';
import { unversioned } from './versions.ts';

/** Older Docker Engines may have the fault that ends 20.10; running containers must not be put at risk. */
const firstSafeEngine = 28;

/** Outcome of a case. */
export interface CaseResult {
  readonly id: string;
  readonly title: string;
  readonly version: string;
  /** `differs`: not as expected, but as listed for this engine. */
  readonly outcome: 'passed' | 'differs' | 'failed' | 'skipped';
  /** Reason of the outcome. */
  readonly details: readonly string[];
}

type Verdict = Pick<CaseResult, 'outcome' | 'details'>;

/**
 * Run a case at several versions of the API. Its state is prepared for each version, unless the case leaves it
 * unchanged.
 *
 * @param differences listed differences of this engine; none for Outboard
 */
export async function runCase(
  place: Place,
  subject: ConformanceCase,
  {
    versions,
    differences,
  }: { readonly versions: readonly string[]; readonly differences: readonly ListedDifference[] },
): Promise<readonly CaseResult[]> {
  const { id, title } = subject;
  const known = differences.filter((difference) => difference.case === id);
  const reason = reasonToSkip(place, subject, known);
  if (reason !== undefined) {
    return versions.map((version) => ({ id, title, version, outcome: 'skipped', details: [reason] }));
  }
  const results: CaseResult[] = [];
  let state: CaseState | undefined;
  try {
    for (const version of versions) {
      const verdict = await attempt(async () => {
        state ??= await makeState(place, subject.given ?? []);
        return await runSteps(place, { subject, state, version, known });
      });
      results.push({ id, title, version, ...verdict });
      if (verdict.outcome === 'passed' && isRepeatable(subject)) continue;
      state = undefined;
      await clearAway(place);
    }
  } finally {
    await clearAway(place);
  }
  return results;
}

/** Reads and refused requests leave the state unchanged. */
function isRepeatable({ request, expect, isRepeatable }: ConformanceCase): boolean {
  if (isRepeatable !== undefined) return isRepeatable;
  return /^(GET|HEAD|OPTIONS) /.test(request.line) || (expect !== 'closed' && expect.status >= 400);
}

async function attempt(run: () => Promise<Verdict>): Promise<Verdict> {
  try {
    return await run();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { outcome: 'failed', details: [`the case could not be run: ${reason}`] };
  }
}

function reasonToSkip(
  { engine, registries }: Place,
  subject: ConformanceCase,
  known: readonly ListedDifference[],
): string | undefined {
  const fatal = known.find(({ docker }) => docker === 'crash');
  if (fatal !== undefined && Number.parseInt(engine.version, 10) < firstSafeEngine) {
    return 'not sent, since it would end the engine';
  }
  if (subject.needs === 'volumes' && !engine.hasVolumes) return 'the engine serves no volumes';
  if (JSON.stringify(subject).includes('{protected}') && registries.protectedHost === undefined) {
    return 'the registry that was given asks no password';
  }
  if (subject.registrySaw !== undefined && registries.protectedHost === undefined) {
    return 'the registry that was given cannot be watched';
  }
  return undefined;
}

interface Running {
  readonly subject: ConformanceCase;
  readonly state: CaseState;
  readonly version: string;
  readonly known: readonly ListedDifference[];
}

async function runSteps(place: Place, running: Running): Promise<Verdict> {
  const { subject, known, state } = running;
  const steps: readonly Step[] = [subject, ...(subject.afterwards ?? [])];
  place.registries.takeRecorded();
  const reasons: string[] = [];
  for (const [index, step] of steps.entries()) {
    const answers = await send(place, step.request, running);
    const listed = known.find(({ step: at = 0 }) => at === index);
    // After one difference the following responses differ too: they count where they are listed.
    if (reasons.length > 0 && listed === undefined) continue;
    const verdict = judge(step, answers, { state, listed });
    if (verdict.outcome === 'failed') {
      return {
        outcome: 'failed',
        details: verdict.details.map((detail) => `${step.request.line}: ${detail}`),
      };
    }
    reasons.push(...verdict.details);
  }
  const unseen = compareSeen(subject.registrySaw ?? [], place.registries.takeRecorded() ?? [], state);
  if (unseen.length > 0) return { outcome: 'failed', details: unseen };
  return { outcome: reasons.length > 0 ? 'differs' : 'passed', details: [...new Set(reasons)] };
}

function judge(
  step: Step,
  answers: readonly WireAnswer[],
  { state, listed }: { readonly state: CaseState; readonly listed: ListedDifference | undefined },
): Verdict {
  const mismatches = compareAll(step, answers, step.expect, state);
  if (mismatches.length === 0) return { outcome: 'passed', details: [] };
  if (listed === undefined || listed.docker === 'crash') return { outcome: 'failed', details: mismatches };
  const docker = dockerAnswer({ docker: listed.docker }, step.expect);
  const asListed = compareAll(step, answers, docker, state);
  if (asListed.length === 0) return { outcome: 'differs', details: [listed.reason] };
  return { outcome: 'failed', details: [...mismatches, ...asListed.map((text) => `as listed: ${text}`)] };
}

function compareAll(
  { request }: Step,
  answers: readonly WireAnswer[],
  expected: Expectation,
  { fill }: CaseState,
): readonly string[] {
  const method = request.line.split(' ', 1)[0] ?? '';
  const mismatches = compareAnswer(answers[0], expected, { fill, method });
  if (request.isFollowedByPing !== true) return mismatches;
  const ping = answers[1];
  if (ping?.status === 200 && ping.body.toString() === 'OK') return mismatches;
  const got = ping === undefined ? 'none' : describeAnswer(ping);
  return [...mismatches, `the next request on the connection: want the answer to a ping, got ${got}`];
}

function send(
  { engine }: Place,
  request: RawRequest,
  { subject, state, version }: Running,
): Promise<readonly WireAnswer[]> {
  const prefix = version === unversioned || subject.versions === 'as-written' ? '' : `/v${version}`;
  const [method = '', target = ''] = request.line.split(' ');
  const { body, framing = 'length' } = request;
  const wire: WireRequest = {
    method,
    target: prefix + state.fill(target),
    headers: Object.fromEntries(
      Object.entries(request.headers ?? {}).map(([name, value]) => [name, state.fill(value)]),
    ),
    body: body === undefined ? undefined : bodyBytes(body, state),
    framing,
  };
  const ping: WireRequest = {
    method: 'GET',
    target: '/_ping',
    headers: {},
    body: undefined,
    framing: 'length',
  };
  return exchange(engine.socket, request.isFollowedByPing === true ? [wire, ping] : [wire]);
}

function bodyBytes(body: NonNullable<RawRequest['body']>, { fill }: CaseState): Buffer {
  return typeof body === 'string' ? Buffer.from(fill(body)) : archiveBytes(body);
}

function compareSeen(
  wanted: readonly SeenRequest[],
  recorded: readonly RecordedRequest[],
  { fill }: CaseState,
): readonly string[] {
  return wanted.flatMap(({ method, path, headers }) => {
    const pattern = fillPattern(path, fill);
    const candidates = recorded.filter(
      (request) => method.test(request.method) && pattern.test(request.target),
    );
    if (candidates.length === 0) return [`the registry saw no ${method} ${pattern}`];
    const mismatches = candidates.map((request) => compareHeaders(request.headers, headers, fill));
    return mismatches.some((list) => list.length === 0)
      ? []
      : [`the registry saw ${method} ${pattern} with other headers: ${mismatches[0]?.join('; ')}`];
  });
}
