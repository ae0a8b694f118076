// A matrix in binary64 whose columns lie in panels, as the kernels of the orthogonal law read and write it.

/// A matrix in panels of 16 columns: in each panel, the 16 numbers of a row are adjacent, and the rows follow each
/// other.
///
/// The width is padded with zeros to whole groups of four panels: one group for each block of reflections.
// Sendable: no two threads write the same group or the same rows at once.
struct PanelMatrix: Sendable {
  /// The number of columns of a panel.
  static let panelWidth = SIMDKernel.panelWidth
  /// The number of panels of a group: as many columns as are reflected together.
  static let groupSize = ReflectionBlock.width / panelWidth

  let height: Int
  let width: Int
  private let memory: LargeArray<Double>

  /// Creates a matrix of zeros.
  ///
  /// - Throws: `InsufficientMemory` if the system refuses the memory.
  init(height: Int, width: Int) throws(InsufficientMemory) {
    (self.height, self.width) = (height, width)
    memory = try LargeArray(count: Self.paddedPanels(width) * height * Self.panelWidth)
  }

  /// Returns the number of panels of a matrix of this width: whole groups of them.
  static func paddedPanels(_ width: Int) -> Int {
    (width + ReflectionBlock.width - 1) / ReflectionBlock.width * groupSize
  }

  /// The number of groups of panels.
  var groups: Int { Self.paddedPanels(width) / Self.groupSize }

  /// The first element. The address holds as long as the matrix does.
  var start: UnsafeMutablePointer<Double> { memory.start }

  /// The address of the 16 numbers of a row in a panel.
  func row(_ row: Int, ofPanel panel: Int) -> UnsafeMutablePointer<Double> {
    start + (panel * height + row) * Self.panelWidth
  }

  /// Makes the columns of a group those of the identity matrix.
  func setIdentity(group: Int) {
    let panels = group * Self.groupSize..<(group + 1) * Self.groupSize
    row(0, ofPanel: panels.lowerBound).update(repeating: 0, count: panels.count * height * Self.panelWidth)
    for column in group * ReflectionBlock.width..<min((group + 1) * ReflectionBlock.width, width) {
      row(column, ofPanel: column / Self.panelWidth)[column % Self.panelWidth] = 1
    }
  }
}
