import { type Scope, statement } from '../../platform/database/database.ts';
import { isViolationOf } from '../../platform/violations.ts';
import { type DepartmentRow, departmentColumns, endOfSubtree } from '../department-tree/index.ts';

const departmentsOf = `
  departments department
  join organizations organization on organization.user_pool_id = department.user_pool_id
    and organization.id = department.organization_id
`;

/** Direct children by name; null filters ask for nothing. */
export const listChildren = statement<
  DepartmentRow,
  [parentId: string, status: boolean | null, isVirtualNode: boolean | null]
>(`
  select ${departmentColumns} from ${departmentsOf}
  where department.user_pool_id = current_setting('genauth.user_pool_id') and department.parent_id = $1
    and ($2::boolean is null or department.status = $2)
    and ($3::boolean is null or department.is_virtual_node = $3)
  order by department.name, department.id
`);

const subtree = statement<DepartmentRow, [path: string, end: string]>(`
  select ${departmentColumns} from ${departmentsOf}
  where department.user_pool_id = current_setting('genauth.user_pool_id')
    and department.path >= $1 and department.path < $2
  order by department.name, department.id
`);

/** A department and everything below it, by name. */
export function listSubtree(scope: Scope, { path }: DepartmentRow): Promise<DepartmentRow[]> {
  return subtree(scope, path, endOfSubtree(path));
}

const lockOne = statement<{ id: string }, [id: string]>(`
  select id from departments where user_pool_id = current_setting('genauth.user_pool_id') and id = $1 for update
`);

/** From now on nothing can be given to a department, unless the transaction fails. */
export async function lockDepartmentToDelete(scope: Scope, id: string): Promise<void> {
  await lockOne(scope, id);
}

const deleteOne = statement<{ id: string }, [id: string]>(`
  delete from departments where user_pool_id = current_setting('genauth.user_pool_id') and id = $1 returning id
`);

/** Deletes a department; answers false when departments or members still refer to it. */
export async function deleteEmptyDepartment(scope: Scope, id: string): Promise<boolean> {
  try {
    await deleteOne(scope, id);
    return true;
  } catch (error) {
    if (isViolationOf(error, 'departments_parent') || isViolationOf(error, 'department_members_department'))
      return false;
    throw error;
  }
}
