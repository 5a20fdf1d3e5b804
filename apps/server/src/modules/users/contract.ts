import { command, doc, dto, errors, event, query, secret } from '@genauth/contract';
import * as z from 'zod';
import { customDataErrors } from '../custom-values/contract.ts';
import {
  departmentMemberAdded,
  departmentMemberErrors,
  userDepartmentsChanged,
} from '../department-members/contract.ts';
import { departmentIdType, departmentTreeErrors } from '../department-tree/contract.ts';
import { identityErrors } from '../identities/contract.ts';
import { passwordErrors } from '../passwords/contract.ts';
import { userDepartmentErrors } from '../user-departments/contract.ts';
import {
  displayFields,
  flatCustomData,
  gender,
  identifierFields,
  identityFields,
  identityNumber,
  optionalField,
  optionalFields,
  profileFields,
  status,
  UserDto,
  userCustomDataChanged,
  userErrors,
  userId,
  userIds,
  userIdType,
  withCustomData,
  withDepartmentIds,
  withIdentities,
  withPost,
} from '../user-directory/contract.ts';

export type { DepartmentIdType } from '../department-tree/contract.ts';

export const userWriteErrors = errors('user_write', {
  unknownUser: {
    statusCode: 404,
    apiCode: 2004,
    message: { en: 'User not found: {userId}', zh: '用户不存在：{userId}' },
  },
  alreadyExists: { statusCode: 409, apiCode: 2026, message: 'user already exists with {field}' },
  identifierMissing: {
    statusCode: 400,
    message: 'Must contain one of the following fields: {prefix}username, {prefix}phone, {prefix}email',
  },
  metadataNotDefined: {
    statusCode: 400,
    message: { en: 'Data object not defined: {key}', zh: '未定义的数据对象：{key}' },
  },
  tenantNotFound: { statusCode: 404, message: { en: 'Tenant not found: {tenantId}', zh: '租户不存在：{tenantId}' } },
  oneTimePasswordUnavailable: {
    statusCode: 422,
    message: { en: 'One-time passwords cannot be imported yet', zh: '暂不支持导入 OTP' },
  },
  messageServiceNotConfigured: {
    statusCode: 422,
    message: { en: 'No message service is configured', zh: '未配置消息服务' },
  },
});

const userData = z.object({ user: UserDto });

export const userCreated = event('user.created', {
  webhook: 'user:created',
  topic: 'authing.user.created',
  data: userData,
});
export const userUpdated = event('user.updated', {
  webhook: 'user:updated',
  topic: 'authing.user.updated',
  data: userData.extend({
    updates: z.record(z.string(), z.unknown()).meta(doc('Changed fields with their new values', '变更的字段及新值')),
  }),
});
export const userDeleted = event('user.deleted', {
  webhook: 'user:deleted',
  topic: 'authing.user.delete-account',
  data: userData,
});
export const userPasswordChanged = event('user.password.changed', { webhook: 'user:password-changed', data: userData });
export const userEmailVerified = event('user.email.verified', { webhook: 'user:email-verified', data: userData });
export const userBlocked = event('user.blocked', { webhook: 'user:blocked', data: userData });
export const userUnblocked = event('user.unblocked', { webhook: 'user:unblocked', data: userData });
export const userArchived = event('user.archived', { webhook: 'user:archived', data: userData });
export const userUnarchived = event('user.unarchived', { webhook: 'user:unarchived', data: userData });
export const userResigned = event('user.resigned', { topic: 'authing.user.resigned', data: userData });

/** What is announced of accounts of one kind; here of personal ones. */
export const userEvents = {
  created: userCreated,
  updated: userUpdated,
  deleted: userDeleted,
  passwordChanged: userPasswordChanged,
  emailVerified: userEmailVerified,
  blocked: userBlocked,
  unblocked: userUnblocked,
  archived: userArchived,
  unarchived: userUnarchived,
  resigned: userResigned,
  customDataChanged: userCustomDataChanged,
} as const;

