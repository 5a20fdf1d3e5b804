import type { Command, Emit, EventDeclaration } from '@genauth/contract';
import type { Scope } from './database/database.ts';
import { type CommandRecord, type PendingEvent, recordCommand } from './database/record.ts';
import type { AuditNote, CommandContext, Module, Reaction } from './module.ts';

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
 * Makes the one way to change anything: the work, what other modules do about what it announced, then its audit row and
 * its events, all in one transaction. Requests come through here, and so do jobs.
 */
export function createCommandRunner({
  modules,
  checkAnswers,
}: {
  readonly modules: readonly Module[];
  readonly checkAnswers: boolean;
}): CommandRunner {
  const reactions = reactionsOf(modules);

  return async (scope, start, work) => {
    const { commandContext, committed, events, note } = createCommandContext(scope, start);
    const output = await work(commandContext);
    await react(reactions, events, commandContext);
    if (checkAnswers) requireDeclared(events, start.command, reactions);
    await recordCommand(scope, { ...start, note: note(), events });
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

async function react(reactions: Reactions, events: readonly PendingEvent[], context: CommandContext): Promise<void> {
  let seen = 0;
  for (let round = 0; seen < events.length; round++) {
    if (round === maxRounds) throw new Error(`reactions to ${events[seen]?.declaration.name} do not end`);
    const announced = Map.groupBy(events.slice(seen), ({ declaration }) => declaration);
    seen = events.length;
    for (const [declaration, ofOne] of announced) {
      const data = ofOne.map((event) => event.data);
      for (const reaction of reactions.get(declaration) ?? []) await reaction.react(data, context);
    }
  }
}

function createCommandContext(scope: Scope, { actor, context }: CommandStart) {
  const events: PendingEvent[] = [];
  const committed: (() => void)[] = [];
  let note: AuditNote = {};
  const emit: Emit = (declaration, ...data) => {
    for (const one of data) events.push({ declaration, data: one });
  };
  const commandContext: CommandContext = {
    ...context,
    scope,
    actor,
    emit,
    audit: (more) => {
      note = { ...note, ...more };
    },
    afterCommit: (work) => {
      committed.push(work);
    },
  };
  return { commandContext, committed, events, note: () => note };
}

/** Subscribers choose from the declarations: an event that is missing there reaches nobody who asked for it. */
function requireDeclared(
  events: readonly PendingEvent[],
  { emits }: Pick<Command, 'emits'>,
  reactions: Reactions,
): void {
  const declared = eventsOf(emits, reactions);
  for (const { declaration, data } of events) {
    if (!declared.has(declaration)) throw new Error(`${declaration.name} is announced but not declared`);
    declaration.data.parse(data);
  }
}

/** Everything that may be announced when these events are, reactions to reactions included. */
function eventsOf(emits: readonly EventDeclaration[], reactions: Reactions): ReadonlySet<EventDeclaration> {
  const found = new Set(emits);
  // A set that grows while it is walked is walked to its new end.
  for (const declaration of found) {
    for (const reaction of reactions.get(declaration) ?? []) for (const more of reaction.emits) found.add(more);
  }
  return found;
}

/** Everything that may be announced by a command, what modules announce in reaction included. */
export function eventsOfCommand(
  { emits }: Pick<Command, 'emits'>,
  modules: readonly Module[],
): readonly EventDeclaration[] {
  return [...eventsOf(emits, reactionsOf(modules))];
}
