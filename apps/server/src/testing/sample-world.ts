import { randomUUID } from 'node:crypto';
import { newId } from '../platform/ids.ts';
import { contentOf, copyInto, type UserPoolContent } from './copy-user-pool.ts';
import { jobsEnded } from './fingerprint.ts';
import { type TestServer, type TestUserPool, testUserPool } from './server.ts';

/** A secret every sample carries where an operation takes one; it must turn up nowhere. */
export const sampleSecret = 'Sample-Secret-7c1e4f';

/** A user pool with one thing of every kind, made through the API. */
export interface SampleWorld {
  readonly pool: TestUserPool;
  /** Sample values by the names of input fields: what an operation is given for a field of that name. */
  readonly values: Readonly<Record<string, unknown>>;
}

interface Template {
  readonly content: UserPoolContent;
  readonly values: SampleWorld['values'];
}

/** Of this worker. Nobody is given the template itself. */
let template: Promise<Template> | undefined;

/**
 * Makes a sample world. The codes and user names are the same in every world, the ids are the world's own: what is
 * unique must be so within a user pool, and what is found must be found in the caller's. The first is made through the API,
 * the others are copies of it, for a suite wants hundreds.
 */
export async function sampleWorld(server: TestServer): Promise<SampleWorld> {
  template ??= makeTemplate(server);
  const { content, values } = await template;
  const pool = await testUserPool({ server });
  const replaced = await copyInto(server, pool.id, content);
  const own = JSON.parse(JSON.stringify(values), (_name, value) => replaced.get(value) ?? value);
  // Its secret is sealed for its own user pool.
  await addAccessKey(pool, own);
  return { pool, values: own };
}

/** Teach it a new kind of thing when operations come that need one: make it here, name it in `values`. */
async function makeTemplate(server: TestServer): Promise<Template> {
  const pool = await testUserPool({ server });
  const values: Record<string, unknown> = {};
  await addUsers(pool, values);
  await addOrganization(pool, values);
  await addCustomFields(pool);
  await addRoles(pool, values);
  await addJob(pool, values);
  await addGroup(pool, values);
  await addPost(pool, values);
  await addPublicAccount(pool, values);
  await jobsEnded(server, pool.id);
  return { content: await contentOf(server, pool.id), values };
}

/** Whether the server has an operation of that name. */
function hasOperation(server: TestServer, name: string): boolean {
  return server.composition.modules.some(({ operations }) => operations.some((one) => one.name === name));
}

async function addAccessKey(pool: TestUserPool, values: Record<string, unknown>): Promise<void> {
  if (!hasOperation(pool.server, 'createAccessKey')) return;
  const [key] = await pool.do('createAccessKey', { type: 'userpool' });
  values['accessKeyId'] = key.accessKeyId;
}

/** A job of a kind no server knows, so that it waits for ever; and imports, one of which has it for its own. */
async function addJob(pool: TestUserPool, values: Record<string, unknown>): Promise<void> {
  if (!hasOperation(pool.server, 'getJob')) return;
  const jobId = newId();
  await pool.server.sql(
    `insert into jobs (user_pool_id, id, kind, input, access_key_id, request_id, language, created_at)
     values ($1, $2, 'sample', '{}', $1, $3, 'en-US', now())`,
    [pool.id, jobId, randomUUID()],
  );
  values['jobId'] = jobId;
  if (!hasOperation(pool.server, 'createUserImport')) return;
  const [{ importId }, started] = [
    await pool.do('createUserImport', { format: 'csv' }),
    await pool.do('createUserImport', { format: 'csv' }),
  ];
  const content = Buffer.from('username\nalan\n').toString('base64');
  await pool.do('uploadUserImportChunk', { importId, index: 0, content });
  // Started, and not under way in the background of what a suite compares.
  await pool.server.sql('update user_imports set job_id = $2 where id = $1', [started.importId, jobId]);
  values['importId'] = importId;
  values['startedImportId'] = started.importId;
  values['exportId'] = (await pool.do('createUserExport', { format: 'csv' })).exportId;
}

async function addUsers(pool: TestUserPool, values: Record<string, unknown>): Promise<void> {
  if (!hasOperation(pool.server, 'createUser')) return;
  const extIdpId = newId();
  const users = await Promise.all(
    ['ada', 'grace'].map((username) =>
      pool.do('createUser', {
        username,
        email: `${username}@example.com`,
        identities: [{ extIdpId, provider: 'oidc', type: 'generic', userIdInIdp: username }],
      }),
    ),
  );
  const ids = users.map(({ userId }) => userId);
  values['userId'] = ids[0];
  values['userIds'] = ids;
  values['leaderUserIds'] = ids;
  values['extIdpId'] = extIdpId;
}

