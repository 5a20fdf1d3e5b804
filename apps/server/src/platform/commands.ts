import { type Command, type EventDeclaration, eventsFollowing } from '@genauth/contract';
import type { Scope } from './database/database.ts';
import { type CommandRecord, type PendingEvent, recordCommand } from './database/record.ts';
import { withinSavepoint } from './database/savepoint.ts';
import type { Announced, AuditNote, CommandContext, Constraint, Module, Reaction } from './module.ts';

/** What is known of a command before it runs. */
export type CommandStart = Omit<CommandRecord, 'note' | 'events'>;

/** What came of a command, inside a transaction that is still open. */
export interface CommandEnd<Output> {
  readonly output: Output;
  /** To be run once the transaction has committed. */
  readonly committed: readonly (() => void)[];
}

/** Runs work as a command, in a transaction of the caller's. */
export type CommandRunner = <Output>(
  scope: Scope,
  start: CommandStart,
  work: (context: CommandContext) => Promise<Output>,
) => Promise<CommandEnd<Output>>;

/** Announcements may be reacted to with announcements; a circle of them is a mistake in the modules. */
const maxRounds = 10;

/**
 * Makes the one way to change anything: the work, what other modules do about what it announced, whether every constraint
 * still holds, then its audit row and its events, all in one transaction. Requests come through here, and so do jobs.
 */
export function createCommandRunner({
  modules,
  checkAnswers,
}: {
  readonly modules: readonly Module[];
  readonly checkAnswers: boolean;
}): CommandRunner {
  const reactions = reactionsOf(modules);
  const constraints = modules.flatMap((module) => module.constraints);

  /** The work with all that belongs to it but its record. */
  const carryOut = async <Output>(
    scope: Scope,
    start: CommandStart,
    work: (context: CommandContext) => Promise<Output>,
  ) => {
    const committed: (() => void)[] = [];
    const events: PendingEvent[] = [];
    // What attempts announced has been reacted to, and verified, within them.
    const settled = new Set<PendingEvent>();
    const isUnsettled = (event: PendingEvent) => !settled.has(event);
    let note: AuditNote = {};
    const context: CommandContext = {
      ...start.context,
      scope,
      actor: start.actor,
      emit: (declaration, ...data) => {
        for (const one of data) events.push({ declaration, data: one });
      },
      before: async (declaration, ...data) => {
        if (data.length > 0) await reactTo(reactions, 'before', declaration, data, context);
      },
      audit: (more) => {
        note = { ...note, ...more };
      },
      afterCommit: (after) => {
        committed.push(after);
      },
      attempt: async (part) => {
        const end = await withinSavepoint(scope, () => carryOut(scope, start, part));
        for (const event of end.events) settled.add(event);
        events.push(...end.events);
        committed.push(...end.committed);
        return end.output;
      },
    };
    const output = await work(context);
    await react(reactions, events, isUnsettled, context);
    await verify(constraints, events.filter(isUnsettled), context);
    return { output, committed, events, note };
  };

  return async (scope, start, work) => {
    for (const declaration of start.command.emits) {
      for (const { ahead } of reactions.get(declaration) ?? []) ahead?.(scope);
    }
    const { output, committed, events, note } = await carryOut(scope, start, work);
    if (checkAnswers) requireDeclared(events, eventsOfCommand(start.command, modules));
    recordCommand(scope, { ...start, note, events });
    return { output, committed };
  };
}

type Reactions = ReadonlyMap<EventDeclaration, readonly Reaction[]>;

function reactionsOf(modules: readonly Module[]): Reactions {
  return Map.groupBy(
    modules.flatMap((module) => module.reactions),
    ({ to }) => to,
  );
}

async function react(
  reactions: Reactions,
  events: readonly PendingEvent[],
  isUnsettled: (event: PendingEvent) => boolean,
  context: CommandContext,
): Promise<void> {
  let seen = 0;
  for (let round = 0; seen < events.length; round++) {
    if (round === maxRounds) throw new Error(`reactions to ${events[seen]?.declaration.name} do not end`);
    const announced = Map.groupBy(events.slice(seen).filter(isUnsettled), ({ declaration }) => declaration);
    seen = events.length;
    for (const [declaration, ofOne] of announced) {
      const data = ofOne.map((event) => event.data);
      await reactTo(reactions, 'after', declaration, data, context);
    }
  }
}

async function verify(
  constraints: readonly Constraint[],
  events: readonly PendingEvent[],
  context: CommandContext,
): Promise<void> {
  if (events.length === 0) return;
  const byDeclaration = Map.groupBy(events, ({ declaration }) => declaration);
  const announced = ((declaration: EventDeclaration) =>
    (byDeclaration.get(declaration) ?? []).map(({ data }) => data)) as Announced;
  for (const { declaration, verify: verifyOne } of constraints) {
    if (declaration.events.some((one) => byDeclaration.has(one))) await verifyOne(announced, context);
  }
}

async function reactTo(
  reactions: Reactions,
  when: Reaction['when'],
  declaration: EventDeclaration,
  data: readonly unknown[],
  context: CommandContext,
): Promise<void> {
  for (const reaction of reactions.get(declaration) ?? []) {
    if (reaction.when === when) await reaction.react(data, context);
  }
}

/** Subscribers choose from the declarations: an event that is missing there reaches nobody who asked for it. */
function requireDeclared(events: readonly PendingEvent[], declared: readonly EventDeclaration[]): void {
  for (const { declaration, data } of events) {
    if (!declared.includes(declaration)) throw new Error(`${declaration.name} is announced but not declared`);
    declaration.data.parse(data);
  }
}

/** Everything that may be announced by a command, what modules announce in reaction included. */
export function eventsOfCommand(
  { emits }: Pick<Command, 'emits'>,
  modules: readonly Module[],
): readonly EventDeclaration[] {
  const reactions = modules.flatMap((module) => module.reactions);
  return [
    ...eventsFollowing(
      emits,
      reactions.map(({ to, emits: more }) => ({ of: [to], emits: more })),
    ),
  ];
}
