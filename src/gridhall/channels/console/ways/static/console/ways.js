"use strict";
/* The editor of an article: pictures are put where the cursor is, films into their field. Without this, their names are typed. */
(() => {
  const body = document.querySelector("[data-editor]");
  const film = document.querySelector("[data-film]");
  if (!body) return;
  const reveal = () => {
    for (const button of document.querySelectorAll("[data-insert], [data-take-film]")) button.hidden = false;
  };
  reveal();
  document.addEventListener("htmx:afterSettle", reveal);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert], [data-take-film]");
    if (!button) return;
    if (button.dataset.takeFilm) {
      film.value = button.dataset.takeFilm;
      film.focus();
      return;
    }
    const text = button.dataset.insert;
    const before = body.value.slice(0, body.selectionStart);
    const lead = before === "" || before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
    body.setRangeText(`${lead}${text}\n`, body.selectionStart, body.selectionEnd, "end");
    body.focus();
    body.dispatchEvent(new KeyboardEvent("keyup", { bubbles: true }));
  });
})();
