// The document of a diagnosis: what the command prints as JSON, what a run keeps, and what a report draws.

/// What the weights of a model show before training: facts of each tensor, the signal of each layer, and findings.
package struct Diagnosis: Sendable {
  /// The name of the JSON form.
  package static let schema = "winit-diagnosis/1"

  package var subject: DiagnosisSubject
  /// The tensors in the order of the spec or the file.
  package var tensors: [TensorDiagnosis]
  /// Where the layers come from and how far their theory can be trusted; nil if there are no layers.
  package var network: NetworkSummary?
  /// The layers in forward order. An assumed chain has each layer once per assumed activation.
  package var layers: [LayerDiagnosis]
  /// The loss at step 0, where the real model was run; nil otherwise.
  package var loss: LossDiagnosis?
  /// The findings, the most severe first.
  package var findings: [Finding]
  /// The findings that the spec allows, each with its reason.
  package var allowed: [AllowedFinding]
  /// What the spec declares, so that it is no finding: zeros, literals, identities, ties.
  package var declared: [DeclaredTensor]
  /// What the reader must know: assumptions, and why something is missing.
  package var notes: [String]

  package init(subject: DiagnosisSubject, tensors: [TensorDiagnosis] = []) {
    self.subject = subject
    self.tensors = tensors
    (layers, findings, allowed, declared, notes) = ([], [], [], [], [])
  }
}

/// What was diagnosed.
package struct DiagnosisSubject: Sendable, Equatable {
  package enum Kind: String, Sendable, CaseIterable {
    /// A run of a registry.
    case run
    /// A spec whose tensors were filled for the diagnosis.
    case spec
    /// The tensors of a checkpoint.
    case file
    /// A model in memory.
    case model
  }

  package var kind: Kind
  /// The reference, the path or the class of the model.
  package var name: String
  /// The id of the run; nil for anything else.
  package var id: String?
  /// The seed in decimal digits; nil where none is known.
  package var seed: String?
  /// When the run was created, in ISO 8601; nil for anything else.
  package var createdAt: String?
  /// The preset or the file of the spec; nil if unknown.
  package var spec: String?
  /// The version of the program that made the document.
  package var toolVersion: String

  package init(_ kind: Kind, name: String, toolVersion: String) {
    (self.kind, self.name, self.toolVersion) = (kind, name, toolVersion)
  }
}

/// The source of the layers.
package struct NetworkSummary: Sendable, Equatable {
  package enum Source: String, Sendable, CaseIterable {
    /// The `network` of the spec.
    case spec
    /// The `network` of a preset.
    case preset
    /// The order and the shapes of the weights: each takes what the one before gives.
    case assumed
    /// The real model, which was run.
    case model
  }

  package var source: Source
  /// The kind of network, such as `chain`, `convolutions` or `transformer`.
  package var kind: String
  /// How far theory and real passes differed for networks of this kind: one sentence.
  package var accuracy: String

  package init(source: Source, kind: String, accuracy: String) {
    (self.source, self.kind, self.accuracy) = (source, kind, accuracy)
  }
}

/// The loss of the first batch.
package struct LossDiagnosis: Sendable, Equatable {
  package var value: Double
  /// The number of classes; nil if the loss is no cross entropy.
  package var classes: Int?
  /// ln(classes), the loss of a model that prefers no class.
  package var uniform: Double?

  package init(value: Double, classes: Int?, uniform: Double?) {
    (self.value, self.classes, self.uniform) = (value, classes, uniform)
  }
}

/// A tensor, and what the spec declares it to be.
package struct DeclaredTensor: Sendable, Equatable {
  package var tensor: String
  /// `zeros`, `ones`, `constant`, `literal`, `eye`, `dirac`, or `tied to NAME`.
  package var what: String

  package init(tensor: String, what: String) { (self.tensor, self.what) = (tensor, what) }
}
