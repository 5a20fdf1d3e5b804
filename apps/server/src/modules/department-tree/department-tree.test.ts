import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type TestUserPool, testUserPool } from '../../testing/server.ts';

/*
 * Random changes of one tree by concurrent clients, against a model that is two maps. The model follows the announced
 * events, so this also shows that events tell all that happened, in an order in which it can have happened.
 */

type Change =
  | { readonly kind: 'create'; readonly parent: number }
  | { readonly kind: 'move'; readonly department: number; readonly parent: number }
  | { readonly kind: 'delete'; readonly department: number }
  | { readonly kind: 'add' | 'remove'; readonly department: number; readonly users: readonly number[] };

const department = fc.nat({ max: 30 });
const users = fc.uniqueArray(fc.nat({ max: 5 }), { minLength: 1, maxLength: 3 });
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('create' as const), parent: department }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('move' as const), department, parent: department }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), department }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('add' as const, 'remove' as const), department, users }) },
);

/** Groups of changes; those of one group are made at the same time. */
const history = fc.array(fc.array(change, { minLength: 1, maxLength: 6 }), { minLength: 3, maxLength: 10 });

interface Model {
  readonly parents: Map<string, string>;
  readonly members: Map<string, Set<string>>;
}

async function apply(pool: TestUserPool, one: Change, departmentIds: readonly string[], userIds: readonly string[]) {
  const at = (index: number) => departmentIds[index % departmentIds.length] ?? 'root';
  const organizationCode = 'tree';
  switch (one.kind) {
    case 'create':
      return pool.call('createDepartment', { organizationCode, name: 'd', parentDepartmentId: at(one.parent) });
    case 'move': {
      const input = { organizationCode, departmentId: at(one.department), parentDepartmentId: at(one.parent) };
      return pool.call('updateDepartment', input);
    }
    case 'delete':
      return pool.call('deleteDepartment', { organizationCode, departmentId: at(one.department) });
    case 'add':
    case 'remove': {
      const operation = one.kind === 'add' ? 'addDepartmentMembers' : 'removeDepartmentMembers';
      const chosen = one.users.map((index) => userIds[index % userIds.length]);
      return pool.call(operation, { organizationCode, departmentId: at(one.department), userIds: chosen });
    }
  }
}

async function follow(pool: TestUserPool, rootId: string): Promise<Model> {
  const model: Model = { parents: new Map([[rootId, '']]), members: new Map([[rootId, new Set()]]) };
  for (const { name, data } of await pool.events()) {
    switch (name) {
      case 'department.created':
        model.parents.set(data.node.id, data.parentNode.id);
        model.members.set(data.node.id, new Set());
        break;
      case 'department.moved':
        model.parents.set(data.node.id, data.parentNode.id);
        break;
      case 'department.deleted':
        for (const { id } of data.nodes) {
          model.parents.delete(id);
          model.members.delete(id);
        }
        break;
      case 'department.member.added':
        model.members.get(data.node.id)?.add(data.user.id);
        break;
      case 'department.member.removed':
        model.members.get(data.node.id)?.delete(data.user.id);
        break;
    }
  }
  return model;
}

function usersBelow(model: Model, id: string): Set<string> {
  const found = new Set(model.members.get(id));
  for (const [child, parent] of model.parents) {
    if (parent === id) for (const user of usersBelow(model, child)) found.add(user);
  }
  return found;
}

/** What the API says of the tree, and what the model says, in the same words. */
async function compare(pool: TestUserPool, model: Model): Promise<void> {
  const { list } = await pool.do('getAllDepartments', { organizationCode: 'tree' });
  const seen = await Promise.all(
    list.map(
      async (one: { departmentId: string; parentDepartmentId: string; membersCount: number; hasChildren: boolean }) => {
        const input = { organizationCode: 'tree', departmentId: one.departmentId };
        const below = await pool.do('listDepartmentMembers', { ...input, includeChildrenDepartments: true, limit: 50 });
        return {
          id: one.departmentId,
          parent: one.parentDepartmentId,
          hasChildren: one.hasChildren,
          membersCount: one.membersCount,
          members: (await pool.do('listDepartmentMemberIds', input)).toSorted(),
          below: below.list.map(({ userId }: { userId: string }) => userId).toSorted(),
          belowCount: below.totalCount,
        };
      },
    ),
  );
  const parents = new Set(model.parents.values());
  const expected = [...model.parents].map(([id, parent]) => {
    const members = [...(model.members.get(id) ?? [])].toSorted();
    const below = [...usersBelow(model, id)].toSorted();
    return {
      id,
      parent,
      hasChildren: parents.has(id),
      membersCount: members.length,
      members,
      below,
      belowCount: below.length,
    };
  });
  const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
  expect(seen.toSorted(byId)).toEqual(expected.toSorted(byId));
}

test('concurrent changes of a tree leave what one after the other would have left', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(history, async (groups) => {
      const pool = await testUserPool();
      const organization = await pool.do('createOrganization', { organizationCode: 'tree', organizationName: 'Tree' });
      const made = await pool.do('createUsersBatch', {
        list: Array.from({ length: 6 }, (_, i) => ({ username: `u${i}` })),
      });
      const userIds = made.map(({ userId }: { userId: string }) => userId);
      const departmentIds: string[] = [organization.departmentId];
      for (const group of groups) {
        const answers = await Promise.all(group.map((one) => apply(pool, one, departmentIds, userIds)));
        for (const [index, answer] of answers.entries()) {
          expect([200, 404, 422]).toContain(answer.statusCode);
          if (group[index]?.kind === 'create' && answer.statusCode === 200)
            departmentIds.push(answer.data.departmentId);
        }
      }
      await compare(pool, await follow(pool, organization.departmentId));
    }),
    { numRuns: Number(process.env['TREE_RUNS'] ?? 15) },
  );
});
