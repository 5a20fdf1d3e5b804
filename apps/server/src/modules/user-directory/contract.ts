import { doc, dto, errors, event, pageOf } from '@genauth/contract';
import * as z from 'zod';
import { changedCustomData, customValueErrors } from '../custom-values/contract.ts';

const ownErrors = errors('user', {
  notFound: { statusCode: 404, apiCode: 2004, message: { en: 'User not found', zh: '用户不存在' } },
});
export const userErrors = { ...ownErrors, customFieldNotDefined: customValueErrors.fieldNotDefined };

const userIdTypes = [
  'user_id',
  'external_id',
  'phone',
  'email',
  'username',
  'identity',
  'sync_relation',
  'custom_field',
] as const;

export type UserIdType = (typeof userIdTypes)[number];

export const userIdType = z
  .enum(userIdTypes)
  .default('user_id')
  .meta(
    doc(
      'What kind of id is given. `phone` is without country code; `identity` is `<extIdpId>:<userIdInIdp>`, `sync_relation` `<provider>:<userIdInIdp>`, `custom_field` `<key>:<value>` of a unique field',
      '用户 ID 类型。`phone` 不含国家码；`identity` 为 `<extIdpId>:<userIdInIdp>`，`sync_relation` 为 `<provider>:<userIdInIdp>`，`custom_field` 为唯一字段的 `<key>:<value>`',
      'user_id',
    ),
  );

export const userId = z
  .string()
  .min(1)
  .max(256)
  .meta(doc('User id, of the kind `userIdType` says', '用户 ID，类型由 `userIdType` 指定', '6229ffa0a1b2c3d4cade3e3d'));

export const userIds = z
  .array(userId)
  .min(1)
  .max(50)
  .meta(doc('User ids, 1 to 50', '用户 ID 数组，1 到 50 个', ['6229ffa0a1b2c3d4cade3e3d']));

/** What a read adds to a user when asked to. */
function flag(english: string, chinese: string) {
  return z
    .boolean()
    .default(false)
    .meta(doc(english, chinese, true));
}

export const withCustomData = flag('Whether to return custom data', '是否获取自定义数据');
export const flatCustomData = flag(
  'Whether to return custom fields beside the others instead of below `customData`',
  '是否将扩展字段平铺到用户顶层返回',
);
export const withPost = flag('Whether to return the ids of the posts', '是否获取岗位 ID 列表');
export const withIdentities = flag('Whether to return identities', '是否获取 identities');
export const withDepartmentIds = flag(
  "Whether to return the ids of the user's departments",
  '是否获取用户所属部门 ID 列表',
);

const statuses = ['Suspended', 'Resigned', 'Activated', 'Archived', 'Deactivated'] as const;
export const status = z
  .enum(statuses)
  .meta(
    doc(
      'State of the account. Suspended and Deactivated users cannot log in; Resigned and Archived ones also leave every department',
      '账户状态。Suspended、Deactivated 不能登录；Resigned、Archived 同时移出所有部门',
      'Activated',
    ),
  );
const workStatuses = ['Closed', 'Active'] as const;
const genders = ['M', 'F', 'U'] as const;
export const gender = z.enum(genders).meta(doc('Gender: male, female, unknown', '性别：男、女、未知', 'M'));
export const sourceTypes = ['excel', 'register', 'adminCreated', 'sync'] as const;

/** A text about a person that nothing depends on. */
function text(maxLength: number, english: string, chinese: string, example?: string) {
  return z
    .string()
    .max(maxLength)
    .meta(doc(english, chinese, example));
}

