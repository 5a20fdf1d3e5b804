import { command, doc, dto, errors, event } from '@genauth/contract';
import * as z from 'zod';
import {
  departmentMemberAdded,
  departmentMemberErrors,
  userDepartmentsChanged,
} from '../department-members/contract.ts';
import { DepartmentEventNode, departmentTreeErrors, nameText, tenantId } from '../department-tree/contract.ts';
import { displayFields, gender, identifierFields, optionalField, profileFields } from '../user-directory/contract.ts';
import { userCreated, userWriteErrors } from '../users/contract.ts';

export const departmentImportErrors = errors('department_import', {
  tooLarge: {
    statusCode: 422,
    message: {
      en: 'At most 1000 departments and 1000 members can be imported at once',
      zh: '单次最多导入 1000 个部门和 1000 个成员',
    },
  },
  tooDeep: {
    statusCode: 422,
    message: { en: 'departments can be at most 64 levels deep', zh: '部门层级不能超过 64 级' },
  },
});

export const departmentTreeImported = event('department.tree.imported', {
  webhook: 'organization:imported',
  data: z.object({
    organization: z.object({ id: z.string(), code: z.string(), name: z.string() }),
    newNodes: z.array(DepartmentEventNode),
    modifyNodes: z.array(DepartmentEventNode),
    source: z.enum(['JSON', 'EXCEL']),
  }),
});

const { email, phone, phoneCountryCode, username } = identifierFields;
const { country, province, city } = profileFields;

const UserInfoDto = dto('UserInfoDto', {
  username: optionalField(username),
  email: optionalField(email),
  phone: optionalField(phone),
  phoneCountryCode: optionalField(phoneCountryCode),
  name: optionalField(displayFields.name),
  gender: optionalField(gender),
  country: optionalField(country),
  province: optionalField(province),
  city: optionalField(city),
});

/** A member of an imported department. */
export type ImportedMember = z.output<typeof UserInfoDto>;

/** A department with everything below it. */
export interface ImportedDepartment {
  readonly name: string;
  readonly children?: readonly ImportedDepartment[] | null | undefined;
  readonly members?: ImportedMember | readonly ImportedMember[] | null | undefined;
}

/** Published clients know one member; several are what is usually meant. */
const members = z
  .union([UserInfoDto, z.array(UserInfoDto)])
  .nullable()
  .optional()
  .meta(doc('Members of the department: one or an array', '部门成员，一个或数组', { username: 'bob' }));

const name = nameText.meta(doc('Name', '部门名称', '研发'));

/**
 * The published type of a child is a text, its meaning a department: `"Sales"` is short for `{"name": "Sales"}`. In the
 * document it is any value, which keeps both kinds of client and spares their generators a type that holds itself.
 */
const child = z
  .unknown()
  .transform((value) => (typeof value === 'string' ? { name: value } : value))
  .pipe(z.lazy(() => department));

const department: z.ZodType<ImportedDepartment> = z.object({
  name,
  children: z.array(child).nullable().optional(),
  members,
});

export const createDepartmentTree = command({
  method: 'POST',
  path: '/api/v3/create-department-tree',
  tag: 'Departments',
  title: { en: 'Create Department Tree', zh: '创建部门树' },
  summary: { en: 'Create a tree of departments with members', zh: '创建部门树' },
  description: {
    en: 'Creates departments by their names, level by level, with their members: all or nothing. `name` is an organization of the user pool, or a new one is created. Departments of the same name below the same parent are reused, so the call can be repeated. Members are found by `username`, else `email`, else `phone`; who is not found is created. Users found are not changed. The answer counts both. At most 64 levels, 1000 departments and 1000 members.',
    zh: '按名称逐级创建部门及其成员，全部成功或全部失败。`name` 匹配用户池中的组织机构名称，不存在则新建。同一父部门下的同名部门会被复用，可重复调用。成员依次按 `username`、`email`、`phone` 匹配，不存在则创建，已存在的用户信息不会被修改。返回新增与已存在的数量。最多 64 级、1000 个部门、1000 个成员。',
  },
  permission: 'department:CreateTree',
  input: dto('CreateDepartmentTreeReqDto', {
    name,
    children: z
      .array(child)
      .nullable()
      .optional()
      .meta(
        doc(
          'Departments below: names, or objects of `name`, `children` and `members`',
          '子部门：名称，或含 name、children、members 的对象',
          ['研发一部', { name: '研发二部', children: ['测试'], members: [{ username: 'bob' }] }],
        ),
      ),
    members,
    tenantId,
  }),
  output: dto('Result', {
    addUser: z.int().meta(doc('Users created', '新增用户数', 1)),
    updateUser: z.int().meta(doc('Users that were there', '已存在的用户数', 0)),
    addDepartment: z.int().meta(doc('Departments created, the root included', '新增部门数，包含根部门', 3)),
    updateDepartment: z.int().meta(doc('Departments that were there', '已存在的部门数', 0)),
  }),
  answer: 'CreateDepartmentTreeRespDto',
  errors: [
    departmentImportErrors.tooLarge,
    departmentImportErrors.tooDeep,
    departmentTreeErrors.tenantNotFound,
    departmentMemberErrors.userNotEmployed,
    userWriteErrors.alreadyExists,
    userWriteErrors.identifierMissing,
  ],
  audit: { operationType: 'create', resourceType: 'org' },
  emits: [departmentTreeImported, userCreated, departmentMemberAdded, userDepartmentsChanged],
});
