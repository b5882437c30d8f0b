// Lets a reader choose and sort the rows of tables, and keeps the choice in the page's link. Without it every row is there.
"use strict";
(() => {
  const WORDS = { figure: ["lowest first", "highest first"], text: ["A to Z", "Z to A"] };
  // No line ends between a head and its arrow.
  const ARROWS = { none: "\u00a0↕", ascending: "\u00a0↑", descending: "\u00a0↓" };
  const collator = new Intl.Collator("en-GB", { numeric: true });
  const said = (cell) => cell.textContent.trim();

  function made(name, properties = {}, ...children) {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  }

  class Chosen {
    constructor(table) {
      this.name = table.dataset.name;
      this.body = table.tBodies[0];
      this.rows = [...this.body.rows];
      this.heads = [...table.tHead.rows[0].cells];
      this.words = this.heads.map(said);
      this.selects = new Map();
      this.sorted = null;
      const tools = made("fieldset", { className: "tools" });
      tools.append(made("legend", { className: "nhsuk-u-visually-hidden" }, `Choose rows: ${said(table.caption)}`));
      for (const column of table.dataset.filters.split(" ").map(Number)) tools.append(this.filter(column));
      this.reset = made("button", { type: "button", className: "nhsuk-button nhsuk-button--secondary" }, "Show all rows");
      this.reset.addEventListener("click", () => this.change(() => this.clear()));
      tools.append(this.reset);
      this.showing = made("p", { className: "showing" });
      this.showing.setAttribute("role", "status");
      this.heads.forEach((head, column) => this.sorter(head, column));
      this.show();
      // What is filled before it stands on the page isn't announced.
      table.parentElement.before(tools, this.showing);
    }

    filter(column) {
      const id = `${this.name}-filter-${column}`;
      const values = new Set(this.rows.map((row) => said(row.cells[column])));
      const select = made("select", { id, className: "nhsuk-select" }, made("option", { value: "" }, "All"));
      for (const value of values) select.append(made("option", { value }, value || "(blank)"));
      select.addEventListener("change", () => this.change(() => {}));
      this.selects.set(column, select);
      const label = made("label", { className: "nhsuk-label", htmlFor: id }, this.words[column]);
      return made("div", { className: "nhsuk-form-group" }, label, select);
    }

    sorter(head, column) {
      const arrow = made("span", {}, ARROWS.none);
      arrow.setAttribute("aria-hidden", "true");
      const button = made("button", { type: "button", className: "sort" }, ...head.childNodes, arrow);
      button.addEventListener("click", () => this.change(() => this.turn(column)));
      // A browser is content with a head of which two pixels are in sight.
      button.addEventListener("focus", () => button.scrollIntoView({ block: "nearest", inline: "nearest" }));
      head.append(button);
    }

    // A head sorts one way, then the other, then not at all.
    turn(column) {
      if (this.sorted === null || this.sorted.column !== column) this.sorted = { column, descending: false };
      else this.sorted = this.sorted.descending ? null : { column, descending: true };
    }

    clear() {
      for (const select of this.selects.values()) select.selectedIndex = 0;
      this.sorted = null;
    }

    change(act) {
      act();
      this.show();
      keep();
    }

    show() {
      const chosen = [...this.selects].filter(([, select]) => select.selectedIndex > 0);
      for (const row of this.rows) {
        row.hidden = chosen.some(([column, select]) => said(row.cells[column]) !== select.value);
      }
      this.body.append(...this.ordered());
      this.heads.forEach((head, column) => this.mark(head, column));
      const left = this.rows.filter((row) => !row.hidden).length;
      const parts = [chosen.length ? `Showing ${left} of ${this.rows.length} rows` : `${this.rows.length} rows`];
      for (const [column, select] of chosen) parts.push(`${this.words[column]}: ${select.value || "(blank)"}`);
      if (this.sorted !== null) parts.push(`Sorted by ${this.words[this.sorted.column]}, ${this.way()}`);
      this.showing.textContent = `${parts.join(". ")}.`;
    }

    mark(head, column) {
      const here = this.sorted !== null && this.sorted.column === column;
      const order = here ? (this.sorted.descending ? "descending" : "ascending") : "none";
      if (here) head.setAttribute("aria-sort", order);
      else head.removeAttribute("aria-sort");
      head.querySelector(".sort span").textContent = ARROWS[order];
    }

    way() {
      const { column, descending } = this.sorted;
      return WORDS[this.hasFigures(column) ? "figure" : "text"][Number(descending)];
    }

    hasFigures(column) {
      return this.heads[column].classList.contains("figure");
    }

    // Cells without a number come last either way: they are neither low nor high.
    ordered() {
      if (this.sorted === null) return this.rows;
      const { column, descending } = this.sorted;
      const sign = descending ? -1 : 1;
      if (!this.hasFigures(column)) {
        return [...this.rows].sort((a, b) => sign * collator.compare(said(a.cells[column]), said(b.cells[column])));
      }
      const number = (row) => Number(row.cells[column].dataset.number);
      const known = this.rows.filter((row) => row.cells[column].dataset.number !== undefined);
      return [
        ...known.sort((a, b) => sign * (number(a) - number(b))),
        ...this.rows.filter((row) => row.cells[column].dataset.number === undefined),
      ];
    }

    write(state) {
      for (const [column, select] of this.selects) {
        if (select.selectedIndex > 0) state.set(`${this.name}.${column}`, select.value);
      }
      if (this.sorted !== null) {
        state.set(`${this.name}.sort`, `${this.sorted.column}.${this.sorted.descending ? "descending" : "ascending"}`);
      }
    }

    // What a link says that this table hasn't is passed over.
    read(state) {
      this.clear();
      for (const [column, select] of this.selects) {
        const value = state.get(`${this.name}.${column}`);
        const place = value === null ? -1 : [...select.options].findIndex((one, at) => at > 0 && one.value === value);
        if (place > 0) select.selectedIndex = place;
      }
      const way = /^(\d{1,3})\.(ascending|descending)$/.exec(state.get(`${this.name}.sort`) ?? "");
      if (way !== null && Number(way[1]) < this.heads.length) {
        this.sorted = { column: Number(way[1]), descending: way[2] === "descending" };
      }
      this.show();
    }
  }

  const tables = [...document.querySelectorAll("table[data-filters]")].map((table) => new Chosen(table));

  function keep() {
    const state = new URLSearchParams();
    for (const table of tables) table.write(state);
    const link = `${location.href.split("#")[0]}${String(state) ? `#${state}` : ""}`;
    try {
      history.replaceState(null, "", link);
    } catch {
      // A viewer that keeps no links; the choice is made all the same.
    }
  }

  // A link to a place on the page says nothing of tables, and leaves them as they are.
  function restore() {
    const hash = location.hash.slice(1);
    if (hash !== "" && !hash.includes("=")) return;
    const state = new URLSearchParams(hash);
    for (const table of tables) table.read(state);
  }

  // A region that needn't scroll is no stop on the way of the Tab key.
  function stops() {
    for (const region of document.querySelectorAll(".scroll")) {
      if (region.scrollWidth > region.clientWidth) region.tabIndex = 0;
      else region.removeAttribute("tabindex");
    }
  }

  const details = [...document.querySelectorAll("details")];
  for (const one of details) one.open = false;
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = details.filter((one) => !one.open);
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of closed) one.open = false;
  });

  addEventListener("hashchange", restore);
  addEventListener("resize", stops);
  for (const one of details) one.addEventListener("toggle", stops);
  document.fonts.ready.then(stops);
  if (location.hash !== "") restore();
  stops();
})();
