import { errors } from '@genauth/contract';

/** Failures any operation can answer with; none of them is declared by the operations themselves. */
export const requestErrors = errors('request', {
  fieldMissing: { statusCode: 400, message: { en: '{field} should not be empty', zh: '参数 {field} 不能为空' } },
  fieldMalformed: { statusCode: 400, message: { en: 'Parameter {field} is malformed', zh: '参数 {field} 格式错误' } },
  bodyMalformed: {
    statusCode: 400,
    message: { en: 'The body is not a JSON object', zh: '请求体不是合法的 JSON 对象' },
  },
  bodyTooLarge: {
    statusCode: 413,
    message: { en: 'The body is larger than {maxBytes} bytes', zh: '请求体超过 {maxBytes} 字节' },
  },
  headersTooLarge: { statusCode: 431, message: { en: 'The headers are too large', zh: '请求头过大' } },
  notHttp: { statusCode: 400, message: { en: 'The request is not valid HTTP', zh: '请求不是合法的 HTTP 报文' } },
  routeNotFound: {
    statusCode: 404,
    message: { en: 'No such operation: {method} {path}', zh: '接口不存在：{method} {path}' },
  },
  tooManyRequests: {
    statusCode: 429,
    message: { en: 'Too many requests, please try again later', zh: '请求过于频繁，请稍后再试' },
  },
  forbidden: { statusCode: 403, message: { en: 'Not allowed: {permission}', zh: '没有权限：{permission}' } },
  unexpected: {
    statusCode: 500,
    message: {
      en: 'Unexpected error. Please name the requestId to support',
      zh: '服务器内部错误，请联系管理员并提供 requestId',
    },
  },
  unavailable: {
    statusCode: 503,
    message: { en: 'Temporarily unavailable, please try again', zh: '服务暂不可用，请稍后再试' },
  },
});

/** Failures of the credential. apiCodes 1300 to 1306 are V3's. */
export const credentialErrors = errors('credential', {
  missing: { statusCode: 401, message: { en: 'No credential was sent', zh: '未提供身份凭证' } },
  invalidToken: { statusCode: 401, message: { en: 'The token is invalid or expired', zh: '登录信息无效或已过期' } },
  invalidSignature: {
    statusCode: 401,
    apiCode: 1300,
    message: { en: 'The signature is not valid', zh: 'AK/SK 签名校验失败' },
  },
  signatureMethod: {
    statusCode: 401,
    apiCode: 1301,
    message: { en: 'The signature method must be HMAC-SHA1', zh: '签名方法必须为 HMAC-SHA1' },
  },
  signatureVersion: {
    statusCode: 401,
    apiCode: 1302,
    message: { en: 'The signature version must be 1.0', zh: '签名版本必须为 1.0' },
  },
  dateMalformed: {
    statusCode: 401,
    apiCode: 1303,
    message: { en: 'The signature date is malformed', zh: '签名时间格式错误' },
  },
  dateMissing: {
    statusCode: 401,
    apiCode: 1304,
    message: { en: 'A signed request needs a date header', zh: '签名请求缺少 date 请求头' },
  },
  clockSkew: {
    statusCode: 401,
    apiCode: 1305,
    message: { en: 'The signature date is too far from the time of the server', zh: '签名时间与服务器时间相差过大' },
  },
  nonceUsed: {
    statusCode: 401,
    apiCode: 1306,
    message: { en: 'The signature was already used', zh: '签名已被使用' },
  },
  userPoolMismatch: {
    statusCode: 403,
    message: { en: 'The credential belongs to another user pool', zh: '身份凭证不属于该用户池' },
  },
});
