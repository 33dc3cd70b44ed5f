/**
 * Loads the tests of power cuts after the module that records changes: the engine binds functions when it is loaded.
 */
import '../support/recorded-changes.ts';

await import('./power-cuts.suite.ts');
