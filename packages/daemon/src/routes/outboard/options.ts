/**
 * `/outboard/v1/plugins/{name}/options`: limits, restarts, health check, log and security of a plugin, which Docker's
 * plugins do not have.
 */
import {
  type PluginEngine,
  type PluginOptionsPatch,
  parseOptionsPatch,
  parseSecurityOptions,
  toOptionsDocument,
} from '@outboard/engine';
import { canonicalizeFields, codec, isJsonObject, type JsonValue } from '@outboard/oci';
import { decodeJson } from '../../http/json-body.ts';
import { jsonReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

const path = '/outboard/v1/plugins/{name}/options';

/**
 * `GET` returns the options in force and their origin, `POST` changes the fields of its body; null removes a decision of
 * the operator. `SecurityOpt` may hold Docker's texts in place of `Security`.
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

/** Outboard's own field beside those of the options. */
const securityOptCodec = codec.object({
  SecurityOpt: codec.optionalField('SecurityOpt', codec.listOrEmpty(codec.requiredText)),
});

function parseRequest(document: unknown): PluginOptionsPatch {
  // Parsed JSON, or undefined for an empty body, which the engine refuses.
  const canonical = canonicalizeFields(document as JsonValue, securityOptCodec, 'invalid JSON');
  if (!isJsonObject(canonical)) return parseOptionsPatch(canonical);
  const { SecurityOpt: texts } = decodeJson(canonical, securityOptCodec);
  if (texts === undefined) return parseOptionsPatch(canonical);
  const { SecurityOpt: _, ...others } = canonical;
  const patch = parseOptionsPatch(others);
  return { ...patch, security: { ...patch.security, ...parseSecurityOptions(texts) } };
}
