// What can be wrong with a spec.

import WinitInitializers

/// A problem of a spec: its kind, for programs, and a message, for people.
package struct SpecProblem: Sendable, Hashable {
  /// The kind of a problem. A kind keeps its meaning; messages may change.
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    // The text.

    /// The file is not UTF-8 text.
    case invalidEncoding
    /// The text is not one YAML document.
    case invalidYAML
    /// The text nests more than 64 deep.
    case tooDeep
    /// The aliases of the text expand to more than a million nodes and bytes.
    case expansionTooLarge
    /// A pattern, a parameter or a name with captures has more than 1000 characters.
    case tooLong

    // Keys and values.

    /// The spec is empty.
    case emptySpec
    /// A value is a list, a mapping or a text, and another of these is needed.
    case wrongType
    /// A mapping has a key that is not known.
    case unknownKey
    /// A mapping lacks a key that it needs.
    case missingKey
    /// Two keys exclude each other.
    case conflictingKeys
    /// A name occurs more than once.
    case duplicateName
    /// A name is not allowed, or two names have the same stream.
    case invalidName
    /// A shape is not a list of dimensions that can be addressed.
    case invalidShape
    /// A dtype is not supported.
    case unsupportedDType
    /// A dtype is not a floating-point dtype, and a floating-point dtype is needed.
    case notFloatingPoint
    /// A layout is not known.
    case unknownLayout
    /// Axes of `fans` do not fit the tensor.
    case invalidFans
    /// A preset is not known.
    case unknownPreset
    /// A preset has no such option.
    case unknownOption
    /// An option does not take a value.
    case invalidOption
    /// A preset applies under more than one prefix.
    case ambiguousPrefix
    /// A pattern is not valid.
    case invalidPattern
    /// A text is neither a number nor an expression.
    case badExpression
    /// An expression has no value here.
    case noValue

    // Schemes.

    /// A scheme is not known.
    case unknownScheme
    /// A scheme does not have a parameter.
    case unknownParameter
    /// A word is not known: that of a parameter, an activation, a norm, a pool or a finding.
    case unknownWord
    /// A parameter that the scheme needs is not given.
    case missingParameter
    /// Parameters exclude or need each other.
    case conflictingParameters
    /// A parameter is not a number.
    case notANumber
    /// A number is not one that the parameter takes.
    case numberOutOfRange
    /// A scheme does not support the tensor's layout or fans.
    case unsupportedLayout
    /// A scheme needs the tensor's fans, and the tensor has none or one of them is 0.
    case noFans
    /// The numbers are not a law for the tensor's dtype and shape.
    case invalidLaw

    // Tensors.

    /// The checkpoint of `like` cannot be read, and the spec has other problems too.
    case unreadableLike
    /// The spec describes no tensor.
    case noTensors
    /// No rule matches a tensor.
    case noRule
    /// A tensor has no shape.
    case noShape
    /// A tensor's shape is not that of `like`.
    case shapeMismatch
    /// A tensor that another tensor names is not part of the model.
    case unknownTensor
    /// A tensor cannot have the values of the tensor that it names.
    case invalidTie
    /// A box is not within its tensor.
    case invalidBox
    /// A literal does not give the tensor's values.
    case invalidLiteral
    /// All tensors together have too many parts or values.
    case limitExceeded

    // The network.

    /// An entry of `network` does not fit where it stands, or a tensor does not fit the entry.
    case invalidNetwork

    // Warnings.

    /// A rule applies to no tensor.
    case unusedRule
    /// No tensor has a name that identifies the preset.
    case unidentifiedPreset
    /// The `config.json` is that of another model than those that the preset is for.
    case otherModel
  }

  package let kind: Kind
  /// What is wrong, and what to do.
  package let message: String

  init(_ kind: Kind, _ message: String) { (self.kind, self.message) = (kind, message) }

  init(_ error: SchemeError) { self.init(Kind(error), error.description) }
}

extension SpecProblem.Kind {
  /// The kind of a scheme's error.
  init(_ error: SchemeError) {
    self =
      switch error {
      case .unknownScheme, .invalidRecord: .unknownScheme
      case .unknownParameters: .unknownParameter
      case .notANumber: .notANumber
      case .outOfRange: .numberOutOfRange
      case .unknownWord: .unknownWord
      case .missing: .missingParameter
      case .conflictingParameters: .conflictingParameters
      case .unsupportedLayout: .unsupportedLayout
      case .invalidAxes: .invalidFans
      case .noFans, .zeroFan: .noFans
      case .noValue: .noValue
      case .law: .invalidLaw
      }
  }
}

/// A problem and its line, before the file and the tensor are known.
struct LocatedProblem: Error {
  /// The line, from 1; nil if the problem has no line of its own.
  let line: Int?
  let problem: SpecProblem

  init(line: Int?, _ problem: SpecProblem) { (self.line, self.problem) = (line, problem) }

  init(line: Int? = nil, _ kind: SpecProblem.Kind, _ message: String) {
    self.init(line: line, SpecProblem(kind, message))
  }
}
