// What the toolbar makes of a text. Pure functions: a state {value, start, end} in, the next one out.

const around = (mark) => ({ value, start, end }) => {
  const inside = value.slice(start, end);
  const before = value.slice(0, start);
  const after = value.slice(end);
  const n = mark.length;
  if (before.endsWith(mark) && after.startsWith(mark) && !(mark === '*' && before.endsWith('**') && !before.endsWith('***'))) {
    return { value: before.slice(0, -n) + inside + after.slice(n), start: start - n, end: end - n };
  }
  if (inside.length >= 2 * n && inside.startsWith(mark) && inside.endsWith(mark)) {
    const bare = inside.slice(n, -n);
    return { value: before + bare + after, start, end: start + bare.length };
  }
  const lead = inside.match(/^\s*/)[0];
  const trail = inside.trim() ? inside.match(/\s*$/)[0] : '';
  const core = inside.slice(lead.length, inside.length - trail.length);
  const at = start + lead.length + n;
  return { value: before + lead + mark + core + mark + trail + after, start: at, end: at + core.length };
};

/** changes the lines that are selected; make(line, i) gives the new one. */
const lines = ({ value, start, end }, make) => {
  const from = value.lastIndexOf('\n', start - 1) + 1;
  const stop = value.indexOf('\n', end > start && value[end - 1] === '\n' ? end - 1 : end);
  const to = stop < 0 ? value.length : stop;
  const next = value.slice(from, to).split('\n').map(make).join('\n');
  return { value: value.slice(0, from) + next + value.slice(to), start: from, end: from + next.length };
};

const begun = /^(#{1,6} |> ?|[-*+] |\d+[.)] )/;

const prefix = (sign, has) => (state) => {
  const all = [];
  lines(state, (l) => { all.push(l); return l; });
  const off = all.filter((l) => l.trim()).every((l) => has.test(l)) && all.some((l) => l.trim());
  let n = 0;
  return lines(state, (l) => {
    if (off) return l.replace(has, '');
    if (!l.trim() && all.length > 1) return l;
    n += 1;
    return sign(n) + l.replace(begun, '');
  });
};

/** puts a block on lines of its own. */
export const block = ({ value, start, end }, text) => {
  const before = value.slice(0, start).replace(/[ \t]+$/, '');
  const after = value.slice(end).replace(/^[ \t]+/, '');
  const lead = !before ? '' : before.endsWith('\n\n') ? '' : before.endsWith('\n') ? '\n' : '\n\n';
  const trail = !after ? '\n' : after.startsWith('\n\n') ? '' : after.startsWith('\n') ? '\n' : '\n\n';
  const at = before.length + lead.length;
  return { value: before + lead + text + trail + after, start: at, end: at + text.length };
};

/** puts words where the selection is. */
export const insert = ({ value, start, end }, text) => ({
  value: value.slice(0, start) + text + value.slice(end), start: start + text.length, end: start + text.length,
});

const fence = (state) => {
  const inside = state.value.slice(state.start, state.end);
  if (!inside.includes('\n')) return around('`')(state);
  return block(state, `\`\`\`\n${inside.replace(/^\n+|\n+$/g, '')}\n\`\`\``);
};

export const commands = {
  bold: around('**'),
  italic: around('*'),
  heading2: prefix(() => '## ', /^## /),
  heading3: prefix(() => '### ', /^### /),
  list: prefix(() => '- ', /^[-*+] /),
  numbers: prefix((n) => `${n}. `, /^\d+[.)] /),
  quote: prefix(() => '> ', /^> ?/),
  code: fence,
  table: (state) => block(state, '|   |   |\n|---|---|\n|   |   |\n|   |   |'),
};

/** is what stands between square brackets, so that it ends there. */
export const bracketed = (words) => words.replace(/\s+/g, ' ').trim().replace(/[\\[\]]/g, '\\$&');

/** goes on with a list or quotation on the next line; null where there is none. */
export const onward = ({ value, start, end }) => {
  if (start !== end) return null;
  const from = value.lastIndexOf('\n', start - 1) + 1;
  const line = value.slice(from, start);
  const found = line.match(/^(\s*)([-*+] |> ?|(\d+)([.)]) )/);
  if (!found) return null;
  if (line.length === found[0].length) return { value: value.slice(0, from) + value.slice(start), start: from, end: from };
  const sign = found[3] ? `${Number(found[3]) + 1}${found[4]} ` : found[2];
  return insert({ value, start, end }, `\n${found[1]}${sign}`);
};
