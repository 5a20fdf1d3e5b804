import { isDeepStrictEqual } from 'node:util';
import type { InputOf } from '@genauth/contract';
import { type CommandContext, type Handlers, prepared } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import { type CustomDataChange, changeCustomData, prepareCustomData } from '../custom-values/index.ts';
import type { Passwords, StoredPassword } from '../passwords/index.ts';
import {
  findUserIds,
  listUsersByIds,
  requireUserId,
  toUserDto,
  type UserIdType,
  type UserRow,
  userErrors,
} from '../user-directory/index.ts';

import {
  type Accounts,
  applyInput,
  clearIdentifiers,
  type DepartmentMemberships,
  deleteUsers,
  findTakenField,
  lockUsers,
  lockUsersToDelete,
  personalAccounts,
  refuseMessages,
  refuseUnavailable,
  requireIdentifier,
  sealOfUser,
  takenFieldOf,
  type UserInput,
  updateUsers,
  userWriteErrors,
  type WrittenUser,
} from '../users/index.ts';
import type * as contract from './contract.ts';
import { findHandedOver, findWantedTwice } from './moved-identifiers.ts';
import { listArchived } from './store.ts';

interface UserChangesDependencies {
  readonly seal: Seal;
  readonly passwords: Passwords;
  readonly departments: Pick<DepartmentMemberships, 'leaveAll'>;
  readonly accounts?: Accounts;
}

/** What becomes of one user. */
export interface UserChange {
  readonly id: string;
  readonly input: UserInput;
  readonly password?: StoredPassword | undefined;
  readonly mustResetPassword?: boolean;
  /** Names the change in errors: `list.3.`. */
  readonly prefix: string;
}

/** A user as he was and as he is; the same row when nothing changed. */
export interface ChangedUser {
  readonly before: UserRow;
  readonly after: UserRow;
  readonly custom?: CustomDataChange | undefined;
}

/** How users are changed inside a command: all or none, and answered those there are. */
export function createUserChange({
  seal,
  departments,
  accounts: { kind, events } = personalAccounts,
}: Omit<UserChangesDependencies, 'passwords'>) {
  return async (context: CommandContext, changes: readonly UserChange[]): Promise<ChangedUser[]> => {
    const { scope } = context;
    const customData = await prepareCustomData(
      scope,
      'USER',
      changes.map(({ input }) => input.customData),
      { prefixOf: (index) => changes[index]?.prefix ?? '' },
    );
    const now = new Date(context.now).toISOString();
    const ids = [...new Set(changes.map(({ id }) => id))];
    // Of several changes of one user's status the last one counts.
    const leaving = ids.filter((id) =>
      isGone(changes.findLast((one) => one.id === id && one.input.status)?.input.status),
    );
    // Trees are locked before users, by everybody who changes memberships. That is why users leave departments here and
    // not by a reaction, which would come when the users are locked already.
    const asFound = new Map((await listUsersByIds(scope, leaving, false, kind)).map((row) => [row.id, row]));
    await departments.leaveAll(context, leaving);

    const changed: WantedChange[] = [];
    for (const locked of await lockUsers(scope, ids, kind)) {
      // Who leaves all departments has lost the main one by now; that is part of what changes.
      const before = {
        ...locked,
        mainDepartmentId: asFound.get(locked.id)?.mainDepartmentId ?? locked.mainDepartmentId,
      };
      const own = changes.filter(({ id }) => id === locked.id);
      const [last] = own.slice(-1);
      changed.push({
        before,
        values: await apply(context, before, own, now),
        position: last === undefined ? -1 : changes.indexOf(last),
        prefix: last?.prefix ?? '',
      });
    }
    const different = changed.filter(({ before, values: { password, ...values } }) => {
      return password !== undefined || !isDeepStrictEqual({ ...before, ...values }, before);
    });
    const rows = new Map((await write(context, different, now)).map((row) => [row.id, row]));
    const result: ChangedUser[] = [];
    for (const { before, values } of changed) {
      const own = customData.flatMap((given, index) => (changes[index]?.id === before.id ? given : []));
      const custom = await changeCustomData(seal, scope, 'USER', before.id, own, context.now);
      const written = rows.get(before.id) ?? before;
      const after = custom === undefined ? written : { ...written, updatedAt: now };
      if (after !== before) announce(context, events, { before, after, custom }, values.password !== undefined);
      result.push({ before, after, custom });
    }
    return result;
  };

  /** A user after what is said of him, perhaps in several changes of a batch. */
  async function apply(
    { scope }: CommandContext,
    before: UserRow,
    changes: readonly UserChange[],
    now: string,
  ): Promise<WrittenUser> {
    let values: WrittenUser = { ...before, password: undefined };
    for (const { input, password = values.password, mustResetPassword, prefix } of changes) {
      const applied = await applyInput(values, input, prefix, sealOfUser(seal, scope, before.id));
      requireIdentifier(applied, prefix);
      const isReset = password !== values.password;
      values = {
        ...applied,
        id: before.id,
        password,
        statusChangedAt: applied.status === before.status ? before.statusChangedAt : now,
        resetPasswordOnNextLogin: mustResetPassword || (values.resetPasswordOnNextLogin && !isReset),
      };
    }
    return values;
  }
}

