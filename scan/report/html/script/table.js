// A table of columns that can be sorted by, with a windowed body. Roles are
// written out because the style makes cards of the rows on narrow screens, where
// browsers forget what a table is.

class Table {
  // columns: key, label, sort(row), cell(row); open(row), if given, is what
  // choosing a row does.
  constructor({ name, label, columns, open, headingOf }) {
    Object.assign(this, { name, columns, open, headingOf });
    this.head = el("tr", { role: "row", "aria-rowindex": "1" });
    this.element = el("table", { className: `list ${name}`, role: "table", "aria-label": label },
      el("thead", { role: "rowgroup" }, this.head), el("tbody", { role: "rowgroup" }));
    this.window = new Window(this.element, (item, i) => (item.heading ? this.heading(item) : this.row(item, i)));
    this.element.tBodies[0].addEventListener("keydown", (event) => this.move(event));
  }

  show(items) {
    this.drawHead();
    this.window.show(items);
  }

  drawHead() {
    this.head.replaceChildren(...this.columns.map((c) => {
      const sorted = state.sort === c.key;
      const direction = state.order === "desc" ? "descending" : "ascending";
      const button = el("button", { type: "button", onclick: () => this.sortBy(c) }, c.label);
      return el("th", { className: `c-${c.key}`, role: "columnheader", "aria-sort": sorted ? direction : "none" }, button);
    }));
  }

  // sortBy goes from the column's useful direction to the other to none.
  sortBy(column) {
    const first = column.high ? "desc" : "";
    const second = column.high ? "" : "desc";
    if (state.sort !== column.key) update({ sort: column.key, order: first });
    else if (state.order === first) update({ order: second });
    else update({ sort: "", order: "" });
    this.head.querySelector(`.c-${column.key} button`)?.focus();
  }

  row(item, index) {
    const row = el("tr", { role: "row", className: rowClass(item) });
    for (const c of this.columns) {
      const content = c.cell(item);
      const title = typeof content === "string" && content.length > 12 ? content : null;
      row.append(el("td", { className: `c-${c.key}`, role: "cell", title }, content));
    }
    if (this.open) {
      row.addEventListener("click", (event) => {
        if (!event.target.closest("a") && !String(getSelection())) this.open(item);
      });
    }
    row.dataset.index = index;
    return row;
  }

  heading(item) {
    const cell = el("td", { role: "cell" },
      el("button", { type: "button", "aria-expanded": String(!item.closed), onclick: () => this.fold(item) }, this.headingOf(item)));
    return el("tr", { role: "row", className: "heading" }, cell);
  }

  fold(item) {
    if (item.closed) closedGroups.delete(item.key);
    else closedGroups.add(item.key);
    render();
    this.window.focus(this.window.items.findIndex((x) => x.heading && x.key === item.key));
  }

  move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    const row = event.target.closest("tr");
    if (!step || !row || event.altKey || event.ctrlKey || event.metaKey) return;
    const index = Number(row.getAttribute("aria-rowindex")) - 2;
    event.preventDefault();
    this.window.focus(Math.max(0, Math.min(this.window.items.length - 1, index + step)));
  }

  close() {
    this.window.close();
  }
}
