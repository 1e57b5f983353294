// What is on the page now, and what makes it change.

const current = { view: "", table: null, items: [], matches: [] };

function buildTabs() {
  document.querySelector(".tabs").append(...views.map((view) => el("button", {
    type: "button", role: "tab", id: `tab-${view}`, "aria-controls": "panel",
    onclick: () => update({ view, sort: "", order: "", layer: "", package: "" }),
  }, viewOf[view].label, " ", el("span", { className: "count" }, viewOf[view].total.toLocaleString("en")))));
  document.querySelector(".tabs").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = views[(views.indexOf(state.view) + step + views.length) % views.length];
    byId(`tab-${next}`).click();
    byId(`tab-${next}`).focus();
  });
}

function syncTabs() {
  for (const view of views) {
    byId(`tab-${view}`).setAttribute("aria-selected", String(view === state.view));
    byId(`tab-${view}`).tabIndex = view === state.view ? 0 : -1;
  }
  byId("panel").setAttribute("aria-labelledby", `tab-${state.view}`);
}

// render shows the state. The list is only made anew when something that it
// depends on has changed.
function render() {
  const view = viewOf[state.view];
  if (current.view !== state.view) {
    current.table?.close();
    current.table = new Table({ name: state.view, ...view });
    current.view = state.view;
    current.shown = "";
    byId("panel").replaceChildren(current.table.element);
  }
  syncTabs();
  syncControls();
  const wanted = JSON.stringify([writeState({ ...state, finding: "" }), [...closedGroups]]);
  if (current.shown !== wanted) {
    current.shown = wanted;
    const rows = view.rows();
    current.items = rows.items ?? rows;
    current.matches = rows.matches ?? rows;
    current.table.show(current.items);
    byId("status").textContent = statusText(view);
  }
  const finding = state.view === "findings" ? data.findings[Number(state.finding) - 1] : undefined;
  if (finding) showFinding(finding);
}

function statusText(view) {
  const n = current.matches.length;
  if (view.total === 0) return `There are no ${view.noun[1]} in this report.`;
  if (n === 0) return `None of ${plural(view.total, ...view.noun)} matches. Reset the filter to see all.`;
  return n === view.total ? plural(n, ...view.noun) : `${n.toLocaleString("en")} of ${plural(view.total, ...view.noun)}`;
}

// The theme follows the system until it is chosen.
function buildTheme() {
  const button = byId("theme");
  const root = document.documentElement;
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
  const say = () => {
    button.textContent = dark() ? "Light" : "Dark";
    button.setAttribute("aria-label", dark() ? "Use light colours" : "Use dark colours");
  };
  try {
    const kept = localStorage.getItem("scan-build-theme");
    if (["dark", "light"].includes(kept)) root.dataset.theme = kept;
  } catch {
    // Nothing is kept here: the theme lasts as long as the page.
  }
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    try {
      localStorage.setItem("scan-build-theme", root.dataset.theme);
    } catch {
      // As above.
    }
    say();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", say);
  say();
  button.hidden = false;
}

// All that matches is printed, up to a number that a browser can lay out.
const printed = 2000;
addEventListener("beforeprint", () => {
  current.table.window.draw(0, Math.min(current.items.length, printed));
  const rest = current.items.length - printed;
  if (rest > 0) byId("status").textContent = `${statusText(viewOf[state.view])}; ${plural(rest, "row is", "rows are")} not printed`;
});
addEventListener("afterprint", () => {
  byId("status").textContent = statusText(viewOf[state.view]);
  current.table.window.draw();
});

addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.target.matches("input, select, textarea") && !dialog.open) {
    event.preventDefault();
    controls.q.focus();
  }
  if (event.key === "Escape" && event.target === controls.q && state.q) update({ q: "" });
});

addEventListener("hashchange", () => {
  if (!dialog.open) byId("app").scrollIntoView({ block: "start" });
});

byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("panel").focus();
});

byId("unscripted").hidden = true;
byId("app").hidden = false;
buildTheme();
buildTabs();
buildControls();
render();
