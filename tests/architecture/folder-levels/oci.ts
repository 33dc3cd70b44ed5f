import type { FolderLevels } from './folder-levels.ts';

export const ociLevels: FolderLevels = {
  source: 'packages/oci/src',
  levels: [
    ['digests', 'documents', 'layers/tar'],
    ['content', 'layers', 'manifests', 'references'],
    ['registry'],
    ['registry/authentication'],
  ],
  exceptions: ['registry -> registry/authentication'],
};
