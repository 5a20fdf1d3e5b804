import { isDeepStrictEqual } from 'node:util';
import { codePattern, type InputOf } from '@genauth/contract';
import type * as z from 'zod';
import type { Scope } from '../../platform/database/database.ts';
import { type Clockwork, doDueWork } from '../../platform/due-work.ts';
import { requestErrors } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { CommandContext, Handlers, RequestContext } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import { isViolationOf } from '../../platform/violations.ts';
import {
  type CustomDataChange,
  changeCustomData,
  listCustomData,
  prepareCustomData,
  readCustomData,
} from '../custom-values/index.ts';
import type * as contract from './contract.ts';
import {
  defaultNamespace,
  type RoleDto,
  roleCreated,
  roleCustomDataChanged,
  roleDeleted,
  roleDisabled,
  roleErrors,
  roleUpdated,
  systemNamespace,
} from './contract.ts';
import {
  codeIndex,
  deleteRoleRows,
  findRoles,
  holdRoles,
  insertRoles,
  listPage,
  listUserPoolsToTell,
  lockRole,
  lockRolesToDelete,
  type NewRole,
  type RoleChanges,
  type RoleReference,
  type RoleRow,
  takeDisabledRoles,
  updateRoleRow,
} from './store.ts';

export const createRoleHandlers = (seal: Seal): Handlers<typeof contract> => ({
  async getRole({ withCustomData, ...reference }, context) {
    const role = await requireRole(context, reference);
    return toRoleDto(role, withCustomData ? await readCustomData(seal, context.scope, 'ROLE', role.id) : undefined);
  },

  async listRoles({ page, limit, keywords, namespace, withCustomData }, { scope, now }) {
    const { totalCount, list } = await listPage(
      scope,
      { namespace: requireNamespace(namespace), keywords: keywords || null, limit, offset: (page - 1) * limit },
      toTimestamp(now),
    );
    const ids = list.map(({ id }) => id);
    const customDataOf = withCustomData ? await listCustomData(seal, scope, 'ROLE', ids) : undefined;
    return { totalCount, list: list.map((row) => toRoleDto(row, customDataOf?.(row.id))) };
  },

  async createRole(input, context) {
    refuseSystem(input.namespace);
    const [role] = await createRoles(seal, [input], context);
    if (role === undefined) throw roleErrors.codeTaken({ code: input.code });
    context.audit({ target: role.id });
    return toRoleDto(role);
  },

  async createRolesBatch({ list }, context) {
    if (list.length === 0) throw requestErrors.fieldMalformed({ field: 'list' });
    if (list.some(({ code }) => code === '')) throw roleErrors.codeMissing();
    for (const { namespace } of list) refuseSystem(namespace);
    await createRoles(seal, list, context);
    return { success: true };
  },

  async updateRole({ code, namespace, newCode, status, disableTime, customData, ...input }, context) {
    const { scope, emit, audit } = context;
    const now = toTimestamp(context.now);
    const [given = []] = await prepareCustomData(scope, 'ROLE', [customData]);
    const before = await lockRole(scope, requireReference({ code, namespace }), now);
    if (before === undefined) throw roleErrors.notFound();
    // Before anything is said of it that came later.
    if (isPast(before.disableTime, context)) announceDisabled(await takeDisabledRoles(scope, now, before.id), context);
    const isEnabling = status?.toUpperCase() === 'ENABLE';
    const time = toTime(disableTime);
    const changes: RoleChanges = {
      ...input,
      description: input.description === null ? '' : input.description,
      name: input.name || undefined,
      code: newCode ? requireCode(newCode) : undefined,
      status: status === undefined ? undefined : isEnabling ? 'ENABLE' : 'DISABLE',
      // A time that has come would disable the role again at once.
      disableTime: time === undefined && isEnabling && isPast(before.disableTime, context) ? null : time,
    };
    const after = await namingTaken(newCode ?? code, () => updateRoleRow(scope, before.id, changes, now));
    if (after === undefined) throw roleErrors.notFound();
    const custom = await changeCustomData(seal, scope, 'ROLE', before.id, given, context.now);
    const { origin, updates } = difference(before, after, custom);
    audit({ target: before.id, before: origin, after: updates });
    if (Object.keys(updates).length === 0) return { success: true };
    emit(roleUpdated, { role: toRoleDto(after), updates });
    if (custom !== undefined) emit(roleCustomDataChanged, { role: toRoleDto(after), updates: custom.updates });
    if (after.status === 'DISABLE' && before.status === 'ENABLE') emit(roleDisabled, { role: toRoleDto(after) });
    return { success: true };
  },

  async deleteRolesBatch({ codeList, namespace }, context) {
    return removeRoles(
      codeList.map((code) => requireReference({ code, namespace })),
      context,
    );
  },

  async deleteRoles({ roleList }, context) {
    return removeRoles(
      roleList.map(({ code, namespace }) => requireReference({ code, namespace: namespace || systemNamespace })),
      context,
    );
  },

  async checkParamsNamespace({ code, namespace }, { scope, now, language }) {
    const reference = { code, namespace: namespace || defaultNamespace };
    const problem =
      code.length > maxLength || !codePattern.test(code)
        ? roleErrors.codeInvalid({ code })
        : reference.namespace.length > maxLength || !codePattern.test(reference.namespace)
          ? roleErrors.namespaceInvalid({ namespace: reference.namespace })
          : (await findRoles(scope, [reference], toTimestamp(now))).length > 0
            ? roleErrors.codeTaken({ code })
            : undefined;
    return { isValid: problem === undefined, message: problem?.messageIn(language) ?? '' };
  },

  async createAdminRole(input, context) {
    const [role] = await createRoles(seal, [{ ...input, namespace: systemNamespace }], context);
    if (role === undefined) throw roleErrors.codeTaken({ code: input.code });
    context.audit({ target: role.id });
    return { ...toRoleDto(role), isValid: true, message: '' };
  },

  async deleteAdminRolesBatch({ codeList }, context) {
    return removeRoles(
      codeList.map((code) => requireReference({ code, namespace: systemNamespace })),
      context,
    );
  },

  async getRoleAuthorizedResources(reference, context) {
    await requireRole(context, reference);
    // Resources cannot be made yet, so no role is authorized for any.
    return { totalCount: 0, list: [] };
  },
});

