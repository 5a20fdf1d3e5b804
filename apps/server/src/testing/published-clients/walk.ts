import { spawn } from 'node:child_process';
import type { Answer, TestUserPool } from '../server.ts';

/** One call of a walk. */
export interface WalkCall {
  readonly method: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** A name for its payload: `<<name.field>>` in the input of later calls is replaced by what is there. */
  readonly as?: string;
  /** What the payload is to hold, at least. */
  readonly data?: unknown;
}

/** What stands before the answers in a program's output. */
const marker = 'answers ';

/** Runs a program that speaks for a published client, and reads the answers it got. */
export async function walk(
  pool: TestUserPool,
  command: readonly [string, ...string[]],
  calls: readonly WalkCall[],
): Promise<Answer[]> {
  const [program, ...parameters] = command;
  const child = spawn(program, parameters, { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  let complaints = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (complaints += chunk));
  child.stdin.end(
    JSON.stringify({ host: pool.server.origin, accessKeyId: pool.id, accessKeySecret: pool.secret, calls }),
  );
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${complaints}`);
  // Clients print lines of their own before it.
  const answers = output.slice(output.lastIndexOf(marker) + marker.length);
  return JSON.parse(answers);
}

/** The answers of a walk beside what was to be answered, call by call. */
export function comparable(calls: readonly WalkCall[], answers: readonly Answer[]) {
  const made = new Map(
    calls.flatMap(({ as }, index) => (as === undefined ? [] : [[as, answers[index]?.data] as const])),
  );
  const replaced = (value: unknown): unknown => {
    if (typeof value === 'string') {
      const [, path] = /^<<(.+)>>$/.exec(value) ?? [];
      if (path === undefined) return value;
      const [name = '', ...fields] = path.split('.');
      return fields.reduce<unknown>((inside, field) => Reflect.get(Object(inside), field), made.get(name));
    }
    if (Array.isArray(value)) return value.map(replaced);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, replaced(one)]));
  };
  return {
    given: calls.map(({ method }, index) => ({ method, ...answers[index] })),
    wanted: calls.map(({ method, data }) => ({
      method,
      statusCode: 200,
      ...(data === undefined ? {} : { data: replaced(data) }),
    })),
  };
}

/** The organization calls of every published client, in an order in which each finds what it needs. */
export async function organizationCalls(pool: TestUserPool): Promise<{ camel: WalkCall[]; userIds: string[] }> {
  const made = await pool.do('createUsersBatch', { list: [{ username: 'ann' }, { username: 'bob' }] });
  const userIds = made.map(({ userId }: { userId: string }) => userId);
  const organizationCode = 'steamory';
  const department = { organizationCode, departmentId: 'rd', departmentIdType: 'code' };
  const root = { organizationCode, departmentId: 'root' };
  const camel: WalkCall[] = [
    { method: 'createOrganization', input: { metadata: {}, organizationName: '蒸汽记忆', organizationCode } },
    { method: 'getOrganization', input: { organizationCode, withCustomData: true } },
    { method: 'updateOrganization', input: { organizationCode, description: 'Games & more' } },
    { method: 'listOrganizations', input: { page: 1, limit: 10, fetchAll: false } },
    { method: 'searchOrganizations', input: { keywords: '蒸汽' } },
    {
      method: 'createDepartment',
      input: { organizationCode, name: '开发部', parentDepartmentId: 'root', metadata: {}, code: 'rd' },
    },
    { method: 'getDepartment', input: department },
    { method: 'updateDepartment', input: { ...department, description: 'Makes the games' } },
    { method: 'listChildrenDepartments', input: root },
    { method: 'searchDepartments', input: { organizationCode, keywords: '开发' } },
    { method: 'getParentDepartment', input: department },
    { method: 'addDepartmentMembers', input: { ...department, userIds } },
    { method: 'listDepartmentMembers', input: { ...root, includeChildrenDepartments: true, withDepartmentIds: true } },
    { method: 'listDepartmentMemberIds', input: department },
    { method: 'searchDepartmentMembers', input: { ...department, keywords: 'ann' } },
    { method: 'isUserInDepartment', input: { ...root, userId: userIds[0], includeChildrenDepartments: true } },
    { method: 'removeDepartmentMembers', input: { ...department, userIds } },
    { method: 'deleteDepartment', input: department },
    { method: 'deleteOrganization', input: { organizationCode } },
  ];
  return { camel, userIds };
}

/** Python's name of a method. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
