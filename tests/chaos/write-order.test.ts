/**
 * Loads the tests of the order of writes after the module that records them: the engine binds functions when it is loaded.
 */
import '../support/recorded-changes.ts';

await import('./write-order.suite.ts');
