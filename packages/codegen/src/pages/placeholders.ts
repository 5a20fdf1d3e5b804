/** What a reader replaces in a sample. The tests that run the samples replace the same. */
export const placeholders = {
  host: 'http://127.0.0.1:3000',
  accessKeyId: 'YOUR_ACCESS_KEY_ID',
  accessKeySecret: 'YOUR_ACCESS_KEY_SECRET',
} as const;
