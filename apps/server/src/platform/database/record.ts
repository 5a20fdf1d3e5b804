import type { Command, EventDeclaration } from '@genauth/contract';
import type { Actor } from '../credentials/authenticate.ts';
import { newId } from '../ids.ts';
import type { AuditNote, RequestContext } from '../module.ts';
import { heldStatement, type Scope, statement } from './database.ts';

/** An event waiting for its command's transaction to end. */
export interface PendingEvent {
  readonly declaration: EventDeclaration;
  readonly data: unknown;
}

/** What is written beside a command's own rows. */
export interface CommandRecord {
  readonly name: string;
  readonly command: Pick<Command, 'audit' | 'emits'>;
  readonly actor: Actor;
  readonly context: RequestContext;
  readonly clientIp: string | undefined;
  readonly userAgent: string | undefined;
  /** The input, already without secrets. */
  readonly parameters: unknown;
  readonly target: string | undefined;
  readonly note: AuditNote;
  readonly events: readonly PendingEvent[];
}

/** Audit row, events and nonce in one statement: the last before `commit`, and sent with it. */
const writeRecord = heldStatement<readonly unknown[]>(`
  with audit as (
    insert into audit_logs (user_pool_id, id, created_at, action, operation_type, resource_type, target_id,
      access_key_id, actor_user_id, operation_param, origin_value, target_value, request_id, client_ip, user_agent)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
  ), nonce as (
    insert into signature_nonces (user_pool_id, access_key_id, nonce, expires_at)
    select $1, $8, $16, $17 where $16::text is not null
  )
  insert into outbox_events (user_pool_id, created_at, name, webhook, topic, data, request_id)
  select $1, $3, event.name, event.webhook, event.topic, event.data, $13
  from rows from (
    unnest($18::text[]), unnest($19::text[]), unnest($20::text[]), unnest($21::jsonb[])
  ) with ordinality as event (name, webhook, topic, data, position)
  order by event.position
`);

/** The unique index a replayed nonce runs into. */
export const nonceConstraint = 'signature_nonces_pkey';

/** Writes what belongs to every command, in the command's transaction. */
export function recordCommand(scope: Scope, record: CommandRecord): void {
  const { actor, command, context, events, note } = record;
  writeRecord(
    scope,
    scope.userPoolId,
    newId(context.now),
    new Date(context.now),
    record.name,
    command.audit.operationType,
    command.audit.resourceType,
    note.target ?? record.target ?? null,
    actor.accessKeyId,
    actor.userId ?? null,
    JSON.stringify(record.parameters),
    note.before === undefined ? null : JSON.stringify(note.before),
    note.after === undefined ? null : JSON.stringify(note.after),
    context.requestId,
    record.clientIp ?? null,
    record.userAgent?.slice(0, 512) ?? null,
    actor.nonce?.value ?? null,
    actor.nonce === undefined ? null : new Date(actor.nonce.expiresAt),
    events.map(({ declaration }) => declaration.name),
    events.map(({ declaration }) => declaration.webhook ?? null),
    events.map(({ declaration }) => declaration.topic ?? null),
    events.map(({ data }) => JSON.stringify(data)),
  );
}

/** Forgets nonces whose signatures are too old to be accepted anyway. */
export const deleteExpiredNonces = statement<Record<never, never>, []>(
  `delete from signature_nonces where expires_at < now()`,
);
