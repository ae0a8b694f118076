// Creates a run from a spec and a seed.

import WinitRegistry

/// The id of the run, which is the same on every machine.
let tinyID = Digest("sha256:46010a9cdbde7333d445ef04a32580908ebf85eaffaf93e4d4cb6f7f434db9ad")

/// Creates a run and shows what the registry recorded.
func createRun(in registry: Registry) throws -> Run {
  let spec = try ModelSpec(
    parsing: """
      tensors:
        embedding.weight: [1000, 256]
        attention.weight: [256, 256]
        mlp.weight: [1024, 256]
        mlp.bias: [1024]
      rules:
        - {match: "*.bias", init: zeros}
        - {match: attention.weight, init: orthogonal}
        - {match: "*", init: {scheme: normal, std: 0.02}}
      """)
  var options = CreateOptions()
  options.experiment = "baseline"
  options.tags = [Run.Tag(key: "purpose", value: "example")]
  let receipt = try registry.create("tiny", spec: spec, seed: 42, options: options)
  let run = receipt.run
  print("\(run.reference) has the id \(run.id)")
  print("\(run.parameterCount) parameters, \(receipt.storedBytes) bytes stored")
  for tensor in try registry.tensors(of: run) {
    print("  \(tensor.name) \(tensor.shape) \(tensor.dtype) \(tensor.scheme)")
  }
  let weights = try registry.floats(of: "mlp.weight", in: run)
  print("mlp.weight begins with \(weights.prefix(3))")

  try check("the id is the same on every machine", run.id == tinyID)
  try check("the registry finds the run by its name", try registry.run("tiny") == run)
  try check("mlp.weight has 1024 × 256 elements", weights.count == 1024 * 256)
  return run
}
