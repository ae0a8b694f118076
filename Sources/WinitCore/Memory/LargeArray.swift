// Memory of many numbers, whose allocation can fail without ending the process.

import Foundation

/// A fixed number of elements, all zero at first, in memory that is freed with the last reference.
///
/// An array of the standard library ends the process if there is no memory.
// Sendable: the code that fills the elements assigns each one to a single thread. After the fill, no thread writes.
package final class LargeArray<Element: BitwiseCopyable>: @unchecked Sendable {
  /// The first element. The address holds as long as the array does.
  package let start: UnsafeMutablePointer<Element>
  package let count: Int

  /// Creates an array whose elements have only zero bits.
  ///
  /// - Throws: `InsufficientMemory` if the system refuses the memory.
  package init(count: Int) throws(InsufficientMemory) {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    guard !overflow, let memory = calloc(max(1, bytes), 1) else {
      throw InsufficientMemory(needed: overflow ? .max : bytes)
    }
    start = memory.bindMemory(to: Element.self, capacity: max(1, count))
    self.count = count
  }

  deinit { free(start) }

  package var elements: UnsafeMutableBufferPointer<Element> { UnsafeMutableBufferPointer(start: start, count: count) }

  package subscript(index: Int) -> Element {
    get { elements[index] }
    set { elements[index] = newValue }
  }
}
