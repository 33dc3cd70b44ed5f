/**
 * Parts for tests: contract suites, and values of documents. Not published.
 */

export type { DisposableContentStore } from '../content/content-store.suite.ts';
export { describeContentStore } from '../content/content-store.suite.ts';
export { describeRegistryClient } from '../registry/registry-client.suite.ts';
export { arbitraryValue } from './arbitrary-value.ts';
export type { CertificateOptions, TestAuthority, TestCertificate } from './certificate-authority.ts';
export { createAuthority } from './certificate-authority.ts';
export type { CertificateContent, KeyPair, MadeCertificate } from './certificate-maker.ts';
export { logIdOf, makeCertificate, makeKeys, publicPem, spkiOf } from './certificate-maker.ts';
export * as der from './der.ts';
export { failDirectoryFlushes } from './failing-flushes.ts';
export type { Answer, AskedRequest, MisbehavingRegistry, Misbehaviour } from './misbehaving-registry.ts';
export { misbehavingLogin, startMisbehavingRegistry } from './misbehaving-registry.ts';
export type { Hosts } from './mutated-answer.ts';
export { Chance, mutateAnswer, mutateDocument } from './mutated-answer.ts';
export type { RegistryUnderTest } from './registry-subject.ts';
export { suiteLogin } from './registry-subject.ts';
