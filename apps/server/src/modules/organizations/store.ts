import { type Scope, statement } from '../../platform/database/database.ts';
import { type DepartmentRow, departmentColumns } from '../department-tree/index.ts';

const rootOf = `
  organizations organization
  join departments department on department.user_pool_id = organization.user_pool_id and department.id = organization.id
`;

export const insertOrganization = statement<Record<never, never>, [id: string, code: string]>(`
  insert into organizations (user_pool_id, id, code) values (current_setting('genauth.user_pool_id'), $1, $2)
`);

export const updateOrganizationCode = statement<Record<never, never>, [id: string, code: string]>(`
  update organizations set code = $2 where user_pool_id = current_setting('genauth.user_pool_id') and id = $1
`);

const rootByCode = statement<DepartmentRow, [code: string]>(`
  select ${departmentColumns} from ${rootOf}
  where organization.user_pool_id = current_setting('genauth.user_pool_id') and organization.code = $1
`);

/** The root department of an organization. */
export async function findRoot(scope: Scope, code: string): Promise<DepartmentRow | undefined> {
  const [row] = await rootByCode(scope, code);
  return row;
}

const rootById = statement<DepartmentRow, [id: string]>(`
  select ${departmentColumns} from ${rootOf}
  where organization.user_pool_id = current_setting('genauth.user_pool_id') and organization.id = $1
`);

export async function findRootById(scope: Scope, id: string): Promise<DepartmentRow | undefined> {
  const [row] = await rootById(scope, id);
  return row;
}

/** Roots of the organizations with these codes, in the order of the codes. */
export const listRootsByCodes = statement<DepartmentRow, [codes: readonly string[]]>(`
  select ${departmentColumns} from ${rootOf}
  where organization.user_pool_id = current_setting('genauth.user_pool_id') and organization.code = any($1)
  order by array_position($1, organization.code)
`);

const matching = `
  organization.user_pool_id = current_setting('genauth.user_pool_id')
    and ($1::boolean is null or department.status = $1)
    and ($2::text is null or strpos(lower(department.name), lower($2)) > 0 or strpos(lower(organization.code), lower($2)) > 0)
`;

/** Which organizations: by status, by keywords in name or code; null for all. */
export interface OrganizationFilter {
  readonly status: boolean | null;
  readonly keywords: string | null;
}

/** Oldest first. */
const page = statement<DepartmentRow, readonly unknown[]>(`
  select ${departmentColumns} from ${rootOf} where ${matching}
  order by department.created_at, department.id limit $3 offset $4
`);

const count = statement<{ total: number }, readonly unknown[]>(
  `select count(*) as total from ${rootOf} where ${matching}`,
);

export async function listRoots(
  scope: Scope,
  { status, keywords }: OrganizationFilter,
  limit: number | null,
  offset: number,
): Promise<{ totalCount: number; list: DepartmentRow[] }> {
  const list = await page(scope, status, keywords, limit, offset);
  if (limit === null) return { totalCount: list.length, list };
  const [counted] = await count(scope, status, keywords);
  return { totalCount: counted?.total ?? 0, list };
}

/** Counted, so that they need not be sent. */
const lockTree = statement<{ total: number }, [organizationId: string]>(`
  with doomed as (
    select id from departments where user_pool_id = current_setting('genauth.user_pool_id') and organization_id = $1
    order by id for update
  )
  select count(*) as total from doomed
`);

/** From now on nothing can be given to a department of the tree, unless the transaction fails. */
export async function lockTreeToDelete(scope: Scope, organizationId: string): Promise<void> {
  await lockTree(scope, organizationId);
}

/** Deletes an organization with its whole tree; memberships and leaders go with it, users stay. */
const deleteTree = statement<{ id: string }, [id: string]>(`select genauth.delete_organization($1) as id`);

export async function deleteOrganizationTree(scope: Scope, id: string): Promise<void> {
  await deleteTree(scope, id);
}
