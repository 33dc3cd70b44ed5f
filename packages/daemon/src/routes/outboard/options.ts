/**
 * `/outboard/v1/plugins/{name}/options`: how a plugin runs. Limits, restarts, health, log and security, which Docker's
 * plugins have none of.
 */
import {
  type PluginEngine,
  type PluginOptionsPatch,
  parseOptionsPatch,
  parseSecurityOptions,
  toOptionsDocument,
} from '@outboard/engine';
import { HttpError } from '../../http/errors.ts';
import { jsonReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

const path = '/outboard/v1/plugins/{name}/options';

/**
 * `GET` tells what is in force and who decided so,  `POST` changes the fields that its body names; null takes one
 * back. `SecurityOpt` may hold Docker's texts in place of `Security`.
 */
export function optionsRoutes(engine: Pick<PluginEngine, 'options' | 'update'>): readonly Route[] {
  return [
    {
      method: 'GET',
      path,
      handle({ name }) {
        const { inForce, overrides, author } = engine.options(name);
        return jsonReply(200, {
          Options: toOptionsDocument(inForce),
          Overrides: toOptionsDocument(overrides),
          Author: toOptionsDocument(author),
        });
      },
    },
    {
      method: 'POST',
      path,
      async handle({ name, body }) {
        const patch = parseRequest(await body.json());
        return jsonReply(200, { Warnings: await engine.update(name, patch) });
      },
    },
  ];
}

function parseRequest(document: unknown): PluginOptionsPatch {
  if (typeof document !== 'object' || document === null || !('SecurityOpt' in document)) {
    return parseOptionsPatch(document);
  }
  const { SecurityOpt: texts, ...others } = document;
  if (!Array.isArray(texts) || !texts.every((text) => typeof text === 'string')) {
    throw new HttpError(400, 'invalid "SecurityOpt": want an array of strings');
  }
  const patch = parseOptionsPatch(others);
  return { ...patch, security: { ...patch.security, ...parseSecurityOptions(texts) } };
}
