import type { Duplex } from 'node:stream';
import pg from 'pg';
import { parserOf } from './values.ts';

/** A statement on its way to PostgreSQL. One with a name is prepared once on every connection, under that name. */
export interface Sent {
  readonly name?: string | undefined;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** What became of a statement. */
export interface Outcome<Row> {
  readonly rows: Row[];
  /** `SELECT 5`, `INSERT 0 5`, `BEGIN`. */
  readonly tag: string;
}

/** What its clients let such as us have of a connection; its published types know only half of it. */
interface Wire {
  readonly stream: Duplex;
  /** What is prepared here, by name. `pg` writes it down when PostgreSQL says so. */
  readonly parsedStatements: Readonly<Record<string, string>>;
  parse(statement: { readonly name?: string | undefined; readonly text: string }): void;
  bind(bound: { readonly statement?: string | undefined; readonly values: readonly unknown[] }): void;
  describe(what: { readonly type: 'P' }): void;
  execute(): void;
  sync(): void;
  sendCopyFail(reason: string): void;
}

/** What the rows of a statement look like. */
interface Shape {
  /** A row without its values: to fill in a copy is faster than to make it grow. */
  readonly empty: Readonly<Record<string, null>>;
  readonly columns: readonly { readonly name: string; readonly parse: (text: string) => unknown }[];
}

const shapeless: Shape = { empty: {}, columns: [] };

/** The shapes of what is prepared, by connection and name: PostgreSQL refuses to run a statement whose columns have changed. */
const shapes = new WeakMap<Wire['parsedStatements'], Map<string, Shape>>();

const { prepareValue } = (pg as unknown as { readonly utils: { prepareValue(value: unknown): string | Buffer | null } })
  .utils;

/**
 * Statements that go out at once. PostgreSQL skips what stands behind one that failed, up to the next Sync, and there is one
 * Sync, at the end. So nothing behind a `begin` runs outside of it, and no `commit` commits without what stands before it.
 * (The pipeline mode of `pg` ends every statement with a Sync of its own.)
 *
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
 */
export class Batch implements pg.Submittable {
  readonly statements: readonly Sent[];
  /** Fails with the first error; comes true when PostgreSQL is ready for more. */
  readonly end: Promise<void>;
  readonly #settle: { resolve(): void; reject(error: unknown): void };
  /** What became of those that PostgreSQL has carried out. */
  readonly outcomes: Outcome<unknown>[] = [];
  #known: Map<string, Shape> | undefined;
  /** Of the statement that is being answered. */
  #described: Shape | undefined;
  #rows: unknown[] = [];
  #unreadable: unknown;

  constructor(statements: readonly Sent[]) {
    // Written out before anything is sent: what cannot be written must not leave half a batch behind.
    this.statements = statements.map((one) => ({ ...one, values: one.values.map((value) => prepareValue(value)) }));
    const { promise, ...settle } = Promise.withResolvers<void>();
    this.end = promise;
    this.#settle = settle;
  }

  /** What `pg` takes note of under `name` when PostgreSQL has prepared it. */
  get name(): string | undefined {
    return this.statements[this.outcomes.length]?.name;
  }
  get text(): string | undefined {
    return this.statements[this.outcomes.length]?.text;
  }

  submit(connection: unknown): void {
    const wire = connection as Wire;
    const known = shapes.get(wire.parsedStatements) ?? new Map<string, Shape>();
    shapes.set(wire.parsedStatements, known);
    this.#known = known;
    const parsed = new Set<string>();
    // One write for all of it.
    wire.stream.cork();
    for (const { name, text, values } of this.statements) {
      if (name === undefined || (wire.parsedStatements[name] === undefined && !parsed.has(name))) {
        wire.parse({ name, text });
        if (name !== undefined) parsed.add(name);
      }
      wire.bind({ statement: name, values });
      if (name === undefined || !known.has(name)) wire.describe({ type: 'P' });
      wire.execute();
    }
    wire.sync();
    wire.stream.uncork();
  }

  handleRowDescription({ fields }: { readonly fields: readonly { name: string; dataTypeID: number }[] }): void {
    this.#described = {
      empty: Object.fromEntries(fields.map(({ name }) => [name, null])),
      columns: fields.map(({ name, dataTypeID }) => ({ name, parse: parserOf(dataTypeID) })),
    };
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    this.#described ??= this.#known?.get(this.name ?? '') ?? shapeless;
    const { empty, columns } = this.#described;
    try {
      const row: Record<string, unknown> = { ...empty };
      let index = 0;
      for (const { name, parse } of columns) {
        const text = fields[index++] ?? null;
        if (text !== null) row[name] = parse(text);
      }
      this.#rows.push(row);
    } catch (error) {
      this.#unreadable ??= error;
    }
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    const { name } = this;
    if (name !== undefined && !this.#known?.has(name)) this.#known?.set(name, this.#described ?? shapeless);
    this.outcomes.push({ rows: this.#rows, tag: text });
    this.#rows = [];
    this.#described = undefined;
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: '' });
  }

  handleCopyInResponse(wire: Wire): void {
    wire.sendCopyFail('nothing to copy');
  }

  handleError(error: unknown): void {
    this.#settle.reject(error);
  }

  handleReadyForQuery(): void {
    if (this.#unreadable === undefined) this.#settle.resolve();
    else this.#settle.reject(this.#unreadable);
  }
}
