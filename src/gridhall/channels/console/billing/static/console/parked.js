// The work list: choose all on the page, and how many are chosen.
(() => {
  const form = document.querySelector("[data-bulk]");
  if (!form) return;
  const all = form.querySelector("[data-all]");
  const boxes = [...form.querySelectorAll("input[name=item]")];
  const count = form.querySelector("[data-count]");
  if (!all || !boxes.length) return;
  all.hidden = false;
  const show = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    all.checked = chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
    if (count) count.textContent = chosen ? chosen.toLocaleString(document.documentElement.lang) : "";
  };
  all.addEventListener("change", () => { boxes.forEach((box) => { box.checked = all.checked; }); show(); });
  form.addEventListener("change", show);
  show();
})();
