import type { DirectoryLevels } from './directory-levels.ts';

export const ociLevels: DirectoryLevels = {
  source: 'packages/oci/src',
  levels: [
    ['errors'],
    ['digests', 'files', 'layers/tar'],
    ['documents'],
    ['content', 'layers', 'manifests', 'references'],
    ['registry', 'registry/http/hosts', 'registry/http/failures'],
    ['registry/configuration'],
    ['artifacts', 'layout', 'memory', 'registry/http/connections'],
    ['registry/http/authentication'],
    ['registry/http/session'],
    ['registry/http/blobs', 'registry/http/manifests'],
    ['registry/http'],
  ],
};
