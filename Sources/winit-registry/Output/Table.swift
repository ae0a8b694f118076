// Tables, and how a table fits the window of a terminal.

import Foundation

/// Rows in columns, each as wide as its widest cell.
///
/// In a terminal, a table is at most as wide as the window:
///
/// 1. The cells of the columns that allow it are shortened or wrapped, the widest first, down to the minimum of the
///    column.
/// 2. If that is not enough, columns are left out, in the order of `omitted`. The cells of the others get the room.
/// 3. If no column can be left out, the cells of the key are shortened in the middle.
///
/// Everywhere else a table has its full width, so that a pipe or a file loses nothing.
struct Table {
  /// A column.
  struct Column {
    /// What happens to cells that are too wide for the window.
    enum Narrowing {
      /// The column keeps its width, or is left out.
      case none
      /// The column names the row: it is never left out, and is shortened last, in the middle.
      case key
      /// The end of a cell is replaced by `…`.
      case shorten(to: Int)
      /// A cell has several lines, broken at spaces, and a word that is wider than the column is broken too.
      case wrap(to: Int)
      /// A cell has several lines, broken at spaces. A word is never broken.
      case wrapWords(to: Int)
    }

    let title: String
    var narrowing = Narrowing.none
    var isRightAligned = false
    /// Whether the column is left out if all of its cells are empty.
    var isOptional = false

    init(_ title: String, _ narrowing: Narrowing = .none, isRightAligned: Bool = false, isOptional: Bool = false) {
      (self.title, self.narrowing) = (title, narrowing)
      (self.isRightAligned, self.isOptional) = (isRightAligned, isOptional)
    }
  }

  private let columns: [Column]
  private let rows: [[String]]
  private let omitted: [String]

  /// Creates a table.
  ///
  /// - Parameters:
  ///   - rows: as many cells as there are columns.
  ///   - omitted: the titles of the columns that can be left out, the first one first.
  ///   - hasHeader: whether the titles are a line above the rows.
  init(_ columns: [Column], _ rows: [[String]], omitted: [String] = [], hasHeader: Bool = true) {
    let shown = columns.indices.filter { column in
      !columns[column].isOptional || rows.contains { !$0[column].isEmpty }
    }
    let columns = shown.map { columns[$0] }
    self.columns = columns
    self.rows =
      (hasHeader ? [columns.map(\.title)] : []) + rows.map { row in shown.map { singleLine(row[$0]) } }
    self.omitted = omitted
  }

  /// Creates a table of names and values without a header. In a terminal a value continues below itself; a word, such
  /// as a digest or a path, is never cut.
  init(fields rows: [[String]]) {
    self.init([Column(""), Column("", .wrapWords(to: 16))], rows, hasHeader: false)
  }

  /// The lines of the table, as they fit the standard output.
  var text: String { text(width: Terminal.width(of: STDOUT_FILENO)) }

  private func text(width: Int?) -> String {
    let natural = columns.indices.map { column in rows.map { displayWidth($0[column]) }.max() ?? 0 }
    let layout = width.map { fit(natural, to: $0) } ?? columns.indices.map { ($0, natural[$0]) }
    return rows.flatMap { lines($0, layout) }.joined(separator: "\n")
  }

  /// Returns the columns that are shown, each with its width.
  private func fit(_ natural: [Int], to width: Int) -> [(column: Int, width: Int)] {
    var shown = Array(columns.indices)
    var rest = omitted[...]
    while true {
      let room = width - 2 * (shown.count - 1)
      let minimum = shown.map { columns[$0].minimum(natural[$0]) }
      if minimum.reduce(0, +) <= room {
        return Array(zip(shown, distributed(shown.map { natural[$0] }, minimum, room)))
      }
      if let title = rest.popFirst() {
        shown.removeAll { columns[$0].title == title }
        continue
      }
      guard let key = shown.firstIndex(where: { columns[$0].isKey }) else { return Array(zip(shown, minimum)) }
      var widths = minimum
      widths[key] = max(min(8, natural[shown[key]]), room - (minimum.reduce(0, +) - minimum[key]))
      return Array(zip(shown, widths))
    }
  }

  /// Returns widths of at most `room` together, which takes from the widest columns first.
  private func distributed(_ natural: [Int], _ minimum: [Int], _ room: Int) -> [Int] {
    func widths(_ limit: Int) -> [Int] { zip(natural, minimum).map { max($1, min($0, limit)) } }
    // The largest limit with which the columns fit.
    var (low, high) = (0, natural.max() ?? 0)
    while low < high {
      let middle = (low + high + 1) / 2
      if widths(middle).reduce(0, +) <= room { low = middle } else { high = middle - 1 }
    }
    var result = widths(low)
    // The columns that are left over by the division go to the first ones.
    for index in result.indices where result.reduce(0, +) < room && result[index] < natural[index] {
      result[index] += 1
    }
    return result
  }

  private func lines(_ row: [String], _ layout: [(column: Int, width: Int)]) -> [String] {
    let cells = layout.map { column, width in
      columns[column].lines(of: row[column], width: width)
    }
    return (0..<(cells.map(\.count).max() ?? 0)).map { index in
      var line = ""
      for (place, cell) in zip(layout, cells) {
        let text = cell.indices.contains(index) ? cell[index] : ""
        let padding = String(repeating: " ", count: max(0, place.width - displayWidth(text)))
        if place.column != layout[0].column { line += "  " }
        line += columns[place.column].isRightAligned ? padding + text : text + padding
      }
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}

extension Table.Column {
  fileprivate var isKey: Bool { if case .key = narrowing { true } else { false } }

  /// The width to which the column can be narrowed.
  fileprivate func minimum(_ natural: Int) -> Int {
    switch narrowing {
    case .none, .key: natural
    case .shorten(let minimum), .wrap(let minimum), .wrapWords(let minimum): min(natural, minimum)
    }
  }

  fileprivate func lines(of cell: String, width: Int) -> [String] {
    switch narrowing {
    case .wrap: wrapped(cell, to: width, breaksWords: true)
    case .wrapWords: wrapped(cell, to: width, breaksWords: false)
    case .key: [shortened(cell, to: width, at: .middle)]
    case .none, .shorten: [shortened(cell, to: width, at: .end)]
    }
  }
}

/// Returns a cell on one line, as it is printed: a line break or a tab would break the table.
private func singleLine(_ cell: String) -> String {
  guard cell.utf8.contains(where: { $0 < 0x20 || $0 >= 0x7F }) else { return cell }
  return printable(cell.replacing("\r\n", with: "\\n").replacing("\n", with: "\\n").replacing("\t", with: "\\t"))
}
