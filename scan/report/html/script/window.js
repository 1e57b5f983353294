// A table's body that holds only the rows in view: the page scrolls as if all
// were there. Rows have one height, headings another; both come from the style.

class Window {
  // table needs a tbody; rowOf(item, index) makes a row.
  constructor(table, rowOf) {
    this.table = table;
    this.body = table.tBodies[0];
    this.rowOf = rowOf;
    this.rows = new Map();
    this.items = [];
    this.tops = [0];
    this.scheduled = false;
    this.above = el("tr", { className: "space", "aria-hidden": "true" }, el("td"));
    this.below = this.above.cloneNode(true);
    this.body.replaceChildren(this.above, this.below);
    this.onchange = () => this.schedule();
    addEventListener("scroll", this.onchange, { passive: true });
    addEventListener("resize", this.onchange);
    // Whatever changes the page's height moves rows into view or out of it.
    this.resized = new ResizeObserver(this.onchange);
    this.resized.observe(document.body);
    this.resized.observe(this.table);
  }

  close() {
    removeEventListener("scroll", this.onchange);
    removeEventListener("resize", this.onchange);
    this.resized.disconnect();
  }

  show(items) {
    this.items = items;
    for (const row of this.rows.values()) row.remove();
    this.rows.clear();
    this.table.setAttribute("aria-rowcount", String(items.length + 1));
    this.measure();
    this.draw();
  }

  // measure works out where each item begins.
  measure() {
    const style = getComputedStyle(this.table);
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const length = (name) => Math.round(parseFloat(style.getPropertyValue(name)) * rem);
    this.height = length("--row");
    const heading = length("--heading");
    this.tops = new Float64Array(this.items.length + 1);
    this.items.forEach((item, i) => {
      this.tops[i + 1] = this.tops[i] + (item.heading ? heading : this.height);
    });
    this.table.style.setProperty("--row-px", `${this.height}px`);
    this.table.style.setProperty("--heading-px", `${heading}px`);
    this.measured = style.getPropertyValue("--row") + rem;
  }

  schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      const style = getComputedStyle(this.table).getPropertyValue("--row");
      if (style + parseFloat(getComputedStyle(document.documentElement).fontSize) !== this.measured) this.measure();
      this.draw();
    });
  }

  // indexAt is the last item that begins at or above a distance from the top.
  indexAt(distance) {
    let low = 0;
    let high = this.items.length;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.tops[middle] <= distance) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  draw(from, to) {
    if (from === undefined) {
      const top = -this.body.getBoundingClientRect().top;
      const spare = innerHeight / 2;
      from = this.indexAt(top - spare);
      to = Math.min(this.items.length, this.indexAt(top + innerHeight + spare) + 1);
    }
    for (const [index, row] of this.rows) {
      if (index >= from && index < to) continue;
      row.remove();
      this.rows.delete(index);
    }
    let next = this.below;
    for (let i = to - 1; i >= from; i--) {
      let row = this.rows.get(i);
      if (!row) {
        row = this.rowOf(this.items[i], i);
        row.setAttribute("aria-rowindex", String(i + 2));
        this.rows.set(i, row);
        this.body.insertBefore(row, next);
      }
      next = row;
    }
    this.above.firstChild.style.height = `${this.tops[from]}px`;
    this.below.firstChild.style.height = `${this.tops[this.items.length] - this.tops[to]}px`;
  }

  // focus brings an item into view and the keyboard to it.
  focus(index) {
    if (index < 0 || index >= this.items.length) return;
    const top = this.body.getBoundingClientRect().top + scrollY + this.tops[index];
    const room = this.table.tHead.offsetHeight + 8;
    if (top - room < scrollY) scrollTo(0, top - room);
    else if (top + this.height > scrollY + innerHeight) scrollTo(0, top + this.height - innerHeight + 8);
    this.draw();
    this.rows.get(index)?.querySelector("button")?.focus({ preventScroll: true });
  }
}