/** A personal account is a public one from now on: for operations about people it is gone. */
export const userBecamePublic = event('user.became.public', {
  webhook: 'user:transferred-into-public-account',
  data: userData,
});
/** A public account is a personal one from now on, and belongs to nothing yet. */
export const userBecamePersonal = event('user.became.personal', {
  webhook: 'user:transferred-into-personal-account',
  data: userData,
});

const customData = z.record(z.string(), z.unknown()).meta(
  doc('Custom data; keys must be defined fields', '自定义数据，key 需先定义扩展字段', {
    school: '北京大学',
    age: 22,
  }),
);
export const linkedData = z
  .record(z.string(), z.unknown())
  .meta(
    doc('Data of linked objects; keys must be defined', '数据对象数据，key 需先定义', { school: '北京大学', age: 22 }),
  );

/** What can be said of a user, on creation and later. */
export const writableFields = {
  ...optionalFields({
    ...identifierFields,
    ...displayFields,
    gender,
    emailVerified: z.boolean().meta(doc('Whether the email is verified', '邮箱是否验证', true)),
    phoneVerified: z.boolean().meta(doc('Whether the phone is verified', '手机号是否验证', true)),
    ...profileFields,
  }),
  // Kept out of audit rows: values of encrypted fields are sealed. What else changed is told there as before and after.
  customData: secret(optionalField(customData)),
};

/** Kept out of audit rows: in `users` it is sealed. */
export const identityNumberField = secret(optionalField(identityNumber));

export const password = secret(
  optionalField(
    z
      .string()
      .min(1)
      .max(4096)
      .meta(doc('Password, encrypted as `options.passwordEncryptType` says', '用户密码，默认明文传输', 'passw0rd')),
  ),
);

const CreateUserOtpDto = dto('CreateUserOtpDto', {
  secret: secret(
    z
      .string()
      .max(256)
      .meta(doc('Secret', 'OTP 密钥', 'HZ2F6J3AGNAVSOTV')),
  ),
  recoveryCode: secret(
    z
      .string()
      .max(256)
      .optional()
      .meta(doc('Recovery code', 'OTP Recovery Code', 'b471-8ec0-874a-087f-bccb-cd54')),
  ),
});

const CreateIdentityDto = dto('CreateIdentityDto', {
  ...identityFields,
  userInfoInIdp: identityFields.userInfoInIdp.optional(),
  originConnIds: identityFields.originConnIds.optional(),
  accessToken: secret(optionalField(identityFields.accessToken)),
  refreshToken: secret(optionalField(identityFields.refreshToken)),
});

const newUserFields = {
  status: optionalField(status),
  ...writableFields,
  password,
  salt: secret(
    optionalField(
      z
        .string()
        .max(1024)
        .meta(doc('Salt of a kept password', '加密用户密码的盐', 'dgisaeieruur')),
    ),
  ),
  tenantIds: optionalField(
    z
      .array(z.string().max(64))
      .max(50)
      .meta(doc('Tenants to join', '租户 ID', ['63f867961ca1b2c341e7ccb5'])),
  ),
  otp: CreateUserOtpDto.nullable().optional(),
  departmentIds: optionalField(
    z
      .array(z.string().min(1).max(256))
      .max(50)
      .meta(doc('Departments to join', '用户所属部门 ID 列表', ['624d930c3a1b2c3d4e5c08dd'])),
  ),
  metadataSource: optionalField(linkedData),
  identities: optionalField(
    z.array(CreateIdentityDto).max(50).meta(doc('Accounts at identity sources', '第三方身份源')),
  ),
  identityNumber: identityNumberField,
};

export const passwordEncryptType = z
  .enum(['sm2', 'rsa', 'none'])
  .default('none')
  .meta(
    doc(
      'How passwords of this call are encrypted, with the keys of `GET /api/v3/system`: `rsa` (PKCS#1 v1.5, base64), `sm2` (hex), or `none`',
      '密码加密类型，公钥通过 `GET /api/v3/system` 获取：`rsa`（PKCS#1 v1.5 填充，Base64）、`sm2`（十六进制）或 `none`',
      'none',
    ),
  );
