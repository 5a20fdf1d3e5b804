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

/** What modules announce in reaction to what others do, whichever command it is; as data, so that the document can follow it. */
export interface ConsequenceDeclaration {
  readonly of: readonly EventDeclaration[];
  readonly emits: readonly EventDeclaration[];
}

/** The consequences a contract declares, as its `consequences`. */
export function consequencesOf(contract: object): readonly ConsequenceDeclaration[] {
  return 'consequences' in contract ? (contract.consequences as readonly ConsequenceDeclaration[]) : [];
}

/** Everything that may be announced when these events are, consequences of consequences included. */
export function eventsFollowing(
  emits: readonly EventDeclaration[],
  consequences: readonly ConsequenceDeclaration[],
): ReadonlySet<EventDeclaration> {
  const found = new Set(emits);
  // A set that grows while it is walked is walked to its new end.
  for (const event of found) {
    for (const { of, emits: more } of consequences) if (of.includes(event)) for (const one of more) found.add(one);
  }
  return found;
}
