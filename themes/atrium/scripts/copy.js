// Buttons that copy what is in a field: shown only where the browser has a clipboard to write to.
const wait = 2000;

for (const button of document.querySelectorAll('[data-copy]')) {
  const field = document.getElementById(button.dataset.copy);
  field.addEventListener('focus', () => field.select());
  if (!navigator.clipboard) continue;
  button.hidden = false;
  const words = button.firstChild;
  const before = words.textContent;
  let timer = 0;
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      field.focus();
      return;
    }
    words.textContent = button.dataset.copied;
    clearTimeout(timer);
    timer = setTimeout(() => { words.textContent = before; }, wait);
  });
}
