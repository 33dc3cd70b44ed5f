import type { FolderLevels } from './folder-levels.ts';

export const ociLevels: FolderLevels = {
  source: 'packages/oci/src',
  levels: [
    ['errors'],
    ['digests', 'files', 'layers/tar'],
    ['documents'],
    ['content', 'layers', 'manifests', 'references'],
    ['registry', 'registry/http/hosts', 'registry/http/failures'],
    ['registry/http/connections'],
    ['registry/http/authentication'],
    ['registry/http/session'],
    ['registry/http/blobs', 'registry/http/manifests'],
    ['registry/http'],
  ],
  exceptions: [],
};
