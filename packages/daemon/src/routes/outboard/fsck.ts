/**
 * `POST /outboard/v1/fsck`: check records, blobs and root filesystems, and repair them. Docker has no such route.
 */
import type { DataCheckReport, DataFinding, PluginEngine } from '@outboard/engine';
import { isTrue } from '../../http/parameters.ts';
import { progressReply } from '../../http/progress-stream.ts';
import { readRegistryAccesses } from '../../http/registry-access.ts';
import type { Route } from '../../http/route-table.ts';

/**
 * Streams the findings as they are made, and the sums at the end, each as the `aux` of a line. A client that leaves ends the
 * check.
 */
export function fsckRoute(engine: Pick<PluginEngine, 'fsck'>): Route {
  return {
    method: 'POST',
    path: '/outboard/v1/fsck',
    handle({ query, headers, signal }) {
      const plugins = query.getAll('plugins').filter((name) => name !== '');
      const request = {
        ...(plugins.length > 0 && { plugins }),
        repair: isTrue(query.get('repair')),
        quick: isTrue(query.get('quick')),
        strict: isTrue(query.get('strict')),
        accessTo: readRegistryAccesses(headers),
        signal,
      };
      return progressReply(async (onProgress) => {
        const send = (data: object) => onProgress({ status: '', data });
        const onFinding = (finding: DataFinding) => send({ Finding: toFindingDocument(finding) });
        send({ Report: toReportDocument(await engine.fsck({ ...request, onProgress, onFinding })) });
      });
    },
  };
}

function toFindingDocument(finding: DataFinding): object {
  const { subject, severity, plugin, path, problem, isRepaired, remedy } = finding;
  return {
    Subject: subject,
    Severity: severity,
    Plugin: plugin?.name ?? '',
    Id: plugin?.id ?? '',
    Path: path,
    Problem: problem,
    Repaired: isRepaired,
    Remedy: remedy,
  };
}

function toReportDocument(report: DataCheckReport): object {
  const { plugins, blobs, bytes, trees, errors, repaired, notes } = report;
  return {
    Plugins: plugins,
    Blobs: blobs,
    BytesRead: bytes,
    RootFilesystems: trees,
    Errors: errors,
    Repaired: repaired,
    Notes: notes,
  };
}
