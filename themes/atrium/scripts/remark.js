// Comments on passages: a button under what was written takes the passage that is selected there over into the comment, as a quote.
const plain = (text) => text.replace(/\s+/g, ' ').trim();

for (const place of document.querySelectorAll('[data-passages]')) {
  const field = document.getElementsByName(place.dataset.passages)[0];
  const line = place.parentElement.querySelector('[data-remark]');
  if (!field || !line) continue;
  line.hidden = false;
  const button = line.querySelector('button');
  const said = line.querySelector('[role=status]');
  let chosen = '';
  document.addEventListener('selectionchange', () => {
    const selection = getSelection();
    if (!selection.isCollapsed && place.contains(selection.anchorNode) && place.contains(selection.focusNode)) {
      const part = selection.getRangeAt(0).cloneContents();
      const numbers = part.querySelectorAll('.remark-number');
      for (const number of numbers) number.remove();
      for (const block of part.querySelectorAll('p, li, br, div, h1, h2, h3, h4, h5, h6, td, th, tr, pre, blockquote')) {
        block.before(' ');
        block.after(' ');
      }
      chosen = plain(numbers.length ? part.textContent : selection.toString());
    }
  });
  button.addEventListener('click', () => {
    said.textContent = chosen ? '' : said.dataset.none;
    if (!chosen) return;
    const before = field.value.trimEnd();
    field.value = `${before}${before && '\n\n'}> ${chosen}\n`;
    chosen = '';
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
    field.dispatchEvent(new Event('input', { bubbles: true }));
  });
}
