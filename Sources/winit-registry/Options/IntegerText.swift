// Integers as a person types them.

import ArgumentParser

/// Reads a seed.
///
/// - Throws: `ValidationError` that names the range of a seed.
@Sendable
func seedValue(_ text: String) throws -> UInt64 {
  guard let seed = UInt64(text) else {
    throw ValidationError("a seed is an integer from 0 to \(UInt64.max) (2^64 - 1), in decimal digits")
  }
  return seed
}

/// Returns a function that reads an integer of at least `minimum`, or throws a `ValidationError` that names the
/// minimum.
func integer(atLeast minimum: Int) -> @Sendable (String) throws -> Int {
  { text in
    guard let value = Int(text), value >= minimum else {
      throw ValidationError("expected an integer, \(minimum) or greater")
    }
    return value
  }
}
