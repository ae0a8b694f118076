// The script of a page, and the policy that lets no other script run.

import Foundation
import WinitCore

/// The script filters findings and tensors and sorts tables. The page is whole without it: it shows the controls that
/// need it.
enum PageScript {
  /// At most 100 lines.
  static let source = """

    "use strict";
    // Shows the elements whose text has every word of the filter.
    function filter(tools, items) {
      const input = tools.querySelector("input"), severity = tools.querySelector("select");
      const output = tools.querySelector("output");
      // What a row shows, without the details that are folded.
      const parts = item => [...(item.cells ? item.cells[0] : item).children].filter(part => part.tagName !== "DETAILS");
      const texts = items.map(item => parts(item).map(part => part.textContent).join(" ").toLowerCase());
      function apply() {
        const words = input.value.toLowerCase().split(/\\s+/);
        let shown = 0;
        items.forEach((item, i) => {
          const matches = words.every(word => texts[i].includes(word))
            && (!severity || !severity.value || item.dataset.severity === severity.value);
          item.hidden = !matches;
          if (matches) shown += 1;
        });
        output.textContent = shown === items.length ? "" : `${shown} of ${items.length} shown`;
      }
      input.addEventListener("input", apply);
      if (severity) severity.addEventListener("change", apply);
      tools.hidden = false;
      apply();
    }
    // Orders numbers by value and texts by their words. What is unknown comes last in both directions.
    function compare(a, b, isText, sign) {
      if (isText) return sign * a.localeCompare(b, undefined, { numeric: true });
      const x = parseFloat(a), y = parseFloat(b);
      return Number.isNaN(x) || Number.isNaN(y) ? Number.isNaN(x) - Number.isNaN(y) : sign * (x - y);
    }
    function key(row, column) {
      const cell = row.cells[column];
      return cell.dataset.v || (column === 0 ? cell.querySelector("code, em") : cell).textContent;
    }
    // Makes the heads of a table buttons that sort its rows. The third press restores the order of the document.
    function sortable(table) {
      const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0], original = [...body.rows];
      heads.forEach((head, column) => {
        if (head.textContent === "distribution") return;
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = head.textContent;
        head.replaceChildren(button);
        button.addEventListener("click", () => {
          const next = { none: "ascending", ascending: "descending", descending: "none" };
          const order = next[head.getAttribute("aria-sort") || "none"];
          for (const other of heads) other.removeAttribute("aria-sort");
          if (order !== "none") head.setAttribute("aria-sort", order);
          const rows = original.map(row => [key(row, column), row]);
          const sign = order === "ascending" ? 1 : -1;
          if (order !== "none") rows.sort((a, b) => compare(a[0], b[0], column === 0, sign));
          body.append(...rows.map(entry => entry[1]));
        });
      });
    }
    for (const tools of document.querySelectorAll("[data-filters=findings]")) {
      filter(tools, [...document.querySelectorAll("#findings > .findings > li")]);
    }
    for (const tools of document.querySelectorAll("[data-filters=tensors]")) {
      filter(tools, [...tools.nextElementSibling.tBodies[0].rows]);
    }
    document.querySelectorAll("table.tensors").forEach(sortable);

    """

  /// The content security policy: nothing is loaded, nothing is sent, and no script runs but this one.
  static var policy: String {
    let digest = Data(SHA256Digest(of: source.utf8).bytes).base64EncodedString()
    return """
      default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-\(digest)'; img-src data:; base-uri 'none'; \
      form-action 'none'
      """
  }
}
