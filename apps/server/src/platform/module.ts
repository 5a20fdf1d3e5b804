import {
  type ConstraintDeclaration,
  consequencesOf,
  type Emit,
  type EventDeclaration,
  type InputOf,
  type Language,
  type Operation,
  type OperationsOf,
  type OutputOf,
  operationsOf,
} from '@genauth/contract';
import type * as z from 'zod';
import type { Actor } from './credentials/authenticate.ts';
import type { Scope } from './database/database.ts';
import type { Turn } from './fair-line.ts';

/** What every handler is given of its request. */
export interface RequestContext {
  readonly requestId: string;
  readonly language: Language;
  /** Unix milliseconds at the start of the request. */
  readonly now: number;
}

/** What goes before a transaction, and takes long: for whom, and until when anybody wants it. */
export interface PreparationContext extends RequestContext, Turn {}

/** A query's surroundings: a read-only transaction in the caller's user pool. */
export interface QueryContext extends RequestContext {
  readonly scope: Scope;
  readonly actor: Actor;
}

/** What a command adds to its audit row. */
export interface AuditNote {
  /** Overrides the target named by the declaration, for what gets its id only now. */
  readonly target?: string;
  /** What was there before and after, where that says more than the input. */
  readonly before?: unknown;
  readonly after?: unknown;
}

/** A command's surroundings: its transaction, and what is written with it. */
export interface CommandContext extends QueryContext {
  readonly emit: Emit;
  /**
   * Has modules do what they must before an event comes true: before a deletion, while what hangs on the deleted can still
   * be seen. To be awaited once what it is about is locked; then it is made true, and announced as ever.
   */
  readonly before: <Data extends z.ZodType>(
    declaration: EventDeclaration<Data>,
    ...data: z.input<Data>[]
  ) => Promise<void>;
  audit(note: AuditNote): void;
  /** Runs `work` once the transaction has committed, before the answer: for what this process remembers of the old state. */
  afterCommit(work: () => void): void;
  /**
   * Does a part of the command that may fail without the rest: with what others do about its events, and within every
   * constraint, as if it were a command of its own. When it fails nothing of it stays, and the error is the caller's.
   */
  attempt<Result>(work: (context: CommandContext) => Promise<Result>): Promise<Result>;
}

/** Does something and undoes it, events included. */
export async function undone(context: CommandContext, work: (inner: CommandContext) => Promise<void>): Promise<void> {
  const undo = new Error('undone on purpose');
  const doAndUndo = async (inner: CommandContext) => {
    await work(inner);
    throw undo;
  };
  await context.attempt(doAndUndo).catch((error: unknown) => {
    if (error !== undo) throw error;
  });
}

type ContextOf<O extends Operation> = {
  readonly command: CommandContext;
  readonly query: QueryContext;
  readonly publicQuery: RequestContext;
}[O['kind']];

/** The handler of an operation. */
export type Handler<O extends Operation> = (input: InputOf<O>, context: ContextOf<O>) => Promise<OutputOf<O>>;

/** A handler in two steps, made by `prepared`. */
export interface PreparedHandler<Input, Context, Output> {
  readonly prepare: (input: Input, context: PreparationContext) => Promise<unknown>;
  readonly handle: (input: Input, context: Context, prepared: unknown) => Promise<Output>;
}

/**
 * A handler in two steps. The first runs before a transaction and its connection are taken, and once, even when the
 * transaction has to be repeated: for what takes long and needs no database, such as hashing passwords.
 *
 * @example createUser: prepared(async ({ password }, turn) => hash(password, turn), async (input, context, hash) => ...)
 */
export function prepared<Input, Context, Prepared, Output>(
  prepare: (input: Input, context: PreparationContext) => Promise<Prepared>,
  handle: (input: Input, context: Context, prepared: Prepared) => Promise<Output>,
): PreparedHandler<Input, Context, Output> {
  return { prepare, handle: (input, context, made) => handle(input, context, made as Prepared) };
}

/** One handler for each operation of a contract, under the same name. */
export type Handlers<Contract> = {
  readonly [Name in keyof OperationsOf<Contract>]:
    | Handler<OperationsOf<Contract>[Name]>
    | PreparedHandler<
        InputOf<OperationsOf<Contract>[Name]>,
        ContextOf<OperationsOf<Contract>[Name]>,
        OutputOf<OperationsOf<Contract>[Name]>
      >;
};

