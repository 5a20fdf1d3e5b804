import { command, doc, dto, errors, IsSuccessDto, query } from '@genauth/contract';
import * as z from 'zod';

export const accessKeyErrors = errors('access_key', {
  notFound: { statusCode: 404, message: { en: 'Access key not found', zh: '密钥不存在' } },
  typeUnknown: {
    statusCode: 400,
    message: { en: 'Unknown access key type: {type}. Known: userpool, tenant, user', zh: '未知的密钥类型：{type}' },
  },
  userNotFound: { statusCode: 404, message: { en: 'User not found', zh: '用户不存在' } },
  tenantNotFound: { statusCode: 404, message: { en: 'Tenant not found', zh: '租户不存在' } },
});

const accessKeyId = z
  .string()
  .min(1)
  .max(64)
  .meta(doc('Access key id', 'AccessKey Id', '64f0c2a1b3d4e5f60718293a'));
const userId = z
  .string()
  .max(64)
  .meta(doc('User the key belongs to', '密钥所属用户 ID', '623c20b2a062aaaaf41b17da'));
const tenantId = z
  .string()
  .max(64)
  .meta(doc('Tenant the key belongs to', '密钥所属租户 ID', '623c20b2a062aaaaf41b17da'));
const type = z
  .string()
  .min(1)
  .max(64)
  .meta(doc('Type of key: `userpool`, `tenant` or `user`', '密钥类型', 'userpool'));

function accessKeyFields(secretDescription: ReturnType<typeof doc>) {
  return {
    accessKeyId,
    accessKeySecret: z.string().meta(secretDescription),
    userId: userId.nullable(),
    createdAt: z.iso.datetime().meta(doc('Time of creation', '创建时间', '2022-03-17T05:23:01.567Z')),
    status: z.enum(['activated', 'staging', 'revoked']).meta(doc('State of the key', '密钥状态', 'activated')),
    lastDate: z.iso
      .datetime()
      .nullable()
      .meta(doc('Last use, to the minute', '最后使用时间', '2022-03-17T05:23:01.567Z')),
    userPoolId: z.string().meta(doc('User pool of the key', '密钥所属用户池 ID', '623c20b2a062aaaaf41b17db')),
    enable: z.boolean().meta(doc('Whether the key may be used', '密钥是否生效', true)),
  };
}

const masked = doc('Always masked: the secret is shown only once, on creation', '仅创建时返回明文', '********');
const CreateAccessKeyRespDto = dto(
  'CreateAccessKeyRespDto',
  accessKeyFields(
    doc('The secret. Shown only this once', '密钥，仅此一次返回明文', '4ae78d3e579a6d3c1aeca7b1e29ec2aa'),
  ),
);
const GetAccessKeyRespDto = dto('GetAccessKeyRespDto', accessKeyFields(masked));
const ListAccessKeyRespDto = dto('ListAccessKeyRespDto', accessKeyFields(masked));

const tag = 'Access Keys';

export const createAccessKey = command({
  method: 'POST',
  path: '/api/v3/create-access-key',
  tag,
  title: { en: 'Create Access Key', zh: '创建协作管理员 AK/SK' },
  summary: { en: 'Create an access key', zh: '创建 AK/SK' },
  description: {
    en: 'Creates an access key: for the whole user pool, or, with `userId`, for one administrator. The secret is shown only in this answer. The payload is a list of one.',
    zh: '创建 AK/SK：默认属于整个用户池；传 `userId` 时属于该管理员。密钥明文仅在本次响应中返回。',
  },
  permission: 'accessKey:Create',
  input: dto('CreateAccessKeyDto', { type, userId: userId.optional(), tenantId: tenantId.optional() }),
  output: z.array(CreateAccessKeyRespDto),
  answer: 'CreateAccessKeyResponseDto',
  errors: [accessKeyErrors.typeUnknown, accessKeyErrors.userNotFound, accessKeyErrors.tenantNotFound],
  audit: { operationType: 'create', resourceType: 'accessKey' },
  emits: [],
});

export const deleteAccessKey = command({
  method: 'POST',
  path: '/api/v3/delete-access-key',
  tag,
  title: { en: 'Delete Access Key', zh: '删除 AK/SK' },
  summary: { en: 'Delete an access key', zh: '删除 AK/SK' },
  description: {
    en: 'Deletes an access key. Signatures and tokens of the key are refused from this moment on.',
    zh: '删除 AK/SK，该密钥的签名及令牌立即失效。',
  },
  permission: 'accessKey:Delete',
  input: dto('DeleteAccessKeyDto', { accessKeyId }),
  output: undefined,
  answer: 'CommonResponseDto',
  errors: [accessKeyErrors.notFound],
  audit: { operationType: 'delete', resourceType: 'accessKey' },
  target: 'accessKeyId',
  emits: [],
});

export const getAccessKey = query({
  method: 'GET',
  path: '/api/v3/get-access-key',
  tag,
  title: { en: 'Get Access Key', zh: '获取 AK/SK 详情' },
  summary: { en: 'Get an access key', zh: '获取 AK/SK 详情' },
  description: {
    en: 'Gets an access key, its secret masked. With `userId` the key must belong to that user. The payload is a list of one.',
    zh: '获取 AK/SK 详情，密钥不返回明文。传 `userId` 时密钥必须属于该用户。',
  },
  permission: 'accessKey:Get',
  input: dto('GetAccessKeyDto', { userId: userId.optional(), accessKeyId }),
  output: z.array(GetAccessKeyRespDto),
  answer: 'GetAccessKeyResponseDto',
  errors: [accessKeyErrors.notFound],
});

export const getAccessKeyList = query({
  method: 'GET',
  path: '/api/v3/list-access-key',
  tag,
  title: { en: 'List Access Keys', zh: '获取 AK/SK 列表' },
  summary: { en: 'List access keys', zh: '获取 AK/SK 列表' },
  description: {
    en: 'Lists the access keys of the user pool, oldest first, secrets masked. Every filter that is given must match.',
    zh: '获取用户池的 AK/SK 列表，按创建时间升序，密钥不返回明文。',
  },
  permission: 'accessKey:List',
  input: dto('ListAccessKeyDto', {
    userId: userId.optional(),
    tenantId: tenantId.optional(),
    type: type.optional(),
    status: z
      .array(z.string())
      .max(10)
      .optional()
      .meta(doc('States to list', '密钥状态', ['activated'])),
  }),
  output: z.array(ListAccessKeyRespDto),
  answer: 'ListAccessKeyResponseDto',
  errors: [accessKeyErrors.tenantNotFound],
});

export const updateAccessKey = command({
  method: 'POST',
  path: '/api/v3/update-access-key',
  tag,
  title: { en: 'Update Access Key', zh: '更新单个 AK/SK' },
  summary: { en: 'Enable or disable an access key', zh: '启用或禁用 AK/SK' },
  description: {
    en: 'Enables or disables an access key. Tokens issued before it was disabled stay refused when it is enabled again.',
    zh: '启用或禁用 AK/SK。禁用前签发的令牌立即失效，重新启用后也不会恢复。',
  },
  permission: 'accessKey:Update',
  input: dto('UpdateAccessKeyDto', {
    enable: z.boolean().meta(doc('Whether the key may be used', '密钥是否生效', true)),
    accessKeyId,
  }),
  output: IsSuccessDto,
  answer: 'IsSuccessRespDto',
  errors: [accessKeyErrors.notFound],
  audit: { operationType: 'update', resourceType: 'accessKey' },
  target: 'accessKeyId',
  emits: [],
});
