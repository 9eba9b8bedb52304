/**
 * What is not mutated: the words of errors and the names of log events. No answer depends on them (errors are told apart
 * by their class, status or reason), and a test that repeats a sentence proves nothing. What is no prose, such as the
 * reason of a WbxmlError or a path, is mutated like any code: prose is a text with a space in it.
 */
const isText = (node) => node.type === 'StringLiteral' || node.type === 'TemplateLiteral';

const wordsOf = (node) =>
  node.type === 'StringLiteral' ? node.value : node.quasis.map((each) => each.value.raw).join('');

const nameOf = (node) => {
  if (node.type === 'Identifier') return node.name;
  if (node.type === 'MemberExpression') return nameOf(node.property);
  return node.type === 'PrivateName' ? node.id.name : '';
};

/** Calls whose argument is the text of an error. */
const makesError = ({ node }) =>
  (node.type === 'NewExpression' && /(Error|Failure)$/.test(nameOf(node.callee))) ||
  (node.type === 'CallExpression' && /^(error|failure)$/.test(nameOf(node.callee)));

const writesLog = ({ node }) =>
  node.type === 'CallExpression' &&
  node.callee.type === 'MemberExpression' &&
  nameOf(node.callee.object) === 'log' &&
  /^(debug|info|warn|error)$/.test(nameOf(node.callee));

export const strykerPlugins = [
  {
    kind: 'Ignore',
    name: 'words',
    value: {
      shouldIgnore(path) {
        if (!isText(path.node)) return undefined;
        if (path.parentPath && writesLog(path.parentPath)) return 'the name of a log event';
        if (wordsOf(path.node).includes(' ') && path.findParent(makesError)) return 'the words of an error';
        return undefined;
      },
    },
  },
];
