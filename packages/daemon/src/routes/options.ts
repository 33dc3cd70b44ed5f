/**
 * `/outboard/v1/plugins/{name}/options`: how a plugin runs. Limits, restarts, health, log and security, which Docker's
 * plugins have none of.
 */
import { type PluginEngine, parseOptionsPatch, toOptionsDocument } from '@outboard/engine';
import { jsonReply } from '../http/reply.ts';
import type { Route } from '../http/route-table.ts';

const path = '/outboard/v1/plugins/{name}/options';

/** `GET` tells what is in force and who decided so, `POST` changes the fields that its body names; null takes one back. */
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
        const patch = parseOptionsPatch(await body.json());
        return jsonReply(200, { Warnings: await engine.update(name, patch) });
      },
    },
  ];
}
