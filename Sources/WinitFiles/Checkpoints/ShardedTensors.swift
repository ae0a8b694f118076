// The tensors of several files, of which torch's distributed checkpoint writes a shard for each rank.

package import WinitCore
import WinitJSON

/// The tensors of several files without an index.
///
/// torch's HuggingFaceStorageWriter writes a file for each rank, and records for each tensor of a file at which
/// position of the whole tensor it begins. The shape of the whole tensor is not recorded; it follows from the shards.
struct ShardedTensors {
  private let files: [CheckpointFile]

  init(_ files: [CheckpointFile]) { self.files = files }

  /// Returns the tensors in the order of the files, the shards of a tensor put together.
  ///
  /// - Throws: `FormatError` if two files hold the same tensor, or shards overlap, or incomplete shards are refused and
  ///   there are some.
  func entries(_ path: String, _ incompleteShards: Checkpoint.IncompleteShards) throws -> [Checkpoint.Entry] {
    var order: [TensorName] = []
    var groups: [TensorName: [Checkpoint.Entry]] = [:]
    for entry in files.flatMap(\.entries) {
      if groups[entry.name] == nil { order.append(entry.name) }
      groups[entry.name, default: []].append(entry)
    }
    return try order.flatMap { name -> [Checkpoint.Entry] in
      let group = groups[name] ?? []
      if let first = group.first, group.count > 1, group.contains(where: { $0.shardOffsets == nil }) {
        throw FormatError(path, .folder(.duplicateTensor("\(name)", first.file, group[1].file)))
      }
      guard group[0].shardOffsets != nil else { return group }
      do { return [try whole(group)] } catch let problem as ShardingProblem {
        if incompleteShards == .kept, case .incomplete = problem { return group }
        throw FormatError(path, .sharding(problem))
      }
    }
  }

  /// Puts the shards of a tensor together.
  private func whole(_ shards: [Checkpoint.Entry]) throws -> Checkpoint.Entry {
    let first = shards[0]
    let offsets = shards.map { $0.shardOffsets ?? [] }
    guard shards.allSatisfy({ $0.dtype == first.dtype && $0.shape.rank == first.shape.rank }) else {
      throw ShardingProblem.different(first.name)
    }
    let dims = first.shape.dims.indices.map { axis in
      zip(shards, offsets).reduce(0) { max($0, $1.1[axis] + $1.0.shape.dims[axis]) }
    }
    let shape: Shape
    do { shape = try Shape(dims) } catch { throw ShardingProblem.tooLarge(first.name, error) }
    let boxes = zip(shards, offsets).map { shard, offsets in
      zip(offsets, shard.shape.dims).map { $0..<$0 + $1 }
    }
    // An empty shard holds nothing of the tensor.
    let held = shards.indices.filter { shards[$0].shape.elementCount > 0 }
    if let (one, other) = overlap(held.map { boxes[$0] }) {
      throw ShardingProblem.overlap(first.name, shards[held[one]].file, shards[held[other]].file)
    }
    // The boxes do not overlap, so their elements are at most those of the whole tensor, and the sum does not overflow.
    guard held.reduce(0, { $0 + shards[$1].shape.elementCount }) == shape.elementCount else {
      throw ShardingProblem.incomplete(first.name, shape)
    }
    // The files of the first ranks alone could be taken for the whole tensor, so the offsets are kept.
    if held.count == 1, shards[held[0]].shape == shape { return shards[held[0]] }
    guard first.dtype.hasWholeBytes else { throw ShardingProblem.packed(first.name, first.dtype) }
    let pieces = held.flatMap { index in
      shards[index].bytes.pieces(of: Box(leading: boxes[index], of: shape))
    }
    return Checkpoint.Entry(
      name: first.name, dtype: first.dtype, shape: shape, bytes: TensorBytes(pieces, first.dtype), file: first.file,
      shardOffsets: dims.map { _ in 0 })
  }

  /// Returns two boxes that have an element in common. The boxes are sorted along the axis on which they differ most,
  /// and compared only with those that are still open there, so that thousands of shards of one axis take little time.
  private func overlap(_ boxes: [[Range<Int>]]) -> (Int, Int)? {
    guard let rank = boxes.first?.count, boxes.count > 1 else { return nil }
    guard rank > 0 else { return (0, 1) }
    let starts = (0..<rank).map { axis in Set(boxes.map { $0[axis].lowerBound }).count }
    let axis = starts.indices.max { starts[$0] < starts[$1] } ?? 0
    var open: [Int] = []
    for index in boxes.indices.sorted(by: { boxes[$0][axis].lowerBound < boxes[$1][axis].lowerBound }) {
      open.removeAll { boxes[$0][axis].upperBound <= boxes[index][axis].lowerBound }
      for other in open where zip(boxes[other], boxes[index]).allSatisfy({ $0.overlaps($1) }) { return (other, index) }
      open.append(index)
    }
    return nil
  }
}

/// What is wrong with the shards of a torch distributed checkpoint.
package enum ShardingProblem: Error, Equatable, Sendable, CustomStringConvertible {
  /// `DCP_SHARDING_INFO` is not a JSON object.
  case notAnObject
  /// The offsets of a tensor are not a position for each axis.
  case badOffsets(TensorName)
  /// The shards of a tensor differ in dtype or rank.
  case different(TensorName)
  /// The whole tensor would be too large.
  case tooLarge(TensorName, ShapeError)
  /// Two files hold the same elements of a tensor.
  case overlap(TensorName, String, String)
  /// The files do not hold every element of a tensor.
  case incomplete(TensorName, Shape)
  /// Elements of less than a byte cannot be put together.
  case packed(TensorName, DType)

  package var description: String {
    switch self {
    case .notAnObject: "DCP_SHARDING_INFO in its metadata is not a JSON object"
    case .badOffsets(let name): "the saved_offsets of tensor \(quoted: name) are not one position for each axis"
    case .different(let name): "the shards of tensor \(quoted: name) differ in dtype or rank"
    case .tooLarge(let name, let error): "the shards of tensor \(quoted: name) do not fit together: \(error)"
    case .overlap(let name, let first, let second):
      "the shards of tensor \(quoted: name) in \(quoted: first) and \(quoted: second) overlap"
    case .incomplete(let name, let shape):
      "the shards of tensor \(quoted: name) do not fill its shape \(shape): files of other ranks are missing. Give the folder of all ranks, or compare one rank's shard with `verify --against FILE --subset`"
    case .packed(let name, let dtype):
      "tensor \(quoted: name) is \(dtype) in several shards; elements of less than a byte cannot be put together"
    }
  }
}
