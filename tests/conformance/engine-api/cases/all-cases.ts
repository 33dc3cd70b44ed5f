/**
 * Every case of the suite.
 */
import type { ConformanceCase } from '../conformance-case.ts';
import { createCases } from './create.ts';
import { disableCases, removeCases } from './disable.ts';
import { enableCases } from './enable.ts';
import { inspectCases } from './inspect.ts';
import { listCases } from './list.ts';
import { notFoundCases } from './not-found.ts';
import { pingCases } from './ping.ts';
import { privilegesCases } from './privileges.ts';
import { pullCases } from './pull.ts';
import { refusedPullCases } from './pull-refused.ts';
import { lifeCases, pushCases } from './push.ts';
import { routingCases } from './routing.ts';
import { setCases } from './set.ts';
import { upgradeCases } from './upgrade.ts';

export const allCases: readonly ConformanceCase[] = [
  ...pingCases,
  ...routingCases,
  ...listCases,
  ...inspectCases,
  ...notFoundCases,
  ...privilegesCases,
  ...pullCases,
  ...refusedPullCases,
  ...createCases,
  ...enableCases,
  ...disableCases,
  ...setCases,
  ...upgradeCases,
  ...pushCases,
  ...removeCases,
  ...lifeCases,
];
