import { newId } from '../../platform/ids.ts';
import type { CommandContext, Handlers } from '../../platform/module.ts';
import { parsePhoneNumber } from '../../platform/phone-numbers.ts';
import { insertDepartment, lockTrees, maxDepth, requireNoTenant } from '../department-tree/index.ts';
import { insertOrganization } from '../organizations/index.ts';
import { addMemberships, type Membership } from '../user-departments/index.ts';
import { toStoredEmail } from '../user-directory/index.ts';
import type * as contract from './contract.ts';
import {
  departmentImportErrors,
  departmentTreeImported,
  type ImportedDepartment,
  type ImportedMember,
} from './contract.ts';
import {
  findDepartmentsByPath,
  findRootByName,
  findUsersByIdentifiers,
  type Identifiers,
  insertChildren,
  listAndHoldChildren,
  lockImports,
  type RootRow,
} from './store.ts';

interface DepartmentImportsDependencies {
  /** Makes users, all or none, and answers their ids in the same order. `prefixOf` names one of them in errors. */
  readonly createUsers: (
    context: CommandContext,
    people: readonly ImportedMember[],
    prefixOf: (index: number) => string,
  ) => Promise<readonly string[]>;
}

const maxDepartments = 1000;
const maxMembers = 1000;

export function createDepartmentImportsService({
  createUsers,
}: DepartmentImportsDependencies): Handlers<typeof contract> {
  return {
    async createDepartmentTree({ tenantId, ...tree }, context) {
      requireNoTenant(tenantId);
      const plan = planOf(tree);
      const { scope, emit, audit } = context;
      await lockImports(scope);
      const departments = await makeDepartments(plan, context);
      const people = await recognizePeople(plan.members, context);
      const unknown = people.filter(({ userId }) => userId === undefined);
      const created = await createUsers(
        context,
        unknown.map(({ member }) => member),
        (index) => `${unknown[index]?.place}.`,
      );
      const idOf = new Map(unknown.map((person, index) => [person, created[index]]));
      const memberships = people.flatMap((person): Membership[] => {
        const userId = person.userId ?? idOf.get(person);
        return userId === undefined
          ? []
          : person.departments.map((planned) => ({ userId, departmentId: departments.idOf(planned) }));
      });
      await addMemberships(context, memberships);

      const { organization, newNodes, modifyNodes } = departments;
      emit(departmentTreeImported, { organization, newNodes, modifyNodes, source: 'JSON' });
      const result = {
        addUser: unknown.length,
        updateUser: people.length - unknown.length,
        addDepartment: newNodes.length,
        updateDepartment: modifyNodes.length,
      };
      audit({ target: organization.id, after: result });
      return result;
    },
  };
}

/** How departments that a path names come to be; in V3's words. */
const descriptionOfImported = 'Import from Excel';

/**
 * The ids of departments by their paths of names, the organization's first: found, or made where they are missing and may
 * be. Undefined for those that are neither. In the order of the paths.
 */
export async function departmentsOfPaths(
  context: CommandContext,
  paths: readonly (readonly string[])[],
  onMissing: 'create' | 'refuse',
): Promise<(string | undefined)[]> {
  if (paths.length === 0) return [];
  const { scope, emit } = context;
  if (onMissing === 'refuse') return findDepartmentsByPath(scope, paths);
  const found = await findDepartmentsByPath(scope, paths);
  if (!found.includes(undefined)) return found;
  await lockImports(scope);
  const ids = new Map<string, string>();
  for (const [name, ofOne] of Map.groupBy(paths, ([organization = '']) => organization)) {
    const { levels, planned } = planOfPaths(name, ofOne);
    const { organization, newNodes, modifyNodes, idOf } = await makeDepartments(
      { levels },
      context,
      descriptionOfImported,
    );
    for (const [path, department] of planned) ids.set(JSON.stringify(path), idOf(department));
    if (newNodes.length > 0) emit(departmentTreeImported, { organization, newNodes, modifyNodes, source: 'EXCEL' });
  }
  return paths.map((path) => ids.get(JSON.stringify(path)));
}