export const autoGeneratePassword = z
  .boolean()
  .default(false)
  .meta(doc('Whether to make a password where none is given', '是否自动生成密码', false));
export const resetPasswordOnFirstLogin = z
  .boolean()
  .default(false)
  .meta(
    doc('Whether the password must be changed at the first login', '是否强制要求用户在第一次登录的时候重置密码', false),
  );
export const appId = z
  .string()
  .max(64)
  .nullable()
  .optional()
  .meta(doc('Application whose address the message names', '发送登录地址时指定的应用 ID', 'appid1'));

export function messageFlag(english: string, chinese: string) {
  return z
    .boolean()
    .default(false)
    .meta(doc(english, chinese, false));
}

const CreateUserOptionsDto = dto('CreateUserOptionsDto', {
  keepPassword: z
    .boolean()
    .default(false)
    .meta(
      doc(
        'Whether `password` is stored unchanged, with `salt`: for passwords hashed elsewhere, as bcrypt, scrypt, PBKDF2, Argon2, SHA or MD5',
        '是否原样保存密码（与 `salt` 一起），用于迁移已加密的密码，支持 bcrypt、scrypt、PBKDF2、Argon2、SHA、MD5',
        false,
      ),
    ),
  autoGeneratePassword,
  resetPasswordOnFirstLogin,
  departmentIdType,
  sendNotification: dto('SendCreateAccountNotificationDto', {
    sendEmailNotification: messageFlag('Whether to send a mail', '创建账号之后，是否发送邮件通知'),
    sendPhoneNotification: messageFlag('Whether to send a text message', '创建账号之后，是否发送短信通知'),
    appId,
  })
    .nullable()
    .optional(),
  passwordEncryptType,
});

const tag = 'Users';
export const UserList = z.array(UserDto);
const createErrors = [
  userWriteErrors.alreadyExists,
  userWriteErrors.identifierMissing,
  userWriteErrors.metadataNotDefined,
  userWriteErrors.tenantNotFound,
  passwordErrors.unknownHash,
  passwordErrors.hashTooCostly,
  identityErrors.sourceNotFound,
  identityErrors.otherProvider,
  departmentMemberErrors.userNotEmployed,
  userWriteErrors.oneTimePasswordUnavailable,
  userWriteErrors.messageServiceNotConfigured,
  ...customDataErrors,
  departmentTreeErrors.departmentNotFound,
  departmentTreeErrors.customFieldNotDefined,
  userDepartmentErrors.ambiguousDepartmentId,
];

export const createUser = command({
  method: 'POST',
  path: '/api/v3/create-user',
  tag,
  title: { en: 'Create User', zh: '创建用户' },
  summary: { en: 'Create a user', zh: '创建用户' },
  description: {
    en: 'Creates a user with at least one of `username`, `email` and `phone`. The password is hashed, unless `options.keepPassword` asks to store it as it is. No verification codes, whitelists or registration settings apply.',
    zh: '创建用户，`username`、`email`、`phone` 至少传一个。密码会被加密存储，除非指定 `options.keepPassword`。管理员创建用户不校验验证码、白名单及注册开关。',
  },
  permission: 'user:Create',
  input: dto('CreateUserReqDto', { ...newUserFields, options: CreateUserOptionsDto.nullable().optional() }),
  output: UserDto,
  answer: 'UserSingleRespDto',
  errors: createErrors,
  audit: { operationType: 'create', resourceType: 'user' },
  emits: [userCreated, departmentMemberAdded, userDepartmentsChanged],
});

const CreateUserInfoDto = dto('CreateUserInfoDto', newUserFields);

