// Reads the share of each rank of a sharded job.

import WinitRegistry

/// Returns the rows of a tensor that a rank holds, if all ranks hold equally many.
func rows(of rank: Int, outOf ranks: Int, _ tensor: RunTensor, of run: Run, in registry: Registry) throws -> [Float] {
  let count = tensor.shape[0] / ranks
  let slice = TensorSlice([.range(start: rank * count, stop: (rank + 1) * count)])
  return try registry.floats(of: tensor.name, in: run, slice: slice)
}

/// Returns the columns of a matrix that a rank holds, if all ranks hold equally many.
func columns(of rank: Int, outOf ranks: Int, _ tensor: RunTensor, of run: Run, in registry: Registry) throws -> [Float]
{
  let count = tensor.shape[1] / ranks
  let slice = TensorSlice([.range(), .range(start: rank * count, stop: (rank + 1) * count)])
  return try registry.floats(of: tensor.name, in: run, slice: slice)
}

/// Reads the shares of four ranks and compares them with the whole tensor.
func readShards(of run: Run, in registry: Registry) throws {
  let ranks = 4
  for tensor in try registry.tensors(of: run) {
    let whole = try registry.floats(of: tensor.name, in: run)
    let shares = try (0..<ranks).map { try rows(of: $0, outOf: ranks, tensor, of: run, in: registry) }
    try check("the rows of \(ranks) ranks are \(tensor.name)", shares.flatMap(\.self) == whole)

    guard tensor.shape.count == 2 else { continue }
    let (width, share) = (tensor.shape[1], tensor.shape[1] / ranks)
    let third = try columns(of: 2, outOf: ranks, tensor, of: run, in: registry)
    let expected = whole.indices.filter { (2 * share..<3 * share).contains($0 % width) }.map { whole[$0] }
    try check("the columns of rank 2 are those of \(tensor.name)", third == expected)
  }
}