/** The departments on the way of these paths, by depth, and the one at the end of each. */
function planOfPaths(name: string, paths: readonly (readonly string[])[]) {
  const root: PlannedDepartment = { name, parent: undefined, children: new Map() };
  const levels: PlannedDepartment[][] = [[root]];
  const planned = new Map<readonly string[], PlannedDepartment>();
  for (const path of paths) {
    if (path.length > maxDepth) throw departmentImportErrors.tooDeep();
    let department = root;
    for (const [depth, below] of path.slice(1).entries()) {
      const same = department.children.get(below);
      const next = same ?? { name: below, parent: department, children: new Map() };
      if (same === undefined) {
        department.children.set(below, next);
        (levels[depth + 1] ??= []).push(next);
      }
      department = next;
    }
    planned.set(path, department);
  }
  return { levels, planned };
}

/** A department of the input; the parent's name and its own make it one. */
interface PlannedDepartment {
  readonly name: string;
  readonly parent: PlannedDepartment | undefined;
  readonly children: Map<string, PlannedDepartment>;
}

/** A member where the input has him. */
interface PlannedMember {
  readonly member: ImportedMember;
  readonly department: PlannedDepartment;
  /** `children.0.members.2`, for errors. */
  readonly place: string;
}

interface Plan {
  /** Departments by depth, the root first. */
  readonly levels: readonly (readonly PlannedDepartment[])[];
  readonly members: readonly PlannedMember[];
}

/** Flattens the tree, and makes departments one that have the same name below the same parent. */
function planOf(tree: ImportedDepartment): Plan {
  const root: PlannedDepartment = { name: tree.name, parent: undefined, children: new Map() };
  const levels: PlannedDepartment[][] = [];
  const members: PlannedMember[] = [];
  let departmentCount = 0;
  let waiting = [{ planned: root, given: tree, place: '' }];
  while (waiting.length > 0) {
    if (levels.length === maxDepth) throw departmentImportErrors.tooDeep();
    levels.push([...new Set(waiting.map(({ planned }) => planned))]);
    const next: typeof waiting = [];
    for (const { planned, given, place } of waiting) {
      departmentCount += 1;
      members.push(...membersOf(given, planned, place));
      if (departmentCount > maxDepartments || members.length > maxMembers) throw departmentImportErrors.tooLarge();
      for (const [index, child] of (given.children ?? []).entries()) {
        const same = planned.children.get(child.name);
        const below = same ?? { name: child.name, parent: planned, children: new Map() };
        planned.children.set(child.name, below);
        next.push({ planned: below, given: child, place: `${place}children.${index}.` });
      }
    }
    waiting = next;
  }
  return { levels, members };
}

function membersOf({ members }: ImportedDepartment, department: PlannedDepartment, place: string): PlannedMember[] {
  if (!members) return [];
  // What the union leaves readonly, `Array.isArray` does not narrow; one member has no `length`.
  return 'length' in members
    ? members.map((member, index) => ({ member, department, place: `${place}members.${index}` }))
    : [{ member: members, department, place: `${place}members` }];
}

interface EventNode {
  readonly id: string;
  readonly orgId: string;
  readonly name: string;
  readonly code: string | null;
}

interface MadeDepartments {
  readonly organization: { readonly id: string; readonly code: string; readonly name: string };
  readonly newNodes: EventNode[];
  readonly modifyNodes: EventNode[];
  idOf(planned: PlannedDepartment): string;
}

