// The editor of tariff documents: Ace over the form's own text area, which stays what is sent and works without scripts.
(() => {
  const area = document.querySelector("[data-editor]");
  if (!area || !window.ace) return;
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  ace.config.set("useStrictCSP", true);
  ace.config.set("loadWorkerFromBlob", false);

  const place = document.createElement("div");
  place.className = "code";
  area.after(place);
  area.hidden = true;
  document.querySelector("[data-editor-hint]")?.removeAttribute("hidden");
  document.querySelector(`label[for="${area.id}"]`)?.addEventListener("click", () => editor.focus());

  const editor = ace.edit(place, {
    value: area.value, mode: "ace/mode/yaml", useWorker: false, tabSize: 2, useSoftTabs: true, showPrintMargin: false,
    enableBasicAutocompletion: true, enableLiveAutocompletion: true, fontSize: 14, animatedScroll: !still.matches,
    enableKeyboardAccessibility: true, scrollPastEnd: 0.2, wrap: matchMedia("(max-width: 48rem)").matches,
  });
  editor.renderer.textarea?.setAttribute?.("aria-label", area.dataset.label);
  editor.textInput.getElement().setAttribute("aria-label", area.dataset.label);
  editor.setOption("textInputAriaLabel", area.dataset.label);
  const paint = () => editor.setTheme(`ace/theme/${document.documentElement.dataset.bsTheme === "dark" ? "github_dark" : "github_light_default"}`);
  paint();
  document.addEventListener("theme-changed", paint);

  editor.session.on("change", () => {
    area.value = editor.getValue();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  });

  fetch(area.dataset.schema, { credentials: "same-origin" }).then((answer) => answer.ok ? answer.json() : null).then((schema) => {
    if (!schema) return;
    const offers = window.gridhallCompletion(schema);
    editor.completers = [{
      identifierRegexps: [/[\w-]/],
      getCompletions: (_editor, session, at, _prefix, done) => done(null, offers(session.getValue(), at.row, at.column).map((each) => ({ caption: each.name, value: each.value, meta: each.meta, score: each.score, docText: each.about }))),
    }];
  });

  // Problems stand in the gutter; a press on one in the list leads to its line.
  const mark = () => editor.session.setAnnotations([...document.querySelectorAll("#problems [data-problem]")].map((each) => ({ row: Number(each.dataset.line) - 1, column: 0, text: each.dataset.said, type: each.dataset.kind })));
  mark();
  document.addEventListener("htmx:afterSettle", mark);
  document.addEventListener("click", (event) => {
    const problem = event.target.closest("#problems [data-problem]");
    if (!problem) return;
    event.preventDefault();
    editor.gotoLine(Number(problem.dataset.line), 0, !still.matches);
    editor.focus();
  });

  let left = area.value;
  area.form.addEventListener("submit", () => { left = editor.getValue(); });
  addEventListener("beforeunload", (event) => { if (editor.getValue() !== left) event.preventDefault(); });
})();
