// Specs: what the tensors of a model are and how they are initialized.

import WinitJSON
import WinitCore
package import WinitSpec

/// The spec of a model: its tensors, and the rules that initialize them. docs/spec.md describes the YAML format.
///
/// ```swift
/// let spec = try ModelSpec(
///   parsing: """
///     tensors:
///       fc.weight: [1000, 2048]
///       fc.bias: [1000]
///     rules:
///       - {match: "*.weight", init: {scheme: he_normal, mode: fan_out}}
///       - {match: "*", init: zeros}
///     """)
/// ```
///
/// Parsing checks the text alone. A checkpoint that the spec names with `like` is opened when a run is created.
public struct ModelSpec: Sendable {
  package let document: WinitSpec.ModelSpec

  /// Reads and parses a YAML file. A path of `like` in the spec is relative to the folder of the file.
  ///
  /// - Throws: `RegistryError` with the code `invalidSpec`, whose message has a line for each problem, `fileNotFound`
  ///   or `io`.
  public init(contentsOf path: String) throws {
    document = try translatingErrors { try WinitSpec.ModelSpec(contentsOf: path) }
  }

  /// Reads and parses the YAML text on standard input.
  ///
  /// - Throws: the errors of ``init(contentsOf:)``.
  package init(standardInput: Void) throws {
    document = try translatingErrors { try WinitSpec.ModelSpec(standardInput: ()) }
  }

  /// Parses a YAML text.
  ///
  /// - Parameters:
  ///   - text: the YAML text.
  ///   - file: the name of the file in error messages.
  /// - Throws: `RegistryError` with the code `invalidSpec`, whose message has a line for each problem.
  public init(parsing text: String, file: String = "spec") throws {
    document = try translatingErrors { try WinitSpec.ModelSpec(parsing: text, file: file) }
  }

  /// Creates a spec with the rules of a preset, which initializes tensors as a library does. The tensors come from
  /// ``CreateOptions/like``.
  ///
  /// - Parameters:
  ///   - name: one of ``presetNames``.
  ///   - options: values for options of the preset, such as `["tied": "true"]`: see docs/presets.md. Creating a run
  ///     throws for an option that the preset does not have.
  /// - Throws: `RegistryError` with the code `unknownName`.
  public init(preset name: String, options: [String: String] = [:]) throws {
    let given = options.sorted { $0.key < $1.key }.map { (name: $0.key, text: $0.value) }
    document = try translatingErrors { try WinitSpec.ModelSpec(preset: name).setting(given) }
  }

  private init(document: WinitSpec.ModelSpec) { self.document = document }

  /// Returns the spec with options of its preset set on the command line.
  package func setting(_ options: [(name: String, text: String)]) -> ModelSpec {
    ModelSpec(document: document.setting(options) { "--preset-option \(quoted: "\($0)=\($1)")" })
  }

  /// A tensor of a spec that is built in Swift.
  public struct Tensor: Sendable {
    package let core: WinitSpec.ModelSpec.Tensor

    /// Makes a tensor with a scheme.
    ///
    /// - Parameters:
    ///   - name: the full name. Names are equal when their UTF-8 bytes are equal.
    ///   - shape: the length of each axis, outermost first; `[]` for a scalar. A weight of rank 2 or more is read in
    ///     PyTorch's layout, [out, in, …spatial], for its fans.
    ///   - dtype: the element type; nil for the element type of the spec.
    ///   - scheme: how the elements are initialized.
    public init(_ name: String, _ shape: [Int], dtype: DType? = nil, scheme: Scheme) {
      core = WinitSpec.ModelSpec.Tensor(TensorName(name), shape, dtype: dtype?.core, scheme: scheme.core)
    }
  }

  /// Builds a spec from tensors, without YAML. Problems of the tensors are errors when a run is created: see
  /// ``Registry/create(_:spec:seed:options:progress:)``.
  ///
  /// ```swift
  /// let spec = ModelSpec(tensors: [
  ///   .init("fc.weight", [1000, 2048], scheme: .heNormal()),
  ///   .init("fc.bias", [1000], scheme: .zeros),
  /// ])
  /// ```
  ///
  /// - Parameters:
  ///   - tensors: the tensors, in the order that the run keeps.
  ///   - dtype: the element type of tensors that give none; a floating-point type.
  public init(tensors: [Tensor], dtype: DType = .float32) {
    document = WinitSpec.ModelSpec(origin: "spec", dtype: dtype.core, tensors: tensors.map(\.core))
  }

  /// The names of all presets: see docs/presets.md.
  public static var presetNames: [String] { WinitSpec.ModelSpec.presetNames }

  /// Returns a preset as YAML, with the source of each rule in its comments.
  ///
  /// - Throws: `RegistryError` with the code `unknownName`.
  public static func presetText(_ name: String) throws -> String {
    try translatingErrors { try WinitSpec.ModelSpec.presetText(name) }
  }

  /// Resolves every tensor, and reads the headers of the checkpoint that the spec or `like` names.
  package func plan(dtype: DType? = nil, like: String? = nil) throws -> Plan {
    try translatingErrors { try document.plan(dtype: dtype?.core, like: like) }
  }
}