/** Finds or makes every department, two statements a level. New ones get the description. */
async function makeDepartments(
  { levels }: Pick<Plan, 'levels'>,
  context: CommandContext,
  description: string | null = null,
): Promise<MadeDepartments> {
  const { scope } = context;
  const [[planned] = [], ...lower] = levels;
  if (planned === undefined) throw new Error('a tree has a root');
  const found = await findAndLockRoot(context, planned.name);
  const root = found ?? (await makeOrganization(context, planned.name, description));
  const toNode = ({ id, name, code }: Pick<EventNode, 'id' | 'name' | 'code'>) => ({ id, orgId: root.id, name, code });
  const newNodes = found === undefined ? [toNode(root)] : [];
  const modifyNodes = found === undefined ? [] : [toNode(root)];
  const ids = new Map([[planned, root.id]]);
  const idOf = (department: PlannedDepartment) => {
    const id = ids.get(department);
    if (id === undefined) throw new Error(`no department was made for ${department.name}`);
    return id;
  };

  for (const level of lower) {
    const wanted = level.flatMap((one) =>
      one.parent === undefined ? [] : [{ planned: one, parentId: idOf(one.parent), name: one.name }],
    );
    const parentIds = [...new Set(wanted.map(({ parentId }) => parentId))];
    const names = [...new Set(wanted.map(({ name }) => name))];
    // Not two lists of pairs: more rows may come than asked for, and fewer plans.
    const existing = Map.groupBy(await listAndHoldChildren(scope, parentIds, names), ({ parentId }) => parentId);
    const missing = [];
    for (const { planned: department, parentId, name } of wanted) {
      const same = existing.get(parentId)?.find((child) => child.name === name);
      const id = same?.id ?? newId(context.now);
      ids.set(department, id);
      if (same === undefined) missing.push({ id, parentId, name });
      (same === undefined ? newNodes : modifyNodes).push(toNode({ id, name, code: same?.code ?? null }));
    }
    if (missing.length > 0) await insertChildren(scope, root.id, missing, description);
  }
  const organization = { id: root.id, code: root.organizationCode, name: root.name };
  return { organization, newNodes, modifyNodes, idOf };
}

/** The organization of that name, if it is still there and still so named once its tree is locked. */
async function findAndLockRoot({ scope }: CommandContext, name: string): Promise<RootRow | undefined> {
  for (;;) {
    const root = await findRootByName(scope, name);
    if (root === undefined) return undefined;
    await lockTrees(scope, [root.id]);
    const locked = await findRootByName(scope, name);
    if (locked?.id === root.id) return locked;
  }
}

async function makeOrganization(
  { scope, now }: CommandContext,
  name: string,
  description: string | null,
): Promise<RootRow> {
  // As in `create-organization` without a code: the id serves as one.
  const id = newId(now);
  await insertOrganization(scope, id, id);
  await insertDepartment(scope, {
    id,
    organizationId: id,
    parentId: null,
    code: id,
    openDepartmentId: null,
    name,
    nameI18n: null,
    description,
    isVirtualNode: false,
  });
  return { id, organizationCode: id, name, code: id };
}

/** One person, however often the input has him. */
interface Person {
  readonly member: ImportedMember;
  readonly place: string;
  /** Absent for who is no user yet. */
  readonly userId: string | undefined;
  readonly departments: PlannedDepartment[];
}

/** Who is a user already, and which members of the input are one person: by username, else email, else phone. */
async function recognizePeople(members: readonly PlannedMember[], { scope }: CommandContext): Promise<Person[]> {
  const identified: (PlannedMember & { readonly identifiers: Identifiers })[] = [];
  for (const one of members) identified.push({ ...one, identifiers: await toIdentifiers(one.member) });
  const userIds = await findUsersByIdentifiers(
    scope,
    identified.map(({ identifiers }) => identifiers),
  );
  const people: Person[] = [];
  const known = new Map<string, Person>();
  for (const [index, { member, department, place, identifiers }] of identified.entries()) {
    const userId = userIds[index];
    const keys = userId === undefined ? keysOf(identifiers) : [`id ${userId}`];
    const earlier = keys.map((key) => known.get(key)).find((person) => person !== undefined);
    const person = earlier ?? { member, place, userId, departments: [] };
    if (earlier === undefined) people.push(person);
    person.departments.push(department);
    for (const key of keys) known.set(key, known.get(key) ?? person);
  }
  return people;
}

async function toIdentifiers({ username, email, phone, phoneCountryCode }: ImportedMember): Promise<Identifiers> {
  // A number that is none finds nobody; creating its user will name it.
  const number = phone ? await parsePhoneNumber(phone, phoneCountryCode) : undefined;
  return {
    username: username || null,
    email: toStoredEmail(email ?? '') || null,
    phone: number?.phone ?? null,
    phoneCountryCode: number?.countryCode ?? null,
  };
}

function keysOf({ username, email, phone, phoneCountryCode }: Identifiers): string[] {
  return [
    ...(username === null ? [] : [`username ${username}`]),
    ...(email === null ? [] : [`email ${email}`]),
    ...(phone === null ? [] : [`phone ${phoneCountryCode} ${phone}`]),
  ];
}
