import type * as z from 'zod';
import type { Scope } from '../../platform/database/database.ts';
import { findTargetsByCustomField } from '../custom-values/index.ts';
import {
  type DepartmentDto,
  type DepartmentEventNode,
  type DepartmentIdType,
  departmentTreeErrors,
  rootAlias,
} from './contract.ts';
import {
  type DepartmentRow,
  departmentByReference,
  endOfSubtree,
  findAndLockOrganization,
  type OrganizationRow,
  type TreeLock,
} from './store.ts';

/** How an operation names a department. */
export interface DepartmentReference {
  readonly organizationCode: string;
  readonly departmentId: string;
  readonly departmentIdType: DepartmentIdType;
  readonly tenantId?: string | undefined;
}

/** Tenants are resolved against the tenants of the user pool, and there are none yet: any is unknown. */
export function requireNoTenant(tenantId: string | undefined): void {
  if (tenantId) throw departmentTreeErrors.tenantNotFound();
}

/** The organization of that code, its tree locked until the transaction ends. */
export async function requireLockedOrganization(
  scope: Scope,
  code: string,
  tenantId: string | undefined,
  lock: TreeLock,
): Promise<OrganizationRow> {
  requireNoTenant(tenantId);
  const organization = await findAndLockOrganization(scope, code, lock);
  if (organization === undefined) throw departmentTreeErrors.organizationNotFound({ code });
  return organization;
}

/** The department an operation names. Of another organization, user pool or tenant it is not found. */
export async function requireDepartment(scope: Scope, reference: DepartmentReference): Promise<DepartmentRow> {
  requireNoTenant(reference.tenantId);
  const { organizationCode: code, departmentId, departmentIdType } = reference;
  const { key, id } = await bySystemId(scope, departmentId, departmentIdType);
  const [row] = await departmentByReference[key](scope, code, id);
  if (row === undefined) throw departmentTreeErrors.organizationNotFound({ code });
  if (row.id === null) throw departmentTreeErrors.departmentNotFound();
  return row;
}

/** The same for a command that changes the tree or its members: locked first, then read. */
export async function requireLockedDepartment(
  scope: Scope,
  reference: DepartmentReference,
  lock: TreeLock,
): Promise<DepartmentRow> {
  await requireLockedOrganization(scope, reference.organizationCode, reference.tenantId, lock);
  return requireDepartment(scope, reference);
}

/** Paths from `start` on and below `end`. */
export interface PathRange {
  readonly start: string;
  readonly end: string;
}

/** Where the paths of these departments lie, alone or with all below them; unknown department → 404. */
export async function requirePathRanges(
  scope: Scope,
  departments: readonly (DepartmentReference & { readonly includeChildrenDepartments: boolean })[],
): Promise<PathRange[]> {
  const ranges: PathRange[] = [];
  for (const { includeChildrenDepartments, ...reference } of departments) {
    const { path } = await requireDepartment(scope, reference);
    // A department's own path is the only one from itself to itself with any character appended.
    ranges.push({ start: path, end: includeChildrenDepartments ? endOfSubtree(path) : `${path}!` });
  }
  return ranges;
}

/** `<key>:<value>` of a unique field is the system id of who has it; nobody has the id of none. */
async function bySystemId(scope: Scope, departmentId: string, type: DepartmentIdType) {
  if (departmentId === rootAlias) return { key: 'root', id: departmentId } as const;
  if (type !== 'custom_field') return { key: type, id: departmentId } as const;
  const found = await findTargetsByCustomField(scope, 'DEPARTMENT', [departmentId], 'departmentId');
  return { key: 'department_id', id: found.get(departmentId) ?? '' } as const;
}

/** Translations that were given: null clears them, and an object without any language says nothing. */
export function givenTranslations<Text extends object>(
  i18n: object | null | undefined,
  text: Text | undefined,
): Text | null | undefined {
  if (i18n === null) return null;
  return text === undefined || Object.values(text).every((one) => one === undefined) ? undefined : text;
}

/** What a department is shown with where it was asked for. */
interface Requested {
  readonly posts?: readonly { readonly id: string; readonly name: string }[] | undefined;
  readonly customData?: Record<string, unknown> | undefined;
}

/** A department as V3 shows it. */
export function toDepartmentDto(
  row: DepartmentRow,
  { posts, customData }: Requested = {},
): z.input<typeof DepartmentDto> {
  return {
    organizationCode: row.organizationCode,
    departmentId: row.id,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    openDepartmentId: row.openDepartmentId,
    name: row.name,
    leaderUserIds: [...row.leaderUserIds],
    description: row.description,
    parentDepartmentId: row.parentId ?? '',
    code: row.code,
    parentDepartmentCode: row.parentId === null ? '' : row.parentCode,
    membersCount: row.membersCount,
    hasChildren: row.hasChildren,
    isVirtualNode: row.isVirtualNode,
    i18n: row.nameI18n === null ? null : { name: row.nameI18n },
    status: row.status,
    ...(customData === undefined ? {} : { customData }),
    ...(posts === undefined ? {} : { posts: posts.map(({ name }) => name), postIdList: posts.map(({ id }) => id) }),
  };
}

/** A department as events tell of it. */
export function toEventNode(row: DepartmentRow): z.input<typeof DepartmentEventNode> {
  return { id: row.id, orgId: row.organizationId, name: row.name, code: row.code };
}
