import { errors } from '@genauth/contract';

/** What can be wrong with a file as a whole; its import has failed then. */
export const importFileErrors = errors('import_file', {
  notUtf8: {
    statusCode: 400,
    message: {
      en: 'The file is not UTF-8 (near byte {at}). Save it as "CSV UTF-8"',
      zh: '文件编码不是 UTF-8（约第 {at} 字节），请另存为“CSV UTF-8”格式',
    },
  },
  rowTooLarge: {
    statusCode: 400,
    message: {
      en: 'The row after row {row} is larger than {maxBytes} bytes. Is a quotation mark not closed?',
      zh: '第 {row} 行之后的行超过 {maxBytes} 字节，可能存在未闭合的引号',
    },
  },
  empty: { statusCode: 400, message: { en: 'The file has no row with the names of columns', zh: '文件缺少列名行' } },
  unknownColumn: {
    statusCode: 400,
    message: {
      en: 'Unknown column: {column}. Name its field in `columns`, or null to leave it out',
      zh: '未知的列：{column}，请在 `columns` 中指定对应字段，或设为 null 忽略',
    },
  },
  otherSeparator: {
    statusCode: 400,
    message: {
      en: 'The columns are separated by {separator} rather than by commas. Save the file as "CSV UTF-8"',
      zh: '列之间以 {separator} 而非逗号分隔，请另存为以逗号分隔的“CSV UTF-8”格式',
    },
  },
  columnTwice: {
    statusCode: 400,
    message: { en: 'Two columns for the field {field}', zh: '字段 {field} 对应了多列' },
  },
});

/** What can be wrong with a row; the rows around it are imported. */
export const importRowErrors = errors('import_row', {
  ragged: {
    statusCode: 400,
    message: {
      en: 'The row has {cells} cells, the file {columns} columns',
      zh: '该行有 {cells} 个单元格，列数应为 {columns}',
    },
  },
  columnWithoutName: {
    statusCode: 400,
    message: {
      en: 'There is a value in column {column}, which has no name',
      zh: '第 {column} 列没有列名，但有值',
    },
  },
  notJson: { statusCode: 400, message: { en: 'The line is not a JSON object', zh: '该行不是合法的 JSON 对象' } },
  unknownField: { statusCode: 400, message: { en: 'Unknown field: {field}', zh: '未知字段：{field}' } },
});