/** Named by the examples of the contract: `manager` in the default namespace. */
async function addRoles(pool: TestUserPool, values: Readonly<Record<string, unknown>>): Promise<void> {
  if (!hasOperation(pool.server, 'createRole')) return;
  await pool.do('createRole', { code: 'manager', name: 'Manager' });
  await pool.do('createRole', { code: 'cashier', name: 'Cashier' });
  if (!hasOperation(pool.server, 'assignRole') || values['userId'] === undefined) return;
  const targets = [{ targetType: 'USER', targetIdentifier: values['userId'] }];
  await pool.do('assignRole', { code: 'manager', targets });
}

/** The code itself is said in `sample-input.ts`: a field named `code` means something else in every module. */
async function addGroup(pool: TestUserPool, values: Record<string, unknown>): Promise<void> {
  if (!hasOperation(pool.server, 'createGroup')) return;
  const group = await pool.do('createGroup', { code: 'developers', name: 'Developers' });
  values['groupId'] = group.id;
  values['groupIds'] = [group.id];
  if (values['userIds'] === undefined) return;
  await pool.do('addGroupMembers', { code: 'developers', userIds: values['userIds'] });
  await addDynamicGroup(pool);
}

/** Its members are found before the world is looked at: a job that is still at work would change what it holds. */
async function addDynamicGroup(pool: TestUserPool): Promise<void> {
  if (!hasOperation(pool.server, 'evaluateDynamicGroup')) return;
  const rule = { field: 'username', operator: 'NOT_NULL' };
  await pool.do('createGroup', { code: 'named', type: 'dynamic', rule });
  await jobsEnded(pool.server, pool.id);
}

async function addPublicAccount(pool: TestUserPool, values: Record<string, unknown>): Promise<void> {
  if (!hasOperation(pool.server, 'createPublicAccount')) return;
  const { departmentIds = [], userIds, groupIds, postId } = values;
  const account = await pool.do('createPublicAccount', { username: 'reception', departmentIds });
  values['publicAccountId'] = account.userId;
  values['publicAccountIds'] = [account.userId];
  if (!hasOperation(pool.server, 'bindUsersPublicAccount')) return;
  const { userId } = account;
  if (userIds !== undefined) await pool.do('bindUsersPublicAccount', { publicAccountId: userId, userIds });
  if (groupIds !== undefined) await pool.do('getPublicAccountOfGroups', { userId, groupIds });
  if (postId !== undefined) await pool.do('setPublicAccountOfnPost', { userId, postId });
  if (hasOperation(pool.server, 'createRole'))
    await pool.do('bindPublicAccountOfRoles', { userId, roleIds: ['manager'] });
}

async function addPost(pool: TestUserPool, values: Record<string, unknown>): Promise<void> {
  if (!hasOperation(pool.server, 'createPost')) return;
  const { departmentId, userId } = values;
  const departmentIdList = departmentId === undefined ? [] : [departmentId];
  const post = await pool.do('createPost', { code: 'developer', name: 'Developer', departmentIdList });
  values['postId'] = post.id;
  values['postIds'] = [post.id];
  values['postIdList'] = [post.id];
  values['idList'] = [post.id];
  if (userId !== undefined) await pool.do('userConnectionPost', { userId, postId: post.id });
}

async function addOrganization(pool: TestUserPool, values: Record<string, unknown>): Promise<void> {
  if (!hasOperation(pool.server, 'createOrganization')) return;
  const organizationCode = 'acme';
  const root = await pool.do('createOrganization', { organizationCode, organizationName: 'Acme' });
  values['organizationCode'] = organizationCode;
  values['organizationCodeList'] = [organizationCode];
  values['rootNodeId'] = root.departmentId;
  values['parentDepartmentId'] = root.departmentId;
  values['keywords'] = 'acme';
  if (!hasOperation(pool.server, 'createDepartment')) return;
  const parent = { organizationCode, parentDepartmentId: root.departmentId };
  const research = await pool.do('createDepartment', { ...parent, name: 'Research', code: 'research' });
  const archive = await pool.do('createDepartment', { ...parent, name: 'Archive', code: 'archive' });
  values['departmentId'] = research.departmentId;
  values['departmentIds'] = [research.departmentId];
  values['emptyDepartmentId'] = archive.departmentId;
  if (!hasOperation(pool.server, 'addDepartmentMembers') || values['userIds'] === undefined) return;
  const { departmentId } = research;
  await pool.do('addDepartmentMembers', { organizationCode, departmentId, userIds: values['userIds'] });
}

/** Fields with a key that is the same for every kind of target: `school`, and `staffNumber`, which is unique. */
async function addCustomFields(pool: TestUserPool): Promise<void> {
  if (!hasOperation(pool.server, 'setCustomFields')) return;
  const list = ['USER', 'DEPARTMENT', 'ROLE', 'GROUP'].flatMap((targetType) => [
    { targetType, key: 'school', label: 'School' },
    { targetType, key: 'staffNumber', label: 'Staff number', isUnique: true },
  ]);
  await pool.do('setCustomFields', { list });
}
