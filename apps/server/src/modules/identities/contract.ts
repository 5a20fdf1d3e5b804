import { command, doc, dto, errors, event, query } from '@genauth/contract';
import * as z from 'zod';
import {
  IdentityDto,
  identityFields,
  optionalField,
  UserDto,
  userErrors,
  userId,
  userIdType,
} from '../user-directory/contract.ts';

export const identityErrors = errors('identity', {
  alreadyLinked: {
    statusCode: 409,
    message: {
      en: 'This account of the identity source is linked to another user',
      zh: '该身份源账号已绑定其他用户',
    },
  },
  sourceNotFound: {
    statusCode: 404,
    message: { en: 'Identity source not found: {extIdpId}', zh: '身份源不存在：{extIdpId}' },
  },
  otherProvider: {
    statusCode: 400,
    message: {
      en: 'Identity source {extIdpId} is of provider {provider}',
      zh: '身份源 {extIdpId} 的类型为 {provider}',
    },
  },
});

const identityData = z.object({ user: UserDto, identity: IdentityDto });

export const userAccountLinked = event('user.account.linked', { webhook: 'user:link-account', data: identityData });
export const userAccountUnlinked = event('user.account.unlinked', {
  webhook: 'user:unlink-account',
  data: identityData,
});

const tag = 'Users';
const systemUserId = userId.meta(doc('System id of the user', '用户 ID', '6229ffa0a1b2c3d4cade3e3d'));
const isSocial = z
  .boolean()
  .optional()
  .meta(
    doc(
      'Whether the source is a social one. Not needed: ids of sources are unique',
      '是否为社会化身份源，可不传',
      true,
    ),
  );

const success = {
  success: z.boolean().meta(doc('Whether the operation succeeded', '操作是否成功', true)),
};

export const getUserIdentities = query({
  method: 'GET',
  path: '/api/v3/get-user-identities',
  tag,
  title: { en: 'Get User Identities', zh: '获取用户的外部身份源' },
  summary: { en: 'Get the identities of a user', zh: '获取用户的外部身份源' },
  description: {
    en: 'Gets the accounts a user has at identity sources, in the order they were linked. Tokens of the sources are not shown.',
    zh: '获取用户在外部身份源的账号，按绑定时间排序，不返回身份源的令牌。',
  },
  permission: 'user:GetIdentities',
  input: dto('GetUserIdentitiesDto', { userId, userIdType }),
  output: z.array(IdentityDto),
  answer: 'IdentityListRespDto',
  errors: [userErrors.notFound, userErrors.customFieldNotDefined],
});

/** Typed clients send an empty one for what was not given. */
const givenType = optionalField(
  z
    .string()
    .max(64)
    .meta(identityFields.type.meta() ?? {}),
);

export const linkIdentity = command({
  method: 'POST',
  path: '/api/v3/link-identity',
  tag,
  title: { en: 'Link Identity', zh: '绑定外部身份源账号' },
  summary: { en: 'Link an account at an identity source to a user', zh: '将外部身份源账号绑定到用户' },
  description: {
    en: 'Links an account at an identity source that is known already. Linking it to the same user again changes nothing; an account of another user is refused.',
    zh: '将已知身份源中的账号绑定到用户。重复绑定到同一用户不产生变化；已绑定其他用户的账号会被拒绝。',
  },
  permission: 'user:LinkIdentity',
  input: dto('LinkIdentityDto', {
    userIdInIdp: identityFields.userIdInIdp,
    userId: systemUserId,
    extIdpId: identityFields.extIdpId,
    type: givenType.meta(
      doc('Kind of id at the source; `generic` when left out', 'Identity 类型，默认为 generic', 'generic'),
    ),
    isSocial,
  }),
  output: dto('LinkIdentityDataDto', success),
  answer: 'LinkIdentityResDto',
  errors: [userErrors.notFound, identityErrors.sourceNotFound, identityErrors.alreadyLinked],
  audit: { operationType: 'add', resourceType: 'identity' },
  target: 'userId',
  emits: [userAccountLinked],
});

export const unlinkIdentity = command({
  method: 'POST',
  path: '/api/v3/unlink-identity',
  tag,
  title: { en: 'Unlink Identity', zh: '解绑外部身份源账号' },
  summary: { en: 'Unlink the accounts of a user at an identity source', zh: '解绑用户在某身份源的账号' },
  description: {
    en: 'Removes every account the user has at the source, those of one `type` when it is given. A user without any is left as he is, so the call can be repeated safely.',
    zh: '解绑用户在该身份源的所有账号，传 `type` 时仅解绑该类型。没有可解绑的账号时不产生变化，可安全地重复调用。',
  },
  permission: 'user:UnlinkIdentity',
  input: dto('UnlinkIdentity', {
    userId: systemUserId,
    extIdpId: identityFields.extIdpId,
    type: givenType,
    isSocial,
  }),
  output: dto('UnlinkIdentityDataDto', success),
  answer: 'UnlinkIdentityResDto',
  errors: [userErrors.notFound],
  audit: { operationType: 'remove', resourceType: 'identity' },
  target: 'userId',
  emits: [userAccountUnlinked],
});
