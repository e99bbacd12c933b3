// Arrow keys move through what a search found; Enter follows the link, as always.
document.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const links = [...document.querySelectorAll("[data-result]")];
  if (!links.length) return;
  const at = links.indexOf(document.activeElement);
  const typing = document.activeElement?.matches("input, textarea, select");
  if (at < 0 && typing && event.key === "ArrowUp") return;
  event.preventDefault();
  const to = event.key === "ArrowDown" ? Math.min(at + 1, links.length - 1) : at - 1;
  if (to < 0) document.querySelector("[data-hotkey='/']")?.focus();
  else links[to].focus();
});