const maxLength = 50;

/** Time as the stores take it. */
export function toTimestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** A time as callers give it: a number, digits, null or 0 for none. An empty text, as typed clients send it, says nothing. */
export function toTime(given: number | string | null | undefined): string | null | undefined {
  if (given === undefined || given === '') return undefined;
  return Number(given) === 0 ? null : toTimestamp(Number(given));
}

/**
 * Announces roles that have disabled themselves. Readers compare times, so this changes nothing for them; neither for groups by
 * rule, which know from the rows when to look again.
 */
export function announceDisabledRoles(clockwork: Clockwork): Promise<void> {
  return doDueWork(clockwork, {
    name: 'disableRoles',
    command: { audit: { operationType: 'update', resourceType: 'role' }, emits: [roleDisabled] },
    listUserPools: listUserPoolsToTell,
    take: takeDisabledRoles,
    async carryOut(roles, context) {
      announceDisabled(roles, context);
      const [only, ...others] = roles;
      context.audit({
        ...(only !== undefined && others.length === 0 ? { target: only.id } : {}),
        after: roles.map(({ id, code, namespace, status }) => ({ id, code, namespace, status })),
      });
    },
  });
}

function announceDisabled(roles: readonly RoleRow[], { emit }: CommandContext): void {
  emit(roleDisabled, ...roles.map((row) => ({ role: toRoleDto(row) })));
}

function isPast(time: number | null, { now }: RequestContext): boolean {
  return time !== null && time <= now;
}

function requireCode(code: string): string {
  if (!codePattern.test(code)) throw roleErrors.codeInvalid({ code });
  return code;
}

/** Namespaces are codes until they are things of their own: any that could be one is accepted. Empty means the default. */
export function requireNamespace(namespace: string): string {
  if (namespace === '') return defaultNamespace;
  if (!codePattern.test(namespace)) throw roleErrors.namespaceInvalid({ namespace });
  return namespace;
}

/** A role as callers name it, once code and namespace are known to be possible ones. */
function requireReference({ code, namespace }: RoleReference): RoleReference {
  return { code: requireCode(code), namespace: requireNamespace(namespace) };
}

function refuseSystem(namespace: string): void {
  if (namespace === systemNamespace) throw roleErrors.namespaceReserved();
}

interface Reading {
  readonly scope: Scope;
  readonly now: number;
}

/** The role of that name. Of another user pool it is not found. */
export async function requireRole({ scope, now }: Reading, reference: RoleReference): Promise<RoleRow> {
  const [role] = await findRoles(scope, [requireReference(reference)], toTimestamp(now));
  if (role === undefined) throw roleErrors.notFound();
  return role;
}

