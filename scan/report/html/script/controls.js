// The filter: search, choices with counts, and lists to choose from.

const cleared = () => ({
  q: "", severity: new Set(), decision: new Set(), kind: new Set(),
  from: "", fix: "", exploited: "", stage: "", platform: "", layer: "", package: "", sort: "", order: "", finding: "",
});

const present = (list, value) => list.filter((v) => data.findings.some((f) => value(f) === v));

const choices = [
  { key: "severity", label: "Severity", values: present(severities, (f) => f.severity) },
  { key: "decision", label: "Decision", values: present(actions, (f) => f.action) },
  { key: "kind", label: "Kind", values: present(kinds, (f) => f.kind) },
];

const stageOptions = () => {
  const stages = [...new Set(data.stages.map((s) => s.name))];
  const options = [["", "All stages"], ["@image", "The image"]];
  if (data.stages.length > 1) options.push(["@build", "Build stages only"], ...stages.map((s) => [s, s]));
  return options;
};

const lists = [
  { key: "from", label: "Whose", views: ["findings", "packages"], options: [["", "Base and own"], ["own", "Own instructions"], ["base", "Base image"]] },
  { key: "fix", label: "Fix", views: ["findings"], options: [["", "Any fix"], ["yes", "Fix available"], ["no", "No fix"]] },
  { key: "stage", label: "Stage", views: ["findings", "packages"], options: stageOptions() },
  { key: "platform", label: "Platform", views: ["findings", "packages"], options: [["", "All platforms"], ...data.platforms.map((p) => [p, p])] },
  { key: "group", label: "Group", views: ["findings"], options: [["", "Not grouped"], ["layer", "By layer"], ["package", "By package"]] },
].filter((l) => l.key !== "platform" || data.platforms.length > 1);

const controls = {};

function buildControls() {
  controls.q = el("input", {
    type: "search", id: "q", placeholder: "Filter by text", "aria-label": "Filter by text", "aria-keyshortcuts": "/", spellcheck: false,
    autocomplete: "off", oninput: (event) => update({ q: event.target.value }),
  });
  controls.more = el("button", {
    type: "button", id: "more", className: "quiet", "aria-expanded": "false", "aria-controls": "choices", onclick: () => {
      const open = byId("controls").classList.toggle("open");
      controls.more.setAttribute("aria-expanded", String(open));
    },
  }, "Filters");
  controls.choices = choices.filter((c) => c.values.length > 0).map(choiceGroup);
  controls.lists = lists.map(listControl);
  controls.pins = el("span", { className: "pins" });
  controls.reset = el("button", { type: "button", id: "reset", className: "quiet", onclick: () => update({ ...cleared(), group: "" }) }, "Reset");
  byId("controls").append(
    el("div", { className: "line" }, controls.q, controls.more, controls.pins, controls.reset),
    el("div", { id: "choices" },
      el("div", { className: "groups" }, controls.choices.map((c) => c.element)),
      el("div", { className: "selects" }, controls.lists.map((l) => l.element))),
  );
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
}

function choiceGroup({ key, label, values }) {
  const buttons = values.map((value) => {
    const count = el("span", { className: "count" });
    const onclick = () => {
      const chosen = new Set(state[key]);
      if (!chosen.delete(value)) chosen.add(value);
      update({ [key]: chosen });
    };
    return { value, count, element: el("button", { type: "button", className: `choice ${value}`, onclick }, labels[value] ?? value, " ", count) };
  });
  const element = el("div", { role: "group", className: "group", "aria-label": label },
    el("span", { className: "label", "aria-hidden": "true" }, label), buttons.map((b) => b.element));
  return { key, buttons, element };
}

function listControl({ key, label, views, options }) {
  const select = el("select", { id: `select-${key}`, onchange: (event) => update({ [key]: event.target.value }) },
    options.map(([value, text]) => el("option", { value }, text)));
  return { key, views, select, element: el("label", { for: select.id }, el("span", { className: "label" }, label), select) };
}

// showCounts says how many findings each choice would add.
function showCounts(counts) {
  for (const { key, buttons } of controls.choices) {
    for (const b of buttons) b.count.textContent = (counts[key][b.value] ?? 0).toLocaleString("en");
  }
}

// syncControls makes the controls say what the state is.
function syncControls() {
  if (controls.q.value !== state.q) controls.q.value = state.q;
  for (const { key, buttons, element } of controls.choices) {
    element.hidden = state.view !== "findings";
    for (const b of buttons) b.element.setAttribute("aria-pressed", String(state[key].has(b.value)));
  }
  for (const { key, views, select, element } of controls.lists) {
    element.hidden = !views.includes(state.view);
    select.value = state[key];
  }
  byId("choices").hidden = state.view === "layers";
  controls.more.hidden = state.view === "layers";
  controls.pins.replaceChildren(...pins());
  const none = cleared();
  controls.reset.hidden = !state.group && Object.entries(none).every(([key, v]) => (v instanceof Set ? !state[key].size : key === "finding" || !state[key]));
}

// pins are filters that are set elsewhere than in the controls.
function pins() {
  const pin = (key, text) => el("button", {
    type: "button", className: "pin", title: text, "aria-label": `Remove the filter ${text}`, onclick: () => update({ [key]: "" }),
  }, el("span", {}, text), " ×");
  const layer = data.layers[Number(state.layer) - 1];
  const chosen = data.packages[Number(state.package) - 1];
  return [
    layer && pin("layer", `Layer: ${layer.where || layer.name}`),
    chosen && pin("package", `Package: ${chosen.name} ${chosen.version ?? ""}`),
    state.exploited && pin("exploited", "Known to be exploited"),
  ].filter(Boolean);
}
