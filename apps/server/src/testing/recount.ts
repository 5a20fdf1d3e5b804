import type { TestServer } from './server.ts';

/** A department whose stored counts are not what counting its memberships gives. */
export interface CountDifference {
  readonly departmentId: string;
  readonly name: string;
  /** Direct members: as stored, and as counted. */
  readonly members: { readonly stored: number; readonly counted: number };
  /** Distinct users of the department and everything below it: as stored, and as counted. */
  readonly users: { readonly stored: number; readonly counted: number };
}

/**
 * Counts the members of every department of a user pool anew and answers the departments where the stored counts say
 * otherwise; none, when all is well. Also reports memberships whose path is not their department's, as differences of it.
 */
export async function recount(server: TestServer, userPoolId: string): Promise<CountDifference[]> {
  const rows = await server.sql<{
    id: string;
    name: string;
    storedMembers: number;
    countedMembers: number;
    storedUsers: number;
    countedUsers: number;
  }>(
    `select * from (
      select department.id, department.name,
        (select coalesce(sum(counts.members), 0)::integer from department_counts counts
          where counts.user_pool_id = $1 and counts.department_number = department.number) as "storedMembers",
        (select coalesce(sum(counts.users), 0)::integer from department_counts counts
          where counts.user_pool_id = $1 and counts.department_number = department.number) as "storedUsers",
        (select count(*)::integer from department_members member
          where member.user_pool_id = $1 and member.department_id = department.id) as "countedMembers",
        (select count(distinct member.user_id)::integer from department_members member
          where member.user_pool_id = $1
            -- By the tree itself, not by the path the membership keeps a copy of.
            and exists (select from departments below
              where below.user_pool_id = $1 and below.id = member.department_id and below.path = member.path
                and starts_with(below.path, department.path))) as "countedUsers"
      from departments department where department.user_pool_id = $1
    ) as counted
    where "storedMembers" <> "countedMembers" or "storedUsers" <> "countedUsers"
    order by id`,
    [userPoolId],
  );
  return rows.map((row) => ({
    departmentId: row.id,
    name: row.name,
    members: { stored: row.storedMembers, counted: row.countedMembers },
    users: { stored: row.storedUsers, counted: row.countedUsers },
  }));
}
