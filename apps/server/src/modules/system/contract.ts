import { doc, dto, publicQuery } from '@genauth/contract';
import * as z from 'zod';

const version = z.string().meta(doc('Version', '版本', '2.0.0'));

/** The names are V3's, letter by letter. */
const SystemInfo = z.object({
  rsa: dto('SystmeInfoRSAConfig', {
    publicKey: z
      .string()
      .meta(
        doc(
          'RSA key, PEM; passwords are padded as PKCS#1 v1.5 and sent in base64',
          'RSA 公钥（PEM），密码使用 PKCS#1 v1.5 填充加密后以 Base64 传输',
        ),
      ),
  }),
  sm2: dto('SystmeInfoSM2Config', {
    publicKey: z
      .string()
      .meta(
        doc(
          'SM2 key, a point in hex; passwords are sent in hex, C1C3C2 or C1C2C3',
          'SM2 公钥（十六进制），密码加密后以十六进制传输，支持 C1C3C2 与 C1C2C3',
        ),
      ),
  }),
  version: dto('SystmeInfoVersion', { server: version, console: version, login: version }),
  publicIps: z
    .array(z.string())
    .meta(doc('Addresses this instance calls others from', '公网 IP 列表', ['203.0.113.7'])),
});

export const getSystemInfo = publicQuery({
  method: 'GET',
  path: '/api/v3/system',
  tag: 'Public Information',
  title: { en: 'Get System Info', zh: '获取服务器公开信息' },
  summary: { en: 'Get what is public of this instance', zh: '获取服务器公开信息' },
  description: {
    en: 'Answers the version, the public addresses, and the keys that passwords can be encrypted for (`passwordEncryptType`). Needs no credential. The fields come at the top of the answer, not below `data`.',
    zh: '获取服务器公开信息，包含版本、公网 IP，以及密码加密所用的公钥（`passwordEncryptType`）。无需身份凭证。字段位于响应顶层，而非 `data` 内。',
  },
  input: z.object({}),
  output: SystemInfo,
  hasPayloadOnlyAtTop: true,
  answer: 'SystemInfoResp',
  errors: [],
});
