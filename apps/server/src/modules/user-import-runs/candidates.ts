import { ApiError } from '@genauth/contract';
import type { Scope } from '../../platform/database/database.ts';
import type { CommandContext } from '../../platform/module.ts';
import type { UniqueValue } from '../custom-values/index.ts';
import type { JobContext, JobDefinition } from '../jobs/index.ts';
import type { StoredPassword } from '../passwords/index.ts';
import type { FilePosition, ImportedRow, KnownColumns } from '../user-import-rows/index.ts';
import type { ImportRow } from '../user-imports/index.ts';
import type { NewUserInput } from '../users/index.ts';
import type { Identifiers } from './store.ts';

/** A row that can be read, on its way to be a user. */
export interface Candidate {
  readonly row: ImportedRow;
  readonly input: NewUserInput;
  readonly identifiers: Identifiers;
  readonly password?: StoredPassword | undefined;
  /** Values of unique custom fields. Of a dry run alone: elsewhere whoever has them is there to be run into. */
  readonly unique?: readonly UniqueValue[];
}

/** What imports need of users: the same ways that everybody else makes and changes them, for many at a time. */
export interface UserImportRunsDependencies {
  /** What `events` the steps may announce. */
  readonly emits: JobDefinition['emits'];
  /** Checks a row as an input of `create-user`. */
  readonly readInput: (values: Readonly<Record<string, unknown>>) => NewUserInput;
  /** Checks custom data against the definitions of its fields; throws at the first value that is wrong. */
  readonly checkCustomData: (scope: Scope, inputs: readonly NewUserInput[]) => Promise<void>;
  /** Of each of these inputs, which have been checked, the values of unique custom fields. */
  readonly uniqueValues: (scope: Scope, inputs: readonly NewUserInput[]) => Promise<readonly UniqueValue[][]>;
  readonly knownColumns: (scope: Scope) => Promise<Omit<KnownColumns, 'renamed'>>;
  readonly toStoredPassword: (
    input: NewUserInput,
    options: ImportRow['options'],
    job: JobContext<FilePosition>,
  ) => Promise<StoredPassword | undefined>;
  /** Makes users, with their departments: all or none, and answers their ids in the same order. */
  readonly createUsers: (
    context: CommandContext,
    candidates: readonly Candidate[],
    options: ImportRow['options'],
  ) => Promise<readonly string[]>;
  /** Changes users, and adds departments: all or none. */
  readonly changeUsers: (
    context: CommandContext,
    candidates: readonly { readonly userId: string; readonly candidate: Candidate }[],
    options: ImportRow['options'],
  ) => Promise<void>;
}

/** A row of which nothing comes, and why. */
export interface Refusal {
  readonly row: ImportedRow;
  readonly error: ApiError;
}

/** Whether the caller can do something about it; anything else stops the job. */
export function isAboutTheRow(error: unknown): error is ApiError {
  return error instanceof ApiError && error.declaration.statusCode < 500;
}
