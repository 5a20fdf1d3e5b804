import { doc, dto, errors, publicQuery, secret } from '@genauth/contract';
import * as z from 'zod';

export const tokenErrors = errors('token', {
  wrongAccessKey: {
    statusCode: 401,
    message: { en: 'accessKeyId or accessKeySecret is wrong', zh: 'accessKeyId 或 accessKeySecret 错误' },
  },
});

export const AccessTokenResDto = dto('AccessTokenResDto', {
  access_token: z.string().meta(doc('Management token, a JWT', '访问令牌', 'eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl')),
  expires_in: z
    .int()
    .default(7200)
    .meta(doc('Life time in seconds', '令牌有效期，单位：秒', 7200)),
});

export const getManagementToken = publicQuery({
  method: 'POST',
  path: '/api/v3/get-management-token',
  tag: 'Tokens',
  title: { en: 'Get Management Token', zh: '获取 Management API Token' },
  summary: { en: 'Get a management token', zh: '获取 Management API Token' },
  description: {
    en: 'Exchanges an access key for a token that lives two hours. A key may have several live tokens; they die at once when it is disabled or deleted.',
    zh: '使用 AK/SK 换取有效期两小时的令牌。同一密钥可同时拥有多个有效令牌；密钥被禁用或删除后，其令牌立即失效。',
  },
  input: dto('GetManagementAccessTokenDto', {
    accessKeyId: z
      .string()
      .min(1)
      .max(64)
      .meta(doc('Access key id, or the id of the user pool', 'AccessKey ID，或用户池 ID', '6250f12d5dba29bcfcf784b0')),
    accessKeySecret: secret(
      z
        .string()
        .min(1)
        .max(256)
        .meta(doc('Access key secret', 'AccessKey Secret，或用户池密钥', '4ae78d3e579a6dba1aeca7b1e29ec2aa')),
    ),
  }),
  output: AccessTokenResDto,
  answer: 'GetManagementTokenRespDto',
  errors: [tokenErrors.wrongAccessKey],
});
