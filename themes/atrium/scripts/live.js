// Keeps a part of a page up to date while something is being done: the page is asked for again every few seconds, and the part is put in
// place of the one that is there, until it says no more that something is going on. Without it the page has a link to look again.
const every = 3000;

const look = async () => {
  const here = document.querySelector('[data-live]');
  if (!here) return;
  if (!document.hidden && !here.contains(document.activeElement)) {
    try {
      const answer = await fetch(location.pathname, { headers: { Accept: 'text/html' } });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const next = page.getElementById(here.id);
      if (!next) return;
      here.replaceWith(document.adoptNode(next));
    } catch { /* no connection: the next round */ }
  }
  setTimeout(look, every);
};

setTimeout(look, every);
