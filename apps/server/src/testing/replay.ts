import type { TestUserPool } from './server.ts';

/** Relations by what their events call them, as texts `<from> <to>`, and fields of users by id. */
interface Told {
  readonly pairs: ReadonlyMap<string, ReadonlySet<string>>;
  /** Groups, roles and posts by id, with what is told of them. */
  readonly things: ReadonlyMap<string, string>;
  readonly users: ReadonlyMap<string, { readonly status: string; readonly nickname: string | null }>;
  /** Begun while it was there already, or ended while it was not. */
  readonly contradictions: readonly string[];
}

/** What somebody knows of a user pool who has heard its events and nothing else, in the order they were announced. */
async function replay(pool: TestUserPool): Promise<Told> {
  const pairs = new Map<string, Set<string>>();
  const users = new Map<string, { status: string; nickname: string | null }>();
  const things = new Map<string, string>();
  const contradictions: string[] = [];
  const change = (relation: string, from: string, to: string, isNew: boolean) => {
    const all = pairs.get(relation) ?? new Set();
    pairs.set(relation, all);
    const pair = `${from} ${to}`;
    if (all.has(pair) === isNew) contradictions.push(`${relation} ${pair} ${isNew ? 'begun twice' : 'ended unbegun'}`);
    if (isNew) all.add(pair);
    else all.delete(pair);
  };
  const nodesOf = new Map<string, Set<string>>();
  const know = ({ id, orgId }: { id: string; orgId: string }) =>
    nodesOf.set(orgId, (nodesOf.get(orgId) ?? new Set()).add(id));
  // What is deleted takes along the list of its own, and everything else it had to do with was told before.
  const forget = (id: string, own?: string) => {
    for (const [relation, all] of pairs) {
      for (const pair of all) {
        const [from, to] = pair.split(' ');
        if (from !== id && to !== id) continue;
        all.delete(pair);
        if (relation !== own || from !== id) contradictions.push(`${relation} ${pair} outlived ${id}`);
      }
    }
    users.delete(id);
    things.delete(id);
  };

  for (const { name, data } of await pool.events()) {
    switch (name) {
      case 'user.created':
      case 'public_account.created':
      case 'user.updated':
      case 'public_account.updated':
        users.set(data.user.userId, { status: data.user.status, nickname: data.user.nickname });
        break;
      case 'user.deleted':
      case 'public_account.deleted':
        forget(data.user.userId);
        break;
      case 'group.created':
      case 'group.updated':
        things.set(data.group.id, `group ${data.group.code} ${data.group.name}`);
        break;
      case 'role.created':
      case 'role.updated':
      case 'role.disabled':
        things.set(data.role.id, `role ${data.role.code} ${data.role.status}`);
        break;
      case 'post.created':
      case 'post.updated':
        things.set(data.post.id, `post ${data.post.code} ${data.post.name}`);
        break;
      case 'group.deleted':
        forget(data.group.id, 'group_members');
        break;
      case 'role.deleted':
        forget(data.role.id, 'role_assignments');
        break;
      case 'post.deleted':
        forget(data.post.id, 'post_members');
        break;
      case 'department.deleted':
        for (const node of data.nodes) forget(node.id);
        break;
      case 'organization.created':
        know(data.rootNode);
        break;
      case 'department.created':
        know(data.node);
        break;
      case 'department.tree.imported':
        for (const node of data.newNodes) know(node);
        break;
      case 'organization.deleted':
        for (const id of nodesOf.get(data.organization.id) ?? []) forget(id, 'department_members');
        break;
      case 'role.exclusion.added':
      case 'role.exclusion.removed': {
        const [first, second] = data.roles.map(({ id }: { id: string }) => id).sort();
        change('role_exclusions', first, second, name.endsWith('added'));
        break;
      }
      case 'group.member.added':
      case 'group.member.removed':
        for (const { id } of data.users) change('group_members', data.group.id, id, name.endsWith('added'));
        break;
      case 'department.member.added':
      case 'department.member.removed':
        change('department_members', data.node.id, data.user.id, name.endsWith('added'));
        break;
      case 'post.member.added':
      case 'post.member.removed':
        change('post_members', data.post.id, data.user.id, name.endsWith('added'));
        break;
      case 'public_account.bound':
      case 'public_account.unbound':
        change('public_accounts', data.publicAccount.id, data.subject.id, name.endsWith('.bound'));
        break;
      case 'role.assigned':
      case 'role.unassigned':
        for (const id of [data.userIds, data.groupIds, data.nodeIds, data.roleIds].flat()) {
          change('role_assignments', data.role.id, id, name.endsWith('.assigned'));
        }
        break;
      default:
    }
  }
  return { pairs, things, users, contradictions };
}

const relations: Readonly<Record<string, string>> = {
  group_members: `select group_id || ' ' || user_id as pair from group_members where user_pool_id = $1`,
  department_members: `select department_id || ' ' || user_id as pair from department_members where user_pool_id = $1`,
  post_members: `select post_id || ' ' || user_id as pair from post_members where user_pool_id = $1`,
  role_assignments: `select role_id || ' ' || coalesce(user_id, group_id, holder_role_id,
      (select id from departments where user_pool_id = $1 and number = department_number)) as pair
    from role_assignments where user_pool_id = $1`,
  role_exclusions: `select role_id || ' ' || other_role_id as pair from role_exclusions where user_pool_id = $1`,
  public_accounts: `
    select public_account_id || ' ' || user_id as pair from public_account_users where user_pool_id = $1
    union all select public_account_id || ' ' || department_id from public_account_departments where user_pool_id = $1
    union all select public_account_id || ' ' || group_id from public_account_groups where user_pool_id = $1
    union all select public_account_id || ' ' || role_id from public_account_roles where user_pool_id = $1
    union all select public_account_id || ' ' || post_id from public_account_posts where user_pool_id = $1`,
};

/** Where what events told is not what is so; nothing, when whoever listens knows everything. */
export async function untold(pool: TestUserPool): Promise<readonly string[]> {
  const { pairs, things, users, contradictions } = await replay(pool);
  const differences = [...contradictions];
  for (const [relation, sql] of Object.entries(relations)) {
    const told = pairs.get(relation) ?? new Set();
    const real = new Set((await pool.server.sql<{ pair: string }>(sql, [pool.id])).map(({ pair }) => pair));
    for (const pair of real) if (!told.has(pair)) differences.push(`${relation} ${pair} was never begun`);
    for (const pair of told) if (!real.has(pair)) differences.push(`${relation} ${pair} was never ended`);
  }
  const real = await pool.server.sql<{ id: string; thing: string }>(
    `select id, 'group ' || code || ' ' || name as thing from groups where user_pool_id = $1
     union all select id, 'role ' || code || ' ' || status from roles where user_pool_id = $1
     union all select id, 'post ' || code || ' ' || name from posts where user_pool_id = $1`,
    [pool.id],
  );
  for (const { id, thing } of real) if (things.get(id) !== thing) differences.push(`${thing} is ${things.get(id)}`);
  for (const [id, thing] of things) if (!real.some((one) => one.id === id)) differences.push(`${thing} is no more`);
  const rows = await pool.rows<{ id: string; status: string; nickname: string | null }>('users');
  for (const { id, status, nickname } of rows) {
    const told = users.get(id);
    if (told?.status !== status || told.nickname !== nickname) differences.push(`user ${id} is ${status} ${nickname}`);
  }
  return differences;
}
