const words = {
  credential: { en: 'Credential', zh: '凭证' },
  accessKeyId: { en: 'Access key id (or user pool id)', zh: 'AccessKey ID（或用户池 ID）' },
  accessKeySecret: { en: 'Access key secret (or user pool secret)', zh: 'AccessKey Secret（或用户池密钥）' },
  getToken: { en: 'Get a management token', zh: '获取管理令牌' },
  token: { en: 'Management token', zh: '管理令牌' },
  tokenNote: {
    en: 'It stays in this tab and is sent to this server only.',
    zh: '令牌仅保存在当前标签页中，只会发送到本服务器。',
  },
  tokenIsHere: { en: 'The token is here, for {seconds} seconds.', zh: '已获取令牌，有效期 {seconds} 秒。' },
  parameters: { en: 'Parameters', zh: '参数' },
  noParameters: { en: 'This operation takes no parameters.', zh: '该接口没有参数。' },
  required: { en: 'required', zh: '必填' },
  notSent: { en: '(not sent)', zh: '（不发送）' },
  send: { en: 'Send', zh: '发送' },
  sending: { en: 'Waiting for the answer …', zh: '等待响应…' },
  answer: { en: 'Answer', zh: '响应' },
  asCommand: { en: 'The same in a terminal', zh: '等价的命令行' },
  reference: { en: 'Reference', zh: '接口文档' },
  choose: { en: 'Choose an operation.', zh: '请选择一个接口。' },
  notJson: { en: '{field} is not valid JSON', zh: '{field} 不是合法的 JSON' },
  noServer: { en: 'The server could not be reached: {reason}', zh: '无法连接服务器：{reason}' },
} as const;

const isChinese = document.documentElement.dataset['locale'] === 'zh';

/** A text in the language of the page. */
export function say(key: keyof typeof words, values: Readonly<Record<string, string>> = {}): string {
  const text: string = words[key][isChinese ? 'zh' : 'en'];
  return text.replace(/\{(\w+)\}/g, (_place, name: string) => values[name] ?? '');
}

/** That of two texts which is in the language of the page. */
export function inLanguage({ en, zh }: { readonly en: string; readonly zh: string }): string {
  return isChinese ? zh || en : en;
}
