import type * as z from 'zod';
import type { AnyErrorFactory } from './errors.ts';

/**
 * Something that happened, in the past tense. `webhook` is its name in webhook subscriptions and `topic` its name on the
 * event bus; both are V3's words and an event may have either, both or neither.
 */
export interface EventDeclaration<Data extends z.ZodType = z.ZodType> {
  readonly name: string;
  readonly webhook?: string;
  readonly topic?: string;
  readonly data: Data;
}

/** Declares an event: `event('department.member.removed', { webhook: 'organization:member-removed', data })`. */
export function event<Data extends z.ZodType>(
  name: string,
  declaration: Omit<EventDeclaration<Data>, 'name'>,
): EventDeclaration<Data> {
  return { name, ...declaration };
}

/** Announces events from a command; they are stored in the command's own transaction. */
export type Emit = <Data extends z.ZodType>(declaration: EventDeclaration<Data>, ...data: z.input<Data>[]) => void;

/**
 * A rule over what commands leave behind, whichever command it is: which events may break it, and how it refuses. SQL would
 * call it a deferred constraint. Commands need not know it; the document shows its errors where such an event is announced.
 */
export interface ConstraintDeclaration {
  readonly events: readonly EventDeclaration[];
  readonly errors: readonly AnyErrorFactory[];
}
