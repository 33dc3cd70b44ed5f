/**
 * Rows of the table of settings.
 */
import * as z from 'zod';
import { list, type SettingKind } from './setting-kinds.ts';

/** The columns of a row besides its kind. */
interface SettingRow<Value> {
  /** The flag as commander writes it; one that begins with `--no-` sets false. */
  readonly flag: string;
  /** The value without flag and key, or a function that derives it from the exec root. */
  readonly default: Value | ((execRoot: string) => Value);
  /** The default in words, if the value itself is not clear. */
  readonly defaultText?: string | undefined;
  /** Text of `--help`, without the default. */
  readonly help: string;
  /** Markdown that follows the help in docs/daemon.md. */
  readonly notes?: string | undefined;
}

/** One setting. */
export interface Setting<Value> extends SettingRow<Value> {
  readonly kind: SettingKind<unknown>;
  /** Present if a reload puts a changed value in force; a change of other settings waits for a restart. */
  readonly reloadable?: true | undefined;
}

/** Make a row. */
export function setting<Value>(kind: SettingKind<Value>, row: SettingRow<NoInfer<Value>>): Setting<Value> {
  return { kind, ...row };
}

/** A setting whose default is chosen elsewhere, by what the host is. */
export function unset<Value>(
  kind: SettingKind<Value>,
  row: Pick<SettingRow<Value>, 'flag' | 'help' | 'notes'> & { readonly defaultText: string },
): Setting<Value | undefined> {
  return { kind, default: undefined, ...row };
}

/** Let a reload put a changed value in force. */
export function reloadable<Value>(row: Setting<Value>): Setting<Value> & { readonly reloadable: true } {
  return { ...row, reloadable: true };
}

/** A list of texts. */
export const texts = list(z.array(z.string()));
