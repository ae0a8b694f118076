// The random numbers of a pass, which follow from its seed alone.

import WinitCore

/// The random numbers of a pass. They come from the law of the tensors, under names of their own, so that
/// `winit.reference` draws the same numbers: docs/law.md.
struct PassDraws {
  let seed: UInt64

  static let input = TensorName("winit-diagnosis/input")
  static let gradient = TensorName("winit-diagnosis/gradient")
  static let labels = TensorName("winit-diagnosis/labels")

  /// Returns a batch of N(0, std²): the elements of a binary32 tensor [samples, units] with the law `normal`.
  func normal(_ name: TensorName, samples: Int, units: Int, std: Double) throws -> Batch {
    let recipe: Recipe
    do {
      recipe = try Recipe(
        seed: seed, stream: name.stream, dtype: .float32, shape: Shape([samples, units]),
        law: .normal(roundingMean: 0, std: std))
    } catch {
      throw PassRefusal("no pass: an input of \(samples) samples with \(units) units and std \(std): \(error)")
    }
    let batch = try Batch(samples: samples, units: units)
    try withUnsafeTemporaryAllocation(byteCount: 4 * units, alignment: 64) { memory in
      for sample in 0..<samples {
        try recipe.fill(sample * units..<(sample + 1) * units, into: memory)
        let row = batch.row(sample)
        for unit in 0..<units {
          let bits = memory.loadUnaligned(fromByteOffset: 4 * unit, as: UInt32.self)
          row[unit] = Double(Float(bitPattern: UInt32(littleEndian: bits)))
        }
      }
    }
    return batch
  }

  /// Returns a label for each sample: ⌊w × classes / 2³²⌋ of the word w of the sample. There are fewer than 2³² classes.
  func labels(samples: Int, classes: Int) -> [Int] {
    let words = WordStream(seed: seed, stream: Self.labels.stream)
    return (0..<samples).map { sample in
      Int((UInt64(words.word(UInt64(sample))) * UInt64(classes)) >> 32)
    }
  }
}
