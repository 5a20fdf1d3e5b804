import * as z from 'zod';
import type { AnyErrorFactory } from './errors.ts';
import type { EventDeclaration } from './events.ts';

/** What the audit log calls the change: V3's `operationType` and `resourceType`. */
export interface AuditDeclaration {
  readonly operationType: 'create' | 'update' | 'delete' | 'add' | 'remove' | 'set' | 'issue' | 'resign' | 'export';
  readonly resourceType: string;
}

interface Declaration<Input extends z.ZodObject, Output extends z.ZodType | undefined> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: `/${string}`;
  /** The section of the reference this operation appears in. */
  readonly tag: string;
  /** Menu title, in both languages. */
  readonly title: { readonly en: string; readonly zh: string };
  readonly summary: { readonly en: string; readonly zh: string };
  readonly description: { readonly en: string; readonly zh: string };
  /** `department:RemoveMember`; `public` for operations that ask for no credential. */
  readonly permission: string;
  readonly input: Input;
  readonly output: Output;
  /** Name of the envelope schema: `IsSuccessRespDto`. */
  readonly answer: string;
  readonly errors: readonly AnyErrorFactory[];
  readonly deprecated?: boolean;
  /**
   * Whether the payload's fields stand beside the envelope's as well as below `data`, lists as text with commas between: V3
   * types some answers without an envelope, and clients read them in either place.
   */
  readonly hasPayloadAtTop?: boolean;
  /** Whether they stand there alone, as they are, and there is no `data`. */
  readonly hasPayloadOnlyAtTop?: boolean;
  /** Python's method name where it is not the snake case of ours. */
  readonly pythonName?: string;
}

interface CommandDeclaration<Input extends z.ZodObject, Output extends z.ZodType | undefined>
  extends Declaration<Input, Output> {
  readonly audit: AuditDeclaration;
  /** The input field that names what is changed. */
  readonly target?: keyof Input['shape'] & string;
  readonly emits: readonly EventDeclaration[];
}

/** An operation that answers a question and writes nothing. */
export interface Query<
  Input extends z.ZodObject = z.ZodObject,
  Output extends z.ZodType | undefined = z.ZodType | undefined,
> extends Declaration<Input, Output> {
  readonly kind: 'query';
}

/** A query that asks for no credential, because it makes one; it runs in no user pool. */
export interface PublicQuery<
  Input extends z.ZodObject = z.ZodObject,
  Output extends z.ZodType | undefined = z.ZodType | undefined,
> extends Declaration<Input, Output> {
  readonly kind: 'publicQuery';
}

/** An operation that changes something: one transaction, one audit row, its declared events. */
export interface Command<
  Input extends z.ZodObject = z.ZodObject,
  Output extends z.ZodType | undefined = z.ZodType | undefined,
> extends CommandDeclaration<Input, Output> {
  readonly kind: 'command';
}

export type Operation = Query | PublicQuery | Command;

/** A module's exports come sorted by name, whatever their order in the file; menus want the order of the file. */
const positions = new WeakMap<object, number>();
let declarations = 0;

function inOrder<O extends object>(operation: O): O {
  positions.set(operation, declarations++);
  return operation;
}

/** Declares an operation that answers a question. */
export function query<Input extends z.ZodObject, Output extends z.ZodType | undefined>(
  declaration: Declaration<Input, Output>,
): Query<Input, Output> {
  return inOrder({ kind: 'query', ...declaration });
}

/** Declares a query that asks for no credential. */
export function publicQuery<Input extends z.ZodObject, Output extends z.ZodType | undefined>(
  declaration: Omit<Declaration<Input, Output>, 'permission'>,
): PublicQuery<Input, Output> {
  return inOrder({ kind: 'publicQuery', permission: 'public', ...declaration });
}

/** Declares an operation that changes something. */
export function command<Input extends z.ZodObject, Output extends z.ZodType | undefined>(
  declaration: CommandDeclaration<Input, Output>,
): Command<Input, Output> {
  return inOrder({ kind: 'command', ...declaration });
}

/** What a handler receives: the parsed input. */
export type InputOf<O extends Operation> = z.output<O['input']>;

/** What a handler returns: the payload below `data`. */
export type OutputOf<O extends Operation> = O['output'] extends z.ZodType ? z.input<O['output']> : undefined;

/** Picks the operations out of a contract module's exports; the export's name is the operation's name. */
export type OperationsOf<Contract> = {
  readonly [Name in keyof Contract as Contract[Name] extends Operation ? Name : never]: Contract[Name] extends Operation
    ? Contract[Name]
    : never;
};

function isOperation(value: unknown): value is Operation {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    (value.kind === 'query' || value.kind === 'publicQuery' || value.kind === 'command')
  );
}

/** The operations of a contract module, by name, in the order they are declared in. */
export function operationsOf(contract: object): [name: string, operation: Operation][] {
  return Object.entries(contract)
    .filter((entry): entry is [string, Operation] => isOperation(entry[1]))
    .sort(([, a], [, b]) => (positions.get(a) ?? 0) - (positions.get(b) ?? 0));
}

/** The type below `optional`, `default` and `nullable`, whether a value must be given, and whether it may be null. */
export function unwrapField(schema: z.core.$ZodType): {
  base: z.core.$ZodType;
  required: boolean;
  nullable: boolean;
} {
  let base = schema;
  let required = true;
  let nullable = false;
  while (base instanceof z.ZodOptional || base instanceof z.ZodDefault || base instanceof z.ZodNullable) {
    if (base instanceof z.ZodNullable) nullable = true;
    else required = false;
    base = base.unwrap();
  }
  return { base, required, nullable };
}