/** A day of the calendar, leap years included, with or without a time, in ISO 8601; empty for none. */
const dayPattern =
  /^(((\d\d[2468][048]|\d\d[13579][26]|\d\d0[48]|[02468][048]00|[13579][26]00)-02-29|\d{4}-((0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|(0[469]|11)-(0[1-9]|[12]\d|30)|02-(0[1-9]|1\d|2[0-8])))([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?)?$/;

/** Names and picture: what lists show of a person. */
export const displayFields = {
  name: text(255, 'Full name', '用户真实名称，不具备唯一性', '张三'),
  nickname: text(255, 'Nickname', '昵称', '张三'),
  photo: text(2048, 'URL of the picture', '头像链接', 'https://files.example.com/default-user-avatar.png'),
};

/** Everything else about a person, kept together because nobody is looked up by it. */
export const profileFields = {
  birthdate: z
    .string()
    .max(64)
    .regex(dayPattern)
    .meta(doc('Day of birth', '出生日期', '2022-06-03')),
  country: text(255, 'Country', '所在国家', 'CN'),
  province: text(255, 'Province', '所在省份', 'BJ'),
  city: text(255, 'City', '所在城市', 'BJ'),
  address: text(1024, 'Address', '所处地址', '北京朝阳'),
  streetAddress: text(1024, 'Street and house number', '所处街道地址', '北京朝阳区 xxx 街道'),
  postalCode: text(64, 'Postal code', '邮政编码号', '438100'),
  company: text(255, 'Company', '所在公司', 'steamory'),
  browser: text(1024, 'Browser of the last login', '最近一次登录时使用的浏览器 UA', 'Mozilla/5.0'),
  device: text(255, 'Device of the last login', '最近一次登录时使用的设备', 'iOS'),
  givenName: text(255, 'Given name', '名', '三'),
  familyName: text(255, 'Family name', '姓', '张'),
  middleName: text(255, 'Middle name', '中间名', 'James'),
  profile: text(2048, 'URL of the profile page, or a name on a service', 'Preferred Username 或个人主页', 'alice'),
  preferredUsername: text(255, 'Preferred user name', 'Preferred Username', 'alice'),
  website: text(2048, 'Website', '用户个人网页', 'https://my-website.com'),
  zoneinfo: text(64, 'Time zone', '用户时区信息', 'GMT-08:00'),
  locale: text(64, 'Language and region', 'Locale', 'af'),
  formatted: text(
    1024,
    'Address as it is written on a letter',
    '标准的完整地址',
    '132, My Street, Kingston, New York 12401.',
  ),
  region: text(255, 'Region', '用户所在区域', 'Xinjiang Uyghur Autonomous Region'),
};

/** One `@`, a local part of up to 64 characters, and a domain of at least two labels. Scripts other than Latin are welcome. */
const emailPattern =
  /^$|^[^\s\p{C}@"(),:;<>[\]\\]{1,64}@[\p{L}\p{N}]([\p{L}\p{N}\p{M}-]{0,61}[\p{L}\p{N}\p{M}])?(\.[\p{L}\p{N}]([\p{L}\p{N}\p{M}-]{0,61}[\p{L}\p{N}\p{M}])?)+$/u;

/** No blanks around it and no control characters: names that look alike must be alike. */
const usernamePattern = /^$|^[^\s\p{C}]([^\p{C}]*[^\s\p{C}])?$/u;

/** What a user can be found by, as callers give it. Empty is the same as none. */
export const identifierFields = {
  email: z
    .string()
    .trim()
    .max(254)
    .regex(emailPattern)
    .meta(doc('Email. Unique, whatever its case', '邮箱，不区分大小写，用户池内唯一', 'test@example.com')),
  phone: z
    .string()
    .max(32)
    .regex(/^\+?[\d\s().-]*$/)
    .meta(
      doc(
        'Phone number without country code, or with it behind a `+`. Unique together with it',
        '手机号，不带区号，或以 `+` 开头带区号，与区号一起在用户池内唯一',
        '18812345678',
      ),
    ),
  phoneCountryCode: z
    .string()
    .max(8)
    .regex(/^(\+?[1-9]\d{0,3})?$/)
    .meta(doc('Country code of the phone; +86 when empty', '手机区号，为空时默认 +86', '+86')),
  username: z
    .string()
    .max(255)
    .regex(usernamePattern)
    .meta(doc('Name to log in with. Unique, case matters', '用户名，用户池内唯一，区分大小写', 'bob')),
  externalId: z
    .string()
    .max(256)
    .meta(doc('Id in your own system. Unique', '第三方外部 ID，用户池内唯一', '10010')),
};

export const identityNumber = text(64, 'Number of the identity card', '身份证号', '420421199001011234');

const providers = [
  'oidc',
  'oauth2',
  'saml',
  'ldap',
  'ad',
  'cas',
  'azure-ad',
  'wechat',
  'google',
  'qq',
  'wechatwork',
  'dingtalk',
  'weibo',
  'github',
  'alipay',
  'apple',
  'baidu',
  'lark',
  'gitlab',
  'twitter',
  'facebook',
  'slack',
  'linkedin',
  'yidun',
  'qingcloud',
  'gitee',
  'instagram',
  'welink',
  'huawei',
  'honor',
  'xiaomi',
  'oppo',
  'aws',
  'amazon',
  'douyin',
  'kuaishou',
  'line',
  'sdbz',
  'zjzwfw',
  'zzding',
  'seeyona8v5',
] as const;

/** An account at an identity source, as users have it and as callers name it. */
export const identityFields = {
  extIdpId: z
    .string()
    .min(1)
    .max(64)
    .meta(doc('Id of the identity source', '身份源 ID', '6076bac0a1b2c3d4d80d993b')),
  provider: z.enum(providers).meta(doc('Kind of the identity source', '外部身份源类型', 'wechat')),
  type: z
    .string()
    .min(1)
    .max(64)
    .meta(doc('Kind of id at the source', 'Identity 类型，如 unionid、openid、primary', 'openid')),
  userIdInIdp: z
    .string()
    .min(1)
    .max(256)
    .meta(doc('Id of the user at the source', '在外部身份源中的 ID', 'oj7Nq05R-RRaqak0_YlMLnnIwsvg')),
  userInfoInIdp: z
    .record(z.string(), z.unknown())
    .meta(doc('What the source says of the user', '用户在身份源中的信息', { name: '张三' })),
  accessToken: text(
    8192,
    'Access token of the source',
    '在外部身份源中的 Access Token',
    '57_fK0xgSL_NwVlS-gmUwlMQ2N6AO',
  ),
  refreshToken: text(
    8192,
    'Refresh token of the source',
    '在外部身份源中的 Refresh Token',
    '57_IZFu91Ak1Wg6DRytZFFIOd3u',
  ),
  originConnIds: z
    .array(z.string().max(64))
    .max(50)
    .meta(doc('Ids of the connections it came through', '身份来自的身份源连接 ID 列表', ['605492ac41a1b2c3e0362f07'])),
};

/** An identity as it is shown: without the tokens of its source, which are the user's own. */
export const IdentityDto = dto('IdentityDto', {
  identityId: z.string().meta(doc('Id of the identity', '身份源信息 ID', '62299d8b866d2dab79a89dc4')),
  ...identityFields,
  accessToken: identityFields.accessToken.optional(),
  refreshToken: identityFields.refreshToken.optional(),
});

/** A field that may be left out. Null means the same on creation, and clears the field on update. */
export function optionalField<Schema extends z.ZodType>(schema: Schema) {
  return schema
    .nullable()
    .optional()
    .meta(schema.meta() ?? {});
}

function time(english: string, chinese: string) {
  return z.iso.datetime().meta(doc(english, chinese, '2022-07-03T02:20:30.000Z'));
}

/** The same fields, each of which may be left out. */
export function optionalFields<Fields extends Record<string, z.ZodType>>(fields: Fields) {
  const entries = Object.entries(fields).map(([name, schema]) => [name, optionalField(schema)]);
  return Object.fromEntries(entries) as {
    [Name in keyof Fields]: z.ZodOptional<z.ZodNullable<Fields[Name]>>;
  };
}

/** A user as every operation returns it. What was not asked for is absent; what is not known is null. */
export const UserDto = dto('UserDto', {
  userId: z.string().meta(doc('Id of the user', '用户 ID', '6229ffa0a1b2c3d4cade3e3d')),
  createdAt: time('Time of creation', '创建时间'),
  updatedAt: time('Time of the last change', '更新时间'),
  status,
  workStatus: z.enum(workStatuses).meta(doc('State of the employment', '账户当前工作状态', 'Active')),
  ...optionalFields({
    externalId: text(256, 'Id in your own system', '第三方外部 ID', '10010'),
    email: text(254, 'Email, lower-case', '邮箱，不区分大小写', 'test@example.com'),
    phone: text(32, 'Phone without country code', '手机号，不带区号', '18812345678'),
    phoneCountryCode: text(8, 'Country code of the phone', '手机区号', '+86'),
    username: text(255, 'Name to log in with', '用户名，用户池内唯一', 'bob'),
    ...displayFields,
    loginsCount: z.int().meta(doc('Number of logins', '历史总登录次数', 3)),
    lastLogin: time('Time of the last login', '上次登录时间'),
    lastIp: text(64, 'Address of the last login', '上次登录 IP', '127.0.0.1'),
  }),
  gender,
  emailVerified: z.boolean().meta(doc('Whether the email is verified', '邮箱是否验证', true)),
  phoneVerified: z.boolean().meta(doc('Whether the phone is verified', '手机号是否验证', true)),
  ...optionalFields({
    passwordLastSetAt: time('Time the password was last set', '用户上次密码修改时间'),
    ...profileFields,
  }),
  userSourceType: z.enum(sourceTypes).meta(doc('Where the user came from', '来源类型', 'adminCreated')),
  ...optionalFields({
    userSourceId: text(64, 'Application or sync task the user came from', '应用 ID 或者同步任务 ID'),
    lastLoginApp: text(64, 'Application last logged in to', '用户上次登录的应用 ID'),
    mainDepartmentId: text(64, 'Main department', '用户主部门 ID', '624d930c3a1b2c3d4e5c08dd'),
    lastMfaTime: time('Time of the last second factor', '用户上次进行 MFA 认证的时间'),
    passwordSecurityLevel: z.int().meta(doc('Strength of the password: 1 low, 2 medium, 3 high', '密码强度等级', 1)),
    resetPasswordOnNextLogin: z
      .boolean()
      .meta(doc('Whether the password must be changed at the next login', '下次登录要求重置密码', false)),
    registerSource: z.array(z.string()).meta(doc('How the user was registered', '注册方式', ['import:manual'])),
    departmentIds: z
      .array(z.string())
      .meta(doc('Departments of the user, on request', '用户所属部门 ID 列表', ['624d930c3a1b2c3d4e5c08dd'])),
    identities: z.array(IdentityDto).meta(doc('Accounts at identity sources, on request', '外部身份源')),
    identityNumber,
    customData: z
      .record(z.string(), z.unknown())
      .meta(doc('Custom data, on request', '用户的扩展字段数据', { school: '北京大学', age: 22 })),
    metadataSource: z
      .record(z.string(), z.unknown())
      .meta(doc('Data of linked objects', '用户关联的数据对象', { school: '北京大学' })),
    postIdList: z.array(z.string()).meta(doc('Posts of the user, on request', '用户关联的岗位 ID 列表')),
    statusChangedAt: time('Time the state last changed', '用户状态上次修改时间'),
    tenantId: text(64, 'Tenant the user belongs to', '用户所属租户 ID'),
    signedUp: time('Time of registration', '用户注册时间'),
  }),
});

export const UserPagingDto = pageOf('UserPagingDto', UserDto);

export const userCustomDataChanged = event('user.custom_data.changed', {
  webhook: 'user:udv-changed',
  data: z.object({ user: UserDto, updates: changedCustomData }),
});
