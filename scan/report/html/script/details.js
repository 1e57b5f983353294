// The dialog that tells everything about one finding or package.

const dialog = byId("details");

// facts makes a list of labels and values; empty ones are left out.
function factList(pairs) {
  const shown = pairs.filter(([, value]) => value !== "" && value !== null && value !== undefined && value.length !== 0);
  return el("dl", { className: "facts" }, shown.map(([label, value]) => el("div", {}, el("dt", {}, label), el("dd", {}, value))));
}

const lines = (list) => (list ?? []).map((text) => el("div", {}, text));

function layerFact(layer) {
  if (layer === noLayer) return "";
  return [el("div", {}, [layer.where, layer.base ? "base image" : "", layer.stage ? `stage ${layer.stage}` : ""].filter(Boolean).join(" · ")),
    el("code", {}, layer.name), layer.base && layer.instruction ? el("code", {}, layer.instruction) : null];
}

function decisionFact(f) {
  if (!f.decided.action) return "";
  const d = f.decided;
  const rule = d.rule && d.rule !== "none" ? [" by rule ", el("code", {}, d.rule)] : [];
  const where = d.policy ? [" in ", el("code", {}, d.policy)] : [];
  return [
    el("div", {}, actionTag(f.action), ...rule, ...where, d.expires ? ` until ${d.expires}` : ""),
    d.message ? el("div", {}, d.message) : null,
    d.helpURL ? el("div", {}, outside(d.helpURL)) : null,
  ];
}

function showFinding(f) {
  const a = f.known;
  const p = f.in;
  const list = current.matches ?? [];
  const place = list.indexOf(f);
  const step = (by) => el("button", {
    type: "button", className: "quiet", disabled: place < 0 || !list[place + by], id: by < 0 ? "previous" : "next",
    onclick: () => update({ finding: String(list[place + by].index + 1) }),
  }, by < 0 ? "← Previous" : "Next →");
  const text = [f.text, a.summary].filter((t) => t && t !== f.subject);
  show(f.id, [severityTag(f), actionTag(f.action), a.kev ? el("span", { className: "tag" }, "exploited") : null], [step(-1), step(1)], [
    el("p", { className: "subject" }, [f.subject, f.version].filter(Boolean).join(" ")),
    ...text.map((t) => el("p", {}, t)),
    factList([
      ["Decision", decisionFact(f)],
      ["Fix", f.kind === "vulnerability" ? (f.fix ? `${/^\d|,/.test(f.fix) ? "in " : ""}${f.fix}` : "none known") : ""],
      ["Brought in by", layerFact(f.on)],
      ["First brought in by", p?.first ? layerFact(at(data.layers, p.first, noLayer)) : ""],
      ["Found in", p?.path ?? ""],
      ["Stages", stagesOf(f)],
      ["Platforms", platformsOf(f)],
      ["Also known as", lines(a.aliases)],
      ["CVSS", lines(a.cvss)],
      ["EPSS", a.epssText ?? ""],
      ["Exploited", a.kev ?? ""],
      ["Published", a.published ?? ""],
      ["Package", p ? el("a", { href: `#package=${f.package}` }, `All findings of ${p.name}`) : ""],
      ["Source package", p?.source ?? ""],
      ["Package URL", lines(p?.purls)],
      ...(f.facts ?? []),
      ["Links", [...(f.url ? [f.url] : []), ...(a.urls ?? [])].map((u) => el("div", {}, outside(u)))],
    ]),
  ]);
}

function showPackage(p) {
  show(`${p.name} ${p.version ?? ""}`, [el("span", { className: "tag plain" }, p.type)], [], [
    factList([
      ["Findings", p.findings ? el("a", { href: `#package=${p.index + 1}` }, plural(p.findings, "finding", "findings")) : "none"],
      ["Licences", p.licenses ?? ""],
      ["Brought in by", layerFact(p.on)],
      ["First brought in by", p.first ? layerFact(at(data.layers, p.first, noLayer)) : ""],
      ["Found in", p.path ?? ""],
      ["Declared", p.declared ? "by a lock file or manifest; not seen installed" : ""],
      ["Source package", p.source ?? ""],
      ["Stages", stagesOf(p)],
      ["Platforms", platformsOf(p)],
      ["Package URL", lines(p.purls)],
    ]),
  ]);
}

function show(title, tags, steps, content) {
  const focused = document.activeElement?.id;
  dialog.replaceChildren(
    el("div", { className: "bar" }, el("div", { className: "tags" }, tags), ...steps,
      el("button", { type: "button", className: "quiet", id: "close", onclick: () => dialog.close() }, "Close")),
    el("h2", { id: "details-title" }, title), ...content);
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  const again = ["previous", "next"].includes(focused) ? byId(focused) : null;
  (again && !again.disabled ? again : byId("close")).focus();
}

dialog.addEventListener("click", (event) => {
  if (event.target === dialog || event.target.closest("a[href^='#']")) dialog.close();
});

dialog.addEventListener("close", () => {
  const index = current.items.findIndex((x) => !x.heading && String(x.index + 1) === state.finding);
  if (!state.finding) return;
  update({ finding: "" });
  current.table.window.focus(index);
});