export const createUsersBatch = command({
  method: 'POST',
  path: '/api/v3/create-users-batch',
  tag,
  title: { en: 'Create Users in Batch', zh: '批量创建用户' },
  summary: { en: 'Create up to 50 users', zh: '批量创建用户，最多 50 个' },
  description: {
    en: 'Creates users, all or none. An error names the item it is about, as in `list.3.email`.',
    zh: '批量创建用户，全部成功或全部失败。错误信息会指明出错的条目，如 `list.3.email`。',
  },
  permission: 'user:Create',
  input: dto('CreateUserBatchReqDto', {
    list: z.array(CreateUserInfoDto).min(1).max(50).meta(doc('Users, 1 to 50', '用户列表，1 到 50 个')),
    options: CreateUserOptionsDto.nullable().optional(),
  }),
  output: UserList,
  answer: 'UserListRespDto',
  errors: createErrors,
  audit: { operationType: 'create', resourceType: 'user' },
  emits: [userCreated, departmentMemberAdded, userDepartmentsChanged],
});

const flags = { withCustomData, flatCustomData, withIdentities, withDepartmentIds };

export const getUser = query({
  method: 'GET',
  path: '/api/v3/get-user',
  tag,
  title: { en: 'Get User', zh: '获取用户信息' },
  summary: { en: 'Get a user', zh: '获取用户信息' },
  description: {
    en: 'Gets a user by any of his ids, whatever his state. Custom data, identities, posts and departments are returned on request.',
    zh: '通过任意一种用户 ID 获取用户信息，不论用户状态。自定义数据、身份源、岗位、部门需通过参数指定返回。',
  },
  permission: 'user:Get',
  input: dto('GetUserDto', { userId, userIdType, ...flags, withPost }),
  output: UserDto,
  answer: 'UserSingleRespDto',
  errors: [userErrors.notFound, userErrors.customFieldNotDefined],
});

export const getUserBatch = query({
  method: 'GET',
  path: '/api/v3/get-user-batch',
  tag,
  title: { en: 'Get Users in Batch', zh: '批量获取用户信息' },
  summary: { en: 'Get up to 50 users', zh: '批量获取用户信息，最多 50 个' },
  description: {
    en: 'Gets users in the order of the ids given, each once. Ids that name nobody are left out.',
    zh: '按传入 ID 的顺序批量获取用户信息，不存在的用户会被忽略。',
  },
  permission: 'user:Get',
  input: dto('GetUserBatchDto', { userIds, userIdType, ...flags }),
  output: UserList,
  answer: 'UserListRespDto',
  errors: [userErrors.customFieldNotDefined],
});

export const isUserExists = query({
  method: 'POST',
  path: '/api/v3/is-user-exists',
  tag,
  title: { en: 'Check if User Exists', zh: '用户是否存在' },
  summary: { en: 'Tell whether a user exists', zh: '用户是否存在' },
  description: {
    en: 'Tells whether some user or public account has this username, email, phone or external id. Of several that are given one suffices.',
    zh: '根据用户名、邮箱、手机号、外部 ID 判断用户或公共账号是否存在，传多个时满足任意一个即可。',
  },
  permission: 'user:Get',
  input: dto('IsUserExistsReqDto', {
    username: optionalField(
      z
        .string()
        .max(255)
        .meta(doc('Username', '用户名，区分大小写', 'bob')),
    ),
    email: optionalField(
      z
        .string()
        .max(254)
        .meta(doc('Email', '邮箱，不区分大小写', 'test@example.com')),
    ),
    phone: optionalField(
      z
        .string()
        .max(32)
        .meta(doc('Phone without country code', '手机号，不带区号', '18812345678')),
    ),
    externalId: optionalField(
      z
        .string()
        .max(256)
        .meta(doc('Id in your own system', '第三方外部 ID', '10010')),
    ),
  }),
  output: dto('IsUserExistsDto', {
    exists: z.boolean().meta(doc('Whether there is such a user', '用户是否存在', true)),
  }),
  answer: 'IsUserExistsRespDto',
  errors: [],
});
