import { command, doc, dto, errors } from '@genauth/contract';
import * as z from 'zod';
import { userIds } from '../user-directory/contract.ts';

export const passwordErrors = errors('password', {
  unknownHash: {
    statusCode: 400,
    message: {
      en: '{field} is not a password hash of a known kind, so it cannot be kept',
      zh: '{field} 不是可识别的密码哈希，无法原样保存',
    },
  },
  hashTooCostly: {
    statusCode: 400,
    message: {
      en: '{field} is a password hash that would take too much time or memory to check',
      zh: '{field} 的密码哈希验证所需的时间或内存过高',
    },
  },
  exportDisabled: {
    statusCode: 403,
    message: {
      en: 'Password hashes are not handed out by this instance',
      zh: '该实例未开启密码哈希导出',
    },
  },
  exportByPoolKey: {
    statusCode: 403,
    message: {
      en: 'Password hashes are handed out to the key of the user pool itself alone',
      zh: '仅用户池自身的密钥可以导出密码哈希',
    },
  },
});

const PasswordHash = dto('GetUserEncryptPasswordBatchDataDto', {
  userId: z.string().meta(doc('Id of the user', '用户 ID', '6229ffa0a1b2c3d4cade3e3d')),
  encryptedPassword: z
    .string()
    .meta(doc('Password hash as it is stored', '密码哈希', '$argon2id$v=19$m=7168,t=5,p=1$c2FsdA$aGFzaA')),
  salt: z
    .string()
    .nullable()
    .meta(doc('Salt of a kept hash that does not carry its own', '随原样保存的密码导入的盐', 'dgisaeieruur')),
});

export const getUserEncryptPasswordBatch = command({
  method: 'POST',
  path: '/api/v3/batch-get-user-encrypt-password',
  tag: 'Users',
  title: { en: 'Get Password Hashes in Batch', zh: '批量获取用户密码哈希' },
  summary: { en: 'Get the password hashes of up to 50 users', zh: '批量获取用户密码哈希，最多 50 个' },
  description: {
    en: 'For moving users elsewhere: the stored hashes, in the order of the ids; users without a password are left out. Off unless the instance is set up with `GENAUTH_PASSWORD_HASH_EXPORT`, open to the key of the user pool itself alone, and audited although nothing changes.',
    zh: '用于迁移用户：按传入 ID 的顺序返回已保存的密码哈希，没有密码的用户会被忽略。默认关闭，需通过 `GENAUTH_PASSWORD_HASH_EXPORT` 开启；仅用户池自身的密钥可用，且会记录审计日志。',
  },
  permission: 'user:ExportPassword',
  input: dto('GetUserEncryptPasswordBatchDto', { userIds }),
  output: z.array(PasswordHash),
  answer: 'GetUserEncryptPasswordBatchRespDto',
  errors: [passwordErrors.exportDisabled, passwordErrors.exportByPoolKey],
  audit: { operationType: 'export', resourceType: 'user' },
  emits: [],
});
