import { type RawBuilder, sql } from 'kysely';
import { type Scope, statement } from '../../platform/database/database.ts';
import { type DepartmentRow, departmentColumns, endOfSubtree } from '../department-tree/index.ts';

/** One comparison; the values are of the type of the field. */
export interface Condition {
  readonly field: 'updatedAt' | 'createdAt' | 'name';
  readonly operator: 'BETWEEN' | 'EQUAL' | 'IN' | 'LESSER' | 'GREATER' | 'CONTAINS';
  readonly values: readonly string[];
}

/** One step of an order. */
export interface Order {
  readonly field: Condition['field'];
  readonly isDescending: boolean;
}

const departmentsOf = `
  departments department
  join organizations organization on organization.user_pool_id = department.user_pool_id
    and organization.id = department.organization_id
`;

const byKeywords = statement<DepartmentRow, [path: string, end: string, keywords: string]>(`
  select ${departmentColumns} from ${departmentsOf}
  where department.user_pool_id = current_setting('genauth.user_pool_id')
    and department.path >= $1 and department.path < $2
    and (strpos(lower(department.name), lower($3)) > 0 or strpos(lower(department.code), lower($3)) > 0)
  order by department.name, department.id
`);

/** The departments below a root, itself included, whose name or code contains the keywords; by name. */
export function listByKeywords(scope: Scope, { path }: DepartmentRow, keywords: string): Promise<DepartmentRow[]> {
  return byKeywords(scope, path, endOfSubtree(path), keywords);
}

/** The departments below a root, itself included, that meet all conditions. Ids decide between equals. */
export async function listByConditions(
  scope: Scope,
  { path }: DepartmentRow,
  conditions: readonly Condition[],
  order: readonly Order[],
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<DepartmentRow[]> {
  const filters = conditions.map((condition) => sql`and ${toSql(condition)}`);
  const keys = order.map(({ field, isDescending }) => sql`${columns[field]} ${isDescending ? sql`desc` : sql`asc`}`);
  const lastKey = order.at(-1)?.isDescending === true ? sql`department.id desc` : sql`department.id`;
  const { rows } = await sql<DepartmentRow>`
    select ${sql.raw(departmentColumns)} from ${sql.raw(departmentsOf)}
    where department.user_pool_id = current_setting('genauth.user_pool_id')
      and department.path >= ${path} and department.path < ${endOfSubtree(path)}
      ${sql.join(filters, sql` `)}
    order by ${sql.join([...keys, lastKey])}
    limit ${limit} offset ${offset}
  `.execute(scope.db);
  return rows;
}

const columns: Readonly<Record<Condition['field'], RawBuilder<unknown>>> = {
  updatedAt: sql`department.updated_at`,
  createdAt: sql`department.created_at`,
  name: sql`department.name`,
};

function toSql({ field, operator, values }: Condition): RawBuilder<unknown> {
  const column = columns[field];
  const type = field === 'name' ? sql`text` : sql`timestamptz`;
  const [first, second] = values;
  switch (operator) {
    case 'BETWEEN':
      return sql`${column} between ${first}::${type} and ${second}::${type}`;
    case 'EQUAL':
      return sql`${column} = ${first}::${type}`;
    case 'IN':
      return sql`${column} = any(${values}::${type}[])`;
    case 'LESSER':
      return sql`${column} <= ${first}::${type}`;
    case 'GREATER':
      return sql`${column} >= ${first}::${type}`;
    case 'CONTAINS':
      return sql`strpos(lower(${column}), lower(${first}::text)) > 0`;
  }
}
