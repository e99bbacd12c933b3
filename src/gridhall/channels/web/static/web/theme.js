// Runs before the page is drawn: "as the device" becomes light or dark, and follows the device from then on.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    if (root.dataset.theme === "auto") root.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
    document.dispatchEvent(new CustomEvent("theme-changed"));
  };
  apply();
  dark.addEventListener("change", apply);
})();
