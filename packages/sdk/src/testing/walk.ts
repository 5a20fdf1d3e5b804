/**
 * A program of a customer: creates an organization with three departments, one below the other, gives them members and takes
 * them away again, and prints every answer. Which SDK it imports is its only parameter.
 */
interface Client {
  readonly [method: string]: (input: object) => Promise<{ readonly data?: { readonly departmentId?: string } }>;
}

const [, , sdk = 'genauth', host, accessKeyId, accessKeySecret, userIdText = ''] = process.argv;
const { ManagementClient } = await import(sdk);
const client: Client = new ManagementClient({ host, accessKeyId, accessKeySecret, lang: 'en-US' });
const answers: object[] = [];

async function say(method: string, input: object) {
  const answer = await client[method]?.(input);
  if (answer === undefined) throw new Error(`the SDK has no ${method}`);
  answers.push({ method, answer });
  return answer;
}

const organizationCode = 'steamory';
const userIds = userIdText.split(',');

await say('createOrganization', { organizationName: '蒸汽记忆 & "co"', organizationCode });
await say('createOrganization', { organizationName: 'again', organizationCode });
let parentDepartmentId = 'root';
for (const code of ['rd', 'rd-web', 'rd-web-login']) {
  const { data } = await say('createDepartment', { organizationCode, name: `部门 ${code}`, code, parentDepartmentId });
  parentDepartmentId = data?.departmentId ?? '';
}
const deepest = { organizationCode, departmentId: 'rd-web-login', departmentIdType: 'code' };
const root = { organizationCode, departmentId: 'root' };
await say('getDepartment', deepest);
await say('getParentDepartment', deepest);
await say('listChildrenDepartments', root);
await say('searchDepartments', { organizationCode, keywords: '部门' });
await say('updateDepartment', { ...deepest, description: 'a=b&c', leaderUserIds: [userIds[0]] });
await say('addDepartmentMembers', { ...deepest, userIds });
await say('listDepartmentMembers', { ...root, page: 1, limit: 10, includeChildrenDepartments: true });
await say('listDepartmentMemberIds', deepest);
await say('isUserInDepartment', { ...root, userId: userIds[0], includeChildrenDepartments: true });
await say('getOrganizationsBatch', { organizationCodeList: [organizationCode, 'nobody'] });
await say('removeDepartmentMembers', { ...deepest, userIds, tenantId: undefined });
await say('removeDepartmentMembers', { ...deepest, userIds: [], departmentId: 'nowhere' });
await say('removeDepartmentMembers', { ...deepest, tenantId: '64f0c2a1b3d4e5f607182940', userIds });
await say('deleteDepartment', deepest);
await say('deleteOrganization', { organizationCode });
await say('getOrganization', { organizationCode });

console.log(JSON.stringify(answers));
