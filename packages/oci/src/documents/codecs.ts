/**
 * The codecs that document tables are made of, under one name.
 */
import * as objects from './object-codecs.ts';
import * as values from './value-codecs.ts';

/** The codecs of single values, objects and lists. */
export const codec = { ...values, ...objects } as const;
