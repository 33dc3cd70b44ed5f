/**
 * Loads the tests of operations whose system calls fail after the module that makes them fail: the engine binds functions
 * when it is loaded.
 */
import '../support/failing-calls.ts';

await import('./failing-calls.suite.ts');
