import type { WalkCall } from './walk.ts';

const pagination = { page: 1, limit: 10 };
const ann = { userId: '<<ann.userId>>' };
const press = { userId: '<<press.userId>>' };
const steamory = { organizationCode: 'steamory' };
const rd = { ...steamory, departmentId: '<<rd.departmentId>>' };
const toAnn = { targetType: 'USER', targetIdentifier: '<<ann.userId>>' };
const toDevelopers = { targetType: 'GROUP', targetIdentifier: 'developers' };

/**
 * A walk through the directory, by the names of published clients, with what is to be answered: users and their custom
 * data, departments, groups, roles, posts and public accounts, from creation to deletion. `<<ann.userId>>` stands for what
 * the call marked `ann` answered.
 */
export const directoryCalls: readonly WalkCall[] = [
  {
    method: 'setCustomFields',
    input: { list: [{ targetType: 'USER', dataType: 'STRING', key: 'school', label: 'School' }] },
    data: [{ targetType: 'USER', key: 'school', dataType: 'STRING' }],
  },
  { method: 'getCustomFields', input: { targetType: 'USER' }, data: [{ key: 'school', label: 'School' }] },

  {
    method: 'createUser',
    as: 'ann',
    input: { username: 'ann', email: 'Ann@example.com', name: '安 & "A"', customData: { school: '北京大学' } },
    data: { username: 'ann', email: 'ann@example.com', name: '安 & "A"', status: 'Activated' },
  },
  {
    method: 'createUsersBatch',
    as: 'others',
    input: { list: [{ username: 'bob', phone: '18812345678' }, { username: 'carl' }] },
    data: [{ username: 'bob', phone: '18812345678', phoneCountryCode: '+86' }, { username: 'carl' }],
  },
  { method: 'isUserExists', input: { username: 'ann' }, data: { exists: true } },
  { method: 'isUserExists', input: { phone: '18812345679' }, data: { exists: false } },
  {
    method: 'getUser',
    input: { userId: 'ann', userIdType: 'username', withCustomData: true },
    data: { ...ann, customData: { school: '北京大学' } },
  },
  {
    method: 'getUserBatch',
    input: { userIds: ['<<ann.userId>>', '<<others.0.userId>>'] },
    data: [{ username: 'ann' }, { username: 'bob' }],
  },
  { method: 'updateUser', input: { ...ann, nickname: 'Annie', gender: 'F' }, data: { nickname: 'Annie', gender: 'F' } },
  {
    method: 'updateUserBatch',
    input: { list: [{ userId: '<<others.0.userId>>', city: '北京' }] },
    data: [{ username: 'bob', city: '北京' }],
  },
  {
    method: 'listUsers',
    input: { keywords: 'anni', options: { pagination } },
    data: { totalCount: 1, list: [{ username: 'ann' }] },
  },
  {
    method: 'setCustomData',
    input: { ...toAnn, list: [{ key: 'school', value: '清华大学' }], tenantId: null },
    data: { success: true },
  },
  { method: 'getCustomData', input: { ...toAnn, tenantId: null }, data: { school: '清华大学' } },

  { method: 'createOrganization', input: { ...steamory, organizationName: '蒸汽记忆', metadata: {} }, data: steamory },
  {
    method: 'createDepartment',
    as: 'rd',
    input: { ...steamory, name: '开发部', parentDepartmentId: 'root', metadata: {}, code: 'rd' },
    data: { name: '开发部', code: 'rd' },
  },
  {
    method: 'setUserDepartments',
    input: { ...ann, departments: [{ departmentId: '<<rd.departmentId>>', isLeader: true, isMainDepartment: true }] },
    data: { success: true },
  },
  { method: 'getUserDepartments', input: ann, data: { totalCount: 1, list: [{ name: '开发部', isLeader: true }] } },
  { method: 'addDepartmentMembers', input: { ...rd, userIds: ['<<others.0.userId>>'] }, data: { success: true } },
  { method: 'listDepartmentMembers', input: rd, data: { totalCount: 2 } },

  {
    method: 'createGroup',
    as: 'developers',
    input: { type: 'static', code: 'developers', name: '开发者', description: 'Who builds it' },
    data: { code: 'developers', name: '开发者', type: 'static' },
  },
  {
    method: 'addGroupMembers',
    input: { code: 'developers', userIds: ['<<ann.userId>>', '<<others.0.userId>>'] },
    data: { success: true },
  },
  { method: 'listGroupMembers', input: { code: 'developers' }, data: { totalCount: 2 } },
  { method: 'getUserGroups', input: ann, data: { totalCount: 1, list: [{ code: 'developers' }] } },
  {
    method: 'updateGroup',
    input: { code: 'developers', name: 'Developers', description: 'Builders' },
    data: { code: 'developers', description: 'Builders' },
  },
  { method: 'getGroup', input: { code: 'developers' }, data: { name: 'Developers' } },
  { method: 'listGroups', input: { keywords: 'devel', page: 1, limit: 10 }, data: { totalCount: 1 } },
  { method: 'getAllGroups', input: { fetchMembers: true }, data: [{ code: 'developers' }] },
  {
    method: 'removeGroupMembers',
    input: { code: 'developers', userIds: ['<<ann.userId>>'] },
    data: { success: true },
  },

  { method: 'createRole', input: { code: 'manager', description: 'Runs it' }, data: { code: 'manager' } },
  { method: 'createRolesBatch', input: { list: [{ code: 'cashier' }, { code: 'auditor' }] }, data: { success: true } },
  { method: 'assignRole', input: { code: 'manager', targets: [toAnn, toDevelopers] }, data: { success: true } },
  { method: 'getUserRoles', input: ann, data: { totalCount: 1, list: [{ code: 'manager' }] } },
  {
    method: 'hasAnyRole',
    input: { userId: '<<others.0.userId>>', roles: [{ code: 'manager' }, { code: 'cashier' }] },
    data: { hasAnyRole: true },
  },
  // Who was assigned it, not who has it by a group.
  { method: 'listRoleMembers', input: { code: 'manager' }, data: { totalCount: 1 } },
  { method: 'listRoleAssignments', input: { roleCode: 'manager' }, data: { totalCount: 2 } },
  { method: 'revokeRole', input: { code: 'manager', targets: [toAnn] }, data: { success: true } },
  { method: 'getUserRoles', input: ann, data: { totalCount: 0, list: [] } },
  {
    method: 'updateRole',
    input: { code: 'cashier', newCode: 'teller', name: 'Teller' },
    data: { success: true },
  },
  { method: 'getRole', input: { code: 'teller' }, data: { code: 'teller', name: 'Teller' } },
  { method: 'listRoles', input: { page: 1, limit: 10 }, data: { totalCount: 3 } },

  {
    method: 'createPost',
    as: 'engineer',
    input: { code: 'engineer', name: '工程师', departmentIdList: ['<<rd.departmentId>>'] },
    data: { code: 'engineer', name: '工程师' },
  },
  { method: 'setUserPosts', input: { ...ann, postIds: ['<<engineer.id>>'] } },
  { method: 'getUserPosts', input: ann, data: [{ code: 'engineer' }] },
  { method: 'postList', input: { keywords: '工程' }, data: { totalCount: 1 } },
  { method: 'updatePost', input: { code: 'engineer', name: 'Engineer' }, data: { name: 'Engineer' } },
  { method: 'removePost', input: { code: 'engineer' }, data: undefined },

  { method: 'createPublicAccount', as: 'press', input: { username: 'press' }, data: { username: 'press' } },
  {
    method: 'bindUsersPublicAccount',
    input: { publicAccountId: '<<press.userId>>', userIds: ['<<ann.userId>>'] },
    data: { success: true },
  },
  {
    method: 'getUsersOfPublicAccount',
    input: { publicAccountId: '<<press.userId>>' },
    data: { totalCount: 1, list: [{ username: 'ann' }] },
  },
  { method: 'getPublicAccountsOfUser', input: ann, data: { totalCount: 1, list: [{ username: 'press' }] } },
  {
    method: 'setPublicAccountOfDepartments',
    input: { ...press, departments: [{ departmentId: '<<rd.departmentId>>' }] },
    data: { success: true },
  },
  { method: 'getPublicAccountDepartments', input: press, data: { totalCount: 1, list: [{ name: '开发部' }] } },
  { method: 'getPublicAccountOfGroups', input: { ...press, groupIds: ['<<developers.id>>'] }, data: { success: true } },
  { method: 'getGroupsOfPublicAccount', input: press, data: { totalCount: 1 } },
  { method: 'updatePublicAccount', input: { ...press, nickname: 'Newsroom' }, data: { nickname: 'Newsroom' } },
  { method: 'listPublicAccounts', input: { keywords: 'press' }, data: { totalCount: 1 } },
  { method: 'changeIntoPublicAccount', input: { userId: '<<others.1.userId>>' } },
  { method: 'listPublicAccounts', input: {}, data: { totalCount: 2 } },

  { method: 'resignUserBatch', input: { userIds: ['<<others.0.userId>>'] }, data: { success: true } },
  // Who resigns leaves every group.
  { method: 'listGroupMembers', input: { code: 'developers' }, data: { totalCount: 0 } },
  { method: 'deletePublicAccountsBatch', input: { userIds: ['<<press.userId>>'] }, data: { success: true } },
  { method: 'deleteUsersBatch', input: { userIds: ['<<ann.userId>>'] }, data: { success: true } },
  { method: 'deleteGroupsBatch', input: { codeList: ['developers'] }, data: { success: true } },
  { method: 'deleteRolesBatch', input: { codeList: ['manager', 'teller', 'auditor'] }, data: { success: true } },
  { method: 'listRoles', input: {}, data: { totalCount: 0 } },
  { method: 'listUsers', input: {}, data: { totalCount: 0 } },
];
