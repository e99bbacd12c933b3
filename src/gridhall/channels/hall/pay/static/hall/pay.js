// Paying: the button names the amount that is chosen; no connection, no sending; the way on is taken by itself.
const form = document.querySelector("[data-pay]");
if (form) {
  const shown = form.querySelector("[data-pay-amount]");
  const typed = form.querySelector("[data-pay-typed]");
  const other = form.querySelector("[data-other]");
  const yuan = (number) => `¥${number.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
  const tell = () => {
    const boxes = [...form.querySelectorAll("[data-fen-sum]")];
    if (boxes.length) {
      const fen = boxes.filter((box) => box.checked).reduce((sum, box) => sum + Number(box.dataset.fenSum), 0);
      shown.textContent = fen ? yuan(fen / 100) : "";
      return;
    }
    const choice = form.querySelector("[name=choice]:checked");
    const wanted = Number((typed?.value || "").replace(/[,，¥￥\s]/g, ""));
    shown.textContent = choice?.dataset.fen ?? (wanted > 0 ? yuan(wanted) : "");
  };
  form.addEventListener("input", (event) => {
    if (event.target === typed && other) other.checked = true;
    tell();
  });
  form.addEventListener("change", (event) => { if (event.target === other && other.checked) typed.focus(); });
  form.addEventListener("submit", (event) => {
    if (navigator.onLine) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  const offline = form.querySelector("[data-offline]");
  const button = form.querySelector(".pay-send");
  const connection = () => { offline.hidden = navigator.onLine; button.disabled = !navigator.onLine; };
  addEventListener("online", connection); addEventListener("offline", connection); connection(); tell();
}

// The form of a gateway is sent at once; coming back by the back button it waits for a press.
const on = document.querySelector("form[data-go]");
if (on && performance.getEntriesByType("navigation")[0]?.type !== "back_forward") on.submit();

const wechat = document.querySelector("[data-wechat]");
if (wechat) {
  const fields = JSON.parse(document.getElementById(wechat.dataset.wechat).textContent);
  const invoke = () => window.WeixinJSBridge?.invoke("getBrandWCPayRequest", fields, () => { location.href = wechat.dataset.then; });
  wechat.addEventListener("click", invoke);
  if (window.WeixinJSBridge) invoke(); else document.addEventListener("WeixinJSBridgeReady", invoke, { once: true });
}