export function createUserChangesService(dependencies: UserChangesDependencies): Handlers<typeof contract> {
  const { seal, passwords, departments, accounts = personalAccounts } = dependencies;
  const { kind, events } = accounts;
  const change = createUserChange(dependencies);
  return {
    updateUser: prepared(
      ({ options, ...input }, turn) => passwords.toStored([input], options, () => '', turn),
      async ({ userId, options, ...input }, context, [password]) => {
        refuseMessages(options?.sendPasswordResetedNotification);
        const id = await idOf(context, userId, options?.userIdType ?? 'user_id');
        const [changed] = await change(context, [toChange(id, input, password, options, '')]);
        if (changed === undefined) throw userErrors.notFound();
        const { origin, updates } = difference(changed);
        context.audit({ target: id, ...(changed.after === changed.before ? {} : { before: origin, after: updates }) });
        return show(context, changed.after);
      },
    ),

    updateUserBatch: prepared(
      ({ list, options }, turn) => passwords.toStored(list, options, prefixOfItem, turn),
      async ({ list, options }, context, stored) => {
        refuseMessages(options?.sendPasswordResetedNotification);
        const changes = list.map(({ userId, ...input }, index) =>
          toChange(userId, input, stored[index], options, prefixOfItem(index)),
        );
        const changed = new Map((await change(context, changes)).map((one) => [one.before.id, one]));
        const unknown = list.find(({ userId }) => !changed.has(userId));
        if (unknown !== undefined) throw userWriteErrors.unknownUser({ userId: unknown.userId });
        const differences = [...changed.values()].map((one) => ({ userId: one.after.id, ...difference(one) }));
        context.audit({
          before: differences.map(({ userId, origin }) => ({ userId, ...origin })),
          after: differences.map(({ userId, updates }) => ({ userId, ...updates })),
        });
        return list.flatMap(({ userId }) => {
          const after = changed.get(userId)?.after;
          return after === undefined ? [] : [show(context, after)];
        });
      },
    ),

    async resignUser({ userId, userIdType }, context) {
      const id = await idOf(context, userId, userIdType);
      context.audit({ target: id });
      if ((await resign(context, [id])).length === 0) throw userErrors.notFound();
      return { success: true };
    },

    async resignUserBatch({ userIds, userIdType }, context) {
      await resign(context, await findUserIds(context.scope, userIds, userIdType, kind));
      return { success: true };
    },

    async deleteUsersBatch({ userIds, options }, context) {
      const { scope, emit, before, audit } = context;
      const ids = await findUserIds(scope, userIds, options?.userIdType ?? 'user_id', kind);
      // Rather than by the foreign key alone: memberships end under the locks that keep counts exact.
      const asFound = new Map((await listUsersByIds(scope, ids, false, kind)).map((row) => [row.id, row]));
      await departments.leaveAll(context, ids);
      const deleted = await lockUsersToDelete(scope, ids, kind);
      const announced = deleted.map((row) => ({ user: toUserDto(asFound.get(row.id) ?? row) }));
      // What hangs on them would go by foreign keys, unannounced.
      await before(events.deleted, ...announced);
      await deleteUsers(
        scope,
        deleted.map(({ id }) => id),
      );
      emit(events.deleted, ...announced);
      const [only, ...others] = deleted;
      audit({
        ...(only !== undefined && others.length === 0 ? { target: only.id } : {}),
        before: deleted.map(({ id, username, email }) => ({ userId: id, username, email })),
      });
      return { success: true };
    },

    async listArchivedUsers({ page, limit, startAt }, { scope }) {
      return listArchived(scope, toTime(startAt ?? 0), limit, (page - 1) * limit);
    },
  };

  /** A system id needs no look-up: whoever is not there is missed when he is to be locked. */
  async function idOf({ scope }: CommandContext, userId: string, type: UserIdType): Promise<string> {
    return type === 'user_id' ? userId : requireUserId(scope, userId, type, kind);
  }

  async function resign(context: CommandContext, ids: readonly string[]): Promise<readonly ChangedUser[]> {
    const input = { status: 'Resigned' } as const;
    const changed = await change(
      context,
      ids.map((id) => ({ id, input, prefix: '' })),
    );
    const resigned = changed.filter(({ before, after }) => before !== after);
    context.audit({
      before: resigned.map(({ before }) => ({ userId: before.id, status: before.status })),
      after: resigned.map(({ after }) => ({ userId: after.id, status: after.status })),
    });
    return changed;
  }

  function show({ scope }: CommandContext, row: UserRow) {
    return toUserDto(row, {}, { seal, userPoolId: scope.userPoolId });
  }
}