/** Roles by name, each once: all of them are there. */
export async function requireRoles(reading: Reading, references: readonly RoleReference[]): Promise<RoleRow[]> {
  return findAll(findRoles, reading, references);
}

/** The same for roles about to be referred to: they stay until the transaction ends. */
export async function requireHeldRoles(reading: Reading, references: readonly RoleReference[]): Promise<RoleRow[]> {
  return findAll(holdRoles, reading, references);
}

async function findAll(find: typeof findRoles, { scope, now }: Reading, references: readonly RoleReference[]) {
  const distinct = new Map(
    references.map(requireReference).map((one) => [`${one.namespace}/${one.code}`, one] as const),
  );
  const roles = await find(scope, [...distinct.values()], toTimestamp(now));
  if (roles.length < distinct.size) throw roleErrors.notFound();
  return roles;
}

type NewRoleInput = Omit<InputOf<typeof contract.createRole>, 'name'> & { readonly name?: string | undefined };

/** Makes roles, all or none. */
async function createRoles(seal: Seal, inputs: readonly NewRoleInput[], context: CommandContext): Promise<RoleRow[]> {
  const { scope, now } = context;
  const customData = await prepareCustomData(
    scope,
    'ROLE',
    inputs.map((input) => input.customData),
    { prefixOf: (index) => (inputs.length === 1 ? '' : `list.${index}.`) },
  );
  const roles = inputs.map((input): NewRole => {
    return {
      ...requireReference(input),
      id: newId(context.now),
      name: input.name || input.code,
      description: input.description ?? '',
      disableTime: toTime(input.disableTime) ?? null,
      enablePermissionApply: input.enablePermissionApply ?? false,
    };
  });
  const rows = await insertRoles(context.scope, roles, toTimestamp(context.now));
  const made = new Set(rows.map(({ id }) => id));
  const refused = roles.find(({ id }) => !made.has(id));
  if (refused !== undefined) throw roleErrors.codeTaken({ code: refused.code });
  const notes: object[] = [];
  for (const [index, { id, code, namespace }] of roles.entries()) {
    const change = await changeCustomData(seal, scope, 'ROLE', id, customData[index] ?? [], now);
    notes.push({ id, code, namespace, ...(change && { customData: change.updates }) });
  }
  context.audit({ after: notes.length === 1 ? notes[0] : notes });
  context.emit(roleCreated, ...rows.map((row) => ({ role: toRoleDto(row) })));
  return rows;
}

async function removeRoles(references: readonly RoleReference[], { scope, now, emit, before, audit }: CommandContext) {
  const deleted = await lockRolesToDelete(scope, references, toTimestamp(now));
  const announced = deleted.map((row) => ({ role: toRoleDto(row) }));
  await before(roleDeleted, ...announced);
  await deleteRoleRows(
    scope,
    deleted.map(({ id }) => id),
  );
  emit(roleDeleted, ...announced);
  const [only, ...others] = deleted;
  audit({
    ...(only !== undefined && others.length === 0 ? { target: only.id } : {}),
    before: deleted.map(({ id, code, namespace }) => ({ id, code, namespace })),
  });
  return { success: true };
}

async function namingTaken<Result>(code: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (isViolationOf(error, codeIndex)) throw roleErrors.codeTaken({ code });
    throw error;
  }
}

/** The fields that differ, before and after, as callers know them. */
function difference(before: RoleRow, after: RoleRow, custom: CustomDataChange | undefined) {
  const origin: Record<string, unknown> = custom === undefined ? {} : { customData: custom.origin };
  const updates: Record<string, unknown> = custom === undefined ? {} : { customData: custom.updates };
  const old: Readonly<Record<string, unknown>> = toRoleDto(before);
  for (const [name, value] of Object.entries(toRoleDto(after))) {
    if (isDeepStrictEqual(value, old[name])) continue;
    origin[name] = old[name];
    updates[name] = value;
  }
  return { origin, updates };
}

/** A role as V3 shows it; with its custom data where it was asked for. */
export function toRoleDto(row: RoleRow, customData?: Record<string, unknown>): z.input<typeof RoleDto> {
  return {
    id: row.id,
    code: row.code,
    name: row.name,
    description: row.description,
    namespace: row.namespace,
    // Namespaces have no names of their own yet.
    namespaceName: row.namespace,
    status: row.status,
    disableTime: row.disableTime,
    enablePermissionApply: row.enablePermissionApply,
    ...(customData === undefined ? {} : { customData }),
  };
}