/** An operation with its name and handler. */
export interface ImplementedOperation {
  readonly name: string;
  readonly operation: Operation;
  /** Runs first, outside of any transaction; `handle` is given what it answers. */
  readonly prepare?: (input: unknown, context: PreparationContext) => Promise<unknown>;
  readonly handle: (input: unknown, context: RequestContext, prepared?: unknown) => Promise<unknown>;
}

/** What a module does about an event, whoever announces it, in the transaction of the command that did. */
export interface Reaction {
  readonly to: EventDeclaration;
  /** Whether it comes after the event, or before it comes true. */
  readonly when: 'before' | 'after';
  /** What it may announce itself. The command need not know. */
  readonly emits: readonly EventDeclaration[];
  /** Asks what it will want to know, before a command begins that declares the event: it saves the round trip later. */
  readonly ahead?: (scope: Scope) => void;
  /** Runs once for all announcements of the event that a command made so far, or is about to make. */
  readonly react: (data: readonly unknown[], context: CommandContext) => Promise<void>;
}

/**
 * Declares a reaction. The module that announces asks nobody and knows nobody: what hangs on a user, say, goes with him
 * because groups, roles and positions react to `user.resigned`.
 *
 * What would go by a foreign key is ended, and announced, before: `when: 'before'`.
 *
 * @example reaction({ to: userResigned, emits: [groupMemberRemoved], react: async (data, context) => ... })
 */
export function reaction<Data extends z.ZodType>(declaration: {
  readonly to: EventDeclaration<Data>;
  readonly when?: Reaction['when'];
  readonly emits: readonly EventDeclaration[];
  readonly ahead?: Reaction['ahead'];
  readonly react: (data: readonly z.input<Data>[], context: CommandContext) => Promise<void>;
}): Reaction {
  return { when: 'after', ...declaration } as unknown as Reaction;
}

/** What a command announced, as a constraint asks for it. */
export type Announced = <Data extends z.ZodType>(declaration: EventDeclaration<Data>) => readonly z.input<Data>[];

/**
 * A constraint and what verifies it: once, after all reactions and before anything commits, with everything that was
 * announced. It refuses by throwing, and changes nothing. Whatever it locks is locked last, so constraints never wait in a
 * circle with commands, which lock what they change.
 */
export interface Constraint {
  readonly declaration: ConstraintDeclaration;
  readonly verify: (announced: Announced, context: QueryContext) => Promise<void>;
}

/** A noun of the domain: its contract, what fulfils it, what it does about the events of others, and what it lets no command do. */
export interface Module {
  readonly name: string;
  readonly operations: readonly ImplementedOperation[];
  readonly reactions: readonly Reaction[];
  readonly constraints: readonly Constraint[];
}

/**
 * What a module announces in reaction is said in its contract as well, which the document is made of: neither says what the
 * other does not.
 */
function requireConsequences(name: string, contract: object, reactions: readonly Reaction[]): void {
  const pair = ({ name: to }: EventDeclaration, { name: event }: EventDeclaration) => `${event} after ${to}`;
  const done = new Set(reactions.flatMap(({ to, emits }) => emits.map((event) => pair(to, event))));
  const said = new Set(
    consequencesOf(contract).flatMap(({ of, emits }) => of.flatMap((to) => emits.map((event) => pair(to, event)))),
  );
  const missing = [...done].find((one) => !said.has(one));
  if (missing !== undefined) throw new Error(`${name}: ${missing} is not among the consequences of its contract`);
  const empty = [...said].find((one) => !done.has(one));
  if (empty !== undefined) throw new Error(`${name}: ${empty} is declared, but no reaction announces it`);
}

/** Puts a contract and its handlers together. */
export function defineModule<Contract extends object>(
  name: string,
  contract: Contract,
  handlers: Handlers<Contract>,
  {
    reactions = [],
    constraints = [],
  }: { readonly reactions?: readonly Reaction[]; readonly constraints?: readonly Constraint[] } = {},
): Module {
  requireConsequences(name, contract, reactions);
  type Implementation = Pick<ImplementedOperation, 'handle' | 'prepare'>;
  const byName = handlers as unknown as Record<string, Implementation['handle'] | Implementation>;
  return {
    name,
    reactions,
    constraints,
    operations: operationsOf(contract).map(([operationName, operation]) => {
      const handler = byName[operationName];
      if (handler === undefined) throw new Error(`${name}: ${operationName} is declared but has no handler`);
      return { name: operationName, operation, ...(typeof handler === 'function' ? { handle: handler } : handler) };
    }),
  };
}