function toChange(
  id: string,
  { password: _password, ...input }: Omit<InputOf<typeof contract.updateUserBatch>['list'][number], 'userId'>,
  password: StoredPassword | undefined,
  options: InputOf<typeof contract.updateUserBatch>['options'],
  prefix: string,
): UserChange {
  refuseUnavailable({ ...input, metadataSource: input.metadata });
  const mustResetPassword = options?.resetPasswordOnNextLogin || options?.resetPasswordOnFirstLogin || false;
  return { id, input, password, mustResetPassword, prefix };
}

function prefixOfItem(index: number): string {
  return `list.${index}.`;
}

/** A user as he was, what is to become of him, and which change said so last. */
interface WantedChange {
  readonly before: UserRow;
  readonly values: WrittenUser;
  readonly position: number;
  readonly prefix: string;
}

/**
 * Writes the users, or names the first whose identifier somebody else has and keeps. In which order they are written does not
 * matter: what goes from one to another is taken from the one first.
 */
async function write({ scope }: CommandContext, changed: readonly WantedChange[], now: string): Promise<UserRow[]> {
  if (changed.length === 0) return [];
  const users = changed.map(({ values }) => values);
  // Of several, an index only tells that some identifier is taken.
  if (changed.length > 1) {
    const inOrder = changed.toSorted((a, b) => a.position - b.position);
    const twice = findWantedTwice(inOrder);
    if (twice !== undefined) throw userWriteErrors.alreadyExists({ field: `${twice.change.prefix}${twice.field}` });
    await clearIdentifiers(scope, findHandedOver(changed));
    const taken = await findTakenField(
      scope,
      inOrder.map(({ values }) => values),
    );
    if (taken !== undefined) {
      throw userWriteErrors.alreadyExists({ field: `${inOrder[taken.position]?.prefix}${taken.field}` });
    }
  }
  try {
    return await updateUsers(scope, users, now);
  } catch (error) {
    const field = takenFieldOf(error);
    if (field === undefined) throw error;
    const [{ prefix } = { prefix: '' }, ...others] = changed;
    throw userWriteErrors.alreadyExists({ field: others.length === 0 ? `${prefix}${field}` : field });
  }
}

function announce(
  { emit }: CommandContext,
  events: Accounts['events'],
  changed: ChangedUser,
  hasNewPassword: boolean,
): void {
  const { before, after, custom } = changed;
  const { updates } = difference(changed);
  const user = toUserDto(after);
  emit(events.updated, { user, updates });
  if (custom !== undefined) emit(events.customDataChanged, { user, updates: custom.updates });
  if (hasNewPassword) emit(events.passwordChanged, { user });
  if (after.emailVerified && !before.emailVerified) emit(events.emailVerified, { user });
  for (const event of statusEvents(events, before.status, after.status)) emit(event, { user });
}

/** Resigned and archived users have left: they belong to nothing any more. */
function isGone(status: UserInput['status']): boolean {
  return status === 'Resigned' || status === 'Archived';
}

/** Numbers below this are seconds: as milliseconds they would lie before March 1973. */
const firstMilliseconds = 1e11;

function toTime(secondsOrMilliseconds: number): string {
  const factor = secondsOrMilliseconds < firstMilliseconds ? 1000 : 1;
  return new Date(secondsOrMilliseconds * factor).toISOString();
}

const redacted = '[redacted]';

/** The fields that differ, before and after, as callers know them. */
function difference({ before, after, custom }: ChangedUser) {
  const origin: Record<string, unknown> = custom === undefined ? {} : { customData: custom.origin };
  const updates: Record<string, unknown> = custom === undefined ? {} : { customData: custom.updates };
  const old: Readonly<Record<string, unknown>> = toUserDto(before);
  for (const [name, value] of Object.entries(toUserDto(after))) {
    if (name === 'updatedAt' || isDeepStrictEqual(value, old[name])) continue;
    origin[name] = old[name];
    updates[name] = value;
  }
  // Sealed: told is no more than that there was one, and is another.
  if (!isDeepStrictEqual(before.identityNumberSealed, after.identityNumberSealed)) {
    origin['identityNumber'] = before.identityNumberSealed === null ? null : redacted;
    updates['identityNumber'] = after.identityNumberSealed === null ? null : redacted;
  }
  return { origin, updates };
}

function statusEvents(
  { blocked, unblocked, archived, unarchived, resigned }: Accounts['events'],
  before: UserRow['status'],
  after: UserRow['status'],
): Accounts['events']['blocked'][] {
  if (before === after) return [];
  const isBlocked = (status: UserRow['status']) => status === 'Suspended' || status === 'Deactivated';
  return [
    ...(isBlocked(after) && !isBlocked(before) ? [blocked] : []),
    ...(isBlocked(before) && after === 'Activated' ? [unblocked] : []),
    ...(after === 'Archived' ? [archived] : []),
    ...(before === 'Archived' ? [unarchived] : []),
    ...(after === 'Resigned' ? [resigned] : []),
  ];
}
