// Passkeys are offered where the browser knows them, and what goes wrong is said beside the button.
if (window.PublicKeyCredential) document.querySelectorAll("[data-passkey]").forEach((part) => { part.hidden = false; });
document.addEventListener("allauth.error", () => {
  document.querySelectorAll("[data-passkey-error]").forEach((text) => { text.hidden = false; });
});
